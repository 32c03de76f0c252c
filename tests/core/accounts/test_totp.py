from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest

from core.accounts import totp

#: RFC 6238, appendix B: the secret of its SHA-1 examples; the last six of their eight digits.
SECRET = base64.b32encode(b"12345678901234567890").decode()
VECTORS = {59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037"}


def moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


@pytest.mark.parametrize(("seconds", "code"), VECTORS.items())
def test_the_codes_are_those_of_the_standard(seconds: int, code: str) -> None:
    assert totp.check(SECRET, code, moment(seconds), None).step == seconds // 30


@pytest.mark.parametrize("shift", [-30, 0, 30])
def test_a_code_is_good_one_step_before_and_after(shift: int) -> None:
    assert totp.check(SECRET, "005924", moment(1234567890 + shift), None).right


@pytest.mark.parametrize(("shift", "late"), [(60, 60), (600, 600), (-600, -600), (1800, 1800)])
def test_a_wrong_clock_is_told_and_not_accepted(shift: int, late: int) -> None:
    found = totp.check(SECRET, "005924", moment(1234567890 + shift), None)
    assert (found.right, found.late) == (False, late)


def test_a_code_of_another_hour_is_just_wrong() -> None:
    assert totp.check(SECRET, "005924", moment(1234567890 + 3600), None) == totp.CodeCheck()


def test_a_code_serves_once() -> None:
    step = 1234567890 // 30
    assert totp.check(SECRET, "005924", moment(1234567890), step).used
    assert not totp.check(SECRET, "005924", moment(1234567890), step + 1).right


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "00 592 4x", "\u0660" * 6, "005924\x00", "9" * 500])
def test_what_is_no_code_is_wrong(code: str) -> None:
    assert not totp.check(SECRET, code, moment(1234567890), None).right


def test_spaces_in_a_code_do_no_harm() -> None:
    assert totp.check(SECRET, " 005 924 ", moment(1234567890), None).right


def test_keys_have_160_bits_and_differ() -> None:
    keys = {totp.new_key() for _ in range(50)}
    assert len(keys) == 50
    assert {len(base64.b32decode(key)) for key in keys} == {20}
    assert totp.readable("ABCDEFGH") == "ABCD EFGH"
    assert timedelta(seconds=totp.STEP) == timedelta(seconds=30)
