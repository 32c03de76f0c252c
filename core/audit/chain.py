"""A chain: the entries of one district, or of the installation, and how each is sealed to the one before."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import Column, Table, select
from sqlalchemy.orm import Session

from core.audit.models import HEAD, AccessChain, AccessLog, AuditChain, AuditEntry
from core.audit.triggers import CONTENT
from core.crypto import ciphers
from core.crypto.keys import MAKERS, Holder, existing_key, key_to_write, of_district, of_installation

#: Purpose of the data key from which the keys of chain and heads follow.
PURPOSE: Final = "audit"
MAC_BYTES: Final = 32
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode


@dataclass(frozen=True)
class Chain:
    """The chain of a district, of the installation where ``district_id`` is None."""

    district_id: int | None

    @property
    def name(self) -> str:
        """How its heads file begins: the number of the district, or ``installation``."""
        return "installation" if self.district_id is None else str(self.district_id)

    @property
    def entries(self) -> type[AuditEntry] | type[AccessLog]:
        """The model of its entries."""
        return AccessLog if self.district_id is None else AuditEntry

    @property
    def heads(self) -> type[AuditChain] | type[AccessChain]:
        """The model of its head."""
        return AccessChain if self.district_id is None else AuditChain

    @cached_property
    def table(self) -> Table:
        """The table of its entries."""
        table = self.entries.__table__
        assert isinstance(table, Table)
        return table

    @cached_property
    def content(self) -> Sequence[Column[Any]]:
        """The columns that a seal covers, in a fixed order."""
        return [self.table.c[name] for name in CONTENT[self.table.name]]

    @property
    def own(self) -> list[Any]:
        """The condition that ties a statement on the table to the district."""
        return [] if self.district_id is None else [self.table.c.district_id == self.district_id]

    def holder(self, session: Session) -> Holder:
        """Whose data key seals the chain."""
        return of_installation(PURPOSE) if self.district_id is None else of_district(session, PURPOSE)


@dataclass(frozen=True, slots=True)
class Keys:
    """The two keys of a chain: for its rows and for its heads outside the database."""

    rows: bytes
    heads: bytes

    @classmethod
    def to_seal(cls, session: Session, chain: Chain) -> Keys:
        """Made at the first seal. Raises Unreadable."""
        return cls._from(key_to_write(session, chain.holder(session)))

    @classmethod
    def to_verify(cls, session: Session, chain: Chain) -> Keys:
        """Those that exist. Raises Unreadable."""
        return cls._from(existing_key(session, chain.holder(session)))

    @classmethod
    def _from(cls, key: bytes) -> Keys:
        return cls(ciphers.derive(key, "chain"), ciphers.derive(key, "heads"))


def mac_of(key: bytes, seq: int, previous: bytes, content: Sequence[Any]) -> bytes:
    """The seal of one entry: over its place, the seal before it and its content, the same on every database."""
    plain = [known(value) if (known := PLAIN.get(type(value))) else value for value in content]
    text = _encode([seq, previous.hex(), *plain])
    return hmac.digest(key, text.encode("utf-8", "surrogatepass"), "sha256")


def locked_head(session: Session, chain: Chain) -> AuditChain | AccessChain:
    """The head of the chain, made where it is missing, held by this transaction alone."""
    model: Any = chain.heads
    found = select(model).where(model.id == HEAD).with_for_update()
    head: AuditChain | AccessChain | None = session.scalars(found).one_or_none()
    if head is None:
        own = {} if chain.district_id is None else {"district_id": chain.district_id}
        insert = MAKERS[session.get_bind().dialect.name](chain.heads)
        session.execute(insert.values(id=HEAD, **own).on_conflict_do_nothing())
        return cast(AuditChain | AccessChain, session.scalars(found).one())
    return head


#: Of values that JSON does not know, what every database gives back alike. A table, because of a million rows.
PLAIN: Final[Mapping[type, Callable[[Any], str]]] = {UUID: lambda value: value.hex, datetime: datetime.isoformat}
