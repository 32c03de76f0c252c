"""A public code: kept as a hash, expiring, one answer for wrong and expired, counted by address and altogether."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from core import clock
from core.db import Database, uuid7
from core.privacy import codes
from core.privacy.codes import WINDOW, PublicCode, PublicThrottle
from core.privacy.requests import queries as requests_queries
from tests.core.requests.world import HERE, ask

RESOURCE = "core.request"


def test_a_code_leads_to_its_object_however_it_is_typed(place: Database) -> None:
    target = uuid7()
    with place.write(HERE) as session:
        code = codes.issue(session, resource=RESOURCE, object_id=target, days=10)
        assert codes.find(session, code, resource=RESOURCE) == target
        assert codes.find(session, f" {code.lower().replace('-', ' ')} ", resource=RESOURCE) == target


def test_only_the_hash_of_a_code_is_stored(place: Database) -> None:
    _request, code = ask(place)
    with place.read(HERE) as session:
        row = session.scalars(sa.select(PublicCode)).one()
        assert len(row.hash) == 32
        assert code.encode() not in row.hash
        plain = code.replace("-", "").encode()
        assert plain not in row.hash


@pytest.mark.parametrize("wrong", ["", "0" * 26, "x" * 10_000, "'; DROP TABLE", "\x00"])
def test_a_wrong_code_leads_nowhere(place: Database, wrong: str) -> None:
    ask(place)
    with place.read(HERE) as session:
        assert requests_queries.status_by_code(session, wrong) is None


def test_a_code_ends_with_its_days_when_it_is_revoked_and_for_another_resource(place: Database) -> None:
    target = uuid7()
    with place.write(HERE) as session:
        code = codes.issue(session, resource=RESOURCE, object_id=target, days=10)
        assert codes.find(session, code, resource="core.other") is None
        with clock.at(clock.now() + timedelta(days=10, seconds=1)):
            assert codes.find(session, code, resource=RESOURCE) is None
        codes.revoke(session, target)
        assert codes.find(session, code, resource=RESOURCE) is None


def test_an_address_is_stopped_before_the_others_and_everybody_at_the_common_limit(place: Database) -> None:
    throttle = PublicThrottle(place, "secret", per_address=2, overall=5)
    assert [throttle.admit("code", "10.0.0.1") for _ in range(3)] == [True, True, False]
    assert [throttle.admit("code", f"10.0.1.{n}") for n in range(4)] == [True, True, True, False]
    assert throttle.admit("form", "10.0.0.1")
    with clock.at(clock.now() + WINDOW + timedelta(seconds=1)):
        assert throttle.admit("code", "10.0.0.1")
