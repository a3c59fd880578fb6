"""Northwind, as an ERP system would hand it over: customers, products, and orders whose lines become purchases."""

from __future__ import annotations

import csv
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa

from crmframe.application import Application
from crmframe.core import records
from crmframe.core.transfer import ImportOptions, Report, import_file
from crmframe.testing.application import MakeApplication

pytestmark = pytest.mark.realdata

CUSTOMERS = {"customerID": "code", "companyName": "name"}
PRODUCTS = {"productID": "code", "productName": "name", "unitPrice": "price"}
LINES = ("order", "customer", "product", "quantity", "amount", "bought", "source")


@pytest.fixture
def folder(data_folder: Path) -> Path:
    return data_folder / "northwind"


@pytest.fixture
def application(make_application: MakeApplication) -> Application:
    return make_application()


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def amount_of(line: dict[str, str]) -> Decimal:
    whole = Decimal(line["unitPrice"]) * int(line["quantity"])
    return (whole * (1 - Decimal(line["discount"]))).quantize(Decimal("0.0001"))


def lines_with_orders(folder: Path, scratch: Path) -> Path:
    """Write the lines with what their orders say, as a view of the ERP system would give them."""
    orders = {order["orderID"]: order for order in rows_of(folder / "orders.csv")}
    path = scratch / "purchases.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        written = csv.writer(file)
        written.writerow(LINES)
        for line in rows_of(folder / "order-details.csv"):
            order = orders[line["orderID"]]
            known = (line["orderID"], order["customerID"], line["productID"], line["quantity"])
            written.writerow((*known, amount_of(line), order["orderDate"], "northwind"))
    return path


def load(application: Application, path: Path, entity: str, **options: object) -> Report:
    return import_file(application, None, path, entity, ImportOptions(**options))  # type: ignore[arg-type]


def mended(refused: Path, target: Path) -> Path:
    """Write the refused rows as whoever looks at them would: a comma that nobody quoted belongs to the address."""
    with refused.open(encoding="utf-8-sig", newline="") as source, target.open("w", encoding="utf-8") as file:
        headers, *rows = csv.reader(source)
        width, at = headers.index("crmframe row"), headers.index("address")
        written = csv.writer(file)
        written.writerow(headers[:width])
        for row in rows:
            cells = [*row[:width], *row[width + 2 :]]
            end = at + len(cells) - width + 1
            written.writerow([*cells[:at], ",".join(cells[at:end]), *cells[end:]])
    return target


@pytest.fixture
def loaded(application: Application, folder: Path, tmp_path: Path) -> list[Report]:
    refused, purchases = tmp_path / "refused.csv", {"order": "external_reference", "bought": "at"}
    return [
        load(application, folder / "customers.csv", "core.customer", mapping=CUSTOMERS, mend=refused),
        load(application, mended(refused, tmp_path / "mended.csv"), "core.customer", mapping=CUSTOMERS),
        load(application, folder / "products.csv", "core.product", mapping=PRODUCTS),
        load(application, lines_with_orders(folder, tmp_path), "core.purchase", mapping=purchases),
    ]


def test_every_customer_product_and_line_comes(loaded: list[Report], application: Application) -> None:
    assert [(report.created, report.refused) for report in loaded] == [
        (67, 24),  # commas in the address, which nobody quoted
        (24, 0),
        (77, 0),
        (2155, 0),
    ]
    with application.work(write=False) as work:
        purchase = records.visible(work, "core.purchase")
        orders = work.rows(sa.select(sa.func.count(purchase.c.external_reference.distinct())))[0][0]
    assert orders == 830


def test_sums_of_customers_and_products_are_those_of_the_files(
    loaded: list[Report], application: Application, folder: Path
) -> None:
    customers = {order["orderID"]: order["customerID"] for order in rows_of(folder / "orders.csv")}
    bought: dict[str, Decimal] = defaultdict(Decimal)
    sold: dict[str, int] = defaultdict(int)
    for line in rows_of(folder / "order-details.csv"):
        bought[customers[line["orderID"]]] += amount_of(line)
        sold[line["productID"]] += int(line["quantity"])

    with application.work(write=False) as work:
        purchase = records.visible(work, "core.purchase")
        customer, product = records.visible(work, "core.customer"), records.visible(work, "core.product")
        by_customer = (
            sa.select(customer.c.code, sa.func.sum(purchase.c.amount).label("total"))
            .join(purchase, purchase.c.customer_id == customer.c.id)
            .group_by(customer.c.code)
        )
        by_product = (
            sa.select(product.c.code, sa.func.sum(purchase.c.quantity).label("number"))
            .join(purchase, purchase.c.product_id == product.c.id)
            .group_by(product.c.code)
        )
        assert {row.code: Decimal(str(row.total)) for row in work.rows(by_customer)} == bought
        assert {row.code: row.number for row in work.rows(by_product)} == sold
    assert len(bought) == 89  # PARIS and FISSA never ordered


def test_mended_address_stands_where_it_belongs_and_null_is_nothing(
    loaded: list[Report], application: Application
) -> None:
    with application.work(write=False) as work:
        table = records.visible(work, "core.customer")
        found = work.rows(
            sa.select(table.c.address, table.c.city, table.c.region).where(table.c.code == "BLONP")
        )
        written = work.rows(sa.select(sa.func.count()).select_from(table).where(table.c.region == "NULL"))

    assert [tuple(row) for row in found] == [("24, place Kléber", "Strasbourg", None)]
    assert written[0][0] == 0
