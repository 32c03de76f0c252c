"""Column types that mean the same on SQLite and on PostgreSQL."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, LargeBinary, SmallInteger, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeDecorator, TypeEngine


class Key(TypeDecorator[uuid.UUID]):
    """A UUID: 16 bytes on SQLite, native ``uuid`` on PostgreSQL. Takes and gives ``uuid.UUID`` only."""

    impl = Uuid
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(Uuid() if dialect.name == "postgresql" else LargeBinary(16))

    def process_bind_param(self, value: uuid.UUID | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if not isinstance(value, uuid.UUID):
            raise TypeError(f"a key is a uuid.UUID, not {type(value).__name__}")
        return value if dialect.name == "postgresql" else value.bytes

    def process_result_value(self, value: Any, dialect: Dialect) -> uuid.UUID | None:
        return uuid.UUID(bytes=value) if isinstance(value, bytes) else value


class DistrictKey(TypeDecorator[int]):
    """The number of a district. A type of its own, so that the tenancy guard recognises its bound values."""

    impl = SmallInteger
    cache_ok = True


class UtcDateTime(TypeDecorator[datetime]):
    """A moment: aware in, aware (UTC) out. A naive value is refused."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs a time zone: use core.clock.now()")
        moment = value.astimezone(UTC)
        return moment if dialect.name == "postgresql" else moment.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Json(TypeDecorator[Any]):
    """JSON (JSONB on PostgreSQL); ``None`` is SQL NULL. A change inside the value is not seen: assign a new one."""

    impl = JSON(none_as_null=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        kind = JSONB if dialect.name == "postgresql" else JSON
        return dialect.type_descriptor(kind(none_as_null=True))

    def coerce_compared_value(self, op: Any, value: Any) -> TypeEngine[Any]:
        # Without it a path or a plain text compared with the column would be encoded as JSON.
        return self.impl_instance.coerce_compared_value(op, value)


class Cents(TypeDecorator[int]):
    """Money in whole cents. Floats and decimals are refused: SQLite would add them up as floats."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Dialect) -> int | None:
        if isinstance(value, bool | float | Decimal | str):
            raise TypeError(f"money is a whole number of cents, not {type(value).__name__}")
        return value
