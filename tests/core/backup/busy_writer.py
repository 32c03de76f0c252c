"""A process that works until it is killed: numbered transactions over several tables, sealed audit, rotated keys."""

from __future__ import annotations

import sys
from itertools import count
from pathlib import Path
from uuid import UUID

from core import audit, crypto
from core.access import Actor
from core.audit.chain import Chain
from core.audit.heads import append_head
from core.audit.sealer import seal_pending
from core.crypto.rotation import rotate
from core.db import Database
from core.events.models import OutboxEvent
from core.installation import Installation
from core.notifications import notice
from core.settings import Settings

DISTRICT = 1
READER = UUID(int=7)
ROTATE_EVERY, SEAL_EVERY, HEAD_EVERY = 40, 3, 12


def work(database: Database, folder: Path) -> None:
    actor = Actor.system(DISTRICT, "test")
    for number in count(1):
        with database.write(DISTRICT) as session:
            for part in range(3):
                row = notice(
                    session, READER, {"it": f"Numero {number}, parte {part}."}, url=f"/busy-{number}", mail=False
                )
            sealed = crypto.seal(session, READER, f"segreto {number}", table="t", row_id=row.id, field="f")
            session.add(OutboxEvent(name="busy", payload={"n": number, "s": sealed.hex()}, happened_at=row.created_at,
                                    next_try_at=row.created_at))  # fmt: skip
            audit.note(session, actor, "act", resource="test.busy", object_id=row.id, details={"n": number})
        if number % SEAL_EVERY == 0:
            seal_pending(database, Chain(DISTRICT))
        if number % HEAD_EVERY == 0:
            append_head(database, Chain(DISTRICT))
        if number % ROTATE_EVERY == 0:
            rotate(database)
        (folder / "progress").write_text(str(number), encoding="ascii")


if __name__ == "__main__":
    work(Installation(Settings.from_environment()).database, Path(sys.argv[1]))
