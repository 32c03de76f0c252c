"""Pages of persons: list, new, the parts of a file, and the own path of the person concerned."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from core.toolkit import (
    Conflict,
    FieldError,
    Invalid,
    Refused,
    _,
    access,
    access_panel,
    asked,
    audit,
    clean_text,
    crypto,
    current,
    documents_panel,
    may_ask_why,
    page_number,
    pick,
    privacy,
    register_why,
    staff_route,
    team_panel,
)
from plugins.intake import exports, forms, operations, presentation, queries
from plugins.intake.models import STATES, Case, Person
from plugins.intake.permissions import CASE, PERSON
from plugins.intake.queries import Row, Wanted

bp = Blueprint("intake", __name__, template_folder="templates")
LONGEST_WORDS = 200
#: Entries of the audit that the own path tells of.
MOST_LOOKS = 100
#: The part that shows the log itself.
LOG = "accessi"
LOOKS = ("view", "reveal", "export", "print", "download")
register_why(
    Case,
    resource=CASE,
    title=lambda case: str(case.code),
    back=lambda case: url_for("intake.part", code=case.person_code, part="squadra"),
)


@staff_route(bp, "/persone/", endpoint="persons", methods=["GET"])
def persons() -> str:
    """The persons that the reader may see: searched, filtered, page by page."""
    access.require(current.actor, "read", PERSON)
    wanted = asked_for()
    page = queries.listing(current.session, current.actor, wanted)
    return render_template(
        "intake/list.html",
        trail=[(_("Oggi"), url_for("staff.today")), (_("Persone"), "")],
        entries=[presentation.list_line(row, current.here) for row in page.rows],
        wanted=wanted,
        states=[(key, str(forms.STATE_LABELS[key])) for key in STATES],
        municipalities=sorted(places().items(), key=lambda pair: pair[1]),
        filtered=bool(wanted.words or wanted.state or wanted.municipality or wanted.mine),
        create=_create_link(),
        export=access.may(current.actor, "export", PERSON),
        pager=_neighbours(page),
    )


def asked_for(page_size: int = 0) -> Wanted:
    """What the address asks of the list; a value that nothing is called is not looked at."""
    state, place = request.args.get("stato", ""), request.args.get("comune", "")
    return Wanted(
        words=clean_text(request.args.get("q", "")).strip()[:LONGEST_WORDS],
        state=state if state in STATES else "",
        municipality=place if place in current.here.municipalities else "",
        mine=request.args.get("mie") == "1",
        page=page_number(),
        page_size=page_size or int(current.here.setting("intake", "page_size")),
    )


def places() -> dict[str, str]:
    """The municipalities of the district by ISTAT code."""
    return operations.places(current.here)


def _create_link() -> tuple[str, str] | None:
    may = access.may(current.actor, "create", PERSON) and access.may(current.actor, "create", CASE)
    return (_("Registra una persona"), url_for("intake.new")) if may else None


def _neighbours(page: queries.Page) -> dict[str, Any] | None:
    """The list is not counted: it knows whether more follows."""
    if page.page == 1 and not page.has_more:
        return None
    values = asked()
    before, after = ({**values, "page": page.page + step} for step in (-1, 1))
    return {
        "page": page.page,
        "pages": page.page + page.has_more,
        "previous": url_for("intake.persons", **before) if page.page > 1 else None,
        "next": url_for("intake.persons", **after) if page.has_more else None,
        "links": [(page.page, url_for("intake.persons", **values), True)],
    }


@staff_route(bp, "/persone/esporta", endpoint="export", methods=["GET"])
def export() -> Response:
    """The list as CSV or JSON, as far as it may be exported; the audit says that it left the house."""
    access.require(current.actor, "export", PERSON)
    kind = request.args.get("formato", "csv")
    if kind not in exports.KINDS:
        abort(404)
    return exports.answer(current.session, current.actor, current.here, asked_for(), kind)


@staff_route(bp, "/persone/nuova", endpoint="new", methods=["GET"])
def new() -> str:
    """An empty form."""
    access.require(current.actor, "create", PERSON)
    return _new_page({}, ())


@staff_route(bp, "/persone/nuova", endpoint="register", methods=["POST"])
def register() -> AnyResponse | tuple[str, int]:
    """Register a person; what was typed comes back with the reason of a refusal."""
    access.require(current.actor, "create", PERSON)
    typed = _typed(operations.creatable_groups(current.actor))
    confirmed = request.form.get("another_person") == "1"
    try:
        case = operations.register_person(current.session, typed, actor=current.actor, another_person=confirmed)
    except Invalid as error:
        return _new_page(typed, error.errors), 422
    except Refused as error:
        current.session.rollback()
        return _new_page(typed, (FieldError("", error.message, error.code),)), 409
    return redirect(presentation.part_url(case.person, "riepilogo"), 303)


def _typed(groups: Any) -> dict[str, str]:
    """The posted facts of the groups that may be written; a question that was not on the page is not an answer."""
    return {
        question.key: request.form[question.key]
        for question in forms.QUESTIONS
        if question.group in groups and question.key in request.form
    }


def _new_page(typed: Mapping[str, Any], errors: Any) -> str:
    found = {error.field: error.message for error in errors}
    groups = operations.creatable_groups(current.actor)
    return render_template(
        "intake/edit.html",
        trail=[(_("Persone"), url_for("intake.persons")), (_("Nuova persona"), "")],
        title=_("Registra una persona"),
        lead=_("Servono nome e cognome. Il resto si può aggiungere dopo."),
        action=url_for("intake.register"),
        fields=presentation.fields_of(typed, found, places(), groups),
        errors=[(error.field, error.message) for error in errors],
        twin=found.get("another_person", ""),
        version=None,
        back=url_for("intake.persons"),
        button=_("Registra la persona"),
    )


def opened(code: str, part: str) -> Row:
    """A person's file, with the entry in the audit that somebody looked. Raises NotFound."""
    person = queries.person_by_code(current.session, current.actor, code)
    if part == LOG:
        # The panel of the core writes the look at the log.
        return queries.row_of(current.session, current.actor, person)
    audit.look(
        current.session,
        queries.looker(current.session, current.actor),
        "view",
        resource=PERSON,
        object_id=person.id,
        subject_id=person.id,
        part=part,
        purpose="work",
    )
    return queries.row_of(current.session, current.actor, person)


@staff_route(bp, "/persone/<code>/", endpoint="person", methods=["GET"])
def person_page(code: str) -> AnyResponse:
    """The file begins with its summary."""
    return redirect(url_for("intake.part", code=code, part="riepilogo"))


@staff_route(
    bp, "/persone/<code>/<any(riepilogo,anagrafica,squadra,documenti,accessi):part>", endpoint="part", methods=["GET"]
)
def part_page(code: str, part: str) -> str:
    """One part of a file."""
    row = opened(code, part)
    frame = _frame(row, part)
    if part in {"squadra", "accessi"} and row.case is None:
        abort(404)
    return PARTS[part](row, frame)


def _frame(row: Row, part: str) -> dict[str, Any]:
    return {
        "trail": [(_("Persone"), url_for("intake.persons")), (row.person.code, "")],
        "person": row.person,
        "case": row.case,
        "head": presentation.head(row, current.here),
        "tabs": presentation.tabs(row, part),
        "may": presentation.abilities(current.session, current.actor, row),
    }


def _summary(row: Row, frame: Mapping[str, Any]) -> str:
    case = row.case
    cases = queries.cases_of(current.session, current.actor, row.person)
    waits = frame["may"]["open"] and case is not None
    return render_template(
        "intake/summary.html",
        **frame,
        stage=presentation.stage(case),
        state_kind=presentation.KINDS[case.state] if case else "",
        body=queries.organisation_name(current.session, case.organisation_id) if case else "",
        blocked=presentation.blocked(current.session, case) if waits and case else "",
        notice_url=presentation.basis_url(row.person),
        story=presentation.story(cases, current.here),
        team=presentation.team(current.session, case) if case else [],
        protected=presentation.protected(row.person),
    )


def _facts(row: Row, frame: Mapping[str, Any]) -> str:
    sections = presentation.facts(row, current.here)
    return render_template("intake/facts.html", **frame, sections=sections)


def _team(row: Row, frame: Mapping[str, Any]) -> str:
    return render_template("intake/team.html", **frame, team_panel=team_panel(row.case))


def _documents(row: Row, frame: Mapping[str, Any]) -> str:
    return render_template("intake/documents.html", **frame, documents_panel=documents_panel(row.person))


def _looks(row: Row, frame: Mapping[str, Any]) -> str:
    if row.case is None or not may_ask_why(row.case):
        abort(404)
    return render_template("intake/looks.html", **frame, looks_panel=access_panel(row.case))


PARTS: Mapping[str, Callable[[Row, Mapping[str, Any]], str]] = {
    "riepilogo": _summary,
    "anagrafica": _facts,
    "squadra": _team,
    "documenti": _documents,
    "accessi": _looks,
}


@staff_route(bp, "/persone/<code>/anagrafica/modifica", endpoint="edit", methods=["GET"])
def edit(code: str) -> str:
    """The form with what is stored; protected answers that need a reason stay out of it, and stay as they are."""
    row = opened(code, "anagrafica/modifica")
    access.check(current.actor, "change", row.person)
    return _edit_page(row, _stored(row), ())


@staff_route(bp, "/persone/<code>/anagrafica/modifica", endpoint="save", methods=["POST"])
def save(code: str) -> AnyResponse | tuple[str, int]:
    """Save the changes; an empty protected answer changes nothing, because it was not shown."""
    row = opened(code, "anagrafica/modifica")
    typed = _typed(_writable(row))
    changes = {key: value for key, value in typed.items() if value.strip() or not _asked_first(key)}
    confirmed = request.form.get("another_person") == "1"
    try:
        operations.change_person(
            current.session, row.person, changes, actor=current.actor, version=_version(), another_person=confirmed
        )
    except Invalid as error:
        return _edit_page(row, typed, error.errors), 422
    except (Refused, Conflict) as error:
        current.session.rollback()
        row = queries.row_of(
            current.session, current.actor, queries.person_by_code(current.session, current.actor, code)
        )
        return _edit_page(row, typed, (FieldError("", str(error), "refused"),)), 409
    return redirect(presentation.part_url(row.person, "anagrafica"), 303)


def _version() -> int:
    text = request.form.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _writable(row: Row) -> set[str]:
    return {group for group, right in row.rights.items() if right == "write"}


def _asked_first(key: str) -> bool:
    """Whether a fact is shown only to who says why: its box is empty, so an empty answer says nothing."""
    return forms.BY_KEY[key].group in {"special", "penal"}


def _stored(row: Row) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for question in forms.QUESTIONS:
        if question.group in _writable(row) and not _asked_first(question.key):
            found[question.key] = _value(row.person, question)
    return found


def _value(person: Person, question: forms.Question) -> Any:
    if not question.sealed:
        return getattr(person, question.key)
    try:
        return privacy.unsealed(current.session, person, question.key)
    except crypto.Unreadable:
        return ""


def _edit_page(row: Row, typed: Mapping[str, Any], errors: Any) -> str:
    found = {error.field: error.message for error in errors}
    fields = presentation.fields_of(typed, found, places(), _writable(row))
    for item in fields:
        if _asked_first(item["name"]):
            item["hint"] = _("Quello che c’è adesso non si vede qui. Scrivi solo se vuoi sostituirlo.")
    return render_template(
        "intake/edit.html",
        trail=[
            (_("Persone"), url_for("intake.persons")),
            (row.person.code, presentation.part_url(row.person, "riepilogo")),
            (_("Modifica"), ""),
        ],
        title=_("Modifica i dati"),
        lead="",
        action=url_for("intake.save", code=row.person.code),
        fields=fields,
        errors=[(error.field, error.message) for error in errors],
        twin=found.get("another_person", ""),
        version=row.person.version,
        back=presentation.part_url(row.person, "anagrafica"),
        button=_("Salva"),
    )


@staff_route(bp, "/persone/<code>/prendi-in-carico", endpoint="open_case", methods=["POST"])
def open_case(code: str) -> AnyResponse:
    """Take in charge."""
    case = _case(code)
    operations.open_case(current.session, case, actor=current.actor)
    return redirect(presentation.part_url(case.person, "riepilogo"), 303)


@staff_route(bp, "/persone/<code>/nuovo-percorso", endpoint="again", methods=["POST"])
def again(code: str) -> AnyResponse:
    """A further case of somebody whose last one is closed."""
    person = queries.person_by_code(current.session, current.actor, code)
    operations.register_again(current.session, person, actor=current.actor)
    return redirect(presentation.part_url(person, "riepilogo"), 303)


@staff_route(bp, "/persone/<code>/chiudi", endpoint="close", methods=["GET"])
def close(code: str) -> str:
    """Ask why the case is closed."""
    return _close_page(opened(code, "chiudi"), "")


@staff_route(bp, "/persone/<code>/chiudi", endpoint="close_case", methods=["POST"])
def close_case(code: str) -> AnyResponse | tuple[str, int]:
    """Close the case."""
    case = _case(code)
    try:
        operations.close_case(current.session, case, actor=current.actor, reason=request.form.get("reason", ""))
    except Invalid as error:
        return _close_page(opened(code, "chiudi"), error.errors[0].message), 422
    return redirect(presentation.part_url(case.person, "riepilogo"), 303)


def _close_page(row: Row, error: str) -> str:
    if row.case is None:
        abort(404)
    access.check(current.actor, "close", row.case)
    given, reasons = request.form.get("reason"), forms.close_reasons(current.here)
    options = [(key, pick(label, current.lang), given == key) for key, label in reasons.items()]
    field = {
        "id": "reason",
        "name": "reason",
        "type": "choice",
        "label": _("Perché si chiude?"),
        "error": error,
        "options": options,
    }
    return render_template(
        "intake/close.html", **_frame(row, ""), field=field, errors=[("reason", error)] if error else []
    )


def _case(code: str) -> Case:
    person = queries.person_by_code(current.session, current.actor, code)
    row = queries.row_of(current.session, current.actor, person)
    return row.case or abort(404)


@staff_route(bp, "/il-mio-percorso/", endpoint="mine", methods=["GET"])
def mine() -> str:
    """What the service has written about who asks, who follows the path, who looked, and how to ask for more."""
    if not current.actor.signed_in:
        access.require(current.actor, "read", PERSON)
    person = queries.my_person(current.session, current.actor)
    if person is None:
        abort(404)
    row = queries.row_of(current.session, current.actor, person)
    looks = audit.entries(current.session, subject_id=person.id, kinds=LOOKS, limit=MOST_LOOKS)
    return render_template(
        "intake/mine.html",
        head=presentation.head(row, current.here),
        service=pick(current.here.service or current.here.name, current.lang),
        stage=presentation.stage(row.case),
        team=presentation.team(current.session, row.case) if row.case else [],
        sections=presentation.facts(row, current.here),
        story=presentation.story(queries.cases_of(current.session, current.actor, person), current.here),
        privacy_url=url_for("requests_public.form"),
        looks=presentation.look_lines(
            current.session, [entry for entry in looks if entry.account_id != current.actor.account_id]
        ),
    )
