"""The migration leaves the same tables and the same protection as the models, also for rows that were there before."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import URL

import core.models  # noqa: F401 - all tables
from core import clock
from core.audit import triggers
from core.audit.chain import Chain
from core.audit.heads import append_head
from core.audit.sealer import seal_pending
from core.audit.verify import verify_chain
from core.db import Database, uuid7
from core.db.migrate import CORE, downgrade, upgrade


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database without any table."""
    url = URL.create("sqlite", database=str(tmp_path / "app.db"))
    if request.param == "postgresql":
        url = request.getfixturevalue("empty_postgres_url")
    database = Database(url, data_dir=tmp_path)
    yield database
    database.close()


def test_rows_of_before_join_the_chain_and_are_protected(empty: Database) -> None:
    upgrade(empty, [CORE])
    downgrade(empty, [CORE], "core", "0001")
    facts = {"at": clock.now(), "who": "Prova", "what": "account_created", "target": "a@prova.example", "details": {}}
    old = sa.table("core_access_log", *(sa.column(one.name, one.type) for one in Chain(None).content))
    with empty.write(None) as session:
        session.execute(sa.insert(old), [{"id": uuid7(), "account_id": None, "about_district": None, **facts}])
    upgrade(empty, [CORE])
    with empty.all_districts("test") as session:
        assert triggers.missing_triggers(session.connection()) == []
    assert seal_pending(empty, Chain(None)) == 1
    append_head(empty, Chain(None))
    report = verify_chain(empty, Chain(None))
    assert (report.whole, report.rows) == (True, 1)
    with (
        empty.all_districts("test", write=True) as session,
        pytest.raises(sa.exc.DatabaseError, match="only ever added"),
    ):
        session.connection().exec_driver_sql("DELETE FROM core_access_log")
