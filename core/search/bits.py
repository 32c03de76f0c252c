"""Sets of document numbers as whole numbers: one bit each, so that counting a facet is one ``&`` and one count."""

from __future__ import annotations

from collections.abc import Iterable


def bits_of(numbers: Iterable[int], size: int) -> int:
    """The set of these numbers below ``size``."""
    cells = bytearray((size >> 3) + 1)
    for number in numbers:
        cells[number >> 3] |= 1 << (number & 7)
    return int.from_bytes(cells, "little")


def positions(bits: int) -> list[int]:
    """The numbers of a set, ascending."""
    cells = bits.to_bytes((bits.bit_length() >> 3) + 1, "little")
    return [place << 3 | bit for place, cell in enumerate(cells) if cell for bit in _BITS[cell]]


def members(bits: int, numbers: Iterable[int], size: int) -> list[int]:
    """Those of ``numbers`` (all below ``size``) that are in the set."""
    cells = bits.to_bytes((size >> 3) + 1, "little")
    return [number for number in numbers if cells[number >> 3] >> (number & 7) & 1]


_BITS = tuple(tuple(bit for bit in range(8) if cell >> bit & 1) for cell in range(256))
