"""Every write on accounts and roles: it checks the permission, changes, flushes and leaves a row in the access log."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from email_validator import EmailNotValidError, validate_email
from sqlalchemy.orm import Session

from core import clock
from core.access.actor import Actor
from core.access.layer import require
from core.access.models import AccessLog, Account, Membership, Role, RoleGrant, RoleHolder, new_uniquifier
from core.access.passwords import OWASP, Hashing, check_new_password, hash_password
from core.access.permissions import ACCOUNTS, MANAGE, ROLES, valid
from core.access.queries import account_by_email, administrators, folded_email, is_member, portal_administrators
from core.access.rolespecs import GrantSpec, RoleSpec, role_specs
from core.db import district_of
from core.errors import AccessDenied, ConfigError, FieldError, Invalid, NotFound, Refused, TenancyError
from core.i18n import LANGUAGES, _

LONGEST_NAME = 120


@dataclass(frozen=True, slots=True)
class RoleChanges:
    """Keys of the roles that an apply added, changed and retired."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    retired: tuple[str, ...]


def create_account(
    session: Session,
    *,
    email: str,
    name: str,
    actor: Actor,
    password: str | None = None,
    language: str = "it",
    portal_admin: bool = False,
    hashing: Hashing = OWASP,
) -> Account:
    """Add an account; without a password nobody signs in with it yet.

    Raises Invalid for an address that is malformed or taken, an empty name, a weak password; AccessDenied.
    """
    require(actor, MANAGE, ACCOUNTS)
    if portal_admin:
        _need_portal(actor)
    folded = folded_email(email)
    _check_account(session, folded, name, language)
    account = Account(email=folded, name=name.strip(), language=language, is_portal_admin=portal_admin, active=True)
    account.fs_uniquifier, account.confirmed_at = new_uniquifier(), clock.now()
    if password is not None:
        check_new_password(password, email=folded)
        account.password = hash_password(password, hashing)
    session.add(account)
    session.flush()
    _log(session, actor, "create_account", account.email, portal_admin=portal_admin)
    return account


def _check_account(session: Session, email: str, name: str, language: str) -> None:
    errors = []
    if not 0 < len(name.strip()) <= LONGEST_NAME:
        message = _("Scrivi un nome, al massimo %(count)s caratteri.", count=LONGEST_NAME)
        errors.append(FieldError("name", message, "name"))
    if language not in LANGUAGES:
        errors.append(FieldError("language", _("Questa lingua non c'è."), "language"))
    if not _well_formed(email):
        errors.append(FieldError("email", _("L'indirizzo email non è scritto bene."), "email"))
    elif account_by_email(session, email) is not None:
        errors.append(FieldError("email", _("C'è già un account con questo indirizzo."), "taken"))
    if errors:
        raise Invalid(errors)


def _well_formed(email: str) -> bool:
    try:
        # Intranets have addresses that the internet does not know.
        validate_email(email, check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError:
        return False
    return len(email) <= 254


def set_password(session: Session, account: Account, password: str, *, actor: Actor, hashing: Hashing = OWASP) -> None:
    """Store a new password and end every open session of the account. Raises Invalid, AccessDenied."""
    if actor.account_id != account.id:
        _need_charge(session, account, actor)
    check_new_password(password, email=account.email)
    account.password = hash_password(password, hashing)
    account.fs_uniquifier = new_uniquifier()
    session.flush()
    _log(session, actor, "set_password", account.email)


def disable_account(session: Session, account: Account, *, actor: Actor) -> None:
    """Let the account sign in no more; its open sessions end at once, what it did keeps its name.

    Raises Refused for the last portal administrator, or the last administrator of the session's district.
    """
    _need_charge(session, account, actor)
    with _portal_keeps_administrator(session), _district_keeps_administrator(session):
        account.active = False
        account.fs_uniquifier = new_uniquifier()
        session.flush()
    _log(session, actor, "disable_account", account.email)


def enable_account(session: Session, account: Account, *, actor: Actor) -> None:
    """Let the account sign in again."""
    _need_charge(session, account, actor)
    account.active = True
    session.flush()
    _log(session, actor, "enable_account", account.email)


def set_portal_admin(session: Session, account: Account, portal_admin: bool, *, actor: Actor) -> None:
    """Give or take the administration of the installation. Raises Refused for the last one, AccessDenied."""
    _need_portal(actor)
    with _portal_keeps_administrator(session):
        account.is_portal_admin = portal_admin
        session.flush()
    _log(session, actor, "set_portal_admin", account.email, portal_admin=portal_admin)


def add_membership(
    session: Session,
    account: Account,
    *,
    actor: Actor,
    valid_from: datetime | None = None,
    valid_to: datetime | None = None,
) -> Membership:
    """Let the account work in the session's district. Raises Invalid for an empty period, AccessDenied."""
    district = _own_district(session, actor, ACCOUNTS)
    begin = valid_from or clock.now()
    _check_period(begin, valid_to)
    membership = Membership(account_id=account.id, member_of=district, valid_from=begin, valid_to=valid_to)
    session.add(membership)
    session.flush()
    _log(session, actor, "add_membership", account.email, until=_text(valid_to))
    return membership


def end_membership(session: Session, account: Account, *, actor: Actor) -> None:
    """End the account's work in the session's district now; its roles there end with it.

    Raises NotFound when it is no member, Refused for the last administrator of the district.
    """
    district, now = _own_district(session, actor, ACCOUNTS), clock.now()
    mine = sa.select(Membership).where(Membership.account_id == account.id, Membership.member_of == district)
    rows = session.scalars(mine.where(valid(Membership, now))).all()
    if not rows:
        raise NotFound(_("Questo account non lavora nel distretto."))
    with _district_keeps_administrator(session):
        _end(session, rows, now)
        _end(session, _held(session, account.id, None, now), now)
    _log(session, actor, "end_membership", account.email)


def give_role(
    session: Session,
    account: Account,
    role_key: str,
    *,
    actor: Actor,
    valid_from: datetime | None = None,
    valid_to: datetime | None = None,
) -> RoleHolder:
    """Give a role of the session's district to the account, which becomes a member if it was not.

    Giving a role that is held already returns what is there. Raises NotFound, Invalid, AccessDenied.
    """
    district, now = _own_district(session, actor, ACCOUNTS), clock.now()
    role = _role(session, role_key)
    if role.is_visitor:
        raise Refused(_("Questo ruolo vale già per tutti: non si assegna."), code="visitor_role")
    held = _held(session, account.id, role.id, now)
    if held and valid_from is None and valid_to is None:
        return held[0]
    begin = valid_from or now
    _check_period(begin, valid_to)
    if not is_member(session, account.id, district):
        add_membership(session, account, actor=actor)
    holder = RoleHolder(account_id=account.id, role_id=role.id, valid_from=begin, valid_to=valid_to)
    session.add(holder)
    session.flush()
    _log(session, actor, "give_role", account.email, role=role_key, until=_text(valid_to))
    return holder


def take_role(session: Session, account: Account, role_key: str, *, actor: Actor) -> None:
    """Take a role of the session's district from the account, now.

    Raises NotFound when it does not hold it, Refused for the last administrator of the district.
    """
    _own_district(session, actor, ACCOUNTS)
    now = clock.now()
    held = _held(session, account.id, _role(session, role_key).id, now)
    if not held:
        raise NotFound(_("L'account non ha il ruolo «%(role)s».", role=role_key))
    with _district_keeps_administrator(session):
        _end(session, held, now)
    _log(session, actor, "take_role", account.email, role=role_key)


def replace_roles(
    session: Session,
    roles: Iterable[Mapping[str, Any]],
    *,
    actor: Actor | None = None,
    file: str = "roles.toml",
) -> RoleChanges:
    """Make the model's roles of the session's district be these, in the shape of ``roles.toml``.

    A role that disappears is deleted; while somebody holds it, it stays without grants. Applying the same roles again
    changes nothing. Raises ConfigError naming ``file`` and key, Refused when no administrator would be left.
    """
    actor = actor or Actor.system(district_of(session), "model")
    _own_district(session, actor, ROLES)
    specs = role_specs(roles, file=file)
    before = {role.key: role for role in session.scalars(sa.select(Role))}
    for spec in specs:
        if spec.key in before and before[spec.key].origin == "console":
            remedy = "Rename one of the two"
            raise ConfigError(file, f"roles.{spec.key}", "the console has made a role with this key", remedy)
    with _district_keeps_administrator(session):
        changes = _replace(session, specs, before)
        session.flush()
    if changes.added or changes.changed or changes.retired:
        parts = {"added": changes.added, "changed": changes.changed, "retired": changes.retired}
        _log(session, actor, "replace_roles", file, **{key: list(value) for key, value in parts.items()})
    return changes


def _replace(session: Session, specs: tuple[RoleSpec, ...], before: Mapping[str, Role]) -> RoleChanges:
    stored = _stored_grants(session)
    added = tuple(spec.key for spec in specs if spec.key not in before)
    changed = tuple(s.key for s in specs if s.key in before and _differs(before[s.key], s, stored))
    for spec in specs:
        if spec.key in {*added, *changed}:
            _write(session, before.get(spec.key), spec)
    wanted = {spec.key for spec in specs}
    gone = [role for key, role in before.items() if key not in wanted and role.origin == "model"]
    for role in gone:
        _retire(session, role)
    return RoleChanges(added, changed, tuple(role.key for role in gone))


def _differs(role: Role, spec: RoleSpec, stored: Mapping[UUID, list[tuple[Any, ...]]]) -> bool:
    same_role = (role.label, role.is_visitor, role.origin) == (dict(spec.label), spec.visitor, "model")
    return not same_role or sorted(stored.get(role.id, [])) != sorted(_facts(row) for row in _rows(spec))


def _stored_grants(session: Session) -> dict[UUID, list[tuple[Any, ...]]]:
    stored: dict[UUID, list[tuple[Any, ...]]] = {}
    for grant in session.scalars(sa.select(RoleGrant)):
        stored.setdefault(grant.role_id, []).append(_facts(grant))
    return stored


def _facts(grant: RoleGrant) -> tuple[Any, ...]:
    groups = tuple(sorted(grant.field_groups.items()))
    return grant.resource, grant.action, grant.scope, tuple(grant.states), groups


def _rows(spec: RoleSpec) -> Iterator[RoleGrant]:
    return (_row(grant, action) for grant in spec.grants for action in dict.fromkeys(grant.actions))


def _row(grant: GrantSpec, action: str) -> RoleGrant:
    return RoleGrant(
        resource=grant.resource,
        action=action,
        scope=grant.scope,
        states=sorted(set(grant.states)),
        field_groups=dict(grant.field_groups),
    )


def _write(session: Session, role: Role | None, spec: RoleSpec) -> None:
    if role is None:
        role = Role(key=spec.key)
        session.add(role)
    role.label, role.is_visitor, role.origin = dict(spec.label), spec.visitor, "model"
    session.flush()
    _drop_grants(session, role)
    for row in _rows(spec):
        row.role_id = role.id
        session.add(row)


def _retire(session: Session, role: Role) -> None:
    _drop_grants(session, role)
    if session.scalar(sa.select(RoleHolder.id).where(RoleHolder.role_id == role.id).limit(1)) is None:
        session.delete(role)
    else:
        # Kept: who held it, and when, must still be readable.
        role.origin = "retired"


def _drop_grants(session: Session, role: Role) -> None:
    session.execute(sa.delete(RoleGrant).where(RoleGrant.role_id == role.id))


def _role(session: Session, key: str) -> Role:
    role = session.scalar(sa.select(Role).where(Role.key == key))
    if role is None:
        known = ", ".join(session.scalars(sa.select(Role.key).where(Role.is_visitor.is_(False)).order_by(Role.key)))
        raise NotFound(_("Il ruolo «%(role)s» non c'è. Ruoli del distretto: %(known)s.", role=key, known=known))
    return role


def _held(session: Session, account_id: UUID, role_id: UUID | None, now: datetime) -> list[RoleHolder]:
    held = sa.select(RoleHolder).where(RoleHolder.account_id == account_id)
    if role_id is not None:
        held = held.where(RoleHolder.role_id == role_id)
    return list(session.scalars(held.where(sa.or_(RoleHolder.valid_to.is_(None), RoleHolder.valid_to > now))))


def _end(session: Session, rows: Iterable[Membership | RoleHolder], now: datetime) -> None:
    for row in rows:
        row.valid_from, row.valid_to = min(row.valid_from, now), now
    session.flush()


def _check_period(begin: datetime, end: datetime | None) -> None:
    if end is not None and end <= begin:
        raise Invalid([FieldError("valid_to", _("La fine deve venire dopo l'inizio."), "period")])


def _own_district(session: Session, actor: Actor, resource: str) -> int:
    """The session's district, which must be the actor's. Raises TenancyError, AccessDenied."""
    require(actor, MANAGE, resource)
    district = district_of(session)
    if district is None:
        raise TenancyError("roles belong to a district: open a session of that district")
    everywhere = actor.is_system and actor.district_id is None
    if not everywhere and actor.district_id != district:
        raise AccessDenied(MANAGE, resource)
    return district


def _need_portal(actor: Actor) -> None:
    if not (actor.is_system or actor.portal_admin):
        raise AccessDenied(MANAGE, ACCOUNTS)


def _need_charge(session: Session, account: Account, actor: Actor) -> None:
    """An account that also works elsewhere, or administers the portal, is in the portal administrators' charge."""
    require(actor, MANAGE, ACCOUNTS)
    if actor.is_system or actor.portal_admin:
        return
    works_in = sa.select(Membership.member_of).where(Membership.account_id == account.id)
    if account.is_portal_admin or set(session.scalars(works_in)) != {actor.district_id}:
        raise AccessDenied(MANAGE, ACCOUNTS)


@contextmanager
def _district_keeps_administrator(session: Session) -> Iterator[None]:
    """Refuse, and undo, a change that takes the last administrator from the session's district."""
    if district_of(session) is None:
        yield
        return
    message = _("È l'unica persona che amministra il distretto: prima dai il ruolo a qualcun altro.")
    with _keeps_some(session, administrators, message):
        yield


@contextmanager
def _portal_keeps_administrator(session: Session) -> Iterator[None]:
    """Refuse, and undo, a change that takes the last administrator from the installation."""
    message = _("È l'unica persona che amministra il portale: prima nomina qualcun altro.")
    with _keeps_some(session, portal_administrators, message):
        yield


@contextmanager
def _keeps_some(session: Session, who: Callable[[Session], frozenset[UUID]], message: str) -> Iterator[None]:
    before = who(session)
    # A savepoint: a caller that shows the refusal and goes on must not commit what was refused.
    with session.begin_nested():
        yield
        if before and not who(session):
            raise Refused(message, code="last_administrator")


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _log(session: Session, actor: Actor, what: str, target: str, **details: Any) -> None:
    session.add(
        AccessLog(
            account_id=actor.account_id,
            who=actor.name[:200],
            what=what,
            target=target[:254],
            about_district=district_of(session),
            details=details,
        )
    )
    session.flush()
