"""What ``access.toml`` expects, read and checked: who is meant by a group, what each route answers."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import Any

from tests.contract.matrix.canaries import Canary
from tests.contract.matrix.world import HOUSES, MEMBER, NOBODY, PORTAL

FILE = Path(__file__).resolve().parents[1] / "access.toml"
YES, NO, LOGIN = "yes", "no", "login"
WHAT_IS_ASKED = {"of", "method", "about", "with", "each", "query", "form", "probe", "why"}
KEYS = WHAT_IS_ASKED | {"own", "other", "may", "visitor", "strangers", "shows", "sometimes"}


@dataclass(frozen=True)
class Entry:
    """One route with one method: who is answered, and what the answers may show."""

    of: str
    method: str
    about: str = ""
    own: Sequence[str] = ()
    other: Sequence[str] = ()
    may: Sequence[str] = ()
    visitor: str = LOGIN
    strangers: bool = False
    shows: Sequence[str] = ()
    sometimes: Sequence[str] = ()
    values: Mapping[str, Any] = field(default_factory=dict)
    each: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    query: str = ""
    form: Mapping[str, str] = field(default_factory=dict)
    probe: bool = True

    @property
    def key(self) -> tuple[str, str]:
        return self.of, self.method

    @property
    def rows(self) -> str:
        """The rows that are asked for: the own one and the other, or none in particular."""
        return "ab" if self.about else "o"

    def ways(self) -> Iterator[dict[str, Any]]:
        """The values of each address that is tried."""
        names = list(self.each)
        for chosen in product(*(self.each[name] for name in names)):
            yield {**self.values, **dict(zip(names, chosen, strict=True))}


class Table:
    """The whole of ``access.toml``."""

    def __init__(self, text: str) -> None:
        self.raw = tomllib.loads(text)

    @cached_property
    def entries(self) -> list[Entry]:
        """One entry for each route and method; several of one route differ in what they are asked with."""
        return [entry for raw in self.raw["route"] for entry in _entries(raw)]

    @cached_property
    def groups(self) -> Mapping[str, frozenset[str]]:
        """Who belongs to a group, as ``house/role``."""
        found: dict[str, frozenset[str]] = {}
        for name, by_model in self.raw["groups"].items():
            houses = {slug: house for house, (_model, slug) in HOUSES.items()}
            found[name] = frozenset(f"{houses[slug]}/{role}" for slug, roles in by_model.items() for role in roles)
        return found

    def members(self, names: Sequence[str], who: str) -> bool:
        """Whether somebody belongs to one of the groups."""
        return any(self._in(name, who) for name in names)

    def _in(self, name: str, who: str) -> bool:
        if name == "everyone":
            return True
        if name == "signed_in":
            return who != NOBODY
        if name == PORTAL:
            return who == PORTAL
        if name == "members":
            return "/" in who
        return who in self.groups[name]

    def expected(self, entry: Entry, who: str, house: str, row: str) -> str:
        """``yes``, ``no`` or ``login``: what ``who`` is answered for a row of the district ``house``."""
        if who == NOBODY:
            return NO if entry.visitor == LOGIN and entry.method != "GET" else entry.visitor
        at_home = who == PORTAL or who.startswith(f"{house}/")
        if not at_home:
            return YES if entry.strangers else NO
        names = {"a": entry.own, "b": entry.other, "o": entry.may}[row]
        return YES if self.members(names, who) else NO

    @cached_property
    def kinds(self) -> Mapping[str, str]:
        """The class of each planted word."""
        return {what: rule["class"] for rule in self.raw["canary"] for what in rule["what"]}

    def may_see(self, who: str, canary: Canary) -> bool:
        """Whether somebody may see a planted word at all."""
        at_home = who in {PORTAL, NOBODY} or who.startswith(f"{canary.house}/")
        rule = next((rule for rule in self.raw["canary"] if canary.what in rule["what"]), None)
        if rule is None:
            return False
        if "everyone" in rule.get("may", ()):
            return True
        return at_home and self.members(rule.get({"a": "own", "b": "other", "o": "may"}[canary.row], ()), who)


def _entries(raw: Mapping[str, Any]) -> Iterator[Entry]:
    unknown = raw.keys() - KEYS
    assert not unknown, f"{raw.get('of')}: unknown keys {sorted(unknown)}"
    assert raw.get("probe", True) or raw.get("why"), f"{raw['of']}: a route that is not tried needs a reason"
    given = {key: raw[key] for key in KEYS - {"of", "method", "with", "why"} if key in raw}
    methods = raw["method"] if isinstance(raw["method"], list) else [raw["method"]]
    ofs = raw["of"] if isinstance(raw["of"], list) else [raw["of"]]
    for of, method in product(ofs, methods):
        yield Entry(of=of, method=method, values=raw.get("with", {}), **given)


def load() -> Table:
    """The table of this repository."""
    return Table(FILE.read_text("utf-8"))


__all__ = ["LOGIN", "MEMBER", "NO", "YES", "Entry", "Table", "load"]
