"""Run by Alembic for every owner; ``core.db.migrate`` passes the open connection and the options."""

from __future__ import annotations

from alembic import context

attributes = context.config.attributes

context.configure(
    connection=attributes["connection"],
    target_metadata=attributes["metadata"],
    **attributes["options"],
)

# The caller has begun the transaction and commits it.
context.run_migrations()
