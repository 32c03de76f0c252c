"""Entries: what they hold, when they are written, and that nothing takes them back."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from core import audit, clock
from core.audit import triggers
from core.audit.models import AccessLog, AuditEntry
from core.db import Database, uuid7
from tests.core.audit.support import CASE, LUCIA, PERSON, Somebody, all_entries, note_some
from tests.core.crypto.world import HERE, THERE


def test_an_act_is_written_with_who_what_about_whom_and_why(database: Database) -> None:
    with database.write(HERE) as session:
        session.info["request_id"] = "ab12"
        audit.note(
            session, LUCIA, "change", resource="intake.person", object_id=CASE, subject_id=PERSON,
            part="anagrafica", fields=("phone", "email"), purpose="interview", details={"version": 3},
        )  # fmt: skip
    (entry,) = all_entries(database)
    assert (entry.account_id, entry.who, entry.function) == (LUCIA.account_id, "Lucia Ferri", "tutor")
    assert (entry.organisation, entry.kind, entry.resource) == ("Cooperativa Prova", "change", "intake.person")
    assert (entry.object_id, entry.subject_id, entry.part) == (CASE, PERSON, "anagrafica")
    assert (entry.fields, entry.purpose, entry.details) == (["phone", "email"], "interview", {"version": 3})
    assert (entry.request_id, entry.seq, entry.mac) == ("ab12", None, None)
    assert clock.now() - entry.at < timedelta(minutes=1)


def test_an_act_that_is_rolled_back_leaves_no_entry(database: Database) -> None:
    session = database.open(HERE, write=True)
    audit.note(session, LUCIA, "change", resource="intake.person")
    session.rollback()
    session.close()
    assert all_entries(database) == []


def test_a_look_in_a_session_that_reads_is_written_before_the_answer_leaves(database: Database) -> None:
    with database.read(HERE) as session:
        audit.look(session, LUCIA, resource="intake.person", object_id=CASE, subject_id=PERSON, part="riepilogo")
        audit.look(session, LUCIA, "reveal", resource="intake.person", fields=("tax_code",), purpose="interview")
        assert all_entries(database) == []
        assert audit.write_looks(database, session) == 2
        assert audit.write_looks(database, session) == 0
    assert {entry.kind for entry in all_entries(database)} == {"view", "reveal"}


def test_of_a_request_that_failed_only_refusals_are_kept(database: Database) -> None:
    with database.read(HERE) as session:
        audit.look(session, LUCIA, resource="intake.person")
        audit.look(session, LUCIA, "refused", resource="intake.person")
        assert audit.write_looks(database, session, success=False) == 1
    assert [entry.kind for entry in all_entries(database)] == ["refused"]


def test_a_refusal_outlives_the_change_that_was_rolled_back(database: Database) -> None:
    session = database.open(HERE, write=True)
    audit.look(session, LUCIA, "view", resource="intake.person")
    audit.look(session, LUCIA, "refused", resource="intake.person")
    session.rollback()
    audit.write_looks(database, session, success=False)
    session.close()
    assert [entry.kind for entry in all_entries(database)] == ["refused"]


def test_an_act_of_the_installation_goes_to_its_log(database: Database) -> None:
    with database.write(None) as session:
        audit.note(session, LUCIA, "act", resource="core.district", object_id=CASE, details={"slug": "x"})
    with database.read(None) as session:
        (row,) = session.scalars(sa.select(AccessLog))
    assert (row.what, row.target, row.who) == ("act", "core.district", "Lucia Ferri")
    assert row.details == {"object_id": str(CASE), "slug": "x"}


@pytest.mark.parametrize("details", [{"a": 1.5}, {"a": object()}, {"a": [b"x"]}, {"a": clock.now}])
def test_details_are_plain(sqlite_database: Database, details: dict[str, object]) -> None:
    with sqlite_database.write(HERE) as session, pytest.raises(TypeError):
        audit.note(session, LUCIA, "act", resource="x", details=details)


def test_an_unknown_kind_is_refused(sqlite_database: Database) -> None:
    with sqlite_database.write(HERE) as session, pytest.raises(ValueError, match="stare"):
        audit.note(session, LUCIA, "stare", resource="x")


def test_long_and_strange_texts_fit_every_database(database: Database) -> None:
    strange = Somebody(name="x\0" * 500, organisation="ò" * 500)
    with database.write(HERE) as session:
        audit.note(session, strange, "act", resource="r" * 100, part="p" * 100, purpose="q" * 200, details={"a": "\0"})
    (entry,) = all_entries(database)
    assert (entry.who, entry.details) == ("x" * 200, {"a": ""})


def test_entries_are_found_by_person_object_kind_and_time_newest_first(database: Database) -> None:
    day = clock.now().replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=10)
    for number in range(6):
        with clock.at(day + timedelta(days=number)), database.write(HERE) as session:
            audit.note(
                session, LUCIA, "view" if number % 2 else "change", resource="intake.case",
                subject_id=PERSON if number < 4 else uuid7(), object_id=CASE, details={"number": number},
            )  # fmt: skip
    with database.write(THERE) as session:
        audit.note(session, LUCIA, "view", resource="intake.case", subject_id=PERSON, object_id=CASE)
    with database.read(HERE) as session:

        def numbers(**conditions: object) -> list[int]:
            found = audit.entries(session, limit=10, **conditions)  # type: ignore[arg-type]
            return [entry.details["number"] for entry in found]

        assert numbers() == [5, 4, 3, 2, 1, 0]
        assert numbers(subject_id=PERSON) == [3, 2, 1, 0]
        assert numbers(object_id=CASE, kinds={"view"}) == [5, 3, 1]
        assert numbers(since=day + timedelta(days=4)) == [5, 4]
        first = audit.entries(session, limit=2)
        assert [entry.details["number"] for entry in first] == [5, 4]
        assert numbers(before=first[-1].id) == [3, 2, 1, 0]


@pytest.mark.parametrize(
    "statement",
    [
        sa.update(AuditEntry.__table__).values(who="Nessuno"),
        sa.update(AuditEntry.__table__).values(at=clock.now()),
        sa.delete(AuditEntry.__table__),
        sa.update(AccessLog.__table__).values(details={}),
        sa.delete(AccessLog.__table__),
    ],
    ids=["change", "antedate", "delete", "change of the installation", "delete of the installation"],
)
def test_the_database_refuses_to_change_or_delete_an_entry(database: Database, statement: sa.Executable) -> None:
    note_some(database, 2)
    note_some(database, 2, None)
    with (
        database.all_districts("test", write=True) as session,
        pytest.raises(sa.exc.DatabaseError, match="only ever added"),
    ):
        session.execute(statement)


def test_the_database_refuses_to_replace_or_truncate(database: Database) -> None:
    note_some(database, 1)
    (entry,) = all_entries(database)
    replacement = (
        "TRUNCATE core_audit_entry"
        if database.dialect == "postgresql"
        else "INSERT OR REPLACE INTO core_audit_entry SELECT * FROM core_audit_entry"
    )
    with (
        database.all_districts("test", write=True) as session,
        pytest.raises(sa.exc.DatabaseError, match="only ever added"),
    ):
        session.execute(sa.text(replacement))
    assert [found.id for found in all_entries(database)] == [entry.id]


def test_a_trigger_that_was_taken_away_is_missed(database: Database) -> None:
    with database.all_districts("test", write=True) as session:
        connection = session.connection()
        assert triggers.missing_triggers(connection) == []
        on_table = " ON core_audit_entry" if database.dialect == "postgresql" else ""
        connection.exec_driver_sql(f"DROP TRIGGER core_audit_entry_no_delete{on_table}")
        assert triggers.missing_triggers(connection) == ["core_audit_entry_no_delete"]
