"""Record types that plugins ship, and the immutable versions of their forms and workflows in each district."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core import clock
from core.errors import ConfigError, NotFound, PluginError
from core.forms.definition import Form, load_form, parse_form
from core.forms.reader import Reader, read_toml
from core.forms.validation import searchable
from core.i18n import Texts
from core.records.models import Definition, Record
from core.workflows.definition import Workflow, load_workflow, parse_workflow

FORM, WORKFLOW = "form", "workflow"
#: Columns of the record itself that a list may show.
OWN_COLUMNS = frozenset({"state", "updated_at", "published_at", "valid_from", "valid_to", "ref"})
CACHE_SIZE = 256
D = TypeVar("D", Form, Workflow)


@dataclass(frozen=True)
class RecordType:
    """A kind of record: what is asked, what may happen, where it shows. ``form`` and ``workflow`` are the plugin's."""

    key: str
    plugin: str
    label: Texts
    label_plural: Texts
    form: Form
    workflow: Workflow
    title_field: str
    summary_field: str
    segment: str
    list_columns: tuple[str, ...]
    searched: bool


@dataclass(frozen=True)
class Published(Generic[D]):
    """A definition with the id of its row."""

    id: UUID
    definition: D


_types: dict[str, RecordType] = {}


def load_record_types(plugin: str, package_dir: Path) -> tuple[RecordType, ...]:
    """Register the record types under ``package_dir`` (``record_types/``, ``forms/``, ``workflows/``).

    All or nothing. A second call of the same plugin replaces the first. Raises ConfigError naming file and key, and
    PluginError when another plugin has a type of that name.
    """
    files = sorted((package_dir / "record_types").glob("*.toml"))
    loaded = tuple(_load(plugin, package_dir, file) for file in files)
    for item in loaded:
        owner = _types.get(item.key)
        if owner is not None and owner.plugin != plugin:
            raise PluginError(f"{plugin}: record type '{item.key}' belongs to plugin '{owner.plugin}': rename it")
    forget_record_types(plugin)
    _types.update({item.key: item for item in loaded})
    return loaded


def forget_record_types(plugin: str) -> None:
    """Take back what ``plugin`` registered; its records stay readable through their published definitions."""
    for key in [key for key, item in _types.items() if item.plugin == plugin]:
        del _types[key]


def record_types(plugin: str | None = None) -> tuple[RecordType, ...]:
    """All record types, or those of one plugin, by key."""
    return tuple(_types[key] for key in sorted(_types) if plugin in (None, _types[key].plugin))


def record_type(key: str) -> RecordType:
    """The record type of that name. Raises NotFound."""
    if key not in _types:
        raise NotFound(f"record type {key}")
    return _types[key]


def _load(plugin: str, folder: Path, file: Path) -> RecordType:
    reader = Reader(read_toml(file), file)
    form = _companion(reader, "form", folder / "forms", load_form)
    workflow = _companion(reader, "workflow", folder / "workflows", load_workflow)
    faces = reader.table("faces")
    public, listing, search = faces.table("public"), faces.table("list"), faces.table("search")
    item = RecordType(
        key=reader.key(),
        plugin=plugin,
        label=reader.texts("label"),
        label_plural=reader.texts("label_plural"),
        form=form,
        workflow=workflow,
        title_field=reader.key("title_field", "title"),
        summary_field=reader.key("summary_field", ""),
        segment=public.text("segment", ""),
        list_columns=listing.strings("columns", ("title", "state", "updated_at")),
        searched=search.flag("enabled"),
    )
    for part in (reader, faces, public, listing, search):
        part.done()
    _check_type(reader, item)
    return item


def _companion(reader: Reader, kind: str, folder: Path, load: Callable[[Path], D]) -> D:
    name = reader.key(kind)
    path = folder / f"{name}.toml"
    if not path.is_file():
        raise reader.fail(kind, f"'{name}' does not exist", f"Add {folder.name}/{path.name}")
    definition = load(path)
    if definition.key != name:
        raise ConfigError(path, "key", f"is '{definition.key}', not '{name}'", "Give file and key the same name")
    return definition


def _check_type(reader: Reader, item: RecordType) -> None:
    title = item.form.by_key.get(item.title_field)
    if title is None or title.type != "text" or not (title.localized and title.required and title.filterable):
        raise reader.fail("title_field", f"'{item.title_field}' must be a required, localized, filterable text")
    if item.summary_field and item.summary_field not in item.form.by_key:
        raise reader.fail("summary_field", f"'{item.summary_field}' is not a field of the form")
    unknown = [name for name in item.list_columns if name not in item.form.by_key and name not in OWN_COLUMNS]
    if unknown:
        raise reader.fail("faces.list.columns", f"'{unknown[0]}' is neither a field nor one of {sorted(OWN_COLUMNS)}")
    if item.searched and not searchable(item.form, "title"):
        raise reader.fail("faces.search.enabled", "no field of the form feeds the title of search")


# Versions in the database -------------------------------------------------------------------------------------------

_PARSERS: Mapping[str, Callable[..., Any]] = {FORM: parse_form, WORKFLOW: parse_workflow}
_parsed: OrderedDict[UUID, Any] = OrderedDict()
_lock = Lock()


def ensure_published(session: Session, plugin: str) -> int:
    """Write a new version of every definition of ``plugin`` whose content changed; how many were written.

    Creating a record does the same for its own type, so that a forgotten call cannot pin it to an old form.
    """
    before = session.info.get("definitions_published", 0)
    for item in record_types(plugin):
        current_form(session, item)
        current_workflow(session, item)
    return int(session.info.get("definitions_published", 0)) - int(before)


def current_form(session: Session, item: RecordType) -> Published[Form]:
    """The version new records of this type get; published on the spot when the plugin's file is newer."""
    return _current(session, FORM, item.plugin, item.form)


def current_workflow(session: Session, item: RecordType) -> Published[Workflow]:
    """The workflow version new records of this type get."""
    return _current(session, WORKFLOW, item.plugin, item.workflow)


def _current(session: Session, kind: str, plugin: str, wanted: D) -> Published[D]:
    row = _newest(session, kind, wanted.key)
    if row is None or row.digest != wanted.digest:
        row = _publish(session, kind, plugin, wanted, row.version + 1 if row else 1)
    return Published(row.id, _definition(row))


def _newest(session: Session, kind: str, key: str) -> Definition | None:
    versions = select(Definition).where(Definition.kind == kind, Definition.key == key)
    return session.scalars(versions.order_by(Definition.version.desc()).limit(1)).first()


def _publish(session: Session, kind: str, plugin: str, wanted: Form | Workflow, version: int) -> Definition:
    row = Definition(
        kind=kind,
        key=wanted.key,
        version=version,
        content=dict(wanted.content),
        digest=wanted.digest,
        plugin=plugin,
        published_at=clock.now(),
    )
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        # Another process published it between our reading and our writing.
        found = _newest(session, kind, wanted.key)
        if found is None or found.digest != wanted.digest:
            raise
        return found
    session.info["definitions_published"] = session.info.get("definitions_published", 0) + 1
    return row


def form_of(session: Session, record: Record) -> Form:
    """The form version that ``record`` is pinned to."""
    form: Form = _by_id(session, record.form_id)
    return form


def workflow_of(session: Session, record: Record) -> Workflow:
    """The workflow version that ``record`` is pinned to."""
    workflow: Workflow = _by_id(session, record.workflow_id)
    return workflow


def pin(record: Record, form: Published[Form], workflow: Published[Workflow] | None = None) -> None:
    """Tie the record to these versions (without ``workflow``: to its present one)."""
    record.form_id, record.form_version = form.id, form.definition.version
    if workflow is not None:
        record.workflow_id, record.workflow_version = workflow.id, workflow.definition.version


def _by_id(session: Session, id_: UUID) -> Any:
    with _lock:
        found = _parsed.get(id_)
    if found is not None:
        return found
    row = session.scalars(select(Definition).where(Definition.id == id_)).one_or_none()
    if row is None:
        raise NotFound(f"definition {id_}")
    return _definition(row)


def _definition(row: Definition) -> Any:
    with _lock:
        found = _parsed.get(row.id)
    if found is not None:
        return found
    parsed = _PARSERS[row.kind](row.content, f"{row.kind} {row.key} version {row.version}", version=row.version)
    with _lock:
        _parsed[row.id] = parsed
        while len(_parsed) > CACHE_SIZE:
            _parsed.popitem(last=False)
    return parsed
