"""The accounts of a demonstration: their addresses lead nowhere and their password is no secret."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.access import Actor
from core.access.functions import function
from core.access.members import add_membership
from core.access.models import Account, Role, RoleGrant, RoleHolder
from core.access.operations import give_role
from core.access.queries import account_by_email
from core.accounts.operations import create_account
from core.db import Database
from core.districts.models import District, DistrictMunicipality, Organisation
from core.i18n import DEFAULT, pick

#: A name that never resolves (RFC 2606).
DOMAIN = "prova.example"
PASSWORD = "prova-innesto-2026"  # noqa: S105 - told to everybody, on this machine alone
REASON = "dimostrazione"
PORTAL = f"portale@{DOMAIN}"


def make_for_roles(session: Session, slug: str) -> int:
    """One account for each role of the session's district that has to be given and has none; how many were made."""
    roles = session.scalars(select(Role).where(Role.is_visitor.is_(False)).order_by(Role.key)).all()
    return sum(_make_for(session, role, slug) for role in roles)


def _make_for(session: Session, role: Role, slug: str) -> bool:
    actor = Actor.system(session.info["district"], REASON)
    email = f"{role.key.replace('_', '-')}.{slug}@{DOMAIN}"
    if account_by_email(session, email) is not None:
        return False
    name = f"{pick(role.label, DEFAULT)} di prova"
    account = create_account(session, email=email, name=name, password=PASSWORD, actor=actor)
    add_membership(session, account, actor=actor)
    organisation_id, municipality = _place(session, role)
    give_role(session, account, role.key, actor=actor, organisation_id=organisation_id, municipality=municipality)
    return True


#: Functions of those who work for a body that sends persons; the others work for the one that manages the service.
SENDING = frozenset({"case_manager", "service_referent"})


def _place(session: Session, role: Role) -> tuple[UUID | None, str]:
    """The body and the municipality for which the account of a role holds it, where the role depends on one."""
    scopes = set(session.scalars(select(RoleGrant.scope).where(RoleGrant.role_id == role.id)))
    limits = {function(session, key).unique_in for key in role.functions}
    sends = bool(SENDING & set(role.functions))
    body = (
        _body(session, "specialist_service" if sends else "managing_body")
        if sends or "organisation" in scopes
        else None
    )
    return body, _first_municipality(session) if "municipality" in scopes | limits else ""


def _body(session: Session, wanted: str) -> UUID | None:
    bodies = session.scalars(select(Organisation).order_by(Organisation.position)).all()
    return next((body.id for body in bodies if wanted in body.roles), bodies[0].id if bodies else None)


def _first_municipality(session: Session) -> str:
    places = select(DistrictMunicipality.istat).order_by(DistrictMunicipality.position).limit(1)
    return session.scalar(places) or ""


def make_portal_administrator(session: Session) -> None:
    """The account that administers the installation, if there is none."""
    if account_by_email(session, PORTAL) is None:
        actor = Actor.system(None, REASON)
        create_account(
            session, email=PORTAL, name="Portale di prova", password=PASSWORD, portal_admin=True, actor=actor
        )


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """What an account may do, where, and how to sign in."""

    what: str
    district: str
    email: str
    password: str = PASSWORD


def listed(database: Database) -> list[DemoAccount]:
    """Every account of the demonstration, by district."""
    with database.read(None) as session:
        districts = list(session.execute(select(District.id, District.slug).order_by(District.id)))
        found = [DemoAccount("Amministrazione del portale", "", PORTAL)]
    for number, slug in districts:
        with database.read(number) as session:
            rows = session.execute(
                select(Role.label, Account.email)
                .join(RoleHolder, (RoleHolder.district_id == Role.district_id) & (RoleHolder.role_id == Role.id))
                .join(Account, Account.id == RoleHolder.account_id)
                .where(Account.email.endswith(f"@{DOMAIN}"))
                .order_by(Account.email)
            )
            found += [DemoAccount(pick(label, DEFAULT), slug, email) for label, email in rows]
    return found
