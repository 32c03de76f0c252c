from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from core import clock, crypto, teams
from core.access.models import Account, Membership, RoleHolder
from core.errors import AccessDenied, Invalid, Refused
from core.teams.models import TeamPlace
from tests.core.teams.world import DAY, HERE, HOUR, START, THERE, Folder, World


def now_in(world: World, code: str) -> list[tuple[str, str, str]]:
    """Name, function and kind of each place in force."""
    known = {number: name for name, number in world.accounts.items()}
    with world.database.read(HERE) as session:
        return [(known[p.account_id], p.function, p.kind) for p in teams.team_of(session, world.folder(session, code))]


@pytest.mark.req("LEG-097")
def test_a_named_case_referent_sees_the_row_from_the_start_to_the_end_and_not_a_moment_longer(world: World) -> None:
    begin, finish = START + DAY, START + 3 * DAY
    with world.write() as session:
        world.assign(session, "F-2", "tutor", "tina", valid_from=begin, valid_to=finish)
    instant = begin.resolution
    expected = [
        (START, False),
        (begin - instant, False),
        (begin, True),
        (finish - instant, True),
        (finish, False),
        (finish + DAY, False),
    ]
    assert [world.sees("tina", "F-2", moment) for moment, _sees in expected] == [sees for _moment, sees in expected]


@pytest.mark.req("LAG-007")
def test_a_new_project_referent_takes_over_and_the_one_before_stays_in_the_history(world: World) -> None:
    with world.write() as session:
        world.assign(session, "F-2", "project_referent", "tina")
    with clock.at(START + DAY), world.write() as session:
        world.assign(session, "F-2", "project_referent", "tullio")
    with clock.at(START + DAY):
        assert now_in(world, "F-2") == [("tullio", "project_referent", "holder")]
    assert [world.sees(name, "F-2", START + DAY) for name in ("tina", "tullio")] == [False, True]
    with world.database.read(HERE) as session:
        history = teams.history_of(session, world.folder(session, "F-2"))
        assert [(p.account_id, p.valid_from, p.valid_to) for p in history] == [
            (world.accounts["tullio"], START + DAY, None),
            (world.accounts["tina"], START, START + DAY),
        ]


@pytest.mark.req("LAG-007")
def test_a_planned_handover_lets_the_one_referent_stop_when_the_other_starts(world: World) -> None:
    with world.write() as session:
        world.assign(session, "F-2", "project_referent", "tina")
        world.assign(session, "F-2", "project_referent", "tullio", valid_from=START + DAY)
    for moment, sees in ((START, [True, False]), (START + DAY, [False, True])):
        assert [world.sees(name, "F-2", moment) for name in ("tina", "tullio")] == sees


def test_a_referent_planned_for_later_is_not_pushed_aside_by_one_without_end(lite: World) -> None:
    with lite.write() as session:
        lite.assign(session, "F-2", "project_referent", "tina", valid_from=START + DAY)
        with pytest.raises(Refused) as refusal:
            lite.assign(session, "F-2", "project_referent", "tullio")
        assert refusal.value.code == "planned"
        lite.assign(session, "F-2", "project_referent", "tullio", valid_to=START + DAY)


def test_several_may_have_a_function_that_is_not_unique(lite: World) -> None:
    with lite.write() as session:
        lite.assign(session, "F-2", "tutor", "tina")
        lite.assign(session, "F-2", "tutor", "tullio")
    assert now_in(lite, "F-2") == [("tina", "tutor", "holder"), ("tullio", "tutor", "holder")]


def test_the_database_itself_refuses_two_open_holders_of_a_unique_function(world: World) -> None:
    with pytest.raises(IntegrityError), world.write() as session:
        for name in ("tina", "tullio"):
            place = TeamPlace(resource="teamtest.folder", object_id=world.folders["F-2"], function="project_referent")
            place.account_id, place.single = world.accounts[name], True
            session.add(place)
        session.flush()


def test_the_same_place_is_not_given_twice(lite: World) -> None:
    with lite.write() as session:
        lite.assign(session, "F-2", "tutor", "tina")
        with pytest.raises(Refused) as refusal:
            lite.assign(session, "F-2", "tutor", "tina")
        assert refusal.value.code == "already"


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"function": "pilot"}, "function"),
        ({"function": "educator"}, "account"),
        ({"valid_from": START - HOUR}, "valid_from"),
        ({"valid_from": START + DAY, "valid_to": START + DAY}, "valid_to"),
        ({"reason": "x" * 1001}, "reason"),
    ],
)
def test_what_cannot_be_assigned_is_told_by_field(lite: World, facts: dict[str, object], field: str) -> None:
    facts = {"function": "tutor", **facts}
    with lite.write() as session, pytest.raises(Invalid) as error:
        lite.assign(session, "F-2", name="tina", **facts)
    assert [e.field for e in error.value.errors] == [field]


def test_only_who_may_assign_assigns_and_ends(lite: World) -> None:
    with lite.write() as session:
        tina = lite.actor(session, "tina")
        with pytest.raises(AccessDenied):
            lite.assign(session, "F-2", "tutor", "tullio", actor=tina)
        place = lite.assign(session, "F-2", "tutor", "tina")
        with pytest.raises(AccessDenied):
            teams.end(session, place, actor=tina)


def test_an_ended_place_opens_nothing_and_is_not_ended_twice(world: World) -> None:
    with world.write() as session:
        place = world.assign(session, "F-2", "tutor", "tina", reason="Conosce già la famiglia")
    with clock.at(START + HOUR), world.write() as session:
        place = session.get_one(TeamPlace, (HERE, place.id))
        teams.end(session, place, actor=world.actor(session, "carla"), reason="Cambia servizio")
        with pytest.raises(Refused):
            teams.end(session, place, actor=world.actor(session, "carla"))
        assert teams.reason_of(session, place) == "Conosce già la famiglia"
        assert teams.end_reason_of(session, place) == "Cambia servizio"
        assert world.traces(session, "F-2") == ["team.assign", "team.end"]
    assert world.sees("tina", "F-2", START + HOUR - HOUR.resolution)
    assert not world.sees("tina", "F-2", START + HOUR)


def test_the_reason_is_not_readable_in_the_database(lite: World) -> None:
    with lite.write() as session:
        lite.assign(session, "F-2", "tutor", "tina", reason="Zirconio nella storia")
    assert b"irconio" not in (lite.database.data_dir / "test.db").read_bytes()


def test_a_destroyed_key_takes_the_reasons_with_it(lite: World) -> None:
    with lite.write() as session:
        place = lite.assign(session, "F-2", "tutor", "tina", reason="Conosce già la famiglia")
        crypto.destroy_key(session, lite.folder(session, "F-2").person_id, reason="erasure")
        with pytest.raises(crypto.Unreadable):
            teams.reason_of(session, place)


def test_who_gets_a_place_is_told_by_code_and_never_by_name(lite: World) -> None:
    with lite.write() as session:
        lite.assign(session, "F-2", "tutor", "tina")
        assert lite.told(session, "tina") == ["Fai parte della squadra di F-2. Puoi vedere i dati del tuo compito."]


@pytest.mark.parametrize("cause", ["disabled", "left", "role"])
def test_places_of_who_works_here_no_more_count_no_more(world: World, cause: str) -> None:
    with world.write() as session:
        world.assign(session, "F-2", "tutor", "tina")
    assert world.sees("tina", "F-2")
    account = world.accounts["tina"]
    with world.database.write(None) as session:
        if cause == "disabled":
            session.execute(sa.update(Account).where(Account.id == account).values(active=False))
        if cause == "left":
            session.execute(sa.update(Membership).where(Membership.account_id == account).values(valid_to=START))
    if cause == "role":
        with world.write() as session:
            session.execute(sa.update(RoleHolder).where(RoleHolder.account_id == account).values(valid_to=START))
    assert not world.sees("tina", "F-2")
    assert (now_in(world, "F-2") == []) == (cause != "role")


# --- bodies ----------------------------------------------------------------------------------------------------------


def test_a_role_held_for_a_body_reaches_no_place_of_another(world: World) -> None:
    with world.write() as session:
        place = world.assign(session, "F-3", "tutor", "nora")
        assert place.organisation_id == world.bodies["north"]
    assert world.sees("nora", "F-3")
    with world.write() as session:
        session.execute(sa.update(TeamPlace).values(organisation_id=world.bodies["south"]))
    assert not world.sees("nora", "F-3")


def test_nobody_is_assigned_for_a_body_that_the_role_is_not_held_for(lite: World) -> None:
    with lite.write() as session, pytest.raises(Invalid) as error:
        lite.assign(session, "F-3", "tutor", "nora", organisation_id=lite.bodies["south"])
    assert [e.code for e in error.value.errors] == ["no_role"]


def test_a_gate_is_asked_for_the_body_even_when_nobody_names_it(lite: World, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def gate(_session: object, subject: object, body: object) -> str:
        asked.append((subject, body))
        raise Refused("Questo ente non può conoscere i dati della persona.")

    monkeypatch.setattr("core.teams.registry._gates", [gate])
    with lite.write() as session:
        lite.assign(session, "F-3", "tutor", "tina")
        assert asked == []
        with pytest.raises(Refused):
            lite.assign(session, "F-3", "tutor", "nora")
        assert asked == [(lite.folder(session, "F-3").person_id, lite.bodies["north"])]


# --- substitutes -----------------------------------------------------------------------------------------------------


def test_a_substitute_and_the_absent_one_both_see_the_row_for_those_days(world: World) -> None:
    begin, finish = START + DAY, START + 5 * DAY
    with world.write() as session:
        place = world.assign(session, "F-2", "project_referent", "tina")
        tullio, carla = world.account(session, "tullio"), world.actor(session, "carla")
        teams.substitute(session, place, tullio, actor=carla, valid_from=begin, valid_to=finish)
        assert world.told(session, "tullio") == ["Sostituisci una persona della squadra di F-2 nei giorni di assenza."]
    instant = begin.resolution
    for moment, expected in (
        (begin - instant, [True, False]),
        (begin, [True, True]),
        (finish - instant, [True, True]),
        (finish, [True, False]),
    ):
        assert [world.sees(name, "F-2", moment) for name in ("tina", "tullio")] == expected, moment
    with clock.at(begin):
        kinds = [(name, kind) for name, _function, kind in now_in(world, "F-2")]
        assert kinds == [("tina", "holder"), ("tullio", "substitute")]


def test_a_substitution_ends_with_the_place_it_stands_for(world: World) -> None:
    with world.write() as session:
        place = world.assign(session, "F-2", "tutor", "tina")
        tullio, carla = world.account(session, "tullio"), world.actor(session, "carla")
        teams.substitute(session, place, tullio, actor=carla, valid_from=START, valid_to=START + 5 * DAY)
    assert world.sees("tullio", "F-2", START + HOUR)
    with clock.at(START + HOUR), world.write() as session:
        teams.end(session, session.get_one(TeamPlace, (HERE, place.id)), actor=world.actor(session, "carla"))
    assert not world.sees("tullio", "F-2", START + HOUR)


@pytest.mark.parametrize(
    ("name", "first", "last", "code"),
    [
        ("tina", 1, 2, "same"),
        ("tullio", 1, 12, "outside"),
        ("tullio", 3, 3, "period"),
        ("elio", 1, 2, "no_role"),
    ],
)
def test_a_substitution_that_makes_no_sense_is_refused(
    lite: World, name: str, first: int, last: int, code: str
) -> None:
    with lite.write() as session:
        place = lite.assign(session, "F-2", "tutor", "tina", valid_to=START + 10 * DAY)
        facts = {"valid_from": START + first * DAY, "valid_to": START + last * DAY}
        with pytest.raises((Invalid, Refused)) as error:
            teams.substitute(session, place, lite.account(session, name), actor=lite.actor(session, "carla"), **facts)
    found = error.value
    assert (found.code if isinstance(found, Refused) else found.errors[0].code) == code


def test_two_people_do_not_stand_in_for_the_same_one_in_the_same_days(lite: World) -> None:
    with lite.write() as session:
        place = lite.assign(session, "F-2", "tutor", "tina")
        carla = lite.actor(session, "carla")
        tullio, nora = lite.account(session, "tullio"), lite.account(session, "tullio")
        teams.substitute(session, place, tullio, actor=carla, valid_from=START + DAY, valid_to=START + 3 * DAY)
        with pytest.raises(Refused) as refusal:
            teams.substitute(session, place, nora, actor=carla, valid_from=START + 2 * DAY, valid_to=START + 4 * DAY)
        assert refusal.value.code == "substituted"
        teams.substitute(session, place, nora, actor=carla, valid_from=START + 3 * DAY, valid_to=START + 4 * DAY)


def test_a_place_says_nothing_about_the_rows_of_another_district(world: World) -> None:
    with world.write() as session:
        world.assign(session, "F-2", "tutor", "tina")
    with world.database.read(THERE) as session:
        assert session.scalars(sa.select(TeamPlace)).all() == []
        assert session.scalar(sa.select(Folder.code)) == "F-9"
