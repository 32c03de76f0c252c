from __future__ import annotations

import pytest
import sqlalchemy as sa

from core import clock, teams
from core.access.models import RoleGrant, RoleHolder
from core.audit import entries
from core.districts.models import ParameterDefinition
from core.errors import AccessDenied, Invalid, Refused
from core.notifications import Notice
from core.teams.models import TeamPlace
from tests.core.teams.world import DAY, HERE, HOUR, RESOURCE, START, World

REASON = "Telefonata del pronto soccorso, serve il numero della famiglia"
URL = "/qui/perche/teamtest.folder/"


def open_up(world: World, name: str, code: str, reason: str = REASON) -> teams.TeamPlace:
    with world.write() as session:
        return teams.break_glass(session, world.folder(session, code), actor=world.actor(session, name), reason=reason)


def test_an_emergency_opens_one_row_for_its_hours_and_ends_by_itself(world: World) -> None:
    assert not world.sees("dora", "F-2")
    open_up(world, "dora", "F-2")
    instant = HOUR.resolution
    for moment, expected in ((START, True), (START + 8 * HOUR - instant, True), (START + 8 * HOUR, False)):
        assert world.sees("dora", "F-2", moment) is expected
    assert not world.sees("dora", "F-3")


def test_those_who_supervise_are_told_at_once_and_the_log_says_it_was_an_act(world: World) -> None:
    place = open_up(world, "dora", "F-2")
    with world.database.read(HERE) as session:
        notice = session.scalars(sa.select(Notice)).one()
        assert notice.account_id == world.accounts["carla"]
        assert notice.sentence["it"] == "Dora ha aperto F-2 in emergenza. Guarda il motivo."
        assert (notice.url, notice.kind) == (f"{URL}{world.folders['F-2']}", "late")
        [entry] = entries(session, object_id=world.folders["F-2"], limit=5)
        assert (entry.kind, entry.who, entry.details["what"]) == ("act", "Dora", "break_glass")
        assert REASON not in str(entry.details)
        stored = session.get_one(TeamPlace, (HERE, place.id))
        assert teams.reason_of(session, stored) == REASON
        assert teams.team_of(session, world.folder(session, "F-2")) == [stored]


@pytest.mark.parametrize("reason", ["", "  ", "serve subito", "1 2 3 4", "!!! ... ???"])
def test_a_reason_that_says_nothing_opens_nothing(lite: World, reason: str) -> None:
    with pytest.raises(Invalid) as error:
        open_up(lite, "dora", "F-2", reason)
    assert [e.field for e in error.value.errors] == ["reason"]
    assert not lite.sees("dora", "F-2")


def test_who_has_no_such_right_opens_nothing(lite: World) -> None:
    for name in ("tina", "mara", "vera", "lucia"):
        with pytest.raises(AccessDenied):
            open_up(lite, name, "F-2")


def test_a_role_that_an_emergency_gives_nothing_is_told_so(lite: World) -> None:
    with pytest.raises(Refused) as refusal:
        open_up(lite, "elio", "F-2")
    assert refusal.value.code == "no_grant"


def test_the_times_of_a_day_are_a_figure_and_the_day_is_that_of_italy(world: World) -> None:
    open_up(world, "dora", "F-1")
    open_up(world, "dora", "F-2")
    with pytest.raises(Refused) as refusal:
        open_up(world, "dora", "F-3")
    assert refusal.value.code == "used_up"
    # 22.59 and 23.01 UTC of that day: still Tuesday, then Wednesday in Italy.
    with clock.at(START.replace(hour=22, minute=59)), pytest.raises(Refused):
        open_up(world, "dora", "F-3")
    with clock.at(START.replace(hour=23, minute=1)):
        open_up(world, "dora", "F-3")
    # What was opened just after midnight counts for Wednesday.
    with clock.at(START + DAY):
        open_up(world, "dora", "F-1")
        with pytest.raises(Refused):
            open_up(world, "dora", "F-2")


def test_an_open_emergency_is_not_opened_again_and_closes_before_its_time(lite: World) -> None:
    place = open_up(lite, "dora", "F-2")
    with pytest.raises(Refused) as refusal:
        open_up(lite, "dora", "F-2")
    assert refusal.value.code == "already"
    with clock.at(START + HOUR), lite.write() as session:
        stored = session.get_one(TeamPlace, (HERE, place.id))
        with pytest.raises(AccessDenied):
            teams.end(session, stored, actor=lite.actor(session, "tina"))
        teams.end(session, stored, actor=lite.actor(session, "dora"))
    assert not lite.sees("dora", "F-2", START + HOUR)


def test_nothing_opens_where_nobody_would_read_the_reason(lite: World) -> None:
    with lite.write() as session:
        session.execute(
            sa.update(RoleHolder).where(RoleHolder.account_id == lite.accounts["carla"]).values(valid_to=START)
        )
    with pytest.raises(Refused) as refusal:
        open_up(lite, "dora", "F-2")
    assert refusal.value.code == "unwatched"


def test_a_model_without_the_figure_says_which_one(lite: World) -> None:
    with lite.write() as session:
        session.execute(sa.delete(ParameterDefinition))
    with pytest.raises(Refused) as refusal:
        open_up(lite, "dora", "F-2")
    assert refusal.value.code == "no_parameter"
    assert "access.emergency_hours" in refusal.value.message


# --- by a code, without seeing the row -------------------------------------------------------------------------------


def by_code(world: World, name: str, code: str) -> teams.TeamPlace | None:
    with world.write() as session:
        actor = world.actor(session, name)
        return teams.break_glass_by_code(session, RESOURCE, code, actor=actor, reason=REASON)


def test_a_code_opens_its_row_and_any_other_opens_nothing_and_costs_a_try(world: World) -> None:
    assert by_code(world, "dora", "F-9") is None  # exists in another district
    assert by_code(world, "dora", "F-77") is None
    with pytest.raises(Refused) as refusal:
        by_code(world, "dora", "F-2")
    assert refusal.value.code == "used_up"
    with clock.at(START + DAY):
        found = by_code(world, "dora", " f-2 ")
    assert found is not None
    assert world.sees("dora", "F-2", START + DAY)
    with world.database.read(HERE) as session:
        kinds = [entry.kind for entry in entries(session, limit=9)]
        assert kinds == ["act", "refused", "refused"]
        assert len(world.told(session, "carla")) == 1


def test_a_row_that_is_not_the_actors_to_open_is_answered_like_one_that_does_not_exist(lite: World) -> None:
    with lite.write() as session:
        narrow = sa.update(RoleGrant).where(RoleGrant.action == "break_glass").values(scope="own")
        session.execute(narrow)
    assert by_code(lite, "dora", "F-2") is None
    assert by_code(lite, "dora", "F-77") is None


def test_what_can_be_refused_is_refused_before_the_code_is_looked_at(lite: World) -> None:
    for code in ("F-2", "F-77"):
        with pytest.raises(Refused) as refusal:
            by_code(lite, "elio", code)
        assert refusal.value.code == "no_grant"
        with pytest.raises(AccessDenied):
            by_code(lite, "tina", code)
        with lite.write() as session, pytest.raises(Invalid):
            teams.break_glass_by_code(session, RESOURCE, code, actor=lite.actor(session, "dora"), reason="subito")


# --- asking ----------------------------------------------------------------------------------------------------------


def ask(world: World, name: str, code: str) -> teams.AccessRequest:
    with world.write() as session:
        return teams.ask_access(
            session, RESOURCE, code, actor=world.actor(session, name), reason="Seguo io il tirocinio"
        )


def test_a_request_reaches_who_supervises_and_a_place_answers_it(world: World) -> None:
    ask(world, "tina", "F-2")
    with world.write() as session:
        carla = world.actor(session, "carla")
        [(request, obj)] = teams.open_requests(session, carla)
        assert (obj.code, teams.request_words(session, request)) == ("F-2", ("Seguo io il tirocinio", ""))
        assert world.told(session, "carla") == ["Tina chiede di vedere F-2. Rispondi alla richiesta."]
        teams.grant_request(session, request, "tutor", actor=carla, valid_to=START + DAY, answer="Fino a domani")
        assert teams.open_requests(session, carla) == []
        assert teams.request_words(session, request)[1] == "Fino a domani"
        with pytest.raises(Refused):
            teams.refuse_request(session, request, actor=carla, answer="Ripensandoci ancora no")
    assert [world.sees("tina", "F-2", moment) for moment in (START, START + DAY)] == [True, False]


def test_a_refusal_needs_a_reason_and_only_who_supervises_answers(lite: World) -> None:
    request = ask(lite, "tina", "F-2")
    with lite.write() as session:
        stored = session.get_one(teams.AccessRequest, (HERE, request.id))
        for name in ("tina", "dora", "mara"):
            assert teams.open_requests(session, lite.actor(session, name)) == []
            with pytest.raises(AccessDenied):
                teams.refuse_request(session, stored, actor=lite.actor(session, name), answer="Non ti serve adesso")
        with pytest.raises(Invalid):
            teams.refuse_request(session, stored, actor=lite.actor(session, "carla"), answer="no")
        teams.refuse_request(session, stored, actor=lite.actor(session, "carla"), answer="Non ti serve adesso")
        assert lite.told(session, "tina") == ["La tua richiesta per F-2 non è stata accolta. Guarda il motivo."]
    assert not lite.sees("tina", "F-2")


def test_a_code_of_nowhere_or_of_another_district_is_asked_for_alike_and_reaches_nobody(world: World) -> None:
    for code in ("F-9", "F-77"):
        request = ask(world, "tina", code)
        assert (request.object_id, request.sealed_reason) == (None, None)
    with world.database.read(HERE) as session:
        assert world.told(session, "carla") == []
        assert teams.open_requests(session, world.actor(session, "carla")) == []
        assert len(teams.requests_by(session, world.actor(session, "tina"))) == 2


def test_the_requests_of_a_day_are_a_figure(lite: World) -> None:
    for code in ("F-1", "F-2", "F-77"):
        ask(lite, "tina", code)
    with pytest.raises(Refused) as refusal:
        ask(lite, "tina", "F-3")
    assert refusal.value.code == "used_up"
