"""Who looked at what, who did what: rows that are only ever added, numbered and chained by a sealer."""

from core.audit.operations import KINDS, look, name_bodies, note, write_looks
from core.audit.queries import entries

__all__ = ["KINDS", "entries", "look", "name_bodies", "note", "write_looks"]
