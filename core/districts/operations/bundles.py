"""Found a district, apply a model to it, take the last one back."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core import clock
from core.access import Actor
from core.access.operations import replace_roles
from core.db import Database
from core.districts import queries
from core.districts.bundle import Bundle
from core.districts.catalogue import PluginCatalogue
from core.districts.diff import Change, preview
from core.districts.loading import from_content
from core.districts.models import (
    AppliedBundle,
    District,
)
from core.districts.operations.plugins import catalogue_of, enabled_here
from core.districts.permissions import DISTRICT
from core.districts.rows import write_bundle
from core.districts.snapshot import snapshots
from core.districts.text import slug_problem
from core.districts.trace import begin, invalid, own_district, trace
from core.errors import Conflict, Refused
from core.events import emit
from core.i18n import _

MAX_DISTRICTS = 32_000


@dataclass(frozen=True, slots=True)
class Applied:
    """An applied bundle: its number in the district's history, and what it changed."""

    number: int
    changes: tuple[Change, ...]


def create_district(
    session: Session,
    bundle: Bundle,
    *,
    actor: Actor,
    slug: str | None = None,
    host: str | None = None,
    demo: bool = False,
) -> District:
    """Make the session's number a district that runs on the bundle; use ``found_district`` to pick the number.

    The address is the bundle's unless ``slug`` is given. Raises Refused for an address that is taken, Invalid for one
    that is reserved or malformed, Conflict when somebody took the number in the meantime, AccessDenied.
    """
    begin(session, actor, DISTRICT)
    address, name = slug or bundle.slug, (host or "").lower() or None
    if problem := slug_problem(address):
        raise invalid("slug", _("«%(slug)s» non può essere un indirizzo: %(problem)s", slug=address, problem=problem))
    if session.get(District, session.info["district"]):
        raise Conflict(_("Un altro distretto è nato nello stesso momento: riprova."))
    if queries.district_row(session, address):
        raise Refused(_("C'è già un distretto all'indirizzo «%(slug)s».", slug=address), code="slug_taken")
    if name and session.scalar(select(District.id).where(District.host == name)):
        raise Refused(_("Il nome «%(host)s» è già di un altro distretto.", host=name), code="host_taken")
    district = District(
        id=session.info["district"],
        slug=address,
        host=name,
        demo=demo,
        name={},
        languages=[],
        model=bundle.key,
        overrides={},
    )
    session.add(district)
    session.flush()
    trace(session, actor, "district.create", address, old=None, new={"model": bundle.key})
    _apply(session, district, bundle, actor)
    return district


def found_district(
    database: Database,
    bundle: Bundle,
    *,
    actor: Actor,
    slug: str | None = None,
    host: str | None = None,
    demo: bool = False,
) -> District:
    """``create_district`` in a transaction of its own, under the next free number. Commits."""
    for _attempt in range(5):
        with database.read(None) as session:
            number = (session.scalar(select(func.max(District.id))) or 0) + 1
        if number > MAX_DISTRICTS:
            raise Refused(_("L'installazione non può avere altri distretti."), code="full")
        try:
            with database.write(number) as session:
                return create_district(session, bundle, actor=actor, slug=slug, host=host, demo=demo)
        except IntegrityError:
            if not _taken(database, number):
                raise
        except Conflict:
            continue
    raise Conflict(_("Altri distretti sono nati nello stesso momento: riprova."))


def _taken(database: Database, number: int) -> bool:
    with database.read(None) as session:
        return session.get(District, number) is not None


def apply_bundle(session: Session, bundle: Bundle, *, actor: Actor) -> Applied:
    """Apply a model to the session's district; what the console set stays. ``diff.preview`` is the dry run.

    Raises Refused when a plugin of the model needs one that the console has switched off, ConfigError for a
    municipality that another district calls otherwise, AccessDenied.
    """
    begin(session, actor, DISTRICT)
    return _apply(session, own_district(session), bundle, actor)


def rollback_bundle(session: Session, *, actor: Actor, catalogue: PluginCatalogue | None = None) -> Applied:
    """Take back the bundle applied last and return to the one before it; what the console set stays.

    Raises Refused when there is none before, ConfigError when the earlier bundle names a plugin that is gone.
    """
    begin(session, actor, DISTRICT)
    applied = [row for row in queries.history(session) if row.rolled_back_at is None]
    if len(applied) < 2:
        raise Refused(_("Non c'è una versione precedente del modello."), code="no_earlier_version")
    latest, earlier = applied[0], applied[1]
    bundle = from_content(earlier.content, catalogue_of(catalogue))
    changes = _write(session, own_district(session), bundle, actor)
    latest.rolled_back_at = clock.now()
    trace(session, actor, "bundle.rollback", bundle.key, old=latest.number, new=earlier.number)
    return Applied(earlier.number, changes)


def _apply(session: Session, district: District, bundle: Bundle, actor: Actor) -> Applied:
    before = queries.in_force(session)
    changes = _write(session, district, bundle, actor)
    if before and before.digest == bundle.digest:
        # The same bundle again is no new version: a rollback must lead to something different.
        return Applied(before.number, changes)
    number = (session.scalar(select(func.max(AppliedBundle.number))) or 0) + 1
    session.add(AppliedBundle(number=number, digest=bundle.digest, content=bundle.content, applied_by=actor.name))
    trace(session, actor, "bundle.apply", bundle.key, old=None, new={"number": number, "changes": len(changes)})
    return Applied(number, changes)


def _write(session: Session, district: District, bundle: Bundle, actor: Actor) -> tuple[Change, ...]:
    changes, before = preview(session, bundle), enabled_here(session)
    write_bundle(session, district, bundle)
    _check_requirements(session)
    for plugin in sorted(enabled_here(session) - before):
        emit(session, "plugin.enabled", plugin=plugin)
    # The right to apply a model includes the roles that it brings.
    system = Actor.system(session.info["district"], actor.name)
    replace_roles(
        session,
        [role.table() for role in bundle.roles],
        functions=[function.table() for function in bundle.functions],
        actor=system,
        file=f"{bundle.key}/roles.toml",
    )
    return changes


def _check_requirements(session: Session) -> None:
    catalogue = snapshots.catalogue
    enabled = enabled_here(session)
    for plugin in sorted(enabled.intersection(catalogue.names)) if catalogue else ():
        assert catalogue is not None
        for needed in catalogue.requires(plugin):
            if needed not in enabled:
                raise Refused(
                    _(
                        "Il plugin «%(name)s» ha bisogno di «%(needed)s», che qui è spento: prima riaccendilo.",
                        name=plugin,
                        needed=needed,
                    ),
                    code="requirement_off",
                )
