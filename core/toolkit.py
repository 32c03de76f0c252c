"""The names a plugin may import from the core: stable, typed, and nothing else."""

from __future__ import annotations

from core import access, audit, clock, crypto, files, privacy, teams
from core.access import Actor, FieldFlags, Grant, Permission
from core.access.functions import function as function_of
from core.access.layer import grant_right
from core.access.models import Account
from core.access.queries import load_actor
from core.access.registry import owned_by, register_entity
from core.api.answers import cached_json
from core.api.words import ApiSchema
from core.contributions import DashboardCard, Event, MenuItem, PersonalData, SlotContent
from core.db import Base, DistrictOwned, Json, Key, UtcDateTime, owned_foreign_key, parent, uuid7
from core.districts.models import Organisation
from core.districts.snapshot import DistrictSnapshot, snapshots
from core.districts.vocabularies import Term, terms
from core.errors import AccessDenied, Conflict, FieldError, Invalid, NotFound, PluginError, Refused
from core.events import emit
from core.forms.definition import Field as FormField
from core.forms.definition import Form as RecordForm
from core.forms.folding import fold
from core.forms.folding import strip_controls as clean_text
from core.forms.richtext import plain as plain_text
from core.forms.richtext import render as rich_text
from core.hooks import Hooks
from core.hookspecs import hookimpl
from core.i18n import LANGUAGES, Texts, _, _l, ngettext, pick
from core.manifest import Manifest
from core.privacy import Sealed, blind_index, protected
from core.privacy.bases.sharing import share as share_data
from core.privacy.fields.shown import Shown
from core.privacy.looks import name_log_words
from core.privacy.looks import together as looks_together
from core.privacy.looks import told as looks_told
from core.privacy.requests.subjects import register_subjects
from core.privacy.retention.erasure import erase_for_retention
from core.privacy.retention.holds import require_unrestricted
from core.privacy.retention.operations import RetentionRule
from core.privacy.retention.operations import register_rule as register_retention_rule
from core.records import queries as record_queries
from core.records.definitions import RecordType, form_of, record_type, record_types
from core.records.models import Record
from core.records.queries import Redirect
from core.search.documents import Hit, Hits, Marks, Query
from core.search.snippets import highlight, snippet
from core.teams.queries import able as able_accounts
from core.teams.queries import names as account_names
from core.teams.scopes import in_force
from core.web.context import current, reads, writes
from core.web.dates import format_date
from core.web.files.panel import documents_panel
from core.web.paging import asked, beyond, page_number, pager
from core.web.privacy import masked_fields
from core.web.routing import public_route, staff_route
from core.web.teams import access_panel, may_ask_why, register_why, team_panel

__all__ = [
    "LANGUAGES",
    "AccessDenied",
    "Account",
    "Actor",
    "ApiSchema",
    "Base",
    "Conflict",
    "DashboardCard",
    "DistrictOwned",
    "DistrictSnapshot",
    "Event",
    "FieldError",
    "FieldFlags",
    "FormField",
    "Grant",
    "Hit",
    "Hits",
    "Hooks",
    "Invalid",
    "Json",
    "Key",
    "Manifest",
    "Marks",
    "MenuItem",
    "NotFound",
    "Organisation",
    "Permission",
    "PersonalData",
    "PluginError",
    "Query",
    "Record",
    "RecordForm",
    "RecordType",
    "Redirect",
    "Refused",
    "RetentionRule",
    "Sealed",
    "Shown",
    "SlotContent",
    "Term",
    "Texts",
    "UtcDateTime",
    "_",
    "_l",
    "able_accounts",
    "access",
    "access_panel",
    "account_names",
    "asked",
    "audit",
    "beyond",
    "blind_index",
    "cached_json",
    "clean_text",
    "clock",
    "crypto",
    "current",
    "documents_panel",
    "emit",
    "erase_for_retention",
    "files",
    "fold",
    "form_of",
    "format_date",
    "function_of",
    "grant_right",
    "highlight",
    "hookimpl",
    "in_force",
    "load_actor",
    "looks_together",
    "looks_told",
    "masked_fields",
    "may_ask_why",
    "name_log_words",
    "ngettext",
    "owned_by",
    "owned_foreign_key",
    "page_number",
    "pager",
    "parent",
    "pick",
    "plain_text",
    "privacy",
    "protected",
    "public_route",
    "reads",
    "record_queries",
    "record_type",
    "record_types",
    "register_entity",
    "register_retention_rule",
    "register_subjects",
    "register_why",
    "require_unrestricted",
    "rich_text",
    "share_data",
    "snapshots",
    "snippet",
    "staff_route",
    "team_panel",
    "teams",
    "terms",
    "uuid7",
    "writes",
]
