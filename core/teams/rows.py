"""A row with a team: its lock, its sealed words, its traces in the audit log and the notices about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import audit, crypto, notifications
from core.access import Actor
from core.access.models import Account
from core.errors import NotFound
from core.i18n import _
from core.teams.addresses import team_address
from core.teams.models import AccessRequest, TeamPlace
from core.teams.queries import able
from core.teams.registry import TeamEntity, entry_for, entry_of, load

#: A table of which one row has sealed words.
Sealing = TeamPlace | AccessRequest


@dataclass(frozen=True, slots=True)
class TeamRow:
    """One row of an entity with teams, in a session."""

    session: Session
    entry: TeamEntity
    obj: Any

    @classmethod
    def of(cls, session: Session, obj: Any) -> TeamRow:
        """The row ``obj``. Raises PluginError when its class has no teams."""
        return cls(session, entry_for(obj), obj)

    @classmethod
    def behind(cls, session: Session, resource: str, object_id: UUID | None) -> TeamRow:
        """The row that a place or request speaks of. Raises NotFound when it is gone."""
        entry = entry_of(resource)
        obj = load(session, resource, object_id) if object_id else None
        if entry is None or obj is None:
            raise NotFound(_("Questa scheda non c'è più."))
        return cls(session, entry, obj)

    @property
    def resource(self) -> str:
        return self.entry.resource

    @property
    def subject(self) -> UUID:
        """Whom the row is about."""
        return self.entry.subject(self.obj)

    @property
    def address(self) -> str:
        """The page of the team."""
        return team_address(self.session, self.resource, self.obj.id)

    def lock(self) -> None:
        """Let one process at a time change this team: PostgreSQL locks the row, SQLite has one writer anyway."""
        self.session.flush()
        entity = self.entry.entity
        self.session.execute(sa.select(entity.id).where(entity.id == self.obj.id).with_for_update())

    def seal(self, holder: Sealing, field: str, words: str) -> bytes | None:
        """Free words under the subject's key; ``None`` for none."""
        if not words:
            return None
        table = holder.__tablename__
        return crypto.seal(self.session, self.subject, words, table=table, row_id=holder.id, field=field)

    def unseal(self, holder: Sealing, field: str, sealed: bytes | None) -> str:
        """The words again. Raises crypto.Unreadable."""
        if sealed is None:
            return ""
        table = holder.__tablename__
        return crypto.unseal(self.session, self.subject, sealed, table=table, row_id=holder.id, field=field).decode()

    def note(self, actor: Actor, what: str, **references: str) -> None:
        """A row of the audit log about this one, in the same transaction."""
        audit.note(
            self.session,
            actor,
            "act",
            resource=self.resource,
            object_id=self.obj.id,
            subject_id=self.subject,
            details={"what": what, **references},
        )

    def tell(
        self, account_id: UUID, sentence: Mapping[str, str], *, url: str = "", kind: str = "info", who: str = ""
    ) -> None:
        """Leave a notice for an account that still works here; it names the row by its code alone."""
        if self.session.scalar(able(self.session).where(Account.id == account_id)) is None:
            return
        filled = {lang: text % {"code": self.entry.code(self.obj), "who": who} for lang, text in sentence.items()}
        notifications.notice(self.session, account_id, filled, url=url or self.address, kind=kind, mail=True)
