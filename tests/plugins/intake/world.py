"""Two districts of the real models, with one worker for each of the roles that the tests judge by hand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.access import Actor, load_actor
from core.access.models import Account
from core.access.operations import give_role
from core.accounts.operations import create_account
from core.accounts.passwords import Hashing
from core.db import Database
from core.districts import snapshots
from core.districts.loading import load_model
from core.districts.models import Organisation
from core.districts.operations import found_district
from core.installation import register_definitions
from core.loader import Host
from plugins.intake import operations
from plugins.intake.models import Case

MODELS = Path(__file__).parents[3] / "config" / "models"
CHEAP = Hashing(time_cost=1, memory_kib=8, parallelism=1)
HERE, THERE = "legnano_sisl", "san_donato_sil"
CANEGRATE, PARABIAGO = "015046", "015168"
TAX_CODE, OTHER_TAX_CODE = "RSSMRA80A01F205X", "BNCGLI85C41F205O"
LUCIA: dict[str, Any] = {
    "given_name": "Lucia",
    "family_name": "De Ferràri",
    "birth_date": "1992-05-03",
    "municipality": CANEGRATE,
    "tax_code": TAX_CODE,
    "phone": "0331 555777",
    "health_notes": "canarino della salute",
    "penal_notes": "canarino penale",
}


def facts(**more: Any) -> dict[str, Any]:
    """What somebody types for one more person without a tax code."""
    return {"given_name": "Ion", "family_name": "Popescu", "tax_code_reason": "not_yet", **more}


@dataclass
class World:
    """Both districts on one database."""

    database: Database
    numbers: dict[str, int] = field(default_factory=dict)
    accounts: dict[str, UUID] = field(default_factory=dict)

    @contextmanager
    def write(self, district: str = HERE) -> Iterator[Session]:
        with self.database.write(self.numbers[district]) as session:
            yield session

    def system(self, district: str = HERE) -> Actor:
        return Actor.system(self.numbers[district], "prova")

    def actor(self, session: Session, name: str) -> Actor:
        """Somebody whose login has passed the second factor."""
        return load_actor(session, self.accounts[name], two_factor=True)

    def hire(self, name: str, role: str, *, district: str = HERE, body: str = "", municipality: str = "") -> Account:
        """One more account with a role, perhaps for a body or a municipality."""
        with self.write(district) as session:
            account = create_account(
                session,
                email=f"{name}@prova.example",
                name=name,
                actor=self.system(district),
                password="quattro gatti in tram",
                hashing=CHEAP,
            )
            found = select(Organisation.id).where(Organisation.key == body)
            give_role(
                session,
                account,
                role,
                actor=self.system(district),
                organisation_id=session.scalars(found).one() if body else None,
                municipality=municipality,
            )
            self.accounts[name] = account.id
            return account

    def register(self, session: Session, district: str = HERE, **more: Any) -> Case:
        """A person registered by the system."""
        return operations.register_person(session, {**LUCIA, **more}, actor=self.system(district))


def make(database: Database) -> World:
    """Legnano and San Donato, empty."""
    host = Host().load()
    for plugin in host.plugins:
        register_definitions(host, plugin)
    snapshots.use(host)
    world = World(database)
    for model in (HERE, THERE):
        bundle = load_model(MODELS, model, host)
        world.numbers[model] = found_district(database, bundle, actor=Actor.system(None, "prova"), demo=True).id
    return world
