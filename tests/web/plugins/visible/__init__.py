"""A plugin with pages of its own."""

from crmframe.api import Call, Reply, UnitOfWork, hookimpl, page


def number(call: Call, work: UnitOfWork) -> Reply:
    return Reply({"id": call.path["id"], "door": work.door, "actor": work.actor.id})


def greet(call: Call, work: UnitOfWork) -> Reply:
    return Reply({"hello": call.parameter("name", "world"), "known": work.actor.id is not None})


def save(call: Call, work: UnitOfWork) -> Reply:
    return Reply({"saved": call.form.get("x", ""), "writes": work.writes}, location="/p/visible/greeting")


def broken(call: Call, work: UnitOfWork) -> Reply:
    raise RuntimeError("a secret")


@hookimpl
def routes():
    return [
        page("/number/{id:int}", number, permission="core.customer.read"),
        page("/greeting", greet, public=True),
        page("/save", save, permission="core.customer.read", methods=("POST",)),
        page("/broken", broken, permission="core.customer.read"),
    ]
