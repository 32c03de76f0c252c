"""Two processes change roles and their holders at once: one gives way, and somebody is left who administers."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy import URL

from core.access.models import Account, Role
from core.access.operations import change_role, give_role, take_role
from core.access.queries import administrators, portal_administrators
from core.access.rolerows import role_by_key, stored_spec
from core.accounts.operations import set_portal_admin
from core.db import Database
from core.errors import Conflict, NotFound, Refused
from tests.core.access.test_roles_and_holders import HEAD, READER, person, prepared
from tests.core.access.world import HERE, add_account, system

ROUNDS, SIDES = 5, 2
Job = Callable[[Database, int, int, Any], None]

pytestmark = pytest.mark.slow


def contend(job: Job, where: tuple[URL, Path], side: int, barrier: Any, ids: list[UUID]) -> None:
    database = Database(where[0], data_dir=where[1])
    for turn in range(ROUNDS):
        barrier.wait(60)
        job(database, side, turn, ids)
        # Both have ended before one puts things back.
        barrier.wait(60)
        if side == 0:
            restore(job, database, ids)
    database.close()


def both(database: Database, job: Job, ids: list[UUID]) -> None:
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(SIDES)
    where = (database.url, database.data_dir)
    sides = [context.Process(target=contend, args=(job, where, side, barrier, ids)) for side in range(SIDES)]
    for side in sides:
        side.start()
    for side in sides:
        side.join(180)
    assert [side.exitcode for side in sides] == [0] * SIDES


def restore(job: Job, database: Database, ids: list[UUID]) -> None:
    """See that somebody is left, and give back what was taken."""
    if job is leave_the_district:
        with database.write(HERE) as session:
            assert administrators(session), "nobody is left to administer the district"
            for id_ in ids:
                give_role(session, session.get_one(Account, id_), "head", actor=system())
    elif job is leave_the_portal:
        with database.write(None) as session:
            assert portal_administrators(session), "nobody is left to administer the portal"
            for id_ in ids:
                set_portal_admin(session, session.get_one(Account, id_), True, actor=system(None))


def leave_the_district(database: Database, side: int, _turn: int, ids: list[UUID]) -> None:
    with suppress(Refused, NotFound), database.write(HERE) as session:
        take_role(session, session.get_one(Account, ids[side]), "head", actor=system())


def leave_the_portal(database: Database, side: int, _turn: int, ids: list[UUID]) -> None:
    with suppress(Refused), database.write(None) as session:
        set_portal_admin(session, session.get_one(Account, ids[side]), False, actor=system(None))


def rename(database: Database, side: int, turn: int, _ids: list[UUID]) -> None:
    """Both read the same version, and both write."""
    with suppress(Conflict), database.write(HERE) as session:
        spec = stored_spec(session, role_by_key(session, "reader"))
        wanted = replace(spec, label={"it": f"Giro {turn}, lato {side}"})
        change_role(session, "reader", wanted, actor=system(), version=turn + 1)


def test_two_processes_that_edit_one_role_make_one_change_a_round(place: Database) -> None:
    prepared(place, READER)
    both(place, rename, [])
    with place.read(HERE) as session:
        role = session.scalars(sa.select(Role).where(Role.key == "reader")).one()
        assert role.version == ROUNDS + 1
        assert role.label["it"].startswith(f"Giro {ROUNDS - 1}")


def test_two_administrators_who_leave_at_once_are_not_both_let_go(place: Database) -> None:
    prepared(place)
    assert HEAD["key"] == "head"
    both(place, leave_the_district, [person(place, "head", name=name) for name in ("ada", "bea")])


def test_two_portal_administrators_who_leave_at_once_are_not_both_let_go(place: Database) -> None:
    ids = [add_account(place, f"{name}@example.it", portal_admin=True).id for name in ("ada", "bea")]
    both(place, leave_the_portal, ids)
