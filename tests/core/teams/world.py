"""A small service to form teams in: folders about persons, a few colleagues, two bodies, five roles."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

import core.models  # noqa: F401 - every table of the core
from core import access, clock, teams
from core.access import Actor, Permission, load_actor, registry
from core.access.models import Account, Function, Membership, Role, RoleGrant, RoleHolder
from core.audit import entries
from core.db import Base, Database, DistrictOwned, Key, uuid7
from core.districts.models import District, Organisation, ParameterDefinition, ParameterValue
from core.notifications import Notice
from core.teams import registry as team_registry
from core.teams import settings

HERE, THERE = 1, 2
#: A Tuesday, ten in the morning in Italy.
START = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
RESOURCE = "teamtest.folder"
FIGURES = {
    settings.EMERGENCY_HOURS: ("integer", 8),
    settings.EMERGENCIES_A_DAY: ("integer", 2),
    settings.REQUESTS_A_DAY: ("integer", 3),
    settings.OFFICE_OPENS: ("integer", 7),
    settings.OFFICE_CLOSES: ("integer", 20),
    settings.GENERIC_PURPOSES: ("text", "other"),
}


class WorldBase(DeclarativeBase):
    """Tables of these tests alone."""

    metadata = sa.MetaData()
    type_annotation_map: ClassVar[dict[type, type]] = {UUID: Key}


class Folder(DistrictOwned, WorldBase):
    __tablename__ = "teamtest_folder"

    code: Mapped[str] = mapped_column(sa.String(20))
    person_id: Mapped[UUID]
    state: Mapped[str] = mapped_column(sa.String(20), default="open")
    owner: Mapped[UUID | None]
    body: Mapped[UUID | None]
    town: Mapped[str] = mapped_column(sa.String(6), default="")


def find(session: Session, code: str) -> Folder | None:
    return session.scalar(sa.select(Folder).where(Folder.code == code.strip().upper()))


registry.register_entity(
    Folder,
    resource=RESOURCE,
    state=Folder.state,
    scopes={"own": registry.owned_by(Folder.owner)},
    placed={
        "team": teams.team_scope(Folder, RESOURCE),
        "emergency": teams.emergency_scope(Folder, RESOURCE),
        "organisation": registry.held_for_organisation(Folder.body),
        "municipality": registry.held_for_municipality(Folder.town),
    },
)
registry.register_permissions(
    Permission(RESOURCE, action, states=("open", "closed"), field_groups=("personal", "special", "penal"))
    for action in ("read", "change", "assign", "break_glass", "supervise")
)
teams.register_team_entity(
    Folder,
    label={"it": "Fascicolo", "en": "Folder"},
    code=lambda obj: obj.code,
    find=find,
    subject=lambda obj: obj.person_id,
)
#: In force in these tests alone: the portals of other tests have no such table.
ENTRY = team_registry._entities.pop(RESOURCE)

#: Grants of each role: actions, scope, states, rights by field group.
READS = {"personal": "read", "special": "read"}
ROLES: dict[str, tuple[list[str], list[tuple[list[str], str, dict[str, str]]]]] = {
    "tutor": (
        ["tutor", "project_referent"],
        [(["read"], "team", READS), (["read"], "emergency", {"plain": "read", "personal": "read"})],
    ),
    "helper": (["educator"], [(["read"], "team", {"plain": "read", "personal": "mask"}), (["break_glass"], "all", {})]),
    "duty": (
        ["case_manager"],
        [(["break_glass"], "all", {}), (["read"], "emergency", {"plain": "read", "personal": "read"})],
    ),
    "coordinator": (["coordinator"], [(["read", "assign", "supervise"], "all", READS)]),
    "town": (["municipal_social_worker"], [(["read"], "municipality", {"plain": "read", "personal": "read"})]),
    "body": ([], [(["read"], "organisation", {})]),
    "person": (["person"], [(["read"], "own", {"plain": "read", "personal": "read"})]),
}


def whole_metadata() -> sa.MetaData:
    whole = sa.MetaData()
    for table in (*Base.metadata.sorted_tables, *WorldBase.metadata.sorted_tables):
        if table.name.startswith(("core_", "teamtest_")):
            table.to_metadata(whole)
    return whole


@dataclass
class World:
    """What the tests know of the rows, kept beside the database."""

    database: Database
    accounts: dict[str, UUID] = field(default_factory=dict)
    bodies: dict[str, UUID] = field(default_factory=dict)
    folders: dict[str, UUID] = field(default_factory=dict)

    @contextmanager
    def write(self, district: int = HERE) -> Iterator[Session]:
        with self.database.write(district) as session:
            yield session

    def account(self, session: Session, name: str) -> Account:
        return session.get_one(Account, self.accounts[name])

    def actor(self, session: Session, name: str) -> Actor:
        return load_actor(session, self.accounts[name], two_factor=True)

    def folder(self, session: Session, code: str) -> Folder:
        return session.get_one(Folder, (HERE, self.folders[code]))

    def assign(self, session: Session, code: str, function: str, name: str, **facts: Any) -> teams.TeamPlace:
        actor = facts.pop("actor", None) or self.actor(session, "carla")
        who = self.account(session, name)
        return teams.assign(session, self.folder(session, code), function, who, actor=actor, **facts)

    def sees(self, name: str, code: str, moment: datetime | None = None) -> bool:
        with clock.at(moment or clock.now()), self.database.read(HERE) as session:
            return access.allowed(self.actor(session, name), "read", self.folder(session, code))

    def told(self, session: Session, name: str) -> list[str]:
        rows = sa.select(Notice.sentence).where(Notice.account_id == self.accounts[name]).order_by(Notice.id)
        return [sentence["it"] for sentence in session.scalars(rows)]

    def traces(self, session: Session, code: str) -> list[str]:
        rows = entries(session, object_id=self.folders[code], limit=50)
        return [row.details["what"] for row in reversed(rows)]


#: Who is who: name, role, body or municipality for which it is held.
PEOPLE = (
    ("carla", "coordinator", "", ""),
    ("tina", "tutor", "", ""),
    ("tullio", "tutor", "", ""),
    ("nora", "tutor", "north", ""),
    ("elio", "helper", "", ""),
    ("dora", "duty", "", ""),
    ("mara", "town", "", "015118"),
    ("bruno", "body", "north", ""),
    ("lucia", "person", "", ""),
    ("vera", "", "", ""),
)


def make_world(database: Database) -> World:
    world = World(database)
    with database.write(None) as session:
        for number, slug in ((HERE, "qui"), (THERE, "altrove")):
            session.add(District(id=number, slug=slug, name={"it": slug}, languages=["it"], model="test"))
        session.flush()
        since = START - 30 * DAY
        for name, *_rest in PEOPLE:
            account = Account(id=uuid7(), email=f"{name}@prova.example", name=name.title(), active=True)
            session.add(account)
            session.flush()
            session.add(Membership(account_id=account.id, member_of=HERE, valid_from=since))
            world.accounts[name] = account.id
    with database.write(HERE) as session:
        _configure(session, world)
        for at, code in enumerate(("F-1", "F-2", "F-3")):
            row = Folder(id=uuid7(), code=code, person_id=uuid7(), town="015118" if at == 0 else "")
            row.body = world.bodies["north"] if code == "F-2" else None
            row.owner = world.accounts["lucia"] if code == "F-1" else None
            session.add(row)
            world.folders[code] = row.id
    with database.write(THERE) as session:
        session.add(Folder(id=uuid7(), code="F-9", person_id=uuid7()))
    return world


def _configure(session: Session, world: World) -> None:
    for at, key in enumerate(("north", "south")):
        body = Organisation(id=uuid7(), key=key, name=f"Ente {key}", kind="partner", status="confirmed", position=at)
        session.add(body)
        world.bodies[key] = body.id
    for at, (key, (kind, value)) in enumerate(FIGURES.items()):
        session.add(ParameterDefinition(key=key, owner="core", label={"it": key}, type=kind, position=at))
        session.add(ParameterValue(key=key, layer="model", value=value, valid_from=date(2020, 1, 1)))
    session.add(Function(key="project_referent", label={"it": "Referente di progetto"}, unique_in="case"))
    roles = {key: _role(session, key) for key in ROLES}
    for name, role, body, town in PEOPLE:
        if role:
            holder = RoleHolder(role_id=roles[role], account_id=world.accounts[name], municipality=town)
            holder.valid_from, holder.organisation_id = START - 30 * DAY, world.bodies.get(body)
            session.add(holder)


def _role(session: Session, key: str) -> UUID:
    functions, grants = ROLES[key]
    role = Role(id=uuid7(), key=key, label={"it": key}, functions=functions)
    session.add(role)
    session.flush()
    for actions, scope, groups in grants:
        for action in actions:
            grant = RoleGrant(role_id=role.id, resource=RESOURCE, action=action, scope=scope, states=[])
            grant.field_groups = groups
            session.add(grant)
    return role.id
