"""The sealer: numbers the entries that wait and seals each to the one before. Any number of them may run at once."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from threading import Event as Flag
from threading import Thread
from typing import Any, Final

from sqlalchemy import bindparam, select, update

from core.audit.chain import Chain, Keys, locked_head, mac_of
from core.audit.heads import append_head
from core.db import Database

log = logging.getLogger(__name__)
BATCH: Final = 500


def seal_pending(database: Database, chain: Chain, *, batch: int = BATCH) -> int:
    """Seal what waits in the chain, in short transactions; answers how many entries. Raises Unreadable."""
    sealed = 0
    while _waits(database, chain):
        done = _seal_batch(database, chain, batch)
        sealed += done
        if done < batch:
            break
    return sealed


def _waits(database: Database, chain: Chain) -> bool:
    with database.read(chain.district_id) as session:
        waiting = select(chain.table.c.id).where(*chain.own, chain.table.c.seq.is_(None)).limit(1)
        return session.execute(waiting).first() is not None


def _seal_batch(database: Database, chain: Chain, batch: int) -> int:
    with database.write(chain.district_id) as session:
        # Who holds the head numbers alone, so two sealers cannot fork the chain.
        head = locked_head(session, chain)
        waiting = select(*chain.content).where(*chain.own, chain.table.c.seq.is_(None))
        rows = session.execute(waiting.order_by(chain.table.c.id).limit(batch)).all()
        if not rows:
            return 0
        seals = _seals(Keys.to_seal(session, chain), chain, rows, head.seq, head.mac)
        session.execute(_sealing(chain), seals)
        head.seq, head.mac = seals[-1]["new_seq"], seals[-1]["new_mac"]
        return len(seals)


def _seals(keys: Keys, chain: Chain, rows: Sequence[Any], seq: int, mac: bytes) -> list[dict[str, Any]]:
    seals = []
    own = {} if chain.district_id is None else {"own_district": chain.district_id}
    for row in rows:
        seq, mac = seq + 1, mac_of(keys.rows, seq + 1, mac, row)
        seals.append({"row_id": row.id, "new_seq": seq, "new_mac": mac} | own)
    return seals


def _sealing(chain: Chain) -> Any:
    columns = chain.table.c
    own = [] if chain.district_id is None else [columns.district_id == bindparam("own_district")]
    sealing = update(chain.table).where(*own, columns.id == bindparam("row_id"))
    return sealing.values(seq=bindparam("new_seq"), mac=bindparam("new_mac"))


class Sealer:
    """A thread that seals the chains of installation and districts until it is stopped, and writes their heads."""

    PAUSE = 1.0
    #: Seconds between two heads of one chain; a last one is written at the stop.
    HEAD_EVERY = 600.0

    def __init__(self, database: Database, district_ids: Callable[[], Sequence[int]]) -> None:
        self._database, self._district_ids = database, district_ids
        self._stop = Flag()
        self._next_head: dict[Chain, float] = {}
        self._ahead: set[Chain] = set()
        self._thread = Thread(target=self._run, name="audit", daemon=True)

    def start(self) -> None:
        """Begin to seal."""
        self._thread.start()

    def stop(self) -> None:
        """End after the batch in hand, with a head for each chain that has moved."""
        self._stop.set()
        self._thread.join(timeout=10)

    def round(self, *, last: bool = False) -> None:
        """Seal every chain once, each by itself: one that cannot be sealed keeps no other from it."""
        for chain in self.chains():
            try:
                self._seal(chain, last=last)
            except Exception:  # the sealer outlives any fault of the database or of the ring
                log.exception("the chain %s was not sealed; trying again", chain.name)

    def chains(self) -> list[Chain]:
        """The installation's chain and those of the districts there are now."""
        return [Chain(None), *map(Chain, self._district_ids())]

    def _seal(self, chain: Chain, *, last: bool) -> None:
        # A chain seen for the first time may have moved before a crash.
        if seal_pending(self._database, chain) or chain not in self._next_head:
            self._ahead.add(chain)
            self._next_head.setdefault(chain, 0.0)
        due = last or time.monotonic() >= self._next_head[chain]
        if due and chain in self._ahead:
            append_head(self._database, chain)
            self._ahead.discard(chain)
            self._next_head[chain] = time.monotonic() + self.HEAD_EVERY

    def _run(self) -> None:
        while not self._stop.wait(self.PAUSE):
            self._round_safely(last=False)
        self._round_safely(last=True)

    def _round_safely(self, *, last: bool) -> None:
        try:
            self.round(last=last)
        except Exception:  # the list of districts cannot be read: the database is away
            log.exception("nothing was sealed; trying again")
