"""The names a plugin may import from the core: stable, typed, and nothing else."""

from __future__ import annotations

from core import access, clock
from core.access import Actor, Permission
from core.access.registry import owned_by, register_entity
from core.api.answers import cached_json
from core.contributions import DashboardCard, Event, MenuItem, SlotContent
from core.db import Base, DistrictOwned, Json, Key, UtcDateTime, owned_foreign_key, parent
from core.districts.snapshot import DistrictSnapshot, snapshots
from core.districts.vocabularies import Term, terms
from core.errors import AccessDenied, Conflict, FieldError, Invalid, NotFound, PluginError, Refused
from core.events import emit
from core.forms.definition import Field as FormField
from core.forms.definition import Form as RecordForm
from core.forms.richtext import plain as plain_text
from core.forms.richtext import render as rich_text
from core.hookspecs import hookimpl
from core.i18n import LANGUAGES, Texts, _, _l, ngettext, pick
from core.manifest import Manifest
from core.records import queries as record_queries
from core.records.definitions import RecordType, form_of, record_type, record_types
from core.records.models import Record
from core.records.queries import Redirect
from core.search.documents import Hit, Hits, Marks, Query
from core.search.snippets import highlight, snippet
from core.web.context import current, reads, writes
from core.web.dates import format_date
from core.web.paging import asked, beyond, page_number, pager
from core.web.routing import public_route, staff_route

__all__ = [
    "LANGUAGES",
    "AccessDenied",
    "Actor",
    "Base",
    "Conflict",
    "DashboardCard",
    "DistrictOwned",
    "DistrictSnapshot",
    "Event",
    "FieldError",
    "FormField",
    "Hit",
    "Hits",
    "Invalid",
    "Json",
    "Key",
    "Manifest",
    "Marks",
    "MenuItem",
    "NotFound",
    "Permission",
    "PluginError",
    "Query",
    "Record",
    "RecordForm",
    "RecordType",
    "Redirect",
    "Refused",
    "SlotContent",
    "Term",
    "Texts",
    "UtcDateTime",
    "_",
    "_l",
    "access",
    "asked",
    "beyond",
    "cached_json",
    "clock",
    "current",
    "emit",
    "form_of",
    "format_date",
    "highlight",
    "hookimpl",
    "ngettext",
    "owned_by",
    "owned_foreign_key",
    "page_number",
    "pager",
    "parent",
    "pick",
    "plain_text",
    "public_route",
    "reads",
    "record_queries",
    "record_type",
    "record_types",
    "register_entity",
    "rich_text",
    "snapshots",
    "snippet",
    "staff_route",
    "terms",
    "writes",
]
