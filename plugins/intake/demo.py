"""Invented persons with cases and teams, made by the same operations that people call, in simulated time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session
from stdnum.it import codicefiscale

from core.toolkit import (
    Account,
    Actor,
    DistrictSnapshot,
    Organisation,
    able_accounts,
    clock,
    load_actor,
    privacy,
    share_data,
    teams,
)
from plugins.intake import operations, queries
from plugins.intake.models import Case, Person
from plugins.intake.permissions import CASE

REASON = "dimostrazione"
#: Days before now on which the first person is registered, and days between two.
BEGUN, STEP = 100, 7
PEOPLE = (
    ("Lucia", "Ferrari", "f", date(1992, 5, 3)),
    ("Ahmed", "Benali", "m", date(1988, 11, 20)),
    ("Giovanna", "De Luca", "f", date(1975, 2, 14)),
    ("Marco", "Colombo", "m", date(2001, 7, 9)),
    ("Svitlana", "Kovalenko", "f", date(1983, 1, 30)),
    ("Paolo", "D’Angelo", "m", date(1969, 9, 2)),
    ("Fatou", "Diop", "f", date(1996, 4, 17)),
    ("Niccolò", "Sàrtori", "m", date(1990, 12, 5)),
    ("Teresa", "Moretti", "f", date(1980, 6, 22)),
    ("Ion", "Popescu", "m", date(1978, 3, 11)),
    ("Chiara", "Villa", "f", date(2003, 10, 28)),
    ("Salvatore", "Greco", "m", date(1964, 8, 19)),
)
AREAS = ("invalidità civile", "dipendenza in trattamento", "misura alternativa", "disagio psichico", "adulto a rischio")
SERVICES = ("servizio sociale del Comune", "servizio specialistico", "medico di base")
#: Of every twelve: how many were taken in charge, and the one whose path is over.
OPENED, ENDED = 8, 5


def make(district: DistrictSnapshot, session: Session) -> None:
    """Twelve persons of the district, most of them in charge, each with a team of those who may have a place."""
    actor = Actor.system(district.id, REASON)
    now = clock.now()
    workers = list(_workers(session))
    bodies = [None, *session.scalars(select(Organisation.id).order_by(Organisation.position).limit(1))]
    for place, person in enumerate(PEOPLE):
        moment = (now - timedelta(days=BEGUN - STEP * place)).replace(hour=9, minute=5 * place)
        with clock.at(moment):
            case = operations.register_person(
                session, _facts(district, place, person), actor=actor, organisation_id=bodies[-1]
            )
        _follow(session, case, workers, moment=moment + timedelta(days=1), place=place, actor=actor)
        _proceed(session, case, moment + timedelta(days=3), place, actor)
    _link(session, actor)


def _facts(district: DistrictSnapshot, place: int, person: tuple[str, str, str, date]) -> dict[str, object]:
    given, family, sex, born = person
    municipalities = sorted(district.municipalities)
    sealed = place % 3
    return {
        "given_name": given,
        "family_name": family,
        "sex": sex,
        "birth_date": born,
        "municipality": municipalities[place % 3 % len(municipalities)] if municipalities else "",
        "tax_code": tax_code(given, family, sex, born) if sealed else "",
        "tax_code_reason": "" if sealed else "not_shown",
        "phone": f"0331 000{place:03}",
        "email": f"persona{place + 1}@prova.example",
        "address": f"via della Prova {place + 1}",
        "disadvantage": AREAS[place % len(AREAS)],
        "followed_by": SERVICES[place % len(SERVICES)],
        "health_notes": "dato inventato per la dimostrazione" if place % 2 else "",
        "penal_notes": "dato inventato per la dimostrazione" if place % 5 == 2 else "",
    }


def tax_code(given: str, family: str, sex: str, born: date) -> str:
    """A tax code of the right form for somebody born in Milan."""
    day = born.day + (40 if sex == "f" else 0)
    start = f"{_letters(family)}{_letters(given)}{born.year % 100:02}{'ABCDEHLMPRST'[born.month - 1]}{day:02}F205"
    return f"{start}{codicefiscale.calc_check_digit(start)}"


def _letters(name: str) -> str:
    plain = "".join(letter for letter in "".join(operations.name_words(name)).upper() if letter.isascii())
    consonants = [letter for letter in plain if letter not in "AEIOU"]
    vowels = [letter for letter in plain if letter in "AEIOU"]
    return "".join([*consonants, *vowels, *"XXX"][:3])


@dataclass(frozen=True, slots=True)
class Worker:
    """Somebody who may have a place in a team: the function that opens it, and the body it is held for."""

    account: Account
    function: str
    organisation_id: UUID | None


def _accounts(session: Session) -> Sequence[Account]:
    return session.scalars(select(Account).where(Account.id.in_(able_accounts(session))).order_by(Account.email)).all()


def _workers(session: Session) -> Iterator[Worker]:
    for account in _accounts(session):
        actor = load_actor(session, account.id, two_factor=True)
        grants = [g for g in actor.grants if g.resource == CASE and g.action == "read" and g.scope == "team"]
        if grants:
            yield Worker(account, min(grants[0].functions), grants[0].organisation_id)


def _follow(session: Session, case: Case, workers: list[Worker], *, moment: datetime, place: int, actor: Actor) -> None:
    """Give the case to two workers out of three, so that everybody sees some cases and not all."""
    for number, worker in enumerate(workers):
        if (place + number) % 3 == 0:
            continue
        with clock.at(moment):
            body = worker.organisation_id
            if body is not None and not privacy.may_share(session, case.person_id, body):
                share_data(session, case.person, body, actor=actor, basis="public_task")
            teams.assign(session, case, worker.function, worker.account, actor=actor, organisation_id=body)


def _proceed(session: Session, case: Case, moment: datetime, place: int, actor: Actor) -> None:
    if place >= OPENED:
        return
    with clock.at(moment):
        privacy.give_notice(session, case.person, actor=actor, how="paper", signed=True)
        operations.open_case(session, case, actor=actor)
    if place == ENDED:
        with clock.at(moment + timedelta(days=40)):
            operations.close_case(session, case, actor=actor, reason="completed")


def _link(session: Session, actor: Actor) -> None:
    """The account of a person followed by the service reads the file of the first one."""
    for account in _accounts(session):
        if queries.has_own_path(load_actor(session, account.id, two_factor=True)):
            person = session.scalars(select(Person).order_by(Person.code).limit(1)).one()
            operations.link_account(session, person, account.id, actor=actor)
            return
