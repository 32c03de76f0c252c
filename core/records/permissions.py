"""Which records an actor reaches: the scopes that grants may name."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from core.access import Actor, registry
from core.access.registry import NOW, lasting, owned_by
from core.records.models import Record

READ, CREATE, CHANGE, IMPORT = "read", "create", "change", "import"


def visible_at(moment: datetime | sa.BindParameter[datetime]) -> sa.ColumnElement[bool]:
    """Records that the public sees at ``moment``: a public state, within their validity (end exclusive)."""
    begun = sa.or_(Record.valid_from.is_(None), Record.valid_from <= moment)
    return sa.and_(Record.public.is_(sa.true()), begun, sa.or_(Record.valid_to.is_(None), Record.valid_to > moment))


#: The same at the moment when the statement is executed; made once.
VISIBLE_NOW = visible_at(NOW)


@lasting
def _public(_actor: Actor, now: datetime) -> sa.ColumnElement[bool]:
    return visible_at(now)


registry.register_entity(
    Record, resource=Record.type, state=Record.state, scopes={"public": _public, "own": owned_by(Record.created_by)}
)
