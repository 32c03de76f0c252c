"""Nothing typed is lost, whatever refuses it."""

from __future__ import annotations

from uuid import UUID

from flask import make_response, redirect, render_template, request, url_for
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from core import access
from core.errors import AccessDenied
from core.forms.definition import Form
from core.forms.posted import read_posted
from core.i18n import _, pick
from core.records.definitions import RecordType, form_of
from core.records.models import Record
from core.records.permissions import CHANGE, CREATE, READ
from core.records.sealing import rights_on, rights_to_create
from core.web.context import current
from core.web.errors import answer, denied
from core.web.records.common import RESUME, active_types, bp, posted_version, record_of, short, type_of, typed_answers
from core.web.records.form import form_page
from core.web.records.protected import form_for
from core.web.records.view import show_page
from core.web.references import posted_references

#: What the machinery of a form posts beside the answers.
MACHINERY = frozenset({"csrf_token", "save", "find", "add_row", "remove_row", RESUME})


@bp.errorhandler(AccessDenied)
def refuse(error: AccessDenied) -> Response:
    """Who may not save gets back what was typed; the rest is as everywhere."""
    if request.method != "POST":
        return denied(error)
    return _kept() if request.endpoint in FORMS else _enter_again() if not current.actor.signed_in else denied(error)


@bp.errorhandler(CSRFError)
def went_stale(_error: CSRFError) -> Response:
    """The session of the page is over: the form again with what was typed, or a way back in that keeps it."""
    if not current.actor.signed_in:
        return _kept() if request.endpoint in FORMS else _enter_again()
    try:
        return make_response(FORMS.get(request.endpoint or "", _step_again)(**(request.view_args or {})), 400)
    except (AccessDenied, HTTPException):
        return _kept()


def _form_again(type_: str, record_id: UUID | None = None) -> str:
    item = type_of(type_)
    access.require(current.actor, CHANGE if record_id else CREATE, type_)
    record = record_of(item, record_id, CHANGE) if record_id else None
    form = _form_of(item, record)
    notice = ("info", _("Sei di nuovo dentro."), _("Quello che avevi scritto è nel modulo: controllalo e salva."))
    return form_page(
        item,
        form,
        typed_answers(form)[0],
        record=record,
        action=request.path,
        version=posted_version(),
        notices=[notice],
    )


def _form_of(item: RecordType, record: Record | None) -> Form:
    if record is None:
        return form_for(item.form, rights_to_create(current.actor, item.key, item.form), stored=False)
    whole = form_of(current.session, record)
    return form_for(whole, rights_on(current.actor, record, whole), stored=True)


def _step_again(type_: str, record_id: UUID) -> str:
    item = type_of(type_)
    message = _("Questa pagina era aperta da troppo tempo: il passaggio non è stato fatto. Premi di nuovo.")
    return show_page(item, record_of(item, record_id, READ), message)


#: The pages that take a form.
FORMS = {"records.create": _form_again, "records.save": _form_again}


def _enter_again() -> Response:
    """Sign in and come back to the record."""
    return redirect(url_for("account.login", next=url_for("records.show", **(request.view_args or {}))), 303)


def _kept() -> Response:
    """What was typed, as text to read and as a form to go on with after signing in."""
    item = next((item for item in active_types() if item.key == (request.view_args or {}).get("type_")), None)
    if item is None:  # A refusal is being answered here: abort would be a fault.
        return answer(404)
    fields = [(name, value) for name, value in request.form.items(multi=True) if name not in MACHINERY]
    typed = {**read_posted(item.form, request.form), **posted_references(item.form)}
    texts = [(pick(field.label, current.lang), short(typed.get(field.key))) for field in item.form.fields]
    page = render_template(
        "records/kept.html",
        menu=[],
        action=request.path,
        resume=RESUME,
        fields=fields,
        texts=[(label, text) for label, text in texts if text.strip()],
        login=url_for("account.login", next=url_for("staff.today")),
        signed_in=current.actor.signed_in,
    )
    return make_response(page, 403)
