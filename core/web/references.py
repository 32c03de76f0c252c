"""Other records, chosen by their titles: a page shows those chosen, and those that the words of its search box find."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import request

from core import access
from core.forms.definition import Field, Form
from core.forms.posted import PREFIX
from core.i18n import _, pick
from core.records import queries
from core.records.definitions import RecordType, record_types, workflow_of
from core.records.models import Record
from core.records.permissions import READ
from core.web.context import current

TYPE = "records"
#: Name of the button that looks for records, and what the names of its box and of the words looked for begin with.
FIND, WORDS, FOUND = "find", "find_", "found_"
#: Records offered at once.
OFFERED = 20
LONGEST = 200


@dataclass(frozen=True, slots=True)
class Picker:
    """What a question offers. ``chosen``, ``offered``: (ref, label); ``more``: there are others to look for."""

    chosen: tuple[tuple[str, str], ...]
    offered: tuple[tuple[str, str], ...]
    words: str
    more: bool


def posted_references(form: Form) -> dict[str, str]:
    """The posted answers to questions for records, one ref a line, as ``validate`` and the form take them."""
    return {field.key: "\n".join(request.form.getlist(PREFIX + field.key)) for field in _questions(form)}


def wants_search(form: Form) -> bool:
    """Whether the button of a search box was pressed, or Enter in a box whose words were not looked for yet."""
    if FIND in request.form:
        return True
    by_enter = request.form.get("save") == "enter"
    return by_enter and any(_words(f.key) != request.form.get(FOUND + f.key, "") for f in _questions(form))


def pickers(form: Form, typed: Mapping[str, Any], own_ref: str = "") -> dict[str, Picker]:
    """The picker of each question for records; a record never offers itself."""
    return {field.key: _picker(field, refs_of(typed.get(field.key)), own_ref) for field in _questions(form)}


def refs_of(answer: Any) -> list[str]:
    """The refs in an answer as a form holds it: one a line, or a list."""
    lines = answer.splitlines() if isinstance(answer, str) else answer or ()
    return [ref for line in lines if (ref := str(line).strip())]


def titles_of(field: Field, refs: Iterable[str]) -> str:
    """The titles of records for a reader of the staff; a ref that nothing carries yet stands for itself."""
    return ", ".join(label for _ref, label in _chosen(_types(field), list(refs)))


def _questions(form: Form) -> list[Field]:
    return [field for field in form.fields if field.type == TYPE]


def _words(key: str) -> str:
    return request.form.get(WORDS + key, "").strip()[:LONGEST]


def _picker(field: Field, refs: list[str], own_ref: str) -> Picker:
    types, words = _types(field), _words(field.key)
    found = [record for item in types for record in _matching(item, words) if record.ref not in (*refs, own_ref)]
    offered = tuple((record.ref, _label(types, record)) for record in found[:OFFERED])
    return Picker(tuple(_chosen(types, refs)), offered, words, len(found) > OFFERED)


def _types(field: Field) -> list[RecordType]:
    """The types a question asks for, of the plugins that are on; all of them where it names none."""
    wanted = field.config.get("record_types") or ()
    active = [item for item in record_types() if item.plugin in current.active_plugins]
    return [item for item in active if not wanted or item.key in wanted]


def _matching(item: RecordType, words: str) -> tuple[Record, ...]:
    filters = [queries.Filter(item.title_field, contains=words)] if words else []
    wanted = queries.Listing(filters=filters, order="title", page_size=2 * OFFERED)
    return queries.listing(current.session, current.actor, item.key, wanted).items


def _chosen(types: list[RecordType], refs: list[str]) -> list[tuple[str, str]]:
    statement = access.select(current.actor, Record, READ).where(Record.ref.in_(refs))
    known = {record.ref: record for record in current.session.scalars(statement)} if refs else {}
    return [(ref, _label(types, known[ref]) if ref in known else ref) for ref in refs]


def _label(types: list[RecordType], record: Record) -> str:
    """Title, with type and state where the title alone would leave a doubt."""
    item = next((item for item in types if item.key == record.type), None)
    title = pick(record.answers.get(item.title_field if item else "title"), current.lang) or record.ref
    notes = [pick(item.label, current.lang)] if item and len(types) > 1 else []
    if not record.public:
        state = workflow_of(current.session, record).by_state.get(record.state)
        notes.append(pick(state.label, current.lang) if state else record.state)
    return _("%(title)s (%(notes)s)", title=title, notes=", ".join(notes).lower()) if notes else title
