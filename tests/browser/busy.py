"""A territory in which something waits for everybody: requests for access and for data, a company, an emergency."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import teams
from core.access import Actor, load_actor
from core.access.models import Account
from core.accounts import registrations
from core.privacy.requests import operations as requests
from tests.support.server import DemoData, email_of, make_site

DISTRICT = "legnano"
ASKED, URGENT = "LEG-2026-0002-1", "LEG-2026-0005-1"


def actor_of(session: Session, role: str) -> Actor:
    """Who holds a role in the demonstration."""
    account = session.scalars(select(Account.id).where(Account.email == email_of(role, DISTRICT))).one()
    return load_actor(session, account, two_factor=True)


def make_busy(data: DemoData) -> None:
    """Let people ask, by the operations that the pages call."""
    site = make_site(data)
    codes: list[str] = []

    def address(code: str) -> str:
        codes.append(code)
        return f"https://prova.example/{code}"

    with (
        site.app.test_request_context(f"/{DISTRICT}/"),
        site.installation.database.write(site.district_id(DISTRICT)) as s,
    ):
        tutor = actor_of(s, "tutor")
        teams.ask_access(s, "intake.case", ASKED, actor=tutor, reason="Seguo la persona in laboratorio")
        teams.break_glass_by_code(s, "intake.case", URGENT, actor=tutor, reason="Chiamata urgente dal laboratorio")
        visitor = load_actor(s, None)
        requests.submit(s, "access", name="Maria Prova", contact="02 000000", text="", actor=visitor)
        facts = {
            "vat_number": "12345670017",
            "company": "Orto Comune",
            "name": "Ada Prova",
            "email": "ada@orto.example",
        }
        registrations.register(s, **facts, link=address)
        registrations.confirm(s, codes[0], url=f"/{DISTRICT}/registrazioni")
    site.installation.database.close()
