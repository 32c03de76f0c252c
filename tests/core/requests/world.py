"""Two districts with the figures of the law, a person known by a code, and an office that works requests off."""

from __future__ import annotations

from datetime import UTC, date, datetime
from types import ModuleType
from uuid import UUID

from core import hookspecs
from core.access import Actor, Grant
from core.access.models import Account, Membership, Role, RoleGrant, RoleHolder
from core.contributions import PersonalData
from core.db import Database, uuid7
from core.districts.models import District, ParameterDefinition, ParameterValue
from core.hooks import Hooks
from core.privacy.requests.models import SubjectRequest
from core.privacy.requests.operations import identify, link, submit
from core.privacy.requests.permissions import DECIDE, MANAGE, READ, REQUEST
from core.privacy.requests.subjects import register_subjects
from core.privacy.retention.permissions import HOLD, RETENTION

HERE, THERE = 1, 2
PERSON, PERSON_CODE = uuid7(), "LEG-2026-0142"
CANARY = "epilessia canarina"
FIGURES = {
    "privacy.answer_days": 30,
    "privacy.extension_days": 60,
    "privacy.code_days": 180,
    "privacy.reminder_days": 7,
    "retention.request_months": 12,
}
RIGHTS = [(REQUEST, READ), (REQUEST, MANAGE), (RETENTION, READ), (RETENTION, MANAGE), (HOLD, READ), (HOLD, MANAGE)]


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 11, tzinfo=UTC)


def build(database: Database, figures: dict[str, int] | None = None) -> None:
    """Districts, figures and the person; the office is made by ``office``."""
    with database.write(None) as session:
        for number, slug in ((HERE, "here"), (THERE, "there")):
            session.add(District(id=number, slug=slug, name={"it": slug}, languages=["it"], model="test"))
    for number in (HERE, THERE):
        with database.write(number) as session:
            for at, (key, value) in enumerate((FIGURES if figures is None else figures).items()):
                session.add(ParameterDefinition(key=key, owner="core", label={"it": key}, type="integer", position=at))
                begin = date(2018, 5, 25)
                session.add(ParameterValue(key=key, layer="model", value=value, valid_from=begin, file="t.toml"))
    register_subjects("test.person", find=find, label=lambda _s, _id: PERSON_CODE, people=lambda _s, _id: WORKERS)


WORKERS: list[UUID] = []


def find(_session: object, code: str) -> UUID | None:
    return PERSON if code == PERSON_CODE else None


def office(database: Database, *, decide: bool = False) -> Actor:
    """Somebody who works requests off, as an account with a role and as an actor."""
    rights = [*RIGHTS, (REQUEST, DECIDE)] if decide else RIGHTS
    with database.write(HERE) as session:
        account = Account(email=f"{uuid7()}@prova.example", name="Dora Ufficio", language="it")
        role = Role(key=f"office-{uuid7()}", label={"it": "Ufficio"})
        session.add_all([account, role])
        session.flush()
        session.add(Membership(account_id=account.id, member_of=HERE))
        session.add(RoleHolder(account_id=account.id, role_id=role.id))
        session.add_all([RoleGrant(role_id=role.id, resource=r, action=a) for r, a in rights])
        return Actor(account.id, account.name, "account", HERE, tuple(Grant(r, a) for r, a in rights))


def visitor(district: int = HERE) -> Actor:
    return Actor.visitor(district)


def ask(database: Database, kind: str = "access", *, form: str = "", on: date | None = None) -> tuple[UUID, str]:
    """A request of the public form; its id and its code."""
    with database.write(HERE) as session:
        made, code = submit(
            session,
            kind,
            name="Anna Prova",
            contact="anna@prova.example",
            text=f"Sono in cura per {CANARY}.",
            actor=visitor(),
            form=form,
            received_on=on,
        )
        return made.id, code


def ready(database: Database, actor: Actor, kind: str) -> UUID:
    """A request whose identity is checked and whose person is known."""
    request_id, _code = ask(database, kind)
    with database.write(HERE) as session:
        found = session.get_one(SubjectRequest, (HERE, request_id))
        identify(session, found, actor=actor, how="document")
        link(session, found, PERSON_CODE, actor=actor)
    return request_id


class Plugin(ModuleType):
    """A plugin that holds one line of a person until it is told to erase it."""

    def __init__(self, name: str = "intake", *, fails: bool = False) -> None:
        super().__init__(name)
        self.erased: list[tuple[UUID, str]] = []

        @hookspecs.hookimpl
        def export_personal_data(district_id: int, session: object, subject_id: UUID) -> list[PersonalData]:
            if fails:
                raise RuntimeError("the plugin is broken")
            return [PersonalData(name, "Anagrafica", [{"Codice": PERSON_CODE, "Distretto": str(district_id)}])]

        @hookspecs.hookimpl
        def erase_personal_data(session: object, subject_id: UUID, reason: str) -> None:
            if fails:
                raise RuntimeError("the plugin is broken")
            self.erased.append((subject_id, reason))

        self.export_personal_data = export_personal_data
        self.erase_personal_data = erase_personal_data


def hooks(*plugins: Plugin) -> Hooks:
    made = Hooks()
    for plugin in plugins:
        made.register(plugin.__name__, plugin)
    return made
