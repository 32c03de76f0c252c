"""Write mails and notices in the transaction of the change that they tell of."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core import clock, crypto
from core.access.models import Account
from core.db import uuid7
from core.i18n import DEFAULT
from core.notifications.letters import compose, hint_of
from core.notifications.models import Mail, Notice

#: Purpose of the installation's key under which letters are sealed.
PURPOSE = "mail"
TABLE, FIELD = "core_mail", "letter"
#: Mail that says only that there is news.
NEWS = "news"
KINDS = frozenset({"info", "soon", "late"})


def mail(
    session: Session,
    *,
    to: str,
    template: str,
    values: Mapping[str, Any] | None = None,
    lang: str = DEFAULT,
    dedupe: str | None = None,
    account_id: UUID | None = None,
) -> Mail:
    """Queue a mail: ``template`` is ``core/web/templates/mail/<template>.txt``, ``values`` fill its gaps.

    It leaves after the commit. A second one with the same ``dedupe`` is not written; the first is answered.
    Raises Invalid for an address that is none. No value may tell of health, origin, measures or a person's case.
    """
    letter = compose(to, template, values or {}, lang)
    mark = hashlib.sha256(dedupe.encode()).hexdigest() if dedupe else None
    row = Mail(id=uuid7(), template=template, account_id=account_id, hint=hint_of(letter.to), dedupe=mark)
    row.letter = crypto.seal_installation(session, PURPOSE, letter.packed(), table=TABLE, row_id=row.id, field=FIELD)
    return _added(session, row)


def _added(session: Session, row: Mail) -> Mail:
    """The row, or the one that was queued before with the same mark, also by another session at this moment."""
    if row.dedupe is None:
        session.add(row)
        session.flush()
        return row
    same = select(Mail).where(Mail.dedupe == row.dedupe)
    found = session.scalars(same).one_or_none()
    if found is not None:
        return found
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        return session.scalars(same).one()
    return row


def notice(
    session: Session,
    account_id: UUID,
    sentence: Mapping[str, str],
    *,
    url: str = "",
    kind: str = "info",
    mail: bool = True,
) -> Notice:
    """Leave ``sentence`` (by language, Italian at least) for an account of the session's district.

    ``url`` is a path of the portal. The mail, where one is asked for, says only that there is news; while one waits
    to be sent no second is queued. Raises ValueError for a sentence without Italian, a foreign address, a wrong kind.
    """
    if not sentence.get(DEFAULT):
        raise ValueError("a notice needs its Italian sentence")
    if kind not in KINDS:
        raise ValueError(f"a notice is one of {', '.join(sorted(KINDS))}, not '{kind}'")
    if url and not is_own_path(url):
        raise ValueError("a notice leads to a path of the portal")
    row = Notice(account_id=account_id, sentence=dict(sentence), url=url, kind=kind)
    session.add(row)
    session.flush()
    if mail:
        _tell(session, account_id)
    return row


def is_own_path(url: str) -> bool:
    """Whether the address stays on this host."""
    return url.startswith("/") and not url.startswith(("//", "/\\")) and url.isprintable()


def _tell(session: Session, account_id: UUID) -> None:
    account = session.get(Account, account_id)
    if account is None or not account.active or _is_told(session, account_id):
        return
    values = {"name": account.name}
    mail(session, to=account.email, template=NEWS, values=values, lang=account.language, account_id=account_id)


def _is_told(session: Session, account_id: UUID) -> bool:
    """Whether a mail about news to this account still waits, not yet taken by a worker."""
    waiting = select(Mail.id).where(
        Mail.account_id == account_id,
        Mail.template == NEWS,
        Mail.sent_at.is_(None),
        Mail.given_up_at.is_(None),
        Mail.leased_until.is_(None),
    )
    return session.scalars(waiting.limit(1)).first() is not None


def mark_read(session: Session, account_id: UUID, notice_id: UUID | None = None) -> int:
    """Mark one notice of the account, or all of them, as read; answers how many were not yet."""
    chosen = [Notice.id == notice_id] if notice_id else []
    unread = select(Notice).where(Notice.account_id == account_id, Notice.read_at.is_(None), *chosen)
    rows = session.scalars(unread).all()
    for row in rows:
        row.read_at = clock.now()
    session.flush()
    return len(rows)


def retry(session: Session, ids: Iterable[UUID] | None = None) -> int:
    """Send mails that were given up, or wait for a later attempt, as soon as possible; answers how many."""
    moment = clock.now()
    chosen = [Mail.id.in_(list(ids))] if ids is not None else []
    held = Mail.sent_at.is_(None), Mail.letter.is_not(None), *chosen
    rows = session.scalars(select(Mail.id).where(*held)).all()
    again = {"given_up_at": None, "next_try_at": moment, "waiting_since": moment}
    session.execute(update(Mail).where(Mail.id.in_(rows)).values(**again))
    return len(rows)
