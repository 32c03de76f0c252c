"""Two processes give the same unique function at once: one holder is left, and nothing is lost."""

from __future__ import annotations

import multiprocessing
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import URL

from core import clock
from core.db import Database
from core.errors import Refused
from core.teams import registry as team_registry
from core.teams.models import TeamPlace
from tests.core.teams.world import ENTRY, HERE, RESOURCE, START, World

ROUNDS, SIDES = 6, 2


def contend(url: URL, folder: Path, facts: dict[str, Any], name: str, barrier: Any) -> None:
    """Take the function again and again, always for another person than the one who has it."""
    # A process of its own: no fixture has put the folders in force.
    team_registry._entities[RESOURCE] = ENTRY
    world = World(Database(url, data_dir=folder), **facts)
    for turn in range(ROUNDS):
        barrier.wait(60)
        moment = START + (turn + 1) * timedelta(minutes=1)
        # Refused: the function is this person's already.
        with clock.at(moment), suppress(Refused), world.write() as session:
            world.assign(session, "F-2", "project_referent", name)
    world.database.close()


@pytest.mark.slow
@pytest.mark.req("LAG-007")
def test_two_processes_never_leave_two_referents(world: World) -> None:
    facts = {"accounts": world.accounts, "bodies": world.bodies, "folders": world.folders}
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(SIDES)
    where = (world.database.url, world.database.data_dir, facts)
    sides = [context.Process(target=contend, args=(*where, name, barrier)) for name in ("tina", "tullio")]
    for side in sides:
        side.start()
    for side in sides:
        side.join(120)
    assert [side.exitcode for side in sides] == [0] * SIDES
    with world.database.read(HERE) as session:
        places = session.scalars(sa.select(TeamPlace).order_by(TeamPlace.valid_from)).all()
        open_ended = [place for place in places if place.valid_to is None]
        assert len(open_ended) == 1
        for one in places:
            for other in places:
                apart = one is other or one.valid_to is None or other.valid_to is None
                assert apart or one.valid_to <= other.valid_from or other.valid_to <= one.valid_from
        # Every assignment that was not "already" left its row.
        assert len(places) > ROUNDS
