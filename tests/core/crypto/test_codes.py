"""Public codes: enough chance, readable, forgiving to type, kept as a digest."""

from __future__ import annotations

import re

import pytest

from core import crypto
from core.crypto.codes import ALPHABET


def test_a_code_has_128_bits_in_readable_groups() -> None:
    codes = {crypto.new_code() for _ in range(2000)}
    assert len(codes) == 2000
    assert all(re.fullmatch(rf"(?:[{ALPHABET}]{{5}}-){{4}}[{ALPHABET}]{{6}}", code) for code in codes)
    # 26 letters of 5 bits hold 130: the first is one of eight, every other letter is any of the 32.
    assert {code[0] for code in codes} == set("01234567")
    assert {code[-1] for code in codes} == set(ALPHABET)


@pytest.mark.parametrize(
    "typed",
    [
        "01ABC-DEFGH-JKMNP-QRSTV-WXYZ01",
        "01abc defgh jkmnp qrstv wxyz01",
        "OIABCDEFGHJKMNPQRSTVWXYZO1",
        " oLabc-defgh-JKMNPQRSTVWXYZOl. ",
    ],
)
def test_how_a_code_is_typed_makes_no_difference(typed: str) -> None:
    assert crypto.hash_code(typed) == crypto.hash_code("01ABC-DEFGH-JKMNP-QRSTV-WXYZ01")


def test_another_code_has_another_digest_that_does_not_hold_it() -> None:
    code = crypto.new_code()
    assert crypto.hash_code(code) != crypto.hash_code(crypto.new_code())
    assert len(crypto.hash_code(code)) == 32 and code.encode() not in crypto.hash_code(code)
