"""A company asks for an account: checked number, confirmed address, then the district decides.

Whoever asks learns nothing of other companies: a number that is known already is treated like any other, and only who
decides sees that it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session
from stdnum.it import iva

from core import audit, clock, crypto, notifications
from core.access.actor import Actor
from core.access.layer import require
from core.access.models import Account, Membership, Role, RoleGrant, RoleHolder
from core.access.operations import give_role
from core.access.permissions import ACCOUNTS, MANAGE, valid
from core.access.queries import account_by_email
from core.accounts.links import Link, invite
from core.accounts.operations import create_account
from core.accounts.registration_models import CompanyRegistration
from core.db import district_of, uuid7
from core.districts.models import REGISTERED, Organisation
from core.errors import FieldError, Invalid, NotFound, Refused
from core.i18n import _
from core.notifications.letters import checked_address

TABLE: Final = "core_company_registration"
#: How long the link in the mail holds.
LINK_LIFE = timedelta(days=3)
SENT, CONFIRMED, APPROVED, REFUSED = "sent", "confirmed", "approved", "refused"
#: The function that a role must have for a company's contact person to be given it.
CONTACT = "company_contact"
LONGEST = {"company": 200, "name": 120, "reason": 500}


def register(
    session: Session, *, vat_number: str, company: str, name: str, email: str, link: Callable[[str], str]
) -> CompanyRegistration:
    """Keep what a company wrote and send the link that confirms the address. Raises Invalid."""
    facts = _checked(vat_number, company, name, email)
    code = crypto.new_code()
    row = CompanyRegistration(
        id=uuid7(),
        vat_number=facts["vat_number"],
        company=facts["company"],
        code_hash=crypto.hash_code(code),
        expires_at=clock.now() + LINK_LIFE,
    )
    row.contact_name = _seal(session, row, "contact_name", facts["name"])
    row.email = _seal(session, row, "email", facts["email"])
    session.add(row)
    session.flush()
    values = {"link": link(code), "days": LINK_LIFE.days}
    notifications.mail(session, to=facts["email"], template="company_confirm", values=values)
    return row


def _checked(vat_number: str, company: str, name: str, email: str) -> dict[str, str]:
    errors = []
    if not iva.is_valid(vat_number):
        errors.append(FieldError("vat_number", _("La partita IVA ha undici cifre: controllala."), "vat_number"))
    for field, text in (("company", company.strip()), ("name", name.strip())):
        if not 0 < len(text) <= LONGEST[field]:
            message = _("Scrivi da 1 a %(most)s caratteri.", most=LONGEST[field])
            errors.append(FieldError(field, message, "length"))
    try:
        address = checked_address(email)
    except Invalid as error:
        errors += error.errors
    if errors:
        raise Invalid(errors)
    return {
        "vat_number": iva.compact(vat_number),
        "company": company.strip(),
        "name": name.strip(),
        "email": address.casefold(),
    }


def confirm(session: Session, code: str, *, url: str) -> CompanyRegistration:
    """The address is the company's own: the district is told at ``url``. Raises Refused for a code of no use."""
    found = _by_code(session, code)
    if found.state == SENT:
        found.state, found.confirmed_at = CONFIRMED, clock.now()
        session.flush()
        sentence = {"it": "Un'azienda chiede un account.", "en": "A company asks for an account."}
        for account_id in sorted(_deciders(session)):
            notifications.notice(session, account_id, sentence, url=url)
    return found


def _by_code(session: Session, code: str) -> CompanyRegistration:
    same = sa.select(CompanyRegistration).where(CompanyRegistration.code_hash == crypto.hash_code(code[:100]))
    found = session.scalar(same)
    if found is None or found.expires_at <= clock.now():
        raise Refused(_("Il collegamento non è giusto, oppure è scaduto. Registra di nuovo l'azienda."), code="link")
    return found


def _deciders(session: Session) -> frozenset[UUID]:
    now = clock.now()
    roles = sa.select(RoleGrant.role_id).where(
        RoleGrant.action == MANAGE, RoleGrant.resource == ACCOUNTS, valid(RoleGrant, now)
    )
    members = sa.select(Membership.account_id).where(
        Membership.member_of == district_of(session), valid(Membership, now)
    )
    held = sa.select(RoleHolder.account_id).where(
        RoleHolder.role_id.in_(roles), RoleHolder.account_id.in_(members), valid(RoleHolder, now)
    )
    return frozenset(session.scalars(held))


def waiting(session: Session, *, actor: Actor) -> Sequence[CompanyRegistration]:
    """The companies that wait for a decision, the oldest first. Raises AccessDenied."""
    require(actor, MANAGE, ACCOUNTS)
    some = sa.select(CompanyRegistration).where(CompanyRegistration.state == CONFIRMED)
    return session.scalars(some.order_by(CompanyRegistration.created_at, CompanyRegistration.id)).all()


def registration_of(session: Session, row_id: UUID, *, actor: Actor) -> CompanyRegistration:
    """One that waits for a decision. Raises AccessDenied, NotFound."""
    require(actor, MANAGE, ACCOUNTS)
    some = sa.select(CompanyRegistration).where(CompanyRegistration.id == row_id)
    found = session.scalar(some.where(CompanyRegistration.state == CONFIRMED))
    if found is None:
        raise NotFound(f"registration {row_id}")
    return found


def contact_of(session: Session, row: CompanyRegistration) -> tuple[str, str]:
    """Name and address of the contact person, for who decides."""
    return _unsealed(session, row, "contact_name"), _unsealed(session, row, "email")


def known_company(session: Session, row: CompanyRegistration) -> UUID | None:
    """The organisation that this VAT number was approved for before, for who decides."""
    return session.scalar(sa.select(Organisation.id).where(Organisation.key == _key(row)))


def approve(session: Session, row: CompanyRegistration, *, actor: Actor, link: Link) -> Account:
    """Make the company a body of the district and its contact person an account with a role; send the invitation.

    Raises AccessDenied, and Refused where no role of the district is for contact persons of companies.
    """
    _still_waiting(row, actor)
    role = _contact_role(session)
    body = known_company(session, row) or _new_body(session, row)
    name, email = contact_of(session, row)
    account = account_by_email(session, email)
    fresh = account is None
    if account is None:
        account = create_account(session, email=email, name=name, actor=actor)
    give_role(session, account, role, actor=actor, organisation_id=body)
    if fresh:
        invite(session, account, actor=actor, link=link)
    row.organisation_id, row.account_id = body, account.id
    _decide(session, row, actor, APPROVED)
    return account


def refuse(session: Session, row: CompanyRegistration, *, actor: Actor, reason: str) -> None:
    """Say no, with the reason, which the office tells on the telephone. Raises AccessDenied, Invalid, Refused."""
    _still_waiting(row, actor)
    text = reason.strip()
    if not 0 < len(text) <= LONGEST["reason"]:
        message = _("Scrivi il motivo, al massimo %(most)s caratteri.", most=LONGEST["reason"])
        raise Invalid([FieldError("reason", message, "reason")])
    row.reason = text
    notifications.mail(session, to=contact_of(session, row)[1], template="company_refused")
    _decide(session, row, actor, REFUSED)


def _still_waiting(row: CompanyRegistration, actor: Actor) -> None:
    require(actor, MANAGE, ACCOUNTS)
    if row.state != CONFIRMED:
        raise Refused(_("Su questa azienda è già stato deciso."), code="decided")


def _decide(session: Session, row: CompanyRegistration, actor: Actor, state: str) -> None:
    row.state, row.decided_at, row.decided_by = state, clock.now(), actor.account_id
    session.flush()
    audit.note(session, actor, "act", resource=ACCOUNTS, object_id=row.id, part=f"company_{state}")


def _contact_role(session: Session) -> str:
    """The role whose function is to be a company's contact person; of several the first by key."""
    some = sa.select(Role).where(Role.is_visitor.is_(False), Role.retired_at.is_(None)).order_by(Role.key)
    found = next((role.key for role in session.scalars(some) if CONTACT in role.functions), None)
    if found is None:
        message = _("Nel distretto nessun ruolo è per i referenti delle aziende: aggiungilo, poi approva.")
        raise Refused(message, code="role")
    return found


def _new_body(session: Session, row: CompanyRegistration) -> UUID:
    last = session.scalar(sa.select(sa.func.max(Organisation.position))) or 0
    body = Organisation(
        key=_key(row), name=row.company, kind="company", roles=[], status=REGISTERED, note={}, position=last + 1
    )
    session.add(body)
    session.flush()
    return body.id


def _key(row: CompanyRegistration) -> str:
    return f"vat-{row.vat_number}"


def _seal(session: Session, row: CompanyRegistration, field: str, value: str) -> bytes:
    return crypto.seal(session, row.id, value, table=TABLE, row_id=row.id, field=field)


def _unsealed(session: Session, row: CompanyRegistration, field: str) -> str:
    return crypto.unseal(session, row.id, getattr(row, field), table=TABLE, row_id=row.id, field=field).decode()
