"""Two districts on two models that disagree, an account for each of their roles, and canaries in every kind of field.

Of each district there are two persons: ``a``, whom every role that can reach anybody in particular reaches (its team
place, its body, its municipality, its own path), and ``b``, of another municipality and body, whom nobody follows.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from typing import Any
from unittest import mock
from uuid import UUID

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from passlib.totp import TOTP
from sqlalchemy.orm import Session

from core import clock, files, notifications, privacy, teams
from core.access import Actor, load_actor
from core.access.members import add_membership
from core.access.models import Account, Role
from core.access.operations import give_role
from core.accounts import kept, registrations, secondfactor
from core.accounts.accountsettings import AccountSettings
from core.accounts.kept import Kept as KeptForm
from core.accounts.models import AccountToken
from core.accounts.operations import create_account
from core.accounts.tokens import PREFIX
from core.app import create_app
from core.db import Database
from core.districts import operations as district_operations
from core.districts.loading import load_model
from core.districts.models import Organisation, SynonymGroup
from core.districts.operations import found_district, set_parameter
from core.districts.snapshot import snapshots
from core.installation import Installation, register_definitions
from core.privacy.bases import processing
from core.privacy.bases.sharing import share
from core.privacy.requests import operations as requests
from core.privacy.retention import holds
from core.records.operations import create_record
from core.settings import Settings
from core.web.accounts import CHEAP
from plugins.intake import operations as intake
from plugins.intake.models import Case, Person
from scripts.repository import REPO
from tests.contract.matrix.canaries import Canary
from tests.support.server import SECRET, token_of

MODELS = REPO / "config" / "models"
PASSWORD = "quattro gatti in tram"
#: Letter of a district in the canaries, its model, its address.
HOUSES = {"l": ("legnano_sisl", "legnano"), "g": ("guide_workers_cooperative", "lavoratore-guida")}
#: Body and municipality of the own person and of the other one.
BODIES = {"l": ("ccs", "csel"), "g": ("cooperative", "addictions")}
TOWNS = {"l": ("015118", "015168"), "g": ("", "")}
#: Who has a place in the team of the own person: role and function.
PLACES = {
    "l": (("tutor", "tutor"), ("educator", "educator"), ("case_manager", "case_manager")),
    "g": (
        ("project_referent", "project_referent"),
        ("guide_worker", "guide_worker"),
        ("case_manager", "case_manager"),
    ),
}
#: Who supervises in each district.
HEADS = {"l": "coordinator", "g": "placement_manager"}
#: Who once asked for access to both persons.
ASKERS = {"l": "service_referent", "g": "project_referent"}
RECORD_TYPES = ("service", "regulation", "course")
NOBODY, MEMBER, PORTAL = "visitor", "member", "portal_admin"
CLASSES = ("personal", "special", "penal")


@dataclass
class Browser:
    """Somebody's browser, with a token that serves for every form."""

    who: str
    client: FlaskClient
    token: str


@dataclass
class World:
    """What stands in the database, by name."""

    database: Database
    app: Flask
    numbers: dict[str, int] = field(default_factory=dict)
    accounts: dict[str, UUID] = field(default_factory=dict)
    ids: dict[str, dict[str, Any]] = field(default_factory=dict)
    #: Who has a key for a program.
    programs: set[str] = field(default_factory=set)
    #: Those who work with the other person; they are there, and ask for nothing.
    colleagues: dict[str, UUID] = field(default_factory=dict)
    browsers: dict[str, Browser] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)

    @contextmanager
    def write(self, house: str) -> Iterator[Session]:
        with self.database.write(self.numbers[house]) as session:
            yield session

    def system(self, house: str) -> Actor:
        return Actor.system(self.numbers[house], "matrix")

    def actor(self, session: Session, who: str) -> Actor:
        return load_actor(session, self.accounts[who], two_factor=True)

    def browser(self, who: str) -> Browser:
        """The browser in which ``house/role`` is signed in, with the second factor where there is one."""
        if who not in self.browsers:
            self.browsers[who] = self._enter(who)
        return self.browsers[who]

    def bearer(self, who: str) -> dict[str, str]:
        """The header with the key of somebody's program; who passed no second factor could make none."""
        return {"Authorization": f"Bearer {key_of(who)}"} if who in self.programs else {}

    def _enter(self, who: str) -> Browser:
        client = self.app.test_client()
        token = token_of(client.get("/account/accedi").text)
        if who != NOBODY:
            email = email_of(who)
            form = {"email": email, "password": PASSWORD, "csrf_token": token}
            answer = client.post("/account/accedi", data=form)
            assert answer.status_code == 303, f"{who}: {answer.text}"
            if who in self.keys and answer.headers["Location"].startswith("/account/codice"):
                code = str(TOTP(self.keys[who], format="base32").generate(clock.now()).token)
                token = token_of(client.get("/account/codice").text)
                answer = client.post("/account/codice", data={"code": code, "csrf_token": token})
                assert answer.status_code == 303, f"{who}: {answer.text}"
            token = token_of(client.get("/account/").text)
        return Browser(who, client, token)

    @property
    def everybody(self) -> list[str]:
        """Everybody who asks: a visitor, members without a role, each role, who passed no second factor."""
        return [NOBODY, *self.accounts]


def key_of(who: str) -> str:
    return f"{PREFIX}{who.replace('/', '-')}"


def email_of(who: str) -> str:
    return f"{who.replace('/', '.').replace('_', '-')}@example.it"


def make_world(database: Database) -> World:
    """Found both districts and plant everything. What happens now, happens by operations."""
    installation = _installation(database)
    host = installation.host
    for plugin in host.plugins:
        register_definitions(host, plugin)
    snapshots.use(host)
    # One address asks all of it: the throttles are not what is judged here.
    wide = AccountSettings(
        hashing=CHEAP, attempts_per_account=10_000, attempts_per_address=10_000, reset_answer=timedelta(0)
    )
    with mock.patch("core.web.accounts.settings_of", return_value=wide):
        app = create_app(installation)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    world = World(database, app)
    for house, (model, _slug) in HOUSES.items():
        bundle = load_model(MODELS, model, host)
        world.numbers[house] = found_district(database, bundle, actor=Actor.system(None, "matrix")).id
        with world.write(house) as session:
            district_operations.enable_plugin(session, "example", actor=world.system(house))
    _portal_administrator(world)
    for house in HOUSES:
        _hire(world, house)
        world.ids[house] = {}
        _persons(world, house)
        _papers(world, house)
        _console_rows(world, house)
    return world


def _installation(database: Database) -> Installation:
    settings = Settings(
        data_dir=database.data_dir,
        database_url=database.url.render_as_string(hide_password=False),
        secret_key=SECRET,
        models_dir=MODELS,
        testing=True,
    )
    installation = Installation(settings)
    # The test's own, which its fixture closes.
    installation.__dict__["database"] = database
    return installation


# --- accounts --------------------------------------------------------------------------------------------------------


def _portal_administrator(world: World) -> None:
    with clock.at(clock.now() - timedelta(hours=1)), world.database.write(None) as session:
        account = _account(session, PORTAL, Actor.system(None, "matrix"), portal_admin=True)
        world.accounts[PORTAL], world.keys[PORTAL] = account.id, _telephone(session, account)


def _account(session: Session, who: str, actor: Actor, **more: Any) -> Account:
    return create_account(
        session, email=email_of(who), name=f"Prova {who}", password=PASSWORD, hashing=CHEAP, actor=actor, **more
    )


def _hire(world: World, house: str) -> None:
    """One account for each role, held for the body and the municipality of the own person, and two odd ones."""
    begin = clock.now() - timedelta(hours=1)
    with clock.at(begin), world.write(house) as session:
        system = world.system(house)
        roles = session.scalars(sa.select(Role).where(Role.is_visitor.is_(False)).order_by(Role.key)).all()
        body = session.scalars(sa.select(Organisation.id).where(Organisation.key == BODIES[house][0])).one()
        for role in roles:
            who = f"{house}/{role.key}"
            account = _account(session, who, system)
            add_membership(session, account, actor=system)
            give_role(session, account, role.key, actor=system, organisation_id=body, municipality=TOWNS[house][0])
            world.accounts[who] = account.id
            if role.two_factor:
                world.keys[who] = _telephone(session, account)
        member = _account(session, f"{house}/{MEMBER}", system)
        add_membership(session, member, actor=system)
        world.accounts[f"{house}/{MEMBER}"] = member.id
        _programs(world, session, house)
        colleague = _account(session, f"{house}/colleague", system)
        add_membership(session, colleague, actor=system)
        other = session.scalars(sa.select(Organisation.id).where(Organisation.key == BODIES[house][1])).one()
        give_role(session, colleague, PLACES[house][0][0], actor=system, organisation_id=other)
        world.colleagues[house] = colleague.id
        # The most powerful role, in a login that never passed the second factor.
        half = _account(session, f"{house}/one_step", system)
        add_membership(session, half, actor=system)
        give_role(session, half, HEADS[house], actor=system, organisation_id=body)
        world.accounts[f"{house}/one_step"] = half.id


def _programs(world: World, session: Session, house: str) -> None:
    """A key with every scope for each account of the house: what it opens is what the roles open."""
    scopes = ["*:read", *(f"{kind}:{act}" for kind in RECORD_TYPES for act in ("create", "change", "publish"))]
    for who in [who for who in world.accounts if who.startswith(f"{house}/")]:
        token = AccountToken(account_id=world.accounts[who], name="Programma di prova", scopes=scopes)
        token.member_of, token.token_hash = world.numbers[house], sha256(key_of(who).encode()).digest()
        token.created_at, token.expires_at = clock.now(), clock.now() + timedelta(days=9)
        # Used just now, so that no request of the next minutes writes that it was.
        token.last_used_at = clock.now() + timedelta(hours=1)
        session.add(token)
        world.programs.add(who)


def _telephone(session: Session, account: Account) -> str:
    key = secondfactor.start(session, account)
    secondfactor.confirm(session, account, str(TOTP(key, format="base32").generate(clock.now()).token))
    return key


# --- persons and what hangs on them ----------------------------------------------------------------------------------


def facts_of(house: str, row: str) -> dict[str, Any]:
    """What is typed about a person: a canary in every field that takes words."""

    def word(what: str) -> str:
        return str(Canary(house, row, what))

    return {
        "given_name": Canary(house, row, "given").name,
        "family_name": Canary(house, row, "family").name,
        "birth_date": "1985-03-27" if row == "a" else "1979-11-02",
        "municipality": TOWNS[house][0 if row == "a" else 1],
        "tax_code_kind": "foreign",
        "tax_code": word("tax").upper(),
        "citizenship": word("citizenship"),
        "phone": word("phone"),
        "email": f"{word('email')}@example.it",
        "address": word("address"),
        "disadvantage": word("disadvantage"),
        "followed_by": word("service"),
        "health_notes": word("health"),
        "penal_notes": word("penal"),
    }


def _persons(world: World, house: str) -> None:
    for place, row in enumerate("ab"):
        with world.write(house) as session:
            system = world.system(house)
            body = session.scalars(sa.select(Organisation.id).where(Organisation.key == BODIES[house][place])).one()
            case = intake.register_person(session, facts_of(house, row), actor=system, organisation_id=body)
            person = case.person
            for reader in BODIES[house][: place + 1]:
                known_body = session.scalars(sa.select(Organisation.id).where(Organisation.key == reader)).one()
                share(session, person, known_body, actor=system, basis="public_task")
            if row == "a":
                intake.link_account(session, person, world.accounts[f"{house}/person"], actor=system)
            _team(world, session, house, row, case)
            known = world.ids[house][row] = {"code": person.code, "case_code": case.code}
            known |= {"person": person.id, "case": case.id, "word": str(Canary(house, row, "family"))}
            _documents(world, session, known, person, house=house, row=row)
            _acts(world, session, known, case, house=house, row=row)


def _team(world: World, session: Session, house: str, row: str, case: Case) -> None:
    own = [(world.accounts[f"{house}/{role}"], function) for role, function in PLACES[house]]
    for number, function in own if row == "a" else [(world.colleagues[house], PLACES[house][0][1])]:
        account = session.get_one(Account, number)
        reason = f"motivo della squadra {Canary(house, row, 'teamreason')}"
        teams.assign(session, case, function, account, actor=world.system(house), reason=reason)


def _documents(world: World, session: Session, known: dict[str, Any], person: Person, *, house: str, row: str) -> None:
    storage = files.Storage(world.database.data_dir)
    for kind in CLASSES:
        content = f"Documento {Canary(house, row, f'doc{kind}')}".encode()
        title = f"Carta {Canary(house, row, f'title{kind}')}"
        stored = files.upload(
            session,
            storage,
            person,
            content,
            actor=world.system(house),
            title=title,
            field_class=kind,
            subject_id=person.id,
            largest=10_000,
        )
        files.settle(session, stored, files.judged(session, storage, stored))
        known[f"file_{kind}"] = stored.id


def _acts(world: World, session: Session, known: dict[str, Any], case: Case, *, house: str, row: str) -> None:
    """A look with a reason in words, a wish for access, a place that ended."""
    head = world.actor(session, f"{house}/{HEADS[house]}")
    reason = f"motivo scritto {Canary(house, row, 'lookreason')}"
    privacy.reveal(session, head, case.person, "health_notes", purpose="other", reason=reason)
    asker = world.actor(session, f"{house}/{ASKERS[house]}")
    words = f"vorrei vedere questo {Canary(house, row, 'askreason')}"
    known["ask"] = teams.ask_access(session, "intake.case", case.code, actor=asker, reason=words).id
    known["place"] = teams.history_of(session, case)[0].id


def _papers(world: World, house: str) -> None:
    """What the offices work on: a request of a data subject, a hold, a company that waits, a processing."""
    ids = world.ids[house]
    with world.write(house) as session:
        system = world.system(house)
        made, code = requests.submit(
            session,
            "access",
            name=f"Chi {Canary(house, 'o', 'reqname')}",
            contact=f"{Canary(house, 'o', 'reqcontact')}@example.it",
            text=f"Sono in cura per {Canary(house, 'o', 'reqtext')}",
            actor=system,
            desk=True,
        )
        ids["request"], ids["request_code"], ids["request_version"] = made.id, code, made.version
        hold = holds.place_hold(
            session, ids["b"]["person"], actor=system, reason=f"causa in corso {Canary(house, 'b', 'hold')}"
        )
        ids["hold"] = hold.id
        facts = processing.ProcessingFacts(
            purpose={"it": "Accompagnare al lavoro"}, controller="Comune", basis="public_task", valid_from=clock.today()
        )
        ids["processing"] = processing.register(session, facts, actor=system).id
        links: list[str] = []
        row = registrations.register(
            session,
            vat_number="00743110157",
            company=f"Ditta {Canary(house, 'o', 'company')}",
            name=f"Rita {Canary(house, 'o', 'contact')}",
            email=f"{Canary(house, 'o', 'companymail')}@example.it",
            link=lambda code: links.append(code) or "/",
        )
        registrations.confirm(session, links[0], url=f"/{HOUSES[house][1]}/registrazioni")
        ids["registration"], ids["link_code"] = row.id, links[0]


def _console_rows(world: World, house: str) -> None:
    """A draft of the editors, a notice and a key of one account, a synonym."""
    ids = world.ids[house]
    with world.write(house) as session:
        editor = world.actor(session, f"{house}/editor")
        title = {"it": f"Bozza {Canary(house, 'o', 'draft')}"}
        draft = create_record(session, "regulation", {"title": title}, actor=editor)
        ids["record"], ids["ref"], ids["slug"] = draft.id, draft.ref, draft.slug
        owner = world.accounts[f"{house}/{PLACES[house][0][0]}"]
        sentence = {"it": f"Novità {Canary(house, 'o', 'notice')}"}
        notifications.notice(session, owner, sentence, url=f"/{HOUSES[house][1]}/oggi")
        token = AccountToken(account_id=owner, name=f"Chiave {Canary(house, 'o', 'key')}", scopes=["*:read"])
        token.member_of, token.token_hash = world.numbers[house], house.encode() * 32
        token.created_at, token.expires_at = clock.now(), clock.now() + timedelta(days=9)
        session.add(token)
        typed = KeptForm("/", [("text", str(Canary(house, "o", "kept")))])
        with world.app.app_context():
            ids["kept"] = kept.put(session, owner, typed)
        set_parameter(session, "access.emergency_hours", 6, actor=world.system(house), valid_from=clock.today())
        ids["holder_role"] = PLACES[house][0][0]
        ids["account"], ids["portal_admin"] = owner, world.accounts[PORTAL]
        ids["synonym"] = session.scalars(sa.select(SynonymGroup.id).limit(1)).first() or UUID(int=7)


# --- addresses -------------------------------------------------------------------------------------------------------


def values_of(world: World, house: str, row: str) -> dict[str, Any]:
    """What is put into the gaps of an address, by name of the gap."""
    ids = world.ids[house]
    mixed = {f"other_{key}": value for key, value in ids["b" if row == "a" else "a"].items()}
    return {**{key: value for key, value in ids.items() if not isinstance(value, dict)}, **mixed, **ids[row]}
