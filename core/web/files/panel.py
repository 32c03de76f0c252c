"""The documents of an object as a piece of page, for the tab of a plugin."""

from __future__ import annotations

import logging
from typing import Any

from flask import render_template, url_for
from markupsafe import Markup

from core import access, crypto, files
from core.files.kinds import BY_KEY
from core.files.models import QUARANTINE, READY, StoredFile
from core.i18n import _, ngettext
from core.privacy.fields.columns import PROTECTED_CLASSES
from core.privacy.fields.subjects import resource_of
from core.web.context import current
from core.web.dates import format_date

log = logging.getLogger(__name__)
MEGABYTE = 1_048_576


def documents_panel(
    obj: Any, *, typed: str = "", chosen: str = "personal", errors: list[tuple[str, str]] | None = None
) -> Markup:
    """The documents that the reader may know of, and the form to add one where the reader may."""
    found = files.files_of(current.session, current.actor, obj)
    rights = access.fields(current.actor, obj)
    place = {"resource": resource_of(obj), "object_id": obj.id}
    writable = [name for name in PROTECTED_CLASSES if rights.get(name) == "write"]
    may_add = bool(writable) and access.allowed(current.actor, "change", obj)
    html = render_template(
        "files/_panel.html",
        count=ngettext("%(num)s documento", "%(num)s documenti", len(found)),
        entries=[_entry(file, rights, place, may_add) for file in found],
        action=url_for("files.add", **place) if may_add else "",
        classes=[(name, class_label(name), name == chosen) for name in writable],
        largest=current.installation.settings.largest_file // MEGABYTE,
        typed=typed,
        errors=errors or [],
    )
    return Markup(html)  # noqa: S704 - drawn by a template of ours, which escapes


def class_label(name: str) -> str:
    """What a class of data is called on a screen."""
    return {
        "personal": _("Dati personali (documento d’identità, curriculum, contratto)"),
        "special": _("Salute o altra situazione delicata (certificati, relazioni)"),
        "penal": _("Misure e condanne penali"),
    }[name]


def _entry(file: StoredFile, rights: Any, place: dict[str, Any], may_add: bool) -> dict[str, Any]:
    right = rights.get(file.field_class, "none")
    opens = right in {"read", "write"} and file.state == READY
    address = {**place, "file_id": file.id}
    return {
        "title": _title(file, right),
        "url": url_for("files.download", **address) if opens else "",
        "lines": [_kind(file), _("caricato il %(day)s", day=format_date(file.uploaded_at))],
        "state": _state(file),
        "remove": url_for("files.remove", **address) if may_add and right == "write" else "",
        "asks": files.needs_purpose(file),
    }


def _title(file: StoredFile, right: str) -> str:
    """The name of a document says as much as its class: behind dots where the class is."""
    if right not in {"read", "write"} or files.needs_purpose(file):
        return _("Documento protetto")
    try:
        return files.title_of(current.session, file)
    except crypto.Unreadable as error:
        log.warning("unreadable title of file %s: %s", file.id, error)
        return _("Questo documento non si può leggere adesso")


def _kind(file: StoredFile) -> str:
    size = max(1, round(file.size / 1024))
    return f"{BY_KEY[file.kind].ending[1:].upper()}, {size} kB"


def _state(file: StoredFile) -> tuple[str, str] | None:
    if file.state == READY:
        return None
    if file.state == QUARANTINE:
        return ("pause", _("in controllo: fra poco si può aprire"))
    return ("late", file.reason)
