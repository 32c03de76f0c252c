"""Pages of the staff for records of any type: list, form, view, steps. They read the definition at each request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from flask import Blueprint, abort, current_app, make_response, redirect, render_template, request, url_for
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from core import access, clock
from core.errors import AccessDenied, Conflict, FieldError, Invalid, Refused
from core.forms.definition import Field, Form
from core.forms.html import bind
from core.forms.lookups import Lookups
from core.forms.posted import apply_row_action, read_posted, read_row_action, to_inputs
from core.forms.validation import display, missing_complete
from core.i18n import LANGUAGES, _, _l, pick
from core.records import operations, queries
from core.records.definitions import RecordType, current_form, form_of, record_types, workflow_of
from core.records.lookups import lookups_of
from core.records.models import Record
from core.records.permissions import CHANGE, CREATE, READ
from core.web.context import current
from core.web.dates import format_date
from core.web.errors import answer, denied
from core.web.formview import errors_of, sections_of
from core.web.paging import asked, page_number
from core.web.references import TYPE as REFERENCES
from core.web.references import pickers, posted_references, titles_of, wants_search
from core.web.routing import staff_route

bp = Blueprint("records", __name__)
PAGE_SIZE = 20
#: How a state looks: what is public is well, what waits is for somebody to look at.
PUBLIC, WAITING = "ok", "info"
#: Name of the button that asks for the form again after signing in anew.
RESUME = "resume"
#: What the machinery of a form posts beside the answers.
MACHINERY = frozenset({"csrf_token", "save", "find", "add_row", "remove_row", RESUME})
Typed = Mapping[str, Any]


def active_types() -> list[RecordType]:
    """Types of the plugins that are on here."""
    return [item for item in record_types() if item.plugin in current.active_plugins]


def _type(key: str) -> RecordType:
    return next((item for item in active_types() if item.key == key), None) or abort(404)


def _record(item: RecordType, record_id: UUID, action: str) -> Record:
    """The record, if the actor may ``action`` it; who may do nothing here learns nothing of it."""
    access.require(current.actor, CHANGE, item.key)
    statement = access.select(current.actor, Record, action, item.key).where(Record.id == record_id)
    return current.session.scalars(statement).one_or_none() or abort(404)


@staff_route(bp, "/schede/<type_>/", endpoint="index", methods=["GET"])
def index(type_: str) -> str:
    """The records of a type that the reader may change."""
    item = _type(type_)
    access.require(current.actor, CHANGE, item.key)
    words, state = request.args.get("q", "").strip()[:200], request.args.get("stato", "")
    states = {s.key: s for s in item.workflow.states}
    filters = [queries.Filter(item.title_field, contains=words)] if words else []
    wanted = queries.Listing([state] if state in states else [], filters, page=page_number(), page_size=PAGE_SIZE)
    page = queries.listing(current.session, current.actor, item.key, wanted, action=CHANGE)
    title = pick(item.label_plural, current.lang)
    return render_template(
        "records/list.html",
        trail=[(_("Oggi"), url_for("staff.today")), (title, "")],
        title=title,
        url=url_for("records.index", type_=type_),
        q=words,
        hidden=[("stato", state)] if state in states else [],
        create=(_("Scrivi una scheda nuova"), url_for("records.new", type_=type_)) if _may_create(item) else None,
        states=_state_tabs(item, words, state),
        columns=[(_column_label(item, name), False) for name in item.list_columns],
        lines=[[_cell(item, record, name) for name in item.list_columns] for record in page.items],
        total=len(page.items),
        filtered=bool(words or state),
        clear_url=url_for("records.index", type_=type_),
        pager=_neighbours(page),
    )


def _may_create(item: RecordType) -> bool:
    return access.may(current.actor, CREATE, item.key)


def _state_tabs(item: RecordType, words: str, chosen: str) -> list[tuple[str, str, None, bool]]:
    known: list[tuple[str, str]] = [
        ("", _("Tutte")),
        *((s.key, pick(s.label, current.lang)) for s in item.workflow.states),
    ]
    return [
        (label, url_for("records.index", type_=item.key, stato=key or None, q=words or None), None, key == chosen)
        for key, label in known
    ]


OWN_LABELS = {
    "state": _l("Stato"),
    "updated_at": _l("Aggiornata"),
    "published_at": _l("Pubblicata"),
    "valid_from": _l("Vale dal"),
    "valid_to": _l("Vale fino al"),
    "ref": _l("Codice"),
}


def _column_label(item: RecordType, name: str) -> str:
    field = item.form.by_key.get(name)
    return pick(field.label, current.lang) if field else str(OWN_LABELS[name])


def _cell(item: RecordType, record: Record, name: str) -> Any:
    if name == item.title_field:
        texts = record.answers.get(name, {})
        return {"text": pick(texts, current.lang), "url": _url("show", record)}
    if name == "state":
        return _state(item, record)
    if name in OWN_LABELS:
        value = getattr(record, name)
        return value if isinstance(value, str) else format_date(value)
    form = form_of(current.session, record)
    return display(form, name, record.answers, lookups_of(current.session, [form], current.lang))


def _state(item: RecordType, record: Record) -> dict[str, str]:
    state = workflow_of(current.session, record).by_state.get(record.state)
    label = pick(state.label, current.lang) if state else record.state
    return {"text": label, "state": PUBLIC if record.public else WAITING}


def _url(endpoint: str, record: Record) -> str:
    return url_for(f"records.{endpoint}", type_=record.type, record_id=record.id)


def _neighbours(page: queries.Page) -> dict[str, Any] | None:
    """A list that was not counted knows whether more follows."""
    if page.page == 1 and not page.has_more:
        return None
    values = asked()
    before, after = ({**values, "page": page.page + step} for step in (-1, 1))
    return {
        "page": page.page,
        "pages": page.page + (1 if page.has_more else 0),
        "previous": url_for("records.index", **before) if page.page > 1 else None,
        "next": url_for("records.index", **after) if page.has_more else None,
        "links": [(page.page, request.full_path, True)],
    }


@staff_route(bp, "/schede/<type_>/nuova", endpoint="new", methods=["GET"])
def new(type_: str) -> str:
    """An empty form."""
    item = _type(type_)
    access.require(current.actor, CREATE, item.key)
    return _form_page(item, item.form, {}, action=url_for("records.create", type_=type_))


@staff_route(bp, "/schede/<type_>/nuova", endpoint="create", methods=["POST"])
def create(type_: str) -> Response | tuple[str, int]:
    """Save a new record; a row button gives the form back with one row more or less."""
    item = _type(type_)
    access.require(current.actor, CREATE, item.key)
    form = current_form(current.session, item).definition
    typed, again = _typed(form)
    action = url_for("records.create", type_=type_)
    if again:
        return _form_page(item, form, typed, action=action), 200
    try:
        record = operations.create_record(current.session, item.key, typed, actor=current.actor)
    except Invalid as error:
        return _form_page(item, form, typed, action=action, errors=error.errors), 422
    return redirect(_url("show", record), 303)


@staff_route(bp, "/schede/<type_>/<uuid:record_id>/modifica", endpoint="edit", methods=["GET"])
def edit(type_: str, record_id: UUID) -> str:
    """The form with the record's answers."""
    item = _type(type_)
    record = _record(item, record_id, CHANGE)
    form = form_of(current.session, record)
    return _form_page(item, form, to_inputs(form, record.answers), record=record, action=_url("save", record))


@staff_route(bp, "/schede/<type_>/<uuid:record_id>/modifica", endpoint="save", methods=["POST"])
def save(type_: str, record_id: UUID) -> Response | tuple[str, int]:
    """Save changes; when somebody was faster, both versions are shown and nothing typed is lost."""
    item = _type(type_)
    record = _record(item, record_id, CHANGE)
    form, action = form_of(current.session, record), _url("save", record)
    typed, again = _typed(form)
    if again:
        return _form_page(item, form, typed, record=record, action=action, version=_version()), 200
    try:
        operations.change_record(current.session, record, typed, actor=current.actor, version=_version())
    except Invalid as error:
        return _form_page(item, form, typed, record=record, action=action, errors=error.errors, version=_version()), 422
    except Refused as error:
        found = [FieldError("", error.message, error.code)]
        return _form_page(item, form, typed, record=record, action=action, errors=found, version=_version()), 409
    except Conflict:
        current.session.rollback()
        fresh = _record(item, record_id, CHANGE)
        return _form_page(item, form, typed, record=fresh, action=action, conflict=_conflict(form, fresh, typed)), 409
    return redirect(_url("show", record), 303)


def _version() -> int:
    text = request.form.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1


def _typed(form: Form) -> tuple[dict[str, Any], bool]:
    """What was typed, and whether a button for rows, for a search, or for going on asks for the form again."""
    typed = {**read_posted(form, request.form), **posted_references(form)}
    action = read_row_action(form, request.form)
    if action:
        return apply_row_action(typed, action), True
    return typed, wants_search(form) or RESUME in request.form


def _form_page(
    item: RecordType,
    form: Form,
    typed: Typed,
    *,
    action: str,
    record: Record | None = None,
    errors: Sequence[FieldError] = (),
    conflict: Mapping[str, Any] | None = None,
    version: int | None = None,
    notices: Sequence[tuple[str, str, str]] = (),
) -> str:
    lookups = lookups_of(current.session, [form], current.lang)
    bound = bind(form, typed, lang=current.lang, lookups=lookups, errors=errors)
    plural = pick(item.label_plural, current.lang)
    title = _title(item, record) if record else _("Scheda nuova: %(type)s", type=pick(item.label, current.lang))
    index_url = url_for("records.index", type_=item.key)
    return render_template(
        "records/edit.html",
        trail=[(_("Oggi"), url_for("staff.today")), (plural, index_url), (title, "")],
        title=title,
        lead=_("Quando salvi, la scheda pubblicata cambia subito.") if record and record.public else "",
        action=action,
        version=version if version is not None else record.version if record else "",
        sections=sections_of(bound, pickers(form, typed, record.ref if record else "")),
        notices=notices,
        errors=errors_of(bound),
        saved_at=_moment(record.updated_at) if record else "",
        conflict=conflict,
        cancel_url=_url("show", record) if record else index_url,
    )


def _conflict(form: Form, record: Record, typed: Typed) -> dict[str, Any]:
    """What differs between the record as it is now and what was typed."""
    theirs = to_inputs(form, record.answers)
    lines = queries.history(current.session, current.actor, record, current.lang)
    differing = [field for field in form.fields if theirs.get(field.key) != typed.get(field.key)]
    return {
        "who": _("Un'altra persona"),
        "when": _moment(lines[0].at if lines else record.updated_at),
        "changes": [
            [pick(f.label, current.lang), _short(theirs.get(f.key)), _short(typed.get(f.key))] for f in differing
        ],
    }


def _short(value: Any) -> str:
    if isinstance(value, Mapping):
        value = pick({k: str(v) for k, v in value.items() if v}, current.lang)
    if isinstance(value, list):
        value = ", ".join(_short(part) for part in value)
    text = str(value or "")
    return text if len(text) < 300 else f"{text[:300]}…"


def _moment(moment: Any) -> str:
    local = moment.astimezone(clock.ROME)
    return _("%(day)s alle %(time)s", day=format_date(moment), time=f"{local.hour}.{local.minute:02}")


def _title(item: RecordType, record: Record) -> str:
    return pick(record.answers.get(item.title_field), current.lang)


@staff_route(bp, "/schede/<type_>/<uuid:record_id>/", endpoint="show", methods=["GET"])
def show(type_: str, record_id: UUID) -> str:
    """The record as the staff sees it: answers, state with its steps, history."""
    item = _type(type_)
    return _show(item, _record(item, record_id, READ))


def _show(item: RecordType, record: Record, problem: str = "") -> str:
    form = form_of(current.session, record)
    title, plural = _title(item, record), pick(item.label_plural, current.lang)
    may_change = access.allowed(current.actor, CHANGE, record)
    return render_template(
        "records/show.html",
        trail=[(_("Oggi"), url_for("staff.today")), (plural, url_for("records.index", type_=item.key)), (title, "")],
        record={
            "title": title,
            "type": pick(item.label, current.lang),
            "state": tuple(_state(item, record)[key] for key in ("state", "text")),
            "ref": record.ref,
            "version": record.version,
        },
        facts=[pick(item.label, current.lang), _("aggiornata il %(when)s", when=_moment(record.updated_at))],
        public_url=public_url(item, record),
        edit_url=_url("edit", record) if may_change else None,
        missing=[
            (pick(f.label, current.lang), f"{_url('edit', record)}#f_{f.key}")
            for f in missing_complete(form, record.answers)
        ],
        untranslated=_untranslated(item, record),
        fire_url=_url("fire", record),
        transitions=_steps(record),
        sections=_answers(form, record),
        history=[
            {"sentence": line.text, "when": _moment(line.at), "iso": line.at.isoformat()}
            for line in queries.history(current.session, current.actor, record, current.lang)
        ],
        notices=[("danger", problem, "")] if problem else [],
    )


def public_url(item: RecordType, record: Record) -> str | None:
    """Where visitors read the record, when they do."""
    endpoint = f"{item.plugin}.{item.key}"
    if not record.public or endpoint not in current_app.view_functions:
        return None
    return url_for(endpoint, slug=record.slug)


def _untranslated(item: RecordType, record: Record) -> list[str]:
    texts = record.answers.get(item.title_field, {})
    return [LANGUAGES[code] for code in current.here.languages if code in LANGUAGES and not texts.get(code)]


def _steps(record: Record) -> list[dict[str, Any]]:
    states = workflow_of(current.session, record).by_state
    found = operations.transitions_of(current.session, record, actor=current.actor)
    first = next((step.key for step, reason in found if not reason), None)
    return [
        {
            "key": step.key,
            "label": pick(step.label, current.lang),
            "allowed": not reason,
            "reasons": [reason] if reason else [],
            "primary": step.key == first,
            # Who may not take the step is told that, not what the page lacks.
            "incomplete": bool(reason) and step.complete and access.allowed(current.actor, step.permission, record),
            "confirm": _("Chi visita il sito non la troverà più. Potrai pubblicarla di nuovo.")
            if record.public and not states[step.target].public
            else "",
        }
        for step, reason in found
    ]


def _answers(form: Form, record: Record) -> list[dict[str, Any]]:
    """The sections that hold an answer."""
    lookups = lookups_of(current.session, [form], current.lang)
    sections = [(section, _shown(form, record, section.key, lookups)) for section in form.sections]
    return [{"title": pick(section.label, current.lang), "answers": shown} for section, shown in sections if shown]


def _shown(form: Form, record: Record, section: str, lookups: Lookups) -> list[tuple[str, str]]:
    fields = [(field, _answer(form, record, field, lookups)) for field in form.in_section(section)]
    return [(pick(field.label, current.lang), text) for field, text in fields if text]


def _answer(form: Form, record: Record, field: Field, lookups: Lookups) -> str:
    if field.type == REFERENCES:
        return titles_of(field, record.answers.get(field.key) or ())
    return display(form, field.key, record.answers, lookups)


@staff_route(bp, "/schede/<type_>/<uuid:record_id>/passaggio", endpoint="fire", methods=["POST"])
def fire(type_: str, record_id: UUID) -> Response | tuple[str, int]:
    """Take a step; a refusal says why on the record's own page."""
    item = _type(type_)
    record = _record(item, record_id, READ)
    try:
        operations.fire(
            current.session, record, request.form.get("transition", ""), actor=current.actor, version=_version()
        )
    except Refused as error:
        return _show(item, record, error.message), 409
    except Conflict:
        current.session.rollback()
        message = _("Un'altra persona ha cambiato la scheda. Guarda com'è adesso e riprova.")
        return _show(item, _record(item, record_id, READ), message), 409
    return redirect(_url("show", record), 303)


# --- nothing typed is lost --------------------------------------------------------------------------------------------


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
    item = _type(type_)
    access.require(current.actor, CHANGE if record_id else CREATE, type_)
    record = _record(item, record_id, CHANGE) if record_id else None
    form = form_of(current.session, record) if record else item.form
    notice = ("info", _("Sei di nuovo dentro."), _("Quello che avevi scritto è nel modulo: controllalo e salva."))
    return _form_page(
        item, form, _typed(form)[0], record=record, action=request.path, version=_version(), notices=[notice]
    )


def _step_again(type_: str, record_id: UUID) -> str:
    item = _type(type_)
    message = _("Questa pagina era aperta da troppo tempo: il passaggio non è stato fatto. Premi di nuovo.")
    return _show(item, _record(item, record_id, READ), message)


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
    texts = [(pick(field.label, current.lang), _short(typed.get(field.key))) for field in item.form.fields]
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
