"""Protected columns: what stands in them is sealed one by one, and shows as dots wherever it is printed."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from flask_babel import LazyString
from sqlalchemy import Dialect, LargeBinary, event, inspect
from sqlalchemy.orm import InstrumentedAttribute, MappedColumn, mapped_column
from sqlalchemy.sql import operators
from sqlalchemy.types import TypeDecorator

from core.db import Base
from core.errors import PluginError
from core.i18n import Texts

#: What is shown instead of a protected value.
DOTS: Final = "••••••"
#: Classes of protected fields, from the least to the most sensitive.
PROTECTED_CLASSES: Final = ("personal", "special", "penal")
#: Classes that are never shown before somebody has said why.
ASKED_CLASSES: Final = frozenset({"special", "penal"})
#: Key of a column's ``info`` that holds its ``ProtectedField``.
INFO: Final = "innesto_protected"
#: Bytes of a blind index.
BLIND_LENGTH: Final = 32


class Sealed:
    """A sealed value. It prints as dots; only ``privacy.put`` makes one and only ``privacy`` opens it."""

    __slots__ = ("_bytes",)

    def __init__(self, sealed: bytes) -> None:
        if not isinstance(sealed, bytes):
            raise TypeError(f"a sealed value is made of bytes, not of {type(sealed).__name__}")
        self._bytes = sealed

    @property
    def ciphertext(self) -> bytes:
        """The bytes as they are stored."""
        return self._bytes

    @property
    def text(self) -> str:
        """The bytes as base64, for a JSON column."""
        return base64.b64encode(self._bytes).decode("ascii")

    @classmethod
    def from_text(cls, text: str) -> Sealed:
        """The opposite of ``text``."""
        return cls(base64.b64decode(text, validate=True))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sealed) and other._bytes == self._bytes

    def __hash__(self) -> int:
        return hash(self._bytes)

    def __str__(self) -> str:
        return DOTS

    def __repr__(self) -> str:
        return DOTS

    def __format__(self, spec: str) -> str:
        return DOTS

    def __html__(self) -> str:
        return DOTS

    def __reduce__(self) -> NoReturn:
        raise TypeError("a sealed value does not leave its session")


class SealedType(TypeDecorator[Sealed]):
    """Column type of protected fields. It takes ``Sealed`` alone and can only be compared with NULL."""

    impl = LargeBinary
    cache_ok = True

    class comparator_factory(TypeDecorator.Comparator[Any]):  # noqa: N801 - the name is SQLAlchemy's
        """Refuses every comparison but IS NULL: a literal would put the plain value into the statement."""

        def operate(self, op: Any, *other: Any, **kwargs: Any) -> Any:
            """Only ``is_`` and ``is_not`` with None."""
            if op in (operators.is_, operators.is_not) and other == (None,):
                return super().operate(op, *other, **kwargs)
            raise TypeError("a protected column cannot be compared: use its blind index")

    def process_bind_param(self, value: Sealed | None, dialect: Dialect) -> bytes | None:
        return None if value is None else expect_sealed(value).ciphertext

    def process_result_value(self, value: Any, dialect: Dialect) -> Sealed | None:
        return None if value is None else Sealed(bytes(value))


def expect_sealed(value: Any) -> Sealed:
    """``value``, once it is sealed. Raises TypeError, which never repeats the value."""
    if not isinstance(value, Sealed):
        raise TypeError(f"a protected field takes what privacy.put seals, not {type(value).__name__}")
    return value


def squeezed(value: str) -> str:
    """How identifiers are compared: without spaces, in capitals."""
    return "".join(value.split()).upper()


@dataclass(frozen=True, slots=True)
class ProtectedField:
    """What is known of a protected column. ``blind`` names the column that holds its blind index, or is empty."""

    name: str
    field_class: str
    label: str | LazyString | Texts
    blind: str = ""
    normalise: Callable[[str], str] = squeezed

    @property
    def asked(self) -> bool:
        """Whether it is shown only to who says why."""
        return self.field_class in ASKED_CLASSES


@dataclass(frozen=True, slots=True)
class _Declared:
    field_class: str
    label: str | LazyString | Texts
    blind: str
    normalise: Callable[[str], str]


def protected(
    field_class: str,
    *,
    label: str | LazyString | Texts,
    blind: str = "",
    normalise: Callable[[str], str] = squeezed,
) -> MappedColumn[Sealed | None]:
    """A column of sealed values, annotated ``Mapped[Sealed | None]``; the label is lazy: ``_l("Codice fiscale")``.

    ``blind`` names a sibling made with ``blind_index()``, which ``privacy.put`` fills, so that an identifier can be
    found again; ``normalise`` brings the value into the form that is compared. Raises PluginError for another class.
    """
    if field_class not in PROTECTED_CLASSES:
        raise PluginError(f"protected field class '{field_class}': choose one of {', '.join(PROTECTED_CLASSES)}")
    return mapped_column(SealedType, nullable=True, info={INFO: _Declared(field_class, label, blind, normalise)})


def blind_index() -> MappedColumn[bytes | None]:
    """The column of a blind index: a keyed digest of an identifier, for exact search and for nothing else."""
    return mapped_column(LargeBinary(BLIND_LENGTH), nullable=True, deferred=True, deferred_raiseload=False)


_known: dict[type[Any], dict[str, ProtectedField]] = {}


def protected_fields(entity: type[Any]) -> dict[str, ProtectedField]:
    """The protected fields of a mapped class by name, in the order of its columns."""
    if entity not in _known:
        _known[entity] = _protected_fields(entity)
    return _known[entity]


def _protected_fields(entity: type[Any]) -> dict[str, ProtectedField]:
    found: dict[str, ProtectedField] = {}
    for attribute in inspect(entity).column_attrs:
        declared = attribute.columns[0].info.get(INFO)
        if isinstance(declared, _Declared):
            found[attribute.key] = ProtectedField(
                attribute.key, declared.field_class, declared.label, declared.blind, declared.normalise
            )
    return found


@event.listens_for(Base, "attribute_instrument", propagate=True)
def _watch(_cls: type[Any], _key: str, attribute: InstrumentedAttribute[Any]) -> None:
    """Refuse a plain value at the assignment, long before it could reach a statement or an error message."""
    columns = getattr(attribute.property, "columns", ())
    if columns and isinstance(columns[0].type, SealedType):
        event.listen(attribute, "set", _only_sealed)


def _only_sealed(_target: Any, value: Any, _old: Any, _initiator: Any) -> None:
    if value is not None:
        expect_sealed(value)
