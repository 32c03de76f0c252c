"""The privacy notice (*scheda privacy*): which text is in force, and the proof that a person received and signed it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import access, audit, clock
from core.access import Actor
from core.errors import FieldError, Invalid, Refused
from core.i18n import Texts, _
from core.privacy.bases.models import NoticeGiven
from core.privacy.fields.subjects import resource_of, subject_of
from core.privacy.figures import NOTICE_REQUIRED, NOTICE_TEXT, NOTICE_VERSION, figure

#: The ways in which a notice is given.
WAYS: Final[Mapping[str, Texts]] = {
    "paper": {"it": "Su carta", "en": "On paper"},
    "screen": {"it": "Sullo schermo", "en": "On the screen"},
    "mail": {"it": "Per posta o e-mail", "en": "By post or e-mail"},
    "aloud": {"it": "Letta ad alta voce", "en": "Read aloud"},
}


@dataclass(frozen=True, slots=True)
class Notice:
    """The text in force: its version and its words, both empty where the model does not say."""

    version: str
    text: str


def notice_in_force(session: Session, on: date | None = None) -> Notice:
    """The notice of the session's district on a day (default: today)."""
    day = on or clock.today()
    return Notice(figure(session, NOTICE_VERSION, day) or "", figure(session, NOTICE_TEXT, day) or "")


def give_notice(
    session: Session, obj: Any, *, actor: Actor, how: str, signed: bool, given_on: date | None = None
) -> NoticeGiven:
    """Record that the person of ``obj`` received the notice that was in force on the day; ``signed``: and signed it.

    Raises AccessDenied without ``change`` on the row, Invalid for a day to come or an unknown way, Refused where the
    district has no notice on that day.
    """
    access.check(actor, "change", obj)
    day = given_on or clock.today()
    errors = [] if how in WAYS else [FieldError("how", _("Scegli come l'hai data."), "required")]
    if day > clock.today():
        errors.append(FieldError("given_on", _("Il giorno non può essere nel futuro."), "future"))
    if errors:
        raise Invalid(errors)
    notice = notice_in_force(session, day)
    if not notice.version:
        message = _("Il distretto non ha ancora una scheda privacy per quel giorno: va scritta nei parametri.")
        raise Refused(message, code="no_notice")
    row = NoticeGiven(
        subject_id=subject_of(obj),
        version=notice.version,
        given_on=day,
        how=how,
        signed=signed,
        account_id=actor.account_id,
        who=actor.name,
    )
    session.add(row)
    session.flush()
    audit.note(
        session,
        actor,
        "act",
        resource=resource_of(obj),
        object_id=obj.id,
        subject_id=row.subject_id,
        details={"notice": notice.version, "how": how, "signed": signed},
    )
    return row


def notices_given(session: Session, subject_id: UUID) -> list[NoticeGiven]:
    """Every proof of notice of a person, newest first; who calls has checked."""
    rows = select(NoticeGiven).where(NoticeGiven.subject_id == subject_id)
    return list(session.scalars(rows.order_by(NoticeGiven.given_on.desc(), NoticeGiven.id.desc())))


def has_notice(session: Session, subject_id: UUID) -> bool:
    """Whether the person signed for a notice, of whichever version."""
    signed = select(NoticeGiven.id).where(NoticeGiven.subject_id == subject_id, NoticeGiven.signed.is_(True))
    return session.scalar(signed.limit(1)) is not None


def require_notice(session: Session, subject_id: UUID) -> None:
    """Refuse a decision on somebody who has not signed the privacy notice (SDO-093).

    A district may turn it off with the parameter ``privacy.notice_required``. Raises Refused (``notice_missing``).
    """
    if figure(session, NOTICE_REQUIRED, clock.today()) is False or has_notice(session, subject_id):
        return
    message = _("Manca la scheda privacy firmata: dalla alla persona, falla firmare e registrala, poi riprova.")
    raise Refused(message, code="notice_missing")
