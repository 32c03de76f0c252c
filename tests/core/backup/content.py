"""Content of every kind that a backup must bring back."""

from __future__ import annotations

from uuid import UUID

from core import audit, crypto
from core.access import Actor
from core.audit.chain import Chain
from core.audit.heads import append_head
from core.audit.sealer import seal_pending
from core.installation import Installation
from core.notifications import mail, notice

PERSON = UUID(int=42)
CANARY = "canarino-7d1e"
SENTENCE = {"it": f"Novità «{CANARY}» – perché\nsì\u2028\x1f \U0001f426", "en": ""}


def fill(installation: Installation) -> None:
    """A sealed value, a mail that waits, a sealed audit with heads, uploads."""
    database = installation.database
    with database.write(1) as session:
        row = notice(session, PERSON, SENTENCE, url="/x", mail=False)
        sealed = crypto.seal(session, PERSON, CANARY, table="t", row_id=row.id, field="f")
        row.url = f"/{sealed.hex()[:200]}"
        mail(session, to=f"{CANARY}@prova.example", template="news", values={"name": CANARY})
        for number in range(20):
            audit.note(session, Actor.system(1, "test"), "act", resource="test.x", details={"n": number, "w": CANARY})
    for chain in (Chain(1), Chain(None)):
        seal_pending(database, chain)
        append_head(database, chain)
    folder = installation.settings.data_dir / "files" / "1" / "0a"
    folder.mkdir(parents=True)
    (folder / "0123456789abcdef0123456789abcd0a").write_bytes(bytes(range(256)) * 2000)
    (folder / "00000000000000000000000000000b0a").write_bytes(b"")
    (folder / "unfinished.part").write_bytes(b"half")
