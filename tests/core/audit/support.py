"""An actor, some entries, and the hand of somebody who changes the tables past the portal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection

from core import audit
from core.audit import triggers
from core.audit.chain import Chain, Keys, mac_of
from core.audit.heads import append_head
from core.audit.models import AuditEntry
from core.audit.sealer import seal_pending
from core.db import Database, uuid7
from tests.core.crypto.world import HERE

CHAIN = Chain(HERE)
PERSON, CASE = uuid7(), uuid7()


ACCOUNT = uuid7()


@dataclass(frozen=True)
class Somebody:
    account_id: UUID | None = ACCOUNT
    name: str = "Lucia Ferri"
    function: str = "tutor"
    organisation: str = "Cooperativa Prova"


LUCIA = Somebody()


def note_some(database: Database, count: int, district: int | None = HERE) -> None:
    with database.write(district) as session:
        for number in range(count):
            audit.note(session, LUCIA, "change", resource="intake.case", fields=("phone",), details={"number": number})


def sealed(database: Database, count: int, chain: Chain = CHAIN) -> None:
    """Entries, all sealed, with a head outside."""
    note_some(database, count, chain.district_id)
    seal_pending(database, chain)
    append_head(database, chain)


@contextmanager
def unprotected(database: Database) -> Iterator[Connection]:
    """As the owner of the tables may: without the triggers, which stand again afterwards."""
    with database.all_districts("a forger", write=True) as session:
        connection = session.connection()
        for table in triggers.CONTENT:
            triggers.drop_triggers(connection, table)
        yield connection
        for table in triggers.CONTENT:
            triggers.add_triggers(connection, table)


def chained(database: Database, chain: Chain = CHAIN) -> Sequence[Any]:
    """The sealed rows in order."""
    with database.read(chain.district_id) as session:
        found = sa.select(*chain.content, chain.table.c.seq, chain.table.c.mac).where(*chain.own)
        return session.execute(found.where(chain.table.c.seq.is_not(None)).order_by(chain.table.c.seq)).all()


def rewrite(
    database: Database, *, without: Sequence[int] = (), changed: Sequence[int] = (), heads: bool = True
) -> None:
    """What somebody with the right key could do: take rows out, change others, number and seal all anew."""
    with database.read(HERE) as session:
        keys = Keys.to_verify(session, CHAIN)
    rows, seq, mac = chained(database), 0, b""
    with unprotected(database) as connection:
        table = CHAIN.table
        connection.execute(sa.update(table).values(seq=None, mac=None))
        for row in rows:
            if row.seq in without:
                connection.execute(sa.delete(table).where(table.c.id == row.id))
                continue
            facts = {"who": "Nessuno"} if row.seq in changed else {}
            content = [facts.get(column.name, getattr(row, column.name)) for column in CHAIN.content]
            seq, mac = seq + 1, mac_of(keys.rows, seq + 1, mac, content)
            connection.execute(sa.update(table).where(table.c.id == row.id).values(seq=seq, mac=mac, **facts))
        if heads:
            connection.execute(sa.update(CHAIN.heads).values(seq=seq, mac=mac))


def all_entries(database: Database, district: int = HERE) -> list[AuditEntry]:
    with database.read(district) as session:
        return audit.entries(session, limit=10_000)
