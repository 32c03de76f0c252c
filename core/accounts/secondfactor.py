"""The second step of a login: a code of the telephone, or one of ten recovery codes."""

from __future__ import annotations

import base64
import secrets
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import clock, crypto
from core.access.actor import Actor
from core.access.guards import need_charge
from core.access.models import Account, Membership
from core.access.permissions import valid
from core.access.queries import load_actor
from core.accounts import sessions, tokens, totp, trail
from core.accounts.codes import RECOVERY, revoke
from core.accounts.models import AccountCode, SecondFactor
from core.accounts.sessions import Login
from core.db import Database, uuid7
from core.errors import Refused
from core.i18n import _

PURPOSE, TABLE = "totp", "core_second_factor"
RECOVERY_CODES, RECOVERY_BYTES = 10, 10


def factor_of(session: Session, account_id: UUID) -> SecondFactor | None:
    """The second factor of an account, also one that no code has confirmed yet."""
    return session.scalar(sa.select(SecondFactor).where(SecondFactor.account_id == account_id))


def is_set_up(session: Session, account_id: UUID) -> bool:
    """Whether a login of the account asks for a code."""
    row = factor_of(session, account_id)
    return row is not None and row.confirmed_at is not None


def is_demanded(database: Database, account_id: UUID) -> bool:
    """Whether a role of the account, in any district, or the portal's administration gives nothing without it."""
    with database.read(None) as session:
        if load_actor(session, account_id, two_factor=False).needs_two_factor:
            return True
        mine = sa.select(Membership.member_of).where(
            Membership.account_id == account_id, valid(Membership, clock.now())
        )
        districts = session.scalars(mine).all()
    return any(_is_demanded_in(database, number, account_id) for number in districts)


def _is_demanded_in(database: Database, district: int, account_id: UUID) -> bool:
    with database.read(district) as session:
        return load_actor(session, account_id, two_factor=False).needs_two_factor


def start(session: Session, account: Account) -> str:
    """A new key, to be confirmed by a code; the one in force holds meanwhile."""
    row = factor_of(session, account.id)
    if row is None:
        row = SecondFactor(id=uuid7(), account_id=account.id)
        session.add(row)
    key = totp.new_key()
    row.pending = crypto.seal_installation(session, PURPOSE, key, table=TABLE, row_id=row.id, field="pending")
    session.flush()
    return key


def pending_key(session: Session, account_id: UUID) -> str | None:
    """The key that waits for its first code."""
    row = factor_of(session, account_id)
    return _key(session, row, "pending") if row and row.pending else None


def need_passed(session: Session, login: Login) -> None:
    """Raise Refused for a login that never gave the second step which its account has: the password alone changes none.

    Such a login began before the telephone was set up, perhaps in somebody else's hands.
    """
    if not login.two_factor and is_set_up(session, login.account_id):
        raise Refused(_("Esci ed entra di nuovo con il codice del telefono."), code="second_step")


def confirm(session: Session, account: Account, code: str, *, login_id: UUID | None = None) -> list[str]:
    """Put the waiting key in force with a code of it, and answer the recovery codes, told this once.

    Every other login of the account than ``login_id`` ends. Raises Refused when no key waits or the code is not right.
    """
    row = factor_of(session, account.id)
    if row is None or row.pending is None:
        raise Refused(_("Ricomincia: non c'è nessun telefono da confermare."), code="nothing_pending")
    key = _key(session, row, "pending")
    found = totp.check(key, code, clock.now(), None)
    if not found.right:
        raise wrong_code(found)
    row.secret = crypto.seal_installation(session, PURPOSE, key, table=TABLE, row_id=row.id, field="secret")
    row.pending, row.confirmed_at, row.last_step = None, clock.now(), found.step
    session.flush()
    sessions.end_all(session, account.id, but=login_id)
    trail.act(session, account, "two_factor_set_up")
    return new_recovery_codes(session, account)


def accept_code(session: Session, account_id: UUID, code: str) -> None:
    """Take a code of the telephone as the second step of a login. Raises Refused: wrong, used, or a wrong clock."""
    row = factor_of(session, account_id)
    if row is None or row.secret is None:
        raise wrong_code(totp.CodeCheck())
    found = totp.check(_key(session, row, "secret"), code, clock.now(), row.last_step)
    if not found.right:
        raise wrong_code(found)
    # Two browsers may send the same code at the same moment: one alone gets in.
    fresh = sa.or_(SecondFactor.last_step.is_(None), SecondFactor.last_step < found.step)
    taken = sa.update(SecondFactor).where(SecondFactor.id == row.id, fresh).values(last_step=found.step)
    if session.execute(taken).rowcount != 1:  # type: ignore[attr-defined]
        raise wrong_code(totp.CodeCheck(used=True))


def wrong_code(found: totp.CodeCheck) -> Refused:
    """Why a code was not taken, and what to do."""
    if found.used:
        return Refused(
            _("Questo codice è già servito. Aspetta il prossimo: arriva entro 30 secondi."), code="used_code"
        )
    if found.late:
        minutes = max(1, round(abs(found.late) / 60))
        way = (
            _("L'orologio del telefono è indietro di circa %(count)s minuti. Imposta l'ora automatica e riprova.")
            if found.late > 0
            else _("L'orologio del telefono è avanti di circa %(count)s minuti. Imposta l'ora automatica e riprova.")
        )
        return Refused(way % {"count": minutes}, code="wrong_clock")
    return Refused(_("Il codice non è giusto. Guarda quello che il telefono mostra adesso."), code="wrong_code")


def new_recovery_codes(session: Session, account: Account) -> list[str]:
    """Ten new codes in place of the old ones, told this once."""
    revoke(session, account.id, (RECOVERY,))
    texts = [_recovery_code() for _number in range(RECOVERY_CODES)]
    for text in texts:
        session.add(AccountCode(account_id=account.id, purpose=RECOVERY, code_hash=_recovery_hash(text)))
    session.flush()
    trail.act(session, account, "recovery_codes_made")
    return texts


def recovery_codes_left(session: Session, account_id: UUID) -> int:
    """How many of them are still good."""
    return session.scalar(sa.select(sa.func.count()).select_from(_good_codes(account_id).subquery())) or 0


def use_recovery_code(session: Session, account: Account, text: str) -> None:
    """Take a recovery code as the second step of a login. Raises Refused."""
    good = _good_codes(account.id).where(AccountCode.code_hash == _recovery_hash(text))
    taken = sa.update(AccountCode).where(AccountCode.id.in_(good)).values(used_at=clock.now())
    if session.execute(taken).rowcount != 1:  # type: ignore[attr-defined]
        raise Refused(_("Il codice di riserva non è giusto, o è già servito."), code="wrong_code")
    trail.act(session, account, "recovery_code_used")


def reset(session: Session, account: Account, *, actor: Actor) -> None:
    """Forget the telephone of somebody who lost it: the account has no second step until a new one is set up.

    Whoever found it may hold an open login, or have made a key of a program: all of them end. Raises AccessDenied.
    """
    need_charge(session, account, actor)
    session.execute(sa.delete(SecondFactor).where(SecondFactor.account_id == account.id))
    revoke(session, account.id, (RECOVERY,))
    sessions.end_all(session, account.id)
    tokens.revoke_all(session, account.id, clock.now())
    trail.act(session, account, "two_factor_reset", actor=actor)


def _good_codes(account_id: UUID) -> sa.Select[Any]:
    unused = (AccountCode.used_at.is_(None), AccountCode.revoked_at.is_(None))
    return sa.select(AccountCode.id).where(
        AccountCode.account_id == account_id, AccountCode.purpose == RECOVERY, *unused
    )


def _recovery_code() -> str:
    text = base64.b32encode(secrets.token_bytes(RECOVERY_BYTES)).decode().lower()
    return "-".join(text[i : i + 4] for i in range(0, len(text), 4))


def _recovery_hash(text: str) -> bytes:
    return crypto.hash_code("".join(c for c in text.upper() if c.isalnum()))


def _key(session: Session, row: SecondFactor, field: str) -> str:
    sealed: bytes = getattr(row, field)
    return crypto.unseal_installation(session, PURPOSE, sealed, table=TABLE, row_id=row.id, field=field).decode()
