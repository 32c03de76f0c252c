"""Ground of the house: keys, types, sessions bound to one district, the write lock and migrations."""

from core.db.base import (
    Base,
    DistrictOwned,
    InstallationRow,
    children,
    district_column,
    link_table,
    owned_foreign_key,
    parent,
    uuid7,
)
from core.db.database import Database
from core.db.errors import ReadOnlySession, WriteLockHeld, WriteLockTimeout
from core.db.session import DistrictSession, district_of
from core.db.tenancy import INSTALLATION_TABLES
from core.db.types import Cents, DistrictKey, Json, Key, UtcDateTime

__all__ = [
    "INSTALLATION_TABLES",
    "Base",
    "Cents",
    "Database",
    "DistrictKey",
    "DistrictOwned",
    "DistrictSession",
    "InstallationRow",
    "Json",
    "Key",
    "ReadOnlySession",
    "UtcDateTime",
    "WriteLockHeld",
    "WriteLockTimeout",
    "children",
    "district_column",
    "district_of",
    "link_table",
    "owned_foreign_key",
    "parent",
    "uuid7",
]
