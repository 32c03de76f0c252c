"""Reads of persons and cases, shared by pages, API and exports. Each begins with the access layer's own query."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import url_for
from sqlalchemy import ColumnElement, Select, and_, func, literal, or_, select, true, union, union_all
from sqlalchemy.orm import Session

from core.toolkit import (
    Actor,
    DashboardCard,
    FieldFlags,
    Grant,
    NotFound,
    Organisation,
    _,
    access,
    clock,
    grant_right,
    in_force,
    ngettext,
    privacy,
    teams,
)
from plugins.intake.models import CLOSED, STATES, Case, Person, PersonWord
from plugins.intake.operations import name_words
from plugins.intake.permissions import CASE, PERSON

#: Rights under which the personal fields of a row may be seen at once.
SEEING = frozenset({"read", "write"})
#: Words of a search that are looked at, and the last character of all.
MOST_WORDS, LAST_CHARACTER = 5, "\U0010ffff"
CODE_LENGTH = 24
DEEPEST = 2_000
#: Words of names that begin alike; with so many, a page is found sooner by walking the list.
COMMON = 2_000
#: Scopes that reach only what somebody has a place on.
PLACES = frozenset({"team", "emergency"})


@dataclass(frozen=True, slots=True)
class Row:
    """A person of a list with the current case, where the reader may see it, and the reader's right by field group."""

    person: Person
    case: Case | None
    rights: Mapping[str, str]

    @property
    def named(self) -> bool:
        """Whether the name may be shown."""
        return self.rights.get("personal") in SEEING

    @property
    def title(self) -> str:
        """The name, or the code where the name is not for this reader."""
        return name_of(self.person) if self.named else self.person.code


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list shows. ``mine``: only persons in whose team the reader has a place."""

    words: str = ""
    state: str = ""
    municipality: str = ""
    mine: bool = False
    page: int = 1
    page_size: int = 50


@dataclass(frozen=True, slots=True)
class Page:
    """A slice of the list; it knows whether more follows, not how many."""

    rows: tuple[Row, ...]
    page: int
    has_more: bool


def name_of(person: Person) -> str:
    """Given and family name; a plain word for somebody whose data were erased."""
    if person.erased_at:
        return _("Dati cancellati")
    return f"{person.given_name} {person.family_name}"


def initials_of(row: Row) -> str:
    """Two letters for the badge; none where the name is not shown."""
    return (row.person.given_name[:1] + row.person.family_name[:1]).upper() if row.named else ""


def age_of(person: Person) -> int | None:
    """Whole years today; ``None`` without a birth date."""
    born, today = person.birth_date, clock.today()
    if born is None:
        return None
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def listing(session: Session, actor: Actor, wanted: Wanted, *, action: str = "read") -> Page:
    """A page of the persons that the actor may ``action``: one statement with scope, case and field flags.

    The ids of the page come first, of each scope along an index; case and rights are worked out for these alone.
    """
    size, page = wanted.page_size, min(max(wanted.page, 1), DEEPEST)
    asked, offset = _ask(session, actor, wanted, action), (page - 1) * size
    ids = _ids(actor, asked, action, offset + size + 1).offset(offset).limit(size + 1).subquery("page")
    persons = _with_cases(actor, asked.flags).join(ids, ids.c.id == Person.id)
    found = session.execute(persons.order_by(*asked.order(ids.c.key, ids.c.id))).all()
    return Page(tuple(_row(asked.flags, row) for row in found[:size]), page, len(found) > size)


def every_row(session: Session, actor: Actor, wanted: Wanted, *, action: str = "export") -> Iterator[Row]:
    """All rows of the list, for an export, in the order of their codes."""
    asked = _ask(session, actor, wanted, action)
    statement = _with_cases(actor, asked.flags).where(access.criterion(actor, Person, action), *asked.conditions)
    for row in session.execute(statement.order_by(Person.code).execution_options(yield_per=500)):
        yield _row(asked.flags, row)


def _with_cases(actor: Actor, flags: FieldFlags) -> Select[Any]:
    """Persons with the current case, and whether the reader may see that: as a condition of the join, a database
    would judge the cases of the whole district.
    """
    seen = access.criterion(actor, Case, "read").label("case_seen")
    persons = select(Person, Case, seen).add_columns(*flags.columns).select_from(Person)
    return persons.outerjoin(Case, and_(Case.person_id == Person.id, Case.is_current))


def _row(flags: FieldFlags, row: Any) -> Row:
    person, case, seen, *given = row
    return Row(person, case if seen else None, flags.rights(PERSON, given))


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is wanted, as SQL."""

    flags: FieldFlags
    conditions: tuple[ColumnElement[bool], ...]
    #: By name where every row shows it; else by code: the place in a list would tell a masked name.
    by_name: bool
    #: The conditions alone leave few rows.
    few: bool

    @property
    def key(self) -> Any:
        """The column of the order."""
        return Person.sort_name if self.by_name else Person.code

    def order(self, key: Any, id_: Any) -> tuple[Any, ...]:
        """The order by these two columns."""
        return (key, id_) if self.by_name else (key.desc(), id_.desc())


def _ask(session: Session, actor: Actor, wanted: Wanted, action: str) -> _Asked:
    flags = access.field_flags(actor, Person)
    by_name = actor.is_system or all(grant_right(g, "personal") in SEEING for g in _reading(actor))
    # Where every row that may be read shows its name there is nothing to ask of each.
    readable = true() if by_name and action == "read" else flags.seeing("personal")
    few, conditions = _found_by(session, actor, wanted.words, readable)
    if wanted.state in STATES:
        conditions.append(_in_state(actor, wanted.state))
    if wanted.municipality:
        conditions.append(Person.municipality == wanted.municipality)
    if wanted.mine:
        conditions.append(_in_my_teams(actor))
    return _Asked(flags, tuple(conditions), by_name, few or wanted.mine)


def _in_state(actor: Actor, state: str) -> ColumnElement[bool]:
    """The current case, where the reader may see it, is in this state.

    Asked of one person after the other, so that the list is still walked in its order; cases seen through places in
    teams are few, and found once.
    """
    current = (Case.is_current, Case.state == state)
    parts = access.branches(actor, Case, "read")
    placed = [select(Case.person_id).where(part, *current) for scope, part in parts if scope in PLACES]
    others = [part for scope, part in parts if scope not in PLACES]
    found: list[ColumnElement[bool]] = [Person.id.in_(union_all(*placed))] if placed else []
    if others:
        one = select(Case.state).where(Case.person_id == Person.id, Case.is_current, or_(*others))
        found.append(one.correlate(Person).scalar_subquery() == state)
    return or_(*found)


def _ids(actor: Actor, asked: _Asked, action: str, most: int) -> Select[Any]:
    """The ids of the first ``most`` persons in order: so many of each scope, and of all these the first."""
    parts = [
        _part(asked, criterion, few=asked.few or scope in PLACES).limit(most)
        for scope, criterion in access.branches(actor, Person, action)
    ]
    if len(parts) == 1:
        return parts[0]
    found = union(*[select(part.subquery()) for part in parts]).subquery()
    return select(found.c.id, found.c.key).order_by(*asked.order(found.c.key, found.c.id))


def _part(asked: _Asked, criterion: ColumnElement[bool], *, few: bool) -> Select[Any]:
    part = select(Person.id, asked.key.label("key")).where(criterion, *asked.conditions)
    # Few rows are put in order afterwards: else the index of names would be walked from its beginning.
    return part.order_by(*asked.order(func.coalesce(asked.key, "") if few else asked.key, Person.id))


def _found_by(
    session: Session, actor: Actor, words: str, readable: ColumnElement[bool]
) -> tuple[bool, list[ColumnElement[bool]]]:
    """By code; by name or tax code only where these are not masked. First: whether only few persons can fit.

    Where few fit, their ids come first, so that few rows are judged. Words that very many names have are no code: the
    list is walked in its order until the page is full.
    """
    if not words:
        return False, []
    names = sorted(name_words(words), key=len, reverse=True)[:MOST_WORDS]
    often = {word: _how_often(session, word) for word in names}
    if names and min(often.values()) == COMMON:
        return False, [readable, *(_has_word(Person.sort_name, word) for word in names)]
    code = words.strip().upper()[:CODE_LENGTH]
    blind = privacy.blind(session, Person, "tax_code", words)
    of_case = select(Case.person_id).where(Case.code == code, access.criterion(actor, Case, "read"))
    found = union_all(
        select(Person.id).where(Person.code == code),
        of_case,
        select(Person.id).where(Person.tax_code_blind == blind),
        *_by_name(sorted(names, key=lambda word: often[word])),
    )
    return True, [Person.id.in_(found), or_(Person.code == code, Person.id.in_(of_case), readable)]


def _how_often(session: Session, word: str) -> int:
    """How many words of names begin so, up to ``COMMON``."""
    first = select(PersonWord.id).where(_begins(word)).limit(COMMON).subquery()
    return session.scalars(select(func.count()).select_from(first)).one()


def _by_name(names: Sequence[str]) -> Iterator[Select[Any]]:
    """Every word begins a word of the name, the rarest first; nothing where no word was typed."""
    if not names:
        return
    first, *others = names
    found = select(PersonWord.person_id).where(_begins(first))
    if others:
        # The names are looked up for those alone that the rarest word leaves.
        named = and_(Person.id == PersonWord.person_id, *(_has_word(Person.sort_name, word) for word in others))
        found = found.join(Person, named)
    yield found


def _begins(word: str) -> ColumnElement[bool]:
    return and_(PersonWord.word >= word, PersonWord.word < word + LAST_CHARACTER)


def _has_word(name: Any, word: str) -> ColumnElement[bool]:
    """Whether a word of the name begins so; a sort name is words of letters and digits with spaces between."""
    found: ColumnElement[bool] = (literal(" ") + name).like(f"% {word}%")
    return found


def _in_my_teams(actor: Actor) -> ColumnElement[bool]:
    mine = (teams.TeamPlace.resource == CASE, teams.TeamPlace.account_id == actor.account_id)
    running = select(teams.TeamPlace.object_id).where(*mine, in_force(clock.now()))
    return Person.id.in_(select(Case.person_id).where(Case.id.in_(running), Case.state != CLOSED))


def _reading(actor: Actor) -> list[Grant]:
    return [g for g in actor.grants if g.resource == PERSON and g.action == "read"]


def person_by_code(session: Session, actor: Actor, code: str, *, action: str = "read") -> Person:
    """The person with this code. Raises NotFound, also for one that is not for this actor."""
    found = session.scalars(access.select(actor, Person, action).where(Person.code == code)).one_or_none()
    if found is None:
        raise NotFound(f"person {code}")
    return found


def row_of(session: Session, actor: Actor, person: Person) -> Row:
    """A person as a row: with the current case and the reader's rights."""
    cases = cases_of(session, actor, person)
    return Row(person, next((case for case in cases if case.is_current), None), access.fields(actor, person))


def cases_of(session: Session, actor: Actor, person: Person) -> Sequence[Case]:
    """The cases of a person that the actor may read, newest first."""
    statement = access.select(actor, Case, "read").where(Case.person_id == person.id)
    return session.scalars(statement.order_by(Case.number.desc())).all()


def case_by_code(session: Session, actor: Actor, code: str) -> Case:
    """The case with this code. Raises NotFound."""
    found = session.scalars(access.select(actor, Case, "read").where(Case.code == code)).one_or_none()
    if found is None:
        raise NotFound(f"case {code}")
    return found


def my_person(session: Session, actor: Actor) -> Person | None:
    """The file of who asks, where the account is linked to one."""
    if actor.account_id is None:
        return None
    statement = access.select(actor, Person, "read").where(Person.account_id == actor.account_id)
    return session.scalars(statement).one_or_none()


def person_of(session: Session, person_id: UUID) -> Person | None:
    """A person by id, whoever asks: for exports and erasures that were judged already."""
    return session.scalars(select(Person).where(Person.id == person_id)).one_or_none()


def organisation_name(session: Session, organisation_id: UUID | None) -> str:
    """The name of a body of the district; empty for one that left it."""
    return organisation_names(session, [organisation_id]).get(organisation_id, "")


def organisation_names(session: Session, ids: Sequence[UUID | None]) -> dict[UUID | None, str]:
    """The names of bodies by id; those that left the district are not there."""
    wanted = {id_ for id_ in ids if id_ is not None}
    if not wanted:
        return {}
    rows = session.execute(select(Organisation.id, Organisation.name).where(Organisation.id.in_(wanted)))
    return {row.id: row.name for row in rows}


def cases(session: Session, actor: Actor, *, state: str, page: int, page_size: int) -> tuple[list[Case], bool]:
    """A page of the cases that the actor may read, newest first, and whether more follow."""
    statement = access.select(actor, Case, "read").order_by(Case.id.desc())
    if state in STATES:
        statement = statement.where(Case.state == state)
    found = session.scalars(statement.offset((min(page, DEEPEST) - 1) * page_size).limit(page_size + 1)).all()
    return list(found[:page_size]), len(found) > page_size


def codes_of(session: Session, actor: Actor, ids: Sequence[UUID]) -> dict[UUID, str]:
    """The codes of those persons that the actor may read."""
    statement = access.select(actor, Person, "read").where(Person.id.in_(set(ids)))
    return {person.id: person.code for person in session.scalars(statement)} if ids else {}


@dataclass(frozen=True, slots=True)
class Looker:
    """Who looks, as the audit keeps it for the person concerned: with function and body."""

    account_id: UUID | None
    name: str
    function: str
    organisation: str


def looker(session: Session, actor: Actor) -> Looker:
    """The actor with the names of the bodies for which the roles are held."""
    bodies = organisation_names(session, [grant.organisation_id for grant in actor.grants])
    return Looker(actor.account_id, actor.name, actor.function, ", ".join(sorted(bodies.values())))


def works_with_persons(actor: Actor) -> bool:
    """Whether the actor reads persons other than the own file."""
    return actor.is_system or any(
        g.resource == PERSON and g.action == "read" and g.scope != "own" for g in actor.grants
    )


def has_own_path(actor: Actor) -> bool:
    """Whether the actor may read the own file."""
    return any(g.resource == PERSON and g.action == "read" and g.scope == "own" for g in actor.grants)


def staff_cards(session: Session, actor: Actor) -> Sequence[DashboardCard]:
    """How many persons I follow, and who waits to be opened."""
    if actor.account_id is None or not works_with_persons(actor):
        return ()
    mine = listing(session, actor, Wanted(mine=True, page_size=50))
    if not mine.rows:
        return ()
    count = len(mine.rows)
    text = ngettext("Segui %(num)s persona.", "Segui %(num)s persone.", count)
    if mine.has_more:
        text = _("Segui più di %(num)s persone.", num=count)
    waiting = sum(1 for row in mine.rows if row.case is not None and row.case.state == "registered")
    more = ngettext(
        "%(num)s aspetta di essere presa in carico.", "%(num)s aspettano di essere prese in carico.", waiting
    )
    url = url_for("intake.persons", mie=1)
    whole = f"{text} {more}" if waiting else text
    return [DashboardCard(_("Le mie persone"), whole, url, _("Apri l’elenco"), order=10)]
