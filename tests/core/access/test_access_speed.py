"""How long the criterion takes among 100,000 rows; the bounds leave room for a busy machine."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable
from uuid import UUID

import pytest
import sqlalchemy as sa

from core import access
from core.access import Grant, load_actor
from core.access.operations import give_role, replace_roles
from core.db import Database, uuid7
from tests.core.access.world import HERE, Dossier, Helper, add_account, system, worker

ROWS, BATCH, PAGE = 100_000, 10_000, 50
MOST_MS = {"list": 40, "check": 10, "count": 400}
ME = uuid7()
GRANTS = (
    Grant("guide", "read", scope="own"),
    Grant("*", "read", scope="team", states=("draft", "published")),
    Grant("course", "read", scope="public"),
    Grant("notice", "read", scope="own", states=("draft",)),
    Grant("guide", "read", scope="team"),
)

pytestmark = pytest.mark.slow


def fill(database: Database) -> None:
    dice = random.Random(5)
    accounts = [ME, *(uuid7() for _ in range(60))]
    for start in range(0, ROWS, BATCH):
        ids = [uuid7() for _ in range(BATCH)]
        with database.write(HERE) as session:
            session.execute(sa.insert(Dossier), [row(dice, accounts, key, start + n) for n, key in enumerate(ids)])
            helpers = [{"dossier_id": key, "account_id": dice.choice(accounts)} for key in ids]
            session.execute(sa.insert(Helper), helpers)
    with database.all_districts("plans of a test", write=True) as session:
        session.connection().exec_driver_sql("ANALYZE")


def row(dice: random.Random, accounts: list[UUID], key: UUID, number: int) -> dict[str, object]:
    kind, state = dice.choice(["guide", "course", "notice"]), dice.choice(["draft", "published", "closed", "closed"])
    return {"id": key, "kind": kind, "state": state, "owner": dice.choice(accounts), "number": number}


def median_ms(work: Callable[[], object], times: int = 15) -> float:
    work()
    taken = []
    for _ in range(times):
        begin = time.perf_counter()
        work()
        taken.append((time.perf_counter() - begin) * 1000)
    return statistics.median(taken)


def test_a_page_of_fifty_of_a_hundred_thousand_and_a_single_check_are_quick(place: Database) -> None:
    fill(place)
    actor = worker(ME, *GRANTS)
    with place.read(HERE) as session:
        page = access.select(actor, Dossier, "read").order_by(Dossier.number.desc()).limit(PAGE)
        one = session.scalars(page).first()
        assert one is not None
        counted = sa.select(sa.func.count()).select_from(Dossier).where(access.criterion(actor, Dossier, "read"))
        taken = {
            "list": median_ms(lambda: session.execute(page.with_only_columns(Dossier.id, Dossier.number)).all()),
            "check": median_ms(lambda: access.allowed(actor, "read", one), 50),
            "count": median_ms(lambda: session.scalar(counted), 5),
        }
    slow = {name: (round(taken[name], 1), most) for name, most in MOST_MS.items() if taken[name] > most}
    assert not slow


def test_loading_an_actor_costs_about_a_millisecond(place: Database) -> None:
    account = add_account(place, "ada@example.it")
    grants = [{"resource": f"kind{n}", "actions": ["read", "change", "publish"], "scope": "all"} for n in range(6)]
    with place.write(HERE) as session:
        replace_roles(session, [{"key": "editor", "label": {"it": "Redazione"}, "grants": grants}])
        give_role(session, account, "editor", actor=system())
    with place.read(HERE) as session:
        taken = median_ms(lambda: load_actor(session, account.id), 100)
        assert len(load_actor(session, account.id).grants) == 18
    assert taken < MOST_MS["check"]
