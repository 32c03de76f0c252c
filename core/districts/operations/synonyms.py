"""Words that search treats as one."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.access import Actor
from core.districts.models import (
    SynonymGroup,
)
from core.districts.permissions import SETTING
from core.districts.text import folded
from core.districts.trace import begin, invalid, trace
from core.errors import NotFound, Refused
from core.i18n import _


def add_synonyms(session: Session, words: list[str], *, actor: Actor) -> SynonymGroup:
    """Add a group of words that search treats as one. Raises Invalid for fewer than two different words."""
    begin(session, actor, SETTING)
    if any("\x00" in word for word in words):
        raise invalid("words", _("Una parola contiene caratteri vietati."))
    cleaned = list({folded(word): word.strip() for word in words if folded(word)}.values())
    if len(cleaned) < 2 or any(len(word) > 100 for word in cleaned):
        raise invalid("words", _("Servono almeno due parole diverse, di al massimo 100 caratteri."))
    position = session.scalar(select(func.max(SynonymGroup.position)).where(SynonymGroup.from_model.is_(False)))
    group = SynonymGroup(words=cleaned, from_model=False, position=(position or 0) + 1)
    session.add(group)
    trace(session, actor, "synonyms.add", cleaned[0], old=None, new=cleaned)
    return group


def remove_synonyms(session: Session, group_id: UUID, *, actor: Actor) -> None:
    """Remove a group that was added in the console. Raises NotFound, and Refused for a group of the model."""
    begin(session, actor, SETTING)
    group = session.scalar(select(SynonymGroup).where(SynonymGroup.id == group_id))
    if group is None:
        raise NotFound(_("Questo gruppo di sinonimi non c'è."))
    if group.from_model:
        raise Refused(_("Questo gruppo viene dal modello: cambialo là e applicalo di nuovo."), code="from_model")
    session.delete(group)
    trace(session, actor, "synonyms.remove", group.words[0], old=group.words, new=None)
