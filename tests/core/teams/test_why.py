"""Why somebody sees a row, by hand; and who may, against a slow judge that never asks the access layer."""

from __future__ import annotations

import random
from datetime import datetime

import pytest
import sqlalchemy as sa

from core import clock, teams
from core.access.models import Account, Membership, Role, RoleGrant, RoleHolder
from core.db import uuid7
from core.errors import Refused
from core.teams.models import TeamPlace
from tests.core.teams.world import DAY, HERE, HOUR, RESOURCE, START, Folder, World

DECIDING = " È la regola che decide."
REASON = "Telefonata del pronto soccorso, serve il numero della famiglia"


def explained(world: World, name: str, code: str, moment: datetime = START) -> teams.Why:
    with clock.at(moment), world.database.read(HERE) as session:
        return teams.why(session, world.account(session, name), world.folder(session, code))


def test_a_tutor_of_the_team_is_explained_from_general_to_near(world: World) -> None:
    with world.write() as session:
        world.assign(session, "F-2", "tutor", "tina")
    found = explained(world, "tina", "F-2")
    assert (found.allowed, found.sentence) == (True, "Sì, può aprire la scheda.")
    assert found.chain == (
        ("yes", "Ha il ruolo «tutor» dal giorno 8 febbraio 2026."),
        ("half", "Non ha un accesso d'emergenza aperto."),
        ("yes", "È nella squadra dal giorno 10 marzo 2026: Operatore-tutor. È la regola che decide."),
    )
    assert [(part.group, part.reads, part.writes) for part in found.parts] == [
        ("plain", "no", "no"),
        ("penal", "no", "no"),
        ("personal", "sì", "no"),
        ("special", "nascosti, con motivo", "no"),
    ]


def test_who_is_not_in_the_team_is_told_what_is_missing(lite: World) -> None:
    found = explained(lite, "tina", "F-2")
    assert not found.allowed
    assert found.chain == (
        ("yes", "Ha il ruolo «tutor» dal giorno 8 febbraio 2026."),
        ("no", "Non ha un accesso d'emergenza aperto."),
        ("no", "Non è nella squadra con un compito del suo ruolo."),
    )
    assert found.parts == ()


def test_who_has_no_role_is_told_so(lite: World) -> None:
    found = explained(lite, "vera", "F-2")
    assert found.chain == (("no", "Nessun ruolo di Vera permette di leggere queste schede."),)


@pytest.mark.parametrize(
    ("name", "code", "near"),
    [
        ("carla", "F-3", "Il ruolo «coordinator» vale per tutte le schede del territorio. È la regola che decide."),
        ("mara", "F-1", "La persona è del Comune di 015118, il suo. È la regola che decide."),
        ("bruno", "F-2", "La scheda è affidata a Ente north, il suo ente. È la regola che decide."),
        ("lucia", "F-1", "È il suo percorso, o una scheda sua. È la regola che decide."),
    ],
)
def test_each_relation_has_its_sentence(lite: World, name: str, code: str, near: str) -> None:
    found = explained(lite, name, code)
    assert (found.allowed, found.chain[-1]) == (True, ("yes", near))


def test_a_substitute_and_an_emergency_say_until_when(lite: World) -> None:
    with lite.write() as session:
        place = lite.assign(session, "F-2", "tutor", "tina")
        carla, tullio = lite.actor(session, "carla"), lite.account(session, "tullio")
        teams.substitute(session, place, tullio, actor=carla, valid_from=START, valid_to=START + DAY)
        teams.break_glass(session, lite.folder(session, "F-3"), actor=lite.actor(session, "dora"), reason=REASON)
    stand_in = explained(lite, "tullio", "F-2").chain[-1][1]
    assert (
        stand_in == "Fino al giorno 11 marzo 2026 alle 10.00 sostituisce Tina: Operatore-tutor. È la regola che decide."
    )
    emergency = explained(lite, "dora", "F-3", START + HOUR).chain[-1][1]
    assert emergency == (
        "Ha aperto la scheda in emergenza il giorno 10 marzo 2026 alle 10.00;"
        " l'accesso finisce il giorno 10 marzo 2026 alle 18.00." + DECIDING
    )


def test_the_basis_of_sharing_with_a_body_closes_the_chain(lite: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def gate(_session: object, _subject: object, body: object) -> str:
        if body == lite.bodies["north"]:
            return "L'ente può conoscere i dati per il progetto."
        raise Refused("L'ente non può conoscere i dati.")

    monkeypatch.setattr("core.teams.registry._gates", [gate])
    assert explained(lite, "bruno", "F-2").chain[-1] == ("yes", "L'ente può conoscere i dati per il progetto.")


def test_who_may_names_everybody_with_the_nearest_reason(lite: World) -> None:
    with lite.write() as session:
        lite.assign(session, "F-1", "tutor", "tina")
    with lite.database.read(HERE) as session:
        found = teams.who_may(session, lite.folder(session, "F-1"))
    assert [(who.name, who.roles) for who in found] == [
        ("Carla", ("coordinator",)),
        ("Lucia", ("person",)),
        ("Mara", ("town",)),
        ("Tina", ("tutor",)),
    ]


# --- the judge -------------------------------------------------------------------------------------------------------


def in_force(row: object, now: datetime) -> bool:
    begins, ends = row.valid_from, row.valid_to  # type: ignore[attr-defined]
    return (begins is None or begins <= now) and (ends is None or now < ends)


def judged(session: sa.orm.Session, folder: Folder, now: datetime) -> set[str]:
    """Who reads the folder, told row by row from the tables alone."""
    held = [row for row in session.scalars(sa.select(RoleHolder)) if in_force(row, now)]
    members = [row for row in session.scalars(sa.select(Membership)) if in_force(row, now) and row.member_of == HERE]
    places = [p for p in session.scalars(sa.select(TeamPlace)) if in_force(p, now) and p.object_id == folder.id]
    roles = {role.id: role for role in session.scalars(sa.select(Role))}
    grants = [g for g in session.scalars(sa.select(RoleGrant)) if g.action == "read" and g.resource == RESOURCE]
    able = {a.id for a in session.scalars(sa.select(Account)) if a.active} & {m.account_id for m in members}
    seen = set()
    for holder in (row for row in held if row.account_id in able):
        mine = [p for p in places if p.account_id == holder.account_id]
        for grant in (g for g in grants if g.role_id == holder.role_id):
            if grant.states and folder.state not in grant.states:
                continue
            if reaches(grant.scope, roles[holder.role_id], holder, folder, mine):
                seen.add(holder.account_id)
    return seen  # type: ignore[return-value]


def reaches(scope: str, role: Role, holder: RoleHolder, folder: Folder, mine: list[TeamPlace]) -> bool:
    if scope == "emergency":
        return any(p.kind == "emergency" for p in mine)
    if scope == "team":
        fitting = [p for p in mine if p.kind != "emergency" and p.function in role.functions]
        body = holder.organisation_id
        return any(body is None or p.organisation_id in {None, body} for p in fitting)
    if scope == "organisation":
        return holder.organisation_id is not None and folder.body == holder.organisation_id
    if scope == "municipality":
        return holder.municipality != "" and folder.town == holder.municipality
    return scope == "all" or (scope == "own" and folder.owner == holder.account_id)


def scatter(world: World, dice: random.Random) -> None:
    """Random roles, places, periods and leavers."""
    span = [START + hours * HOUR for hours in range(-6, 7)]
    bodies = [None, *world.bodies.values()]
    # By name: ids are new in every run, and the dice must fall alike.
    accounts = [world.accounts[name] for name in sorted(world.accounts)]
    with world.write() as session:
        roles = session.scalars(sa.select(Role).order_by(Role.key)).all()
        order = {role.id: role.key for role in roles}
        grants = session.scalars(sa.select(RoleGrant)).all()
        for grant in sorted(grants, key=lambda grant: (order[grant.role_id], grant.action, grant.scope)):
            grant.states = dice.choice([[], [], ["open"], ["closed"]])
        for folder in session.scalars(sa.select(Folder).order_by(Folder.code)):
            folder.state, folder.owner = dice.choice(["open", "closed"]), dice.choice(accounts)
            folder.body, folder.town = dice.choice(bodies), dice.choice(["", "015118"])
        for _ in range(40):
            holder = RoleHolder(role_id=dice.choice(roles).id, account_id=dice.choice(accounts))
            holder.valid_from, holder.valid_to = dice.choice(span), dice.choice([None, *span])
            holder.organisation_id, holder.municipality = dice.choice(bodies), dice.choice(["", "015118"])
            session.add(holder)
        for _ in range(40):
            place = TeamPlace(id=uuid7(), resource=RESOURCE, object_id=dice.choice(list(world.folders.values())))
            place.account_id, place.kind = dice.choice(accounts), dice.choice(["holder", "substitute", "emergency"])
            functions = ["tutor", "project_referent", "educator", "case_manager"]
            place.function = "" if place.kind == "emergency" else dice.choice(functions)
            place.organisation_id = dice.choice(bodies)
            place.valid_from, place.valid_to = dice.choice(span), dice.choice([None, *span])
            session.add(place)
    with world.database.write(None) as session:
        session.execute(sa.update(Account).where(Account.id == dice.choice(accounts)).values(active=False))
        left = sa.update(Membership).where(Membership.account_id == dice.choice(accounts))
        session.execute(left.values(valid_to=dice.choice(span)))


@pytest.mark.parametrize("seed", range(4))
def test_who_may_and_why_agree_with_a_slow_judge(world: World, seed: int) -> None:
    dice = random.Random(seed)
    scatter(world, dice)
    opened, asked = 0, 0
    for hours in (-4, 0, 3):
        moment = START + hours * HOUR
        with clock.at(moment), world.database.read(HERE) as session:
            for folder in session.scalars(sa.select(Folder)).all():
                expected = judged(session, folder, moment)
                assert {who.account_id for who in teams.who_may(session, folder)} == expected
                for account in session.scalars(sa.select(Account)).all():
                    assert teams.why(session, account, folder).allowed == (account.id in expected), account.name
                    asked += 1
                opened += len(expected)
    assert asked * 0.05 < opened < asked * 0.95  # it must have said yes and no
