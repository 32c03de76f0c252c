"""Every form of statement meets the same verdict on both databases: its own district's rows, or TenancyError."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import pytest
from sqlalchemy import (
    Column,
    Integer,
    and_,
    bindparam,
    column,
    delete,
    exists,
    func,
    insert,
    lateral,
    literal,
    literal_column,
    or_,
    select,
    table,
    text,
    tuple_,
    union_all,
    update,
)
from sqlalchemy.orm import aliased, joinedload, raiseload, selectinload, subqueryload

from core.db import Database, DistrictSession, uuid7
from core.errors import TenancyError
from tests.support.databases import fresh_postgres, fresh_sqlite
from tests.support.sample_models import (
    SampleAccount,
    SampleBase,
    SampleCase,
    SampleNote,
    SamplePerson,
    SampleTag,
    case_tags,
    fill,
)

C, N, P = SampleCase, SampleNote, SamplePerson
CT: Any = SampleCase.__table__
NT: Any = SampleNote.__table__
REFUSED = TenancyError


@dataclass(frozen=True)
class World:
    """A filled database of the districts 1 and 2; the tests look from district 1."""

    database: Database
    own: uuid.UUID
    other: uuid.UUID


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("world")
    with ExitStack() as stack:
        if request.param == "sqlite":
            database = stack.enter_context(fresh_sqlite(folder, SampleBase.metadata))
        else:
            url = request.getfixturevalue("postgres_url")
            database = stack.enter_context(fresh_postgres(url, folder, SampleBase.metadata))
        fill(database, 1, 2)
        yield World(database, _any_case(database, 1), _any_case(database, 2))


def _any_case(database: Database, district: int) -> uuid.UUID:
    with database.read(district) as session:
        return session.scalars(select(C.id).order_by(C.number)).first() or uuid7()


def rows(session: DistrictSession, statement: Any) -> int:
    return len(session.execute(statement).unique().all())


def first(session: DistrictSession) -> SampleCase:
    return session.scalars(select(C).order_by(C.number)).first() or SampleCase()


def flushed(session: DistrictSession, *new: object) -> str:
    session.add_all(new)
    session.flush()
    return "written"


def dialect_insert(session: DistrictSession, model: Any) -> Any:
    dialect = session.connection().dialect.name
    return import_module(f"sqlalchemy.dialects.{dialect}").insert(model)


def changed(session: DistrictSession, statement: Any) -> int:
    result: Any = session.execute(statement)
    return int(result.rowcount)


def added(session: DistrictSession, statement: Any) -> int:
    before = _notes_and_links(session)
    session.execute(statement)
    return _notes_and_links(session) - before


def _notes_and_links(session: DistrictSession) -> int:
    return sum(rows(session, select(table).where(table.c.district_id == 1)) for table in (NT, case_tags))


def emptied(session: DistrictSession) -> object:
    case = first(session)
    case.person = None
    session.flush()
    session.refresh(case)
    return case.person_id, case.district_id


def upsert(session: DistrictSession, district: Any, changes: dict[str, Any]) -> int:
    new = dialect_insert(session, N).values(district_id=district, id=uuid7(), text="new")
    return added(session, new.on_conflict_do_update(index_elements=["district_id", "id"], set_=changes))


Run = Callable[[DistrictSession, World], object]

ALLOWED: dict[str, tuple[Run, object]] = {
    "select of an entity": (lambda s, w: rows(s, select(C)), 3),
    "select of columns": (lambda s, w: rows(s, select(C.id, C.state)), 3),
    "count": (lambda s, w: s.scalar(select(func.count()).select_from(C)), 3),
    "legacy query": (lambda s, w: s.query(C).count(), 3),
    "join by hand without district": (lambda s, w: rows(s, select(C, P).join(P, P.id == C.person_id)), 3),
    "join of a relationship": (lambda s, w: rows(s, select(C).join(C.person)), 3),
    "outer join": (lambda s, w: rows(s, select(C, N).outerjoin(C.notes)), 3),
    "alias": (lambda s, w: rows(s, select(aliased(C))), 3),
    "two aliases": (lambda s, w: rows(s, _two_aliases()), 3),
    "self join": (lambda s, w: rows(s, select(C).outerjoin(C.above.of_type(aliased(C)))), 3),
    "any()": (lambda s, w: rows(s, select(C).where(C.notes.any(N.text == "first"))), 3),
    "has()": (lambda s, w: rows(s, select(C).where(C.person.has(P.name == "person 0"))), 1),
    "any() through a link table": (lambda s, w: rows(s, select(C).where(C.tags.any(SampleTag.name == "tag"))), 1),
    "exists": (lambda s, w: rows(s, select(C).where(exists().where(N.case_id == C.id))), 3),
    "not exists": (lambda s, w: rows(s, select(C).where(~exists().where(N.case_id == C.id))), 0),
    "in a subquery": (lambda s, w: rows(s, select(C).where(C.id.in_(select(N.case_id)))), 3),
    "cte": (lambda s, w: rows(s, select(select(C.id).cte("x").c.id)), 3),
    "union": (lambda s, w: rows(s, union_all(select(C.id), select(N.id))), 6),
    "entity from a subquery": (lambda s, w: rows(s, select(aliased(C, select(C).subquery()))), 3),
    "scalar subquery": (
        lambda s, w: rows(s, select(P.id, select(func.count(C.id)).where(C.person_id == P.id).scalar_subquery())),
        3,
    ),
    "lateral": (
        lambda s, w: (
            rows(s, select(P.id, lateral(select(C.number).where(C.person_id == P.id)).c.number))
            if s.connection().dialect.name == "postgresql"
            else 3
        ),
        3,
    ),
    "window function": (lambda s, w: rows(s, select(C.id, func.row_number().over(order_by=C.number))), 3),
    "streamed": (lambda s, w: len(list(s.scalars(select(C).execution_options(yield_per=2)))), 3),
    "lazy parent": (lambda s, w: (first(s).person or P(name="")).name, "person 0"),
    "lazy children": (lambda s, w: len(first(s).notes), 1),
    "lazy many-to-many": (lambda s, w: [len(c.tags) for c in s.scalars(select(C).order_by(C.number))], [0, 0, 1]),
    "lazy self reference": (lambda s, w: first(s).above, None),
    "lazy load of a new row": (lambda s, w: len(_with_note(s).notes), 1),
    "joined load": (lambda s, w: rows(s, select(C).options(joinedload(C.notes), joinedload(C.person))), 3),
    "joined load many-to-many": (lambda s, w: rows(s, select(C).options(joinedload(C.tags))), 3),
    "selectin load": (lambda s, w: rows(s, select(C).options(selectinload(C.notes), selectinload(C.person))), 3),
    "selectin load many-to-many": (lambda s, w: rows(s, select(C).options(selectinload(C.tags))), 3),
    "subquery load": (lambda s, w: rows(s, select(C).options(subqueryload(C.notes))), 3),
    "raiseload": (lambda s, w: rows(s, select(C).options(raiseload("*"))), 3),
    "get by key": (lambda s, w: getattr(s.get(C, (1, w.own)), "number", None), 0),
    "get another district's id under the own district": (lambda s, w: s.get(C, (1, w.other)), None),
    "refresh": (lambda s, w: s.refresh(first(s)), None),
    "expired attribute": (lambda s, w: _expired(s).state, "open"),
    "core select tied by a bound value": (lambda s, w: rows(s, select(CT).where(CT.c.district_id == 1)), 3),
    "core select tied by IN": (lambda s, w: rows(s, select(CT).where(CT.c.district_id.in_([1]))), 3),
    "core select tied by tuples": (
        lambda s, w: rows(s, select(CT).where(tuple_(CT.c.district_id, CT.c.id).in_([(1, w.own)]))),
        1,
    ),
    "core join tied through the other table": (
        lambda s, w: rows(
            s,
            select(CT.c.id)
            .join_from(CT, NT, and_(NT.c.case_id == CT.c.id, NT.c.district_id == CT.c.district_id))
            .where(CT.c.district_id == 1),
        ),
        3,
    ),
    "core subquery tied to the outer table": (
        lambda s, w: rows(
            s, select(CT.c.id).where(CT.c.district_id == 1, exists().where(NT.c.district_id == CT.c.district_id))
        ),
        3,
    ),
    "installation table": (lambda s, w: rows(s, select(SampleAccount)), 0),
    "join to an installation table": (
        lambda s, w: rows(s, select(N, SampleAccount).join(SampleAccount, SampleAccount.id == N.author_id)),
        0,
    ),
    "text on no owned table": (lambda s, w: s.scalar(text("SELECT count(*) FROM core_account")), 0),
    "unit of work inserts": (lambda s, w: flushed(s, C(), N(text="x")), "written"),
    "unit of work inserts many": (lambda s, w: flushed(s, *[N(text="x") for _ in range(300)]), "written"),
    "unit of work empties a parent": (lambda s, w: emptied(s), (None, 1)),
    "unit of work empties children": (lambda s, w: _without_cases(s), 0),
    "unit of work deletes with children": (lambda s, w: _without_first(s), 2),
    "unit of work clears a link": (lambda s, w: _without_tags(s), 0),
    "unit of work adds a link": (lambda s, w: _with_tag(s), 2),
    "update": (lambda s, w: changed(s, update(C).values(number=9)), 3),
    "update with any()": (lambda s, w: changed(s, update(C).where(C.notes.any()).values(number=9)), 3),
    "update from a joined entity": (
        lambda s, w: changed(s, update(C).where(C.id == N.case_id, N.district_id == 1).values(number=9)),
        3,
    ),
    "update returning": (lambda s, w: len(s.scalars(update(C).values(number=9).returning(C.id)).all()), 3),
    "update of many rows by key": (
        lambda s, w: _by_key(s),
        3,
    ),
    "core update": (lambda s, w: changed(s, update(CT).where(CT.c.district_id == 1).values(number=9)), 3),
    "delete": (lambda s, w: changed(s, delete(N)), 3),
    "core delete": (lambda s, w: changed(s, delete(NT).where(NT.c.district_id == 1)), 3),
    "insert without naming the district": (lambda s, w: added(s, insert(N).values(text="x")), 1),
    "core insert without naming the district": (
        lambda s, w: added(s, insert(case_tags).values(case_id=w.own, tag_id=_tag(s))),
        1,
    ),
    "bulk insert returning": (
        lambda s, w: [
            n.text
            for n in s.scalars(insert(N).returning(N, sort_by_parameter_order=True), [{"text": "a"}, {"text": "b"}])
        ],
        ["a", "b"],
    ),
    "insert of several rows at once": (
        lambda s, w: added(s, insert(NT).values([{"district_id": 1, "id": uuid7(), "text": "a"} for _ in range(2)])),
        2,
    ),
    "insert from select": (
        lambda s, w: added(s, insert(N).from_select(["id", "text"], select(P.id, P.name).where(P.district_id == 1))),
        3,
    ),
    "insert from select with its district": (
        lambda s, w: added(
            s,
            insert(N).from_select(
                ["district_id", "id", "text"], select(P.district_id, P.id, P.name).where(P.district_id == 1)
            ),
        ),
        3,
    ),
    "upsert": (lambda s, w: upsert(s, 1, {"text": "x"}), 1),
}

FORBIDDEN: dict[str, Run] = {
    "get by another district's key": lambda s, w: s.get(C, (2, w.other)),
    "another district in the criteria": lambda s, w: rows(s, select(C).where(C.district_id == 2)),
    "another district in a subquery": lambda s, w: rows(
        s, select(C).where(C.id.in_(select(N.case_id).where(N.district_id == 2)))
    ),
    "another district by IN": lambda s, w: rows(s, select(CT).where(CT.c.district_id.in_([1, 2]))),
    "another district by tuples": lambda s, w: rows(
        s, select(C).where(tuple_(C.district_id, C.id).in_([(1, w.own), (2, w.other)]))
    ),
    "another district by an untyped value": lambda s, w: rows(
        s, select(CT).where(bindparam("d", 2, type_=Integer) == CT.c.district_id)
    ),
    "core select": lambda s, w: rows(s, select(CT)),
    "core select of another district": lambda s, w: rows(s, select(CT).where(CT.c.district_id == 2)),
    "core select behind OR": lambda s, w: rows(s, select(CT).where(or_(CT.c.district_id == 1, CT.c.number >= 0))),
    "core select behind NOT": lambda s, w: rows(s, select(CT).where(~(CT.c.district_id == 2))),
    "core select with a written district": lambda s, w: rows(
        s, select(CT).where(CT.c.district_id == literal_column("1"))
    ),
    "core select with a comparison other than equality": lambda s, w: rows(s, select(CT).where(CT.c.district_id >= 1)),
    "core alias": lambda s, w: rows(s, select(CT.alias().c.id)),
    "core exists inside an entity query": lambda s, w: rows(s, select(C).where(exists().where(NT.c.case_id == C.id))),
    "core table again inside": lambda s, w: rows(
        s, select(CT).where(CT.c.district_id == 1, CT.c.id.in_(select(CT.c.id).correlate(None)))
    ),
    "core left join tied on the right": lambda s, w: rows(
        s,
        select(CT.c.id).join_from(
            CT, NT, and_(NT.c.district_id == CT.c.district_id, NT.c.district_id == 1), isouter=True
        ),
    ),
    "core full join": lambda s, w: rows(
        s,
        select(CT.c.id).join_from(CT, NT, and_(NT.c.district_id == 1, CT.c.district_id == 1), full=True),
    ),
    "core union": lambda s, w: rows(s, union_all(select(CT.c.id).where(CT.c.district_id == 1), select(NT.c.id))),
    "core cte": lambda s, w: rows(s, select(select(CT.c.id).cte().c.id)),
    "core scalar subquery in the columns": lambda s, w: rows(
        s, select(P.id, select(func.count()).select_from(NT).scalar_subquery())
    ),
    "core subquery in ORDER BY": lambda s, w: rows(
        s, select(P.id).order_by(select(func.max(CT.c.number)).scalar_subquery())
    ),
    "bare table construct": lambda s, w: rows(s, select(column("id")).select_from(table("sample_case"))),
    "text": lambda s, w: rows(s, text("SELECT id FROM sample_case")),
    "text in capitals": lambda s, w: rows(s, text('SELECT id FROM "SAMPLE_CASE"'.replace('"', ""))),
    "text with columns": lambda s, w: rows(s, text("SELECT id FROM sample_case").columns(Column("id"))),
    "entity from text": lambda s, w: rows(s, select(C).from_statement(text("SELECT * FROM sample_case"))),
    "text inside a condition": lambda s, w: rows(s, select(P).where(text("EXISTS (SELECT 1 FROM sample_note)"))),
    "literal column with a query": lambda s, w: rows(
        s, select(P.id, literal_column("(SELECT count(*) FROM sample_person)"))
    ),
    "prefix that names a table": lambda s, w: rows(s, select(P.id).prefix_with("(SELECT 1 FROM sample_note),")),
    "text that changes the settings": lambda s, w: s.execute(text("SELECT set_config('innesto.district', '2', true)")),
    "driver SQL": lambda s, w: s.connection().exec_driver_sql("SELECT id FROM sample_case"),
    "another connection option": lambda s, w: s.connection(execution_options={"district": 2}),
    "core update": lambda s, w: s.execute(update(CT).values(number=9)),
    "core update from an open table": lambda s, w: s.execute(
        update(CT).where(CT.c.district_id == 1, CT.c.id == NT.c.case_id).values(number=9)
    ),
    "update that moves rows": lambda s, w: s.execute(update(C).values(district_id=2)),
    "update that computes the district": lambda s, w: s.execute(update(C).values(district_id=C.number + 1)),
    "update by another district's key": lambda s, w: s.execute(
        update(N), [{"district_id": 2, "id": w.other, "text": "y"}]
    ),
    "update with an open query inside": lambda s, w: s.execute(
        update(C).values(number=select(func.count()).select_from(NT).scalar_subquery())
    ),
    "core delete": lambda s, w: s.execute(delete(case_tags)),
    "core delete of another district": lambda s, w: s.execute(delete(CT).where(CT.c.district_id == 2)),
    "insert for another district": lambda s, w: s.execute(insert(N).values(district_id=2, text="x")),
    "bulk insert with one foreign row": lambda s, w: s.execute(insert(N), [{"district_id": 1}, {"district_id": 2}]),
    "insert of several rows with a foreign one": lambda s, w: s.execute(
        insert(NT).values([{"district_id": d, "id": uuid7(), "text": ""} for d in (1, 2)])
    ),
    "insert with a computed district": lambda s, w: s.execute(
        insert(N).values(district_id=literal_column("1") + 1, text="x")
    ),
    "insert from an open select": lambda s, w: s.execute(insert(N).from_select(["id", "text"], select(P.id, P.name))),
    "insert from select with another district": lambda s, w: s.execute(
        insert(N).from_select(["district_id", "id", "text"], select(literal(2), P.id, P.name).where(P.district_id == 1))
    ),
    "insert from select with a computed district": lambda s, w: s.execute(
        insert(N).from_select(
            ["district_id", "id", "text"], select(P.district_id + 1, P.id, P.name).where(P.district_id == 1)
        )
    ),
    "upsert for another district": lambda s, w: upsert(s, 2, {"text": "x"}),
    "upsert that moves the row": lambda s, w: upsert(s, 1, {"district_id": 2}),
    "upsert that computes the district": lambda s, w: upsert(s, 1, {"district_id": literal_column("2")}),
    "unit of work inserts for another district": lambda s, w: flushed(s, C(district_id=2)),
    "unit of work moves a row": lambda s, w: _moved(s),
    "merge of another district's row": lambda s, w: s.merge(C(district_id=2, id=w.other, state="closed")),
    "row of another session changed here": lambda s, w: _foreign_row(s, w, "change"),
    "row of another session deleted here": lambda s, w: _foreign_row(s, w, "delete"),
    "create table": lambda s, w: SampleBase.metadata.create_all(s.connection(), checkfirst=False),
}


def _two_aliases() -> Any:
    one, two = aliased(C), aliased(C)
    return select(one.id, two.id).where(one.id == two.id)


def _with_note(session: DistrictSession) -> SampleCase:
    case = SampleCase()
    session.add(case)
    session.flush()
    session.add(SampleNote(case_id=case.id))
    session.flush()
    session.expire(case, ["notes"])
    return case


def _expired(session: DistrictSession) -> SampleCase:
    case = first(session)
    session.expire(case)
    return case


def _without_cases(session: DistrictSession) -> int:
    person = session.scalars(select(P)).first() or SamplePerson()
    person.cases.clear()
    session.flush()
    session.expire(person)
    return len(person.cases)


def _by_key(session: DistrictSession) -> int:
    session.execute(update(N), [{"district_id": 1, "id": key, "text": "y"} for key in session.scalars(select(N.id))])
    return rows(session, select(N).where(N.text == "y"))


def _without_first(session: DistrictSession) -> int:
    session.delete(first(session))
    session.flush()
    return rows(session, select(N))


def _moved(session: DistrictSession) -> None:
    first(session).district_id = 2
    session.flush()


def _tag(session: DistrictSession) -> uuid.UUID:
    return session.scalars(select(SampleTag.id)).one()


def _links(session: DistrictSession) -> int:
    return rows(session, select(case_tags).where(case_tags.c.district_id == 1))


def _without_tags(session: DistrictSession) -> int:
    for case in session.scalars(select(C)).all():
        case.tags.clear()
    session.flush()
    return _links(session)


def _with_tag(session: DistrictSession) -> int:
    case = first(session)
    case.tags.append(SampleTag(name="new"))
    session.flush()
    return _links(session)


def _foreign_row(session: DistrictSession, world: World, what: str) -> None:
    with world.database.read(2) as elsewhere:
        row = elsewhere.get_one(C, (2, world.other))
    session.add(row)
    if what == "delete":
        session.delete(row)
    else:
        row.state = "closed"
    session.flush()


@pytest.mark.parametrize("name", ALLOWED)
def test_a_statement_that_stays_inside_sees_its_own_rows_alone(world: World, name: str) -> None:
    run, expected = ALLOWED[name]
    with world.database.open(1, write=True) as session:
        assert run(session, world) == expected


@pytest.mark.parametrize("name", FORBIDDEN)
def test_a_statement_that_would_leave_the_district_is_refused(world: World, name: str) -> None:
    with world.database.open(1, write=True) as session, pytest.raises(TenancyError):
        FORBIDDEN[name](session, world)
