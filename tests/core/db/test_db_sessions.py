"""Sessions: what each kind may touch, and how they end."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from sqlalchemy import MetaData, insert, select, text
from sqlalchemy.exc import DBAPIError

from core.db import Database, ReadOnlySession, district_of
from core.db.guard import TenancyCompiler
from core.db.selfcheck import STATEMENTS, GuardBroken
from core.errors import ConfigError, TenancyError
from tests.support.sample_models import SampleAccount, SampleBase, SampleCase, SampleNote, case_tags, fill


@pytest.fixture
def database_metadata() -> MetaData:
    return SampleBase.metadata


def test_a_write_session_commits_at_the_end_of_the_block(any_database: Database) -> None:
    with any_database.write(1) as session:
        session.add(SampleNote(text="kept"))
    with any_database.read(1) as session:
        assert session.scalars(select(SampleNote.text)).all() == ["kept"]


def test_a_write_session_rolls_back_on_an_error(any_database: Database) -> None:
    with pytest.raises(ZeroDivisionError), any_database.write(1) as session:
        session.add(SampleNote(text="lost"))
        session.flush()
        _ = 1 / 0
    with any_database.read(1) as session:
        assert session.scalars(select(SampleNote.text)).all() == []


def test_two_districts_never_see_each_other(any_database: Database) -> None:
    fill(any_database, 1, 2)
    for district in (1, 2):
        with any_database.read(district) as session:
            assert {case.district_id for case in session.scalars(select(SampleCase))} == {district}


def test_a_read_session_refuses_a_flush(any_database: Database) -> None:
    with any_database.read(1) as session, pytest.raises(ReadOnlySession):
        session.add(SampleNote())
        session.flush()


def test_a_read_session_refuses_a_statement_that_writes(any_database: Database) -> None:
    with any_database.read(1) as session, pytest.raises(ReadOnlySession):
        session.execute(insert(SampleAccount).values(name="x"))


def test_a_read_session_refuses_textual_writes_in_the_database_itself(any_database: Database) -> None:
    with any_database.read(None) as session, pytest.raises(DBAPIError):
        session.execute(text("UPDATE core_account SET name = 'x'"))


def test_a_connection_that_read_can_write_afterwards(sqlite_database: Database) -> None:
    for number in range(4):
        with sqlite_database.read(1) as session:
            assert len(session.scalars(select(SampleNote)).all()) == number
        with sqlite_database.write(1) as session:
            session.add(SampleNote())


def test_an_installation_session_refuses_rows_of_districts(any_database: Database) -> None:
    with any_database.read(None) as session, pytest.raises(TenancyError, match="sample_case"):
        session.scalars(select(SampleCase)).all()


def test_an_installation_session_refuses_new_rows_of_districts(any_database: Database) -> None:
    with any_database.open(None, write=True) as session, pytest.raises(TenancyError, match="SampleNote"):
        session.add(SampleNote(district_id=1))
        session.flush()


def test_every_kind_of_session_reaches_the_tables_of_the_installation(any_database: Database) -> None:
    with any_database.write(None) as session:
        session.add(SampleAccount(name="one"))
    with any_database.write(1) as session:
        session.add(SampleAccount(name="two"))
    with any_database.read(2) as session:
        assert set(session.scalars(select(SampleAccount.name))) == {"one", "two"}


def test_all_districts_sees_every_row_and_logs_the_reason(
    any_database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    fill(any_database, 1, 2)
    with caplog.at_level(logging.INFO, "innesto.db"), any_database.all_districts("count them") as session:
        assert len(session.scalars(select(SampleCase)).all()) == 6
    assert "count them" in caplog.text


def test_a_session_of_all_districts_does_not_guess_the_district_of_a_row(any_database: Database) -> None:
    with pytest.raises(TenancyError), any_database.all_districts("t", write=True) as session:
        session.add(SampleNote(text="whose?"))


def test_district_of_tells_whom_a_session_serves(sqlite_database: Database) -> None:
    with sqlite_database.read(7) as session:
        assert (district_of(session), session.district_id) == (7, 7)
    with sqlite_database.read(None) as session:
        assert district_of(session) is None
    with sqlite_database.all_districts("ask") as session, pytest.raises(TenancyError):
        district_of(session)


def test_rows_stay_readable_after_the_commit(sqlite_database: Database) -> None:
    with sqlite_database.write(1) as session:
        note = SampleNote(text="shown on the page")
        session.add(note)
    assert note.text == "shown on the page"


def test_the_self_check_passes_and_tries_six_statements(any_database: Database) -> None:
    any_database.self_check()
    assert len(STATEMENTS) == 6


@pytest.mark.parametrize("hook", ["_setup_select_stack", "update_tables_clause", "visit_insert", "visit_textclause"])
def test_the_self_check_notices_a_hook_that_is_no_longer_called(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch, hook: str
) -> None:
    def skipped(self: TenancyCompiler, *args: object, **kw: object) -> object:
        return getattr(super(TenancyCompiler, self), hook)(*args, **kw)

    monkeypatch.setattr(TenancyCompiler, hook, skipped)
    monkeypatch.setattr(TenancyCompiler, "_tied_outside", lambda self: set())
    monkeypatch.setattr("core.db.guard.Guard.names_in", lambda self, sql: frozenset())
    with pytest.raises(GuardBroken):
        sqlite_database.self_check()


def test_start_runs_every_check(any_database: Database) -> None:
    any_database.start()


@pytest.mark.parametrize("address", ["mysql://x/y", "sqlite://", "sqlite:///:memory:"])
def test_an_address_we_cannot_run_on_is_refused(address: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="DATABASE_URL"):
        Database(address, data_dir=tmp_path)


def test_a_link_table_takes_the_district_of_its_session(any_database: Database) -> None:
    fill(any_database, 3)
    with any_database.read(3) as session:
        rows = session.execute(select(case_tags).where(case_tags.c.district_id == 3)).all()
        assert [row.district_id for row in rows] == [3]


def test_a_long_list_is_refused_wherever_the_foreign_row_stands(any_database: Database) -> None:
    rows = [{"district_id": 1, "text": "x"} for _ in range(2500)] + [{"district_id": 2, "text": "x"}]
    with any_database.open(1, write=True) as session, pytest.raises(TenancyError):
        session.execute(insert(SampleNote), rows)


def test_statistics_can_be_refreshed(any_database: Database) -> None:
    fill(any_database, 1)
    any_database.optimize()
