"""Which tables belong to the installation, and the rules every table of the metadata must keep."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sqlalchemy import MetaData, Table, UniqueConstraint

from core.db.base import DISTRICT
from core.errors import ConfigError

#: Tables that are not district-owned. Everything else carries ``district_id`` in its primary key.
INSTALLATION_TABLES: Final[frozenset[str]] = frozenset(
    {
        "core_access_chain",
        "core_access_log",
        "core_account",
        "core_account_code",
        "core_district",
        "core_installation_key",
        "core_kept_form",
        "core_login_attempt",
        "core_mail",
        "core_membership",
        "core_municipality",
        "core_second_factor",
        "core_session",
        "core_settings_version",
        "core_token",
    }
)


def is_owned(table: Table) -> bool:
    """Whether the rows of ``table`` belong to districts."""
    return DISTRICT in table.c and table.name not in INSTALLATION_TABLES


def check_metadata(metadata: MetaData) -> None:
    """Refuse a table that is neither district-owned nor listed. Raises ConfigError naming the first one."""
    for table in metadata.sorted_tables:
        for problem, remedy in _problems(table):
            raise ConfigError("core/db/tenancy.py", table.name, problem, remedy)


def _problems(table: Table) -> Iterator[tuple[str, str]]:
    if table.name in INSTALLATION_TABLES:
        return
    if DISTRICT not in table.c:
        yield f"the table has no {DISTRICT}", "Derive the model from DistrictOwned or list it in INSTALLATION_TABLES"
        return
    if DISTRICT not in table.primary_key.columns:
        yield f"{DISTRICT} is not part of the primary key", "Derive the model from DistrictOwned"
    for name in _unique_without_district(table):
        # A conflict on such an index would reach the row of another district.
        yield f"unique index {name} leaves out {DISTRICT}", f"Put {DISTRICT} first in it"


def _unique_without_district(table: Table) -> Iterator[str]:
    for constraint in table.constraints:
        if isinstance(constraint, UniqueConstraint) and DISTRICT not in constraint.columns:
            yield str(constraint.name)
    for index in table.indexes:
        if index.unique and DISTRICT not in index.columns:
            yield str(index.name)
