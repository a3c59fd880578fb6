"""Files at records: attached by the form, handed out so that nothing in them runs."""

from __future__ import annotations

from tests.core.files.samples import GIF, HTML, PDF, PNG, SVG


def attach(browser, company, name, content, kind="application/octet-stream"):
    return browser.post(f"/customers/{company.customer}/files", files={"file": (name, content, kind)})


def handed_out(browser, number=1, query=""):
    return browser.get(f"/attachments/{number}/file{query}")


def test_a_picture_is_attached_shown_and_undone(company, root):
    done = attach(root, company, "照片.png", PNG, "text/html")
    assert done.headers["location"].startswith(f"/customers/{company.customer}?")
    page = root.get(done.headers["location"]).text
    assert "照片.png" in page
    assert '<img src="/attachments/1/file"' in page

    answer = handed_out(root)
    assert answer.content == PNG
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["content-disposition"] == "inline; filename*=UTF-8''%E7%85%A7%E7%89%87.png"
    assert answer.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    operation = done.headers["location"].rpartition("=")[2]
    assert root.post(f"/undo/{operation}").status_code == 303
    assert handed_out(root).status_code == 404


def test_nothing_that_could_run_is_ever_shown(company, root):
    for number, (name, content) in enumerate((("a.svg", SVG), ("a.html", HTML), ("a.txt", HTML)), 1):
        assert attach(root, company, name, content, "image/png").status_code == 303
        answer = handed_out(root, number)
        assert answer.headers["content-type"] == "application/octet-stream"
        assert answer.headers["content-disposition"].startswith("attachment;")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in answer.headers["content-security-policy"]
    assert f'/attachments/{number}/file" download' in root.get(f"/customers/{company.customer}").text


def test_a_picture_with_a_page_behind_it_stays_a_picture(company, root):
    attach(root, company, "a.gif", GIF + HTML)
    assert handed_out(root).headers["content-type"] == "image/gif"
    assert "sandbox" in handed_out(root).headers["content-security-policy"]


def test_a_pdf_opens_in_the_browser_or_is_saved(company, root):
    attach(root, company, "报价.pdf", PDF)
    assert handed_out(root).headers["content-disposition"].startswith("inline;")
    assert handed_out(root, query="?save=1").headers["content-disposition"].startswith("attachment;")


def test_what_is_refused_is_explained_with_another_try(company, root):
    lying = attach(root, company, "holiday.png", HTML)
    assert lying.status_code == 422
    assert "holiday.png is no PNG inside" in lying.text
    assert f'action="/customers/{company.customer}/files"' in lying.text
    assert attach(root, company, "empty.txt", b"").status_code == 422
    assert root.post(f"/customers/{company.customer}/files", data={}).status_code == 422


def test_files_have_the_rights_of_their_record(company, root, seller, people):
    attach(root, company, "secret.pdf", PDF)
    assert handed_out(seller).status_code == 403
    people.user("reader", grants=(("core.customer.read", "own"), ("core.attachment.read", "parent")))
    reader = people.signed_in("reader")
    assert handed_out(reader).status_code == 404
    assert attach(reader, company, "mine.pdf", PDF).status_code == 404
    people.user("looker", grants=(("core.customer.read", "all"), ("core.attachment.read", "parent")))
    looker = people.signed_in("looker")
    assert handed_out(looker).status_code == 200
    assert attach(looker, company, "mine.pdf", PDF).status_code == 403


def test_a_program_attaches_a_file(company, people):
    program = people.program(people.user("robot", is_admin=True))
    made = program.post(
        "/api/v1/files", data={"about": f"core.customer:{company.customer}"}, files={"file": ("a.pdf", PDF)}
    )
    assert made.status_code == 201, made.text
    assert made.json()["media_type"] == "application/pdf"
    assert (
        program.post(
            "/api/v1/files", data={"about": "core.customer:999"}, files={"file": ("a.pdf", PDF)}
        ).status_code
        == 422
    )
    assert (
        program.post("/api/v1/files", data={"about": f"core.customer:{company.customer}"}).status_code == 422
    )
