"""PostgreSQL row-level security: the second wall behind the tenancy guard."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, text

from core.db.base import DISTRICT
from core.db.tenancy import INSTALLATION_TABLES
from core.errors import ConfigError

POLICY = "innesto_district"

# The sub-selects are run once a statement, not once a row.
CONDITION = (
    f"{DISTRICT} = (SELECT nullif(current_setting('innesto.district', true), '')::int)"
    " OR (SELECT current_setting('innesto.all', true)) = 'on'"
)

_UNPROTECTED = text(
    """
    SELECT c.relname
      FROM pg_class c
      JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = :district AND NOT a.attisdropped
     WHERE c.relnamespace = current_schema()::regnamespace
       AND c.relkind IN ('r', 'p') AND c.relname NOT IN :installation
       AND NOT (c.relrowsecurity AND c.relforcerowsecurity AND EXISTS (
             SELECT 1 FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname = :policy))
     ORDER BY c.relname
    """
).bindparams(bindparam("installation", expanding=True))

_ROLE = text("SELECT rolname, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user")


def unprotected_tables(connection: Connection) -> list[str]:
    """District-owned tables of the current schema whose rows are not behind the policy; empty on SQLite."""
    if connection.dialect.name != "postgresql":
        return []
    values = {"district": DISTRICT, "policy": POLICY, "installation": sorted(INSTALLATION_TABLES)}
    return list(connection.execute(_UNPROTECTED, values).scalars())


def protect_tables(connection: Connection) -> list[str]:
    """Put every district-owned table behind the policy, forced also for its owner; answers the tables changed."""
    tables = unprotected_tables(connection)
    for table in tables:
        _protect(connection, connection.dialect.identifier_preparer.quote(table))
    return tables


def _protect(connection: Connection, table: str) -> None:
    for statement in (
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"DROP POLICY IF EXISTS {POLICY} ON {table}",
        f"CREATE POLICY {POLICY} ON {table} USING ({CONDITION}) WITH CHECK ({CONDITION})",
    ):
        connection.exec_driver_sql(statement)


def check_role(connection: Connection) -> None:
    """Refuse a PostgreSQL role on which row-level security has no effect. Raises ConfigError."""
    if connection.dialect.name != "postgresql":
        return
    role, superuser, bypass = connection.execute(_ROLE).one()
    if superuser or bypass:
        kind = "a superuser" if superuser else "a role with BYPASSRLS"
        raise ConfigError(
            "DATABASE_URL",
            str(role),
            f"{kind} sees the rows of every district",
            f"Use a plain role: CREATE ROLE innesto LOGIN NOSUPERUSER NOBYPASSRLS;"
            f" ALTER DATABASE {connection.engine.url.database} OWNER TO innesto",
        )
