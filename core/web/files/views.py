"""Upload, download and removal of documents. The address names no title and no person."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response as AnyResponse

from core import access, files
from core.errors import AccessDenied, FieldError, Invalid, NotFound
from core.files.kinds import BY_KEY
from core.files.models import REMOVED, StoredFile
from core.i18n import _, pick
from core.privacy.fields.purposes import check_purpose, purposes
from core.privacy.fields.subjects import SubjectEntity, find, subject_of
from core.web.context import current, writes
from core.web.files.panel import class_label, documents_panel
from core.web.routing import staff_route

bp = Blueprint("files", __name__)
SEE_OTHER, UNPROCESSABLE = 303, 422
#: What a browser may do with a document that it opens all the same: nothing.
HARMLESS = "sandbox; default-src 'none'"
PLACE = "/allegati/<resource>/<uuid:object_id>"


def storage() -> files.Storage:
    """The uploads of this installation."""
    return files.Storage(current.installation.settings.data_dir)


@staff_route(bp, f"{PLACE}/", endpoint="index", methods=["GET"])
def index(resource: str, object_id: UUID) -> str:
    """The documents of an object on a page of their own."""
    entry, obj = find(current.session, current.actor, resource, object_id)
    return _page(entry, obj, documents_panel(obj))


@staff_route(bp, f"{PLACE}/nuovo", endpoint="add", methods=["POST"])
def add(resource: str, object_id: UUID) -> AnyResponse | tuple[str, int]:
    """Take a document in; what is wrong stands beside the form, and the title is kept."""
    entry, obj = find(current.session, current.actor, resource, object_id)
    access.check(current.actor, "change", obj)
    sent, title, chosen = request.files.get("file"), _typed("title"), _typed("class")
    try:
        if not sent or not sent.filename:
            raise Invalid([FieldError("file", _("Scegli il file da caricare."), "required")])
        files.upload(
            current.session,
            storage(),
            obj,
            sent.stream.read(current.installation.settings.largest_file + 1),
            actor=current.actor,
            title=title,
            field_class=chosen,
            subject_id=subject_of(obj),
            largest=current.installation.settings.largest_file,
        )
    except Invalid as error:
        problems = [(e.field, e.message) for e in error.errors]
        panel = documents_panel(obj, typed=title, chosen=chosen, errors=problems)
        return _page(entry, obj, panel, errors=problems), UNPROCESSABLE
    flash(_("Il documento è arrivato. Lo controlliamo e fra poco si può aprire."), "success")
    return redirect(_back(resource, object_id), SEE_OTHER)


@staff_route(bp, f"{PLACE}/<uuid:file_id>", endpoint="download", methods=["GET"])
def download(resource: str, object_id: UUID, file_id: UUID) -> AnyResponse | str:
    """The document, or first the question what it is for."""
    _entry, obj = find(current.session, current.actor, resource, object_id)
    file = _file(file_id)
    if files.needs_purpose(file):
        _may_see(obj, file)
        return _ask(resource, object_id, file)
    return _sent(file, files.content_of(current.session, storage(), file, obj, actor=current.actor))


@staff_route(bp, f"{PLACE}/<uuid:file_id>", endpoint="open", methods=["POST"])
@writes
def open_(resource: str, object_id: UUID, file_id: UUID) -> AnyResponse | tuple[str, int]:
    """The document, once the reader has said what it is for."""
    _entry, obj = find(current.session, current.actor, resource, object_id)
    file = _file(file_id)
    _may_see(obj, file)
    try:
        purpose = check_purpose(current.session, _typed("purpose"), _typed("reason"))
    except Invalid as error:
        errors = {e.field: e.message for e in error.errors}
        return _ask(resource, object_id, file, errors), UNPROCESSABLE
    content = files.content_of(current.session, storage(), file, obj, actor=current.actor, purpose=purpose.key)
    return _sent(file, content)


@staff_route(bp, f"{PLACE}/<uuid:file_id>/togli", endpoint="remove", methods=["GET", "POST"])
def remove(resource: str, object_id: UUID, file_id: UUID) -> AnyResponse | str:
    """Ask, then take the document away."""
    entry, obj = find(current.session, current.actor, resource, object_id)
    file = _file(file_id)
    _may_see(obj, file)
    access.check(current.actor, "change", obj)
    if request.method == "GET":
        place: dict[str, Any] = {"resource": resource, "object_id": object_id, "file_id": file_id}
        return render_template(
            "files/remove.html",
            trail=_trail(entry, obj),
            action=url_for("files.remove", **place),
            back=_back(resource, object_id),
        )
    files.remove(current.session, file, obj, actor=current.actor)
    flash(_("Il documento non c’è più."), "success")
    return redirect(_back(resource, object_id), SEE_OTHER)


def _file(file_id: UUID) -> StoredFile:
    found = current.session.scalar(select(StoredFile).where(StoredFile.id == file_id, StoredFile.state != REMOVED))
    if found is None:
        raise NotFound(_("Il documento non c’è più."))
    return found


def _may_see(obj: Any, file: StoredFile) -> None:
    """Before a question is asked: a document of another object is not there, one of a shut class is refused."""
    if file.object_id != obj.id:
        raise NotFound(_("Il documento non c’è più."))
    right = access.fields(current.actor, obj).get(file.field_class, "none")
    if right == "none":
        raise NotFound(_("Il documento non c’è più."))
    if right not in {"read", "write"}:
        raise AccessDenied("read", file.resource)


def _ask(resource: str, object_id: UUID, file: StoredFile, errors: dict[str, str] | None = None) -> str:
    entry, obj = find(current.session, current.actor, resource, object_id)
    chosen = _typed("purpose")
    options = [(p.key, pick(p.label, current.lang), p.key == chosen) for p in purposes(current.session).values()]
    errors = errors or {}
    fields = [
        {
            "name": "purpose",
            "id": "purpose",
            "type": "choice",
            "label": _("Perché ti serve?"),
            "options": options,
            "value": chosen,
            "error": errors.get("purpose", ""),
        },
        {
            "name": "reason",
            "id": "reason",
            "type": "long_text",
            "label": _("Scrivi il motivo"),
            "optional": True,
            "value": _typed("reason"),
            "error": errors.get("reason", ""),
            "max_length": 500,
        },
    ]
    return render_template(
        "files/purpose.html",
        trail=_trail(entry, obj),
        what=class_label(file.field_class),
        action=url_for("files.open", resource=resource, object_id=object_id, file_id=file.id),
        back=_back(resource, object_id),
        fields=fields,
        errors=list(errors.items()),
    )


def _sent(file: StoredFile, content: bytes) -> Response:
    """The content as an attachment that no browser runs; its name tells nothing."""
    kind = BY_KEY[file.kind]
    response = Response(content, mimetype=kind.media_type)
    response.headers["Content-Disposition"] = f'attachment; filename="documento-{file.id.hex[-8:]}{kind.ending}"'
    response.headers["Content-Security-Policy"] = HARMLESS
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "no-store"
    return response


def _page(entry: SubjectEntity, obj: Any, panel: str, errors: list[tuple[str, str]] | None = None) -> str:
    return render_template("files/index.html", trail=_trail(entry, obj), panel=panel, errors=errors or [])


def _trail(entry: SubjectEntity, obj: Any) -> list[tuple[str, str]]:
    page = entry.page(obj) if callable(entry.page) else url_for(entry.page, **entry.values(obj))
    return [(entry.title(obj) or _("Scheda"), page), (_("Documenti"), "")]


def _back(resource: str, object_id: UUID) -> str:
    return url_for("files.index", resource=resource, object_id=object_id)


def _typed(name: str) -> str:
    text = request.form.get(name, "")
    return "".join(character for character in text if character.isprintable() or character in "\r\n").strip()
