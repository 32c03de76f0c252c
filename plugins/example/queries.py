"""Reads of the noticeboard, shared by its pages and hooks."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from flask import url_for
from sqlalchemy.orm import Session

from core.toolkit import Actor, DashboardCard, DistrictSnapshot, NotFound, SlotContent, _, access
from plugins.example.models import Notice
from plugins.example.permissions import RESOURCE

MOST = 50


def notices(session: Session, actor: Actor, most: int = MOST) -> Sequence[Notice]:
    """The notices that the actor may read, newest first."""
    statement = access.select(actor, Notice, "read").order_by(Notice.created_at.desc(), Notice.id.desc())
    return session.scalars(statement.limit(most)).all()


def removable(session: Session, actor: Actor, notice_id: UUID) -> Notice:
    """A notice that the actor may remove. Raises NotFound."""
    notice = session.scalars(access.select(actor, Notice, "remove").where(Notice.id == notice_id)).first()
    if notice is None:
        raise NotFound
    return notice


def home_notices(district: DistrictSnapshot, session: Session, actor: Actor) -> Sequence[SlotContent]:
    """What the district's home page shows: nothing where there is no notice."""
    most = int(district.setting("example", "notices_on_home"))
    found = notices(session, actor, most) if most else ()
    return [SlotContent("example/home.html", {"notices": found}, order=500)] if found else ()


def staff_cards(session: Session, actor: Actor) -> Sequence[DashboardCard]:
    """An invitation for those who may write."""
    if not access.may(actor, "create", RESOURCE):
        return ()
    text = _("Gli avvisi compaiono sulla pagina del distretto.")
    return [DashboardCard(_("Bacheca"), text, url_for("example.board"), _("Scrivi un avviso"), order=700)]
