"""How requests find a person, and when the time of keeping a person has passed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from core import clock, crypto
from core.errors import NotFound
from core.hooks import Hooks
from core.privacy.requests.subjects import find_subject, subject_label, subject_people
from core.privacy.retention import operations as retention
from core.privacy.retention.models import Erasure
from plugins.intake import operations, plugin
from plugins.intake.models import Person
from plugins.intake.permissions import PERSON
from tests.plugins.intake.world import World

CLOSED = datetime(2026, 3, 31, 11, tzinfo=UTC)
#: The models keep a person for 120 months: an example.
LAST_DAY, DUE = datetime(2036, 3, 31, 11, tzinfo=UTC), datetime(2036, 4, 1, 11, tzinfo=UTC)


def hooks() -> Hooks:
    made = Hooks()
    made.register("intake", plugin)
    return made


def test_a_person_is_found_by_the_code_of_the_file_or_of_a_case(world: World) -> None:
    with world.write() as session:
        case = world.register(session)
        for code in (case.code, case.person_code, f" {case.person_code.lower()} "):
            assert find_subject(session, code) == (PERSON, case.person_id)
        assert subject_label(session, PERSON, case.person_id) == case.person_code
        assert subject_people(session, PERSON, case.person_id) == frozenset()
        with pytest.raises(NotFound, match="LEG-1999-0001"):
            find_subject(session, "LEG-1999-0001")


def test_a_person_is_due_when_the_months_after_the_last_case_have_passed(world: World) -> None:
    rule, system = retention.rule_of(PERSON), world.system()
    with world.write() as session:
        with clock.at(CLOSED - timedelta(days=30)):
            case, running = (
                world.register(session),
                world.register(session, family_name="Altri", tax_code="", tax_code_reason="not_yet"),
            )
        with clock.at(CLOSED):
            operations.close_case(session, case, actor=system, reason="transferred")
        with clock.at(LAST_DAY):
            found = retention.preview(session, rule, actor=system)
            assert (found.months, found.due, found.kept) == (120, 0, 2)
            assert len(retention.duties(session, case.person_id)) == 1
        with clock.at(DUE):
            found = retention.preview(session, rule, actor=system)
            assert (found.due, found.kept, found.oldest) == (1, 1, CLOSED)
            assert retention.duties(session, case.person_id) == []
            assert len(retention.duties(session, running.person_id)) == 1
            sealed = crypto.seal(session, case.person_id, "x", table="t", row_id=case.person_id, field="f")
            retention.run(session, rule, actor=system, hooks=hooks(), confirmed=found.digest)
            assert session.scalars(sa.select(Erasure.cause)).all() == ["retention"]
            assert retention.preview(session, rule, actor=system).due == 0
        person = session.get_one(Person, (case.district_id, case.person_id))
        assert (person.given_name, person.erased_at is not None) == ("", True)
        with pytest.raises(crypto.Unreadable):
            crypto.unseal(session, case.person_id, sealed, table="t", row_id=case.person_id, field="f")
