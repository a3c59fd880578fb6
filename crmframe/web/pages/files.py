"""Files at records: attaching, showing and handing them out so that nothing in them runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from crmframe.core import records
from crmframe.core.entities.entity import Entity
from crmframe.core.errors import CrmError
from crmframe.core.files.attachments import ENTITY, attach, attached_to
from crmframe.core.files.media import UNKNOWN, is_picture, is_shown
from crmframe.core.files.store import FileEmpty
from crmframe.web.errors import NoSuchPage
from crmframe.web.headers import INERT
from crmframe.web.pages.doing import marked
from crmframe.web.pages.view import View, view_of
from crmframe.web.respond import Call, Reply
from crmframe.web.router import entity_at

if TYPE_CHECKING:
    from crmframe.core.work import UnitOfWork

SHOWN = 8
UNITS = ("B", "kB", "MB", "GB")


def files_of(view: View, entity: Entity, record: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return what a record's page shows of its files; None where there can be none."""
    if not entity.has_timeline or not view.may(f"{ENTITY}.read"):
        return None
    found = attached_to(view.work, f"{entity.name}:{record['id']}", SHOWN + 1)
    return {
        "lines": [
            {
                "id": row.id,
                "name": row.name,
                "size": size_of(view, row.size or 0),
                "picture": is_picture(row.media_type or ""),
                "shown": is_shown(row.media_type or ""),
            }
            for row in found[:SHOWN]
        ],
        "all": f"/attachments?about={entity.name}:{record['id']}" if len(found) > SHOWN else "",
        "may_add": view.may(f"{ENTITY}.create"),
    }


def size_of(view: View, size: int) -> str:
    """Return a size as people read it: 3.4 MB."""
    number, unit = float(size), 0
    while number >= 1000 and unit < len(UNITS) - 1:
        number, unit = number / 1000, unit + 1
    return f"{number:.1f} {UNITS[unit]}" if unit and number < 100 else f"{number:.0f} {UNITS[unit]}"


def add_file(call: Call, work: UnitOfWork) -> Reply:
    """Attach the file of the form to the record; a refused one is explained on a page of its own."""
    view, entity = view_of(call, work), entity_at(call, work)
    record_id = call.path["id"]
    records.get(work, entity.name, record_id, columns=("id",))
    url = f"/{entity.slug}/{record_id}"
    upload = call.files.get("file")
    application = call.site.application
    try:
        if upload is None or not upload.name:
            raise FileEmpty
        with application.work(work.actor, door="web") as writing:
            about = f"{entity.name}:{record_id}"
            attach(writing, application.files, about, upload.name, upload.file)
    except CrmError as error:
        data = {"view": view, "entity": entity, "url": url, "problem": view.message(error)}
        return Reply(data, "file_refused.html", error.status)
    return Reply(location=marked(url, writing.operation_id))


def hand_out(call: Call, work: UnitOfWork) -> Reply:
    """Hand out a file: pictures and PDF to be looked at, everything else to be saved."""
    if entity_at(call, work).name != ENTITY:
        raise NoSuchPage(path=call.url)
    columns = ("name", "media_type", "digest", "size")
    found = records.get(work, ENTITY, call.path["id"], columns=columns)
    file = call.site.application.files.open(found["digest"] or "")
    media_type = found["media_type"] or UNKNOWN
    shown = is_shown(media_type) and not call.parameter("save")
    headers = {
        "content-disposition": f"{'inline' if shown else 'attachment'}; filename*=UTF-8''{quote(found['name'], safe='')}",
        "content-length": str(found["size"] or 0),
        # What a hash names never changes; who may see it does.
        "cache-control": "private, max-age=300",
    }
    if media_type != "application/pdf" or not shown:
        headers["content-security-policy"] = INERT.decode()
    return Reply(file, headers=headers, media_type=media_type)
