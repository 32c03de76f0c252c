"""Import and export of records as JSON lines. A bad line is reported by number; the good ones go in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session

from core import access, clock
from core.access import Actor
from core.db import uuid7
from core.errors import AccessDenied, Invalid
from core.forms.definition import Form
from core.forms.folding import strip_controls
from core.forms.lookups import Lookups
from core.forms.types.lists import REF_LENGTH
from core.i18n import DEFAULT, _
from core.records.definitions import Published, current_form, current_workflow, form_of, pin, record_types
from core.records.lines import BadLine, Line, TypeFacts, decode, judge, line_of, missing_blocks, parse
from core.records.lookups import lookups_of
from core.records.models import Record
from core.records.permissions import IMPORT, READ
from core.records.sealing import (
    check_writable,
    note_change,
    opened_answers,
    rights_on,
    rights_to_create,
    sealed_answers,
)
from core.records.slugs import SlugBook
from core.records.writing import changed_keys, check_validity, remember, settle, tell_search, write_values
from core.workflows.definition import Workflow

#: Lines written with one flush, and committed together: a writer waits for a fifth of a second at most.
BATCH = 100
#: What a database says about a row that it cannot take, whatever slipped through the checks.
_ROW_ERRORS = (SQLAlchemyError, ValueError, OverflowError)


@dataclass(frozen=True, slots=True)
class LineNote:
    """What is to say about one line of the file, counted from 1."""

    number: int
    ref: str
    message: str


@dataclass
class ImportReport:
    """What an import did. ``errors``: lines that stayed out; ``warnings``: lines that went in and want attention."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    errors: list[LineNote] = field(default_factory=list)
    warnings: list[LineNote] = field(default_factory=list)

    @property
    def accepted(self) -> int:
        """Lines that are in the database now."""
        return self.created + self.updated + self.unchanged


@dataclass(frozen=True)
class _Kind:
    """A record type with the versions and the slugs that this import uses."""

    form: Published[Form]
    workflow: Published[Workflow]
    facts: TypeFacts
    slugs: SlugBook


def import_lines(
    session: Session,
    lines: Iterable[str | bytes],
    *,
    actor: Actor,
    strict: bool = False,
    lookups: Lookups | None = None,
    keep: Callable[[], None] | None = None,
) -> ImportReport:
    """Bring records in. A known ``id`` is updated, an unchanged line writes nothing.

    A key that a line does not have leaves that answer as it was; ``fields``, when there, speaks of all its questions. A
    public item without the blocks that publishing asks for goes in with a warning, unless ``strict``. Never commits:
    a dry run is an import followed by a rollback. Who brings in a long file gives ``keep``, which commits after each
    batch, so that others can write in between. Raises AccessDenied when the actor may import no type at all.
    """
    importer = _Importer(session, actor, strict=strict, lookups=lookups)
    numbered = enumerate(lines, start=1)
    while chunk := list(islice(numbered, BATCH)):
        importer.take(chunk)
        if keep is not None:
            keep()
            importer.forget()
    importer.report.errors.sort(key=lambda note: note.number)
    return importer.report


class _Importer:
    """One import: judges lines in batches and writes each batch in a savepoint."""

    def __init__(self, session: Session, actor: Actor, *, strict: bool, lookups: Lookups | None) -> None:
        types = [item for item in record_types() if access.may(actor, IMPORT, item.key)]
        if not types:
            raise AccessDenied(IMPORT, "*")
        self.session, self.actor, self.strict = session, actor, strict
        self.report = ImportReport()
        self.lookups = lookups or lookups_of(session, [item.form for item in types])
        self._types = {item.key: item for item in types}
        self._kinds: dict[str, _Kind] = {}
        self._seen: dict[str, int] = {}

    def take(self, chunk: Sequence[tuple[int, str | bytes]]) -> None:
        """Judge and write one batch."""
        judged = [line for number, raw in chunk if (line := self._judge(number, raw)) is not None]
        if not judged or self._write(judged):
            return
        for line in judged:
            if not self._write([line]):
                self._fail(line.number, line.ref, _("Il database non accetta questa riga"))

    def _judge(self, number: int, raw: str | bytes) -> Line | None:
        ref = ""
        try:
            text = decode(raw, number).strip()
            if not text:
                return None
            data = parse(text)
            ref = strip_controls(str(data.get("id") or ""))[:REF_LENGTH]
            line = judge(number, data, self._facts, self.lookups)
            self._check_repeated(line)
        except BadLine as problem:
            self._fail(number, ref, str(problem))
            return None
        return line

    def _check_repeated(self, line: Line) -> None:
        first = self._seen.setdefault(line.ref, line.number)
        if first != line.number:
            raise BadLine(_("«id» è già alla riga %(number)s", number=first))

    def _fail(self, number: int, ref: str, message: str) -> None:
        self.report.errors.append(LineNote(number, ref, message))

    def _facts(self, type_: str) -> TypeFacts | None:
        return self.kind(type_).facts if type_ in self._types else None

    def kind(self, type_: str) -> _Kind:
        """The versions and slugs of a type, fetched when its first line comes."""
        if type_ not in self._kinds:
            item = self._types[type_]
            form, workflow = current_form(self.session, item), current_workflow(self.session, item)
            facts = _facts_of(form.definition, workflow.definition, item.title_field)
            self._kinds[type_] = _Kind(form, workflow, facts, SlugBook.of_type(self.session, type_))
        return self._kinds[type_]

    def forget(self) -> None:
        """After a commit: others may have taken addresses or published versions since."""
        self._kinds.clear()

    def _write(self, lines: Sequence[Line]) -> bool:
        """Write a batch whole; False when the database refused it, and then nothing of it is there."""
        batch = _Batch(self, lines)
        try:
            with self.session.begin_nested():
                batch.write()
        except OperationalError:
            # A full disk or a lost server is no fault of the line.
            raise
        except _ROW_ERRORS:
            batch.undo()
            return False
        batch.report()
        return True


def _facts_of(form: Form, workflow: Workflow, title_field: str) -> TypeFacts:
    states = frozenset(workflow.by_state)
    complete = frozenset(state for state in states if workflow.demands_complete(state))
    return TypeFacts(form, states, workflow.initial, complete, title_field)


class _Batch:
    """Some lines on their way into the database, and what will be said about them once they are in."""

    def __init__(self, importer: _Importer, lines: Sequence[Line]) -> None:
        self._importer, self._lines = importer, lines
        self._session, self._actor = importer.session, importer.actor
        self._counts = {"created": 0, "updated": 0, "unchanged": 0}
        self._errors: list[LineNote] = []
        self._warnings: list[LineNote] = []
        self._created: list[Record] = []
        self._changed: list[tuple[Record, list[str]]] = []

    def write(self) -> None:
        """Everything up to the last flush; errors of the database go up."""
        known = self._known()
        for line in self._lines:
            try:
                self._apply(line, known.get(line.ref))
            except BadLine as problem:
                self._errors.append(LineNote(line.number, line.ref, str(problem)))
        self._session.flush()
        self._write_values()
        for record in self._created:
            remember(self._session, record, self._actor, "imported", fields=sorted(record.answers))
        for record, keys in self._changed:
            remember(self._session, record, self._actor, "reimported", fields=keys)
            note_change(self._session, self._actor, record, self._importer.kind(record.type).form.definition, keys)
        tell_search(self._session, [record.id for record in (*self._created, *(r for r, _keys in self._changed))])
        self._session.flush()

    def undo(self) -> None:
        """Give back the addresses that the refused records would have had."""
        for record in self._created:
            self._importer.kind(record.type).slugs.give_back(record.slug)

    def report(self) -> None:
        """Add what happened to the importer's report."""
        report = self._importer.report
        report.created += self._counts["created"]
        report.updated += self._counts["updated"]
        report.unchanged += self._counts["unchanged"]
        report.errors.extend(self._errors)
        report.warnings.extend(self._warnings)

    def _known(self) -> dict[str, Record]:
        refs = [line.ref for line in self._lines]
        statement = access.select(self._actor, Record, IMPORT).where(Record.ref.in_(refs))
        return {record.ref: record for record in self._session.scalars(statement)}

    def _write_values(self) -> None:
        forms = {record.type: self._importer.kind(record.type).form.definition for record in self._created}
        write_values(self._session, [(record, forms[record.type]) for record in self._created], fresh=True)
        if self._changed:
            write_values(self._session, [(r, self._importer.kind(r.type).form.definition) for r, _k in self._changed])

    def _apply(self, line: Line, record: Record | None) -> None:
        if record is not None and record.type != line.type:
            raise BadLine(_("«id» appartiene già a un elemento di tipo «%(type)s»", type=record.type))
        kind = self._importer.kind(line.type)
        self._check_writable(line, kind, record)
        before: Mapping[str, Any] = opened_answers(self._session, record) if record is not None else {}
        answers = {key: answer for key, answer in {**before, **line.answers}.items() if answer is not None}
        state = line.state or (record.state if record is not None else kind.facts.initial)
        self._judge_whole(line, kind, answers, state)
        if record is None:
            self._create(line, kind, answers, state)
        else:
            self._update(line, kind, record, (before, answers), state)

    def _check_writable(self, line: Line, kind: _Kind, record: Record | None) -> None:
        form = kind.facts.form
        if record is None:
            rights = rights_to_create(self._actor, line.type, form)
        else:
            rights = rights_on(self._actor, record, form)
        try:
            check_writable(line.type, rights, line.answers)
        except AccessDenied as denied:
            raise BadLine(_("Non puoi scrivere questo dato protetto: %(field)s", field=denied.resource)) from denied

    def _judge_whole(self, line: Line, kind: _Kind, answers: Mapping[str, Any], state: str) -> None:
        lost = [key for key in answers if key not in kind.facts.form.by_key]
        if lost:
            raise BadLine(_("Il modulo non ha più: %(keys)s", keys=", ".join(lost)))
        missing = missing_blocks(kind.facts.form, answers) if state in kind.facts.complete_states else ""
        if not missing:
            return
        message = _("Mancano i blocchi: %(blocks)s", blocks=missing)
        if self._importer.strict:
            raise BadLine(message)
        self._warnings.append(LineNote(line.number, line.ref, message))

    def _create(self, line: Line, kind: _Kind, answers: dict[str, Any], state: str) -> None:
        title = answers[kind.facts.title_field][DEFAULT]
        record = Record(
            id=uuid7(),
            ref=line.ref,
            type=line.type,
            slug=kind.slugs.take(title),
            created_at=clock.now(),
            created_by=self._actor.account_id,
            **line.validity,
        )
        self._pin(record, kind, answers, state)
        self._session.add(record)
        self._created.append(record)
        self._counts["created"] += 1

    def _update(
        self,
        line: Line,
        kind: _Kind,
        record: Record,
        answers: tuple[Mapping[str, Any], dict[str, Any]],
        state: str,
    ) -> None:
        before, after = answers
        start = line.validity.get("valid_from", record.valid_from)
        end = line.validity.get("valid_to", record.valid_to)
        same = (before, record.state, record.valid_from, record.valid_to) == (after, state, start, end)
        if same:
            self._counts["unchanged"] += 1
            return
        try:
            check_validity(start, end)
        except Invalid as invalid:
            raise BadLine(f"valid_to: {invalid.errors[0].message}") from invalid
        keys = changed_keys(before, after)
        record.valid_from, record.valid_to = start, end
        self._pin(record, kind, after, state, before)
        self._changed.append((record, keys))
        self._counts["updated"] += 1

    def _pin(
        self,
        record: Record,
        kind: _Kind,
        answers: dict[str, Any],
        state: str,
        before: Mapping[str, Any] | None = None,
    ) -> None:
        pin(record, kind.form, kind.workflow)
        record.answers = sealed_answers(
            self._session, record.id, kind.form.definition, answers, before=record.answers, opened=before
        )
        record.state = state
        settle(record, kind.form.definition, kind.workflow.definition)


def export_lines(session: Session, *, actor: Actor, type_: str | None = None) -> Iterator[str]:
    """Every record the actor may read as a line without its break, by ``id``: importing them gives the same bytes.

    Protected answers stay out, and stay as they are when the lines are brought in again.
    """
    statement = access.select(actor, Record, READ, type_).order_by(Record.ref)
    for record in session.scalars(statement.execution_options(yield_per=BATCH)):
        yield line_of(record, form_of(session, record))
