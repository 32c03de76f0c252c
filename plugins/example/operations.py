"""Every write of the noticeboard."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.toolkit import LANGUAGES, Actor, Event, FieldError, Invalid, Texts, _, access, clock, record_queries
from plugins.example.models import Notice
from plugins.example.permissions import RESOURCE

LONGEST = 300


def post_notice(session: Session, text: Texts, *, actor: Actor, last_day: date | None = None, url: str = "") -> Notice:
    """Put a notice on the board until ``last_day``. Raises AccessDenied, or Invalid for a text or a day that cannot be."""
    access.require(actor, "create", RESOURCE)
    errors = list(_faults(text, last_day))
    if errors:
        raise Invalid(errors)
    notice = Notice(text=dict(text), last_day=last_day, url=url, created_by=actor.account_id)
    session.add(notice)
    session.flush()
    return notice


def _faults(text: Texts, last_day: date | None) -> list[FieldError]:
    found = []
    italian = text.get("it", "").strip()
    if not italian:
        found.append(FieldError("text", _("Scrivi il testo dell'avviso."), "required"))
    elif len(italian) > LONGEST:
        message = _(
            "L'avviso può avere al massimo %(most)s caratteri. Ne ha %(count)s.", most=LONGEST, count=len(italian)
        )
        found.append(FieldError("text", message, "too_long"))
    if last_day and last_day < clock.today():
        found.append(
            FieldError("last_day", _("L'ultimo giorno è già passato. Scegli oggi o un giorno futuro."), "past")
        )
    return found


def remove_notice(session: Session, notice: Notice, *, actor: Actor) -> None:
    """Take a notice off the board. Raises AccessDenied."""
    access.check(actor, "remove", notice)
    session.delete(notice)
    session.flush()


def welcome(session: Session, *, actor: Actor) -> None:
    """The first notice of a district that switches the board on; switching it on again adds none."""
    if session.scalars(select(Notice).limit(1)).first() is None:
        texts = {"it": "La bacheca è aperta: qui trovi gli avvisi del servizio.", "en": "The noticeboard is open."}
        session.add(Notice(text=texts, created_by=actor.account_id))
        session.flush()


def announce(session: Session, event: Event) -> None:
    """Tell of a page that was published; the event may come twice, the notice does not."""
    known = session.scalars(select(Notice).where(Notice.event_id == event.id)).first()
    record = record_queries.by_ref(session, str(event.payload["ref"]))
    if known is not None or record is None:
        return
    titles = record.answers.get("title", {})
    texts = {lang: f"{_new(lang)}: {titles[lang]}" for lang in LANGUAGES if titles.get(lang)}
    session.add(Notice(text=texts, event_id=event.id, url=str(event.payload.get("path", ""))))


def _new(lang: str) -> str:
    return {"it": "Nuovo", "en": "New"}.get(lang, "Nuovo")
