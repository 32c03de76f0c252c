from datetime import UTC, date, datetime, timedelta

import pytest

from core import clock


def test_the_day_in_italy_begins_before_the_day_in_utc() -> None:
    with clock.at(datetime(2026, 7, 1, 22, 30, tzinfo=UTC)):
        assert clock.today() == date(2026, 7, 2)


def test_simulated_time_ends_with_its_block() -> None:
    past = datetime(2007, 5, 4, 12, tzinfo=UTC)
    with clock.at(past):
        assert clock.now() == past
    assert clock.now() - past > timedelta(days=365)


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"), clock.at(datetime(2026, 1, 1)):  # noqa: DTZ001
        pass
