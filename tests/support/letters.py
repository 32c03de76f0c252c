"""The mails that wait to be sent, opened."""

from __future__ import annotations

import re

import sqlalchemy as sa

from core import crypto
from core.db import Database
from core.notifications.letters import Letter
from core.notifications.models import Mail
from core.notifications.operations import FIELD, PURPOSE, TABLE


def letters(database: Database) -> list[Letter]:
    """What would be sent, in order."""
    where = {"table": TABLE, "field": FIELD}
    with database.read(None) as session:
        rows = session.scalars(sa.select(Mail).where(Mail.letter.is_not(None)).order_by(Mail.id)).all()
        return [
            Letter.unpacked(crypto.unseal_installation(session, PURPOSE, row.letter or b"", row_id=row.id, **where))
            for row in rows
        ]


def path_in(letter: Letter) -> str:
    """The path of the link in a mail."""
    found = re.search(r"https?://[^/\s]+(/\S+)", letter.text)
    assert found, letter.text
    return found[1]
