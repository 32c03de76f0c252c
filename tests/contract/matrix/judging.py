"""Ask everything as everybody and say what differs from the table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from werkzeug.routing import Rule

from tests.contract.matrix.asking import Got, address, ask, nothing_kept, routes
from tests.contract.matrix.canaries import Canary
from tests.contract.matrix.dump import digests
from tests.contract.matrix.table import LOGIN, NO, YES, Entry, Table
from tests.contract.matrix.world import HOUSES, NOBODY, World

#: Of the other district ask these: those who reach most at home, a person, an administrator, an account without role.
STRANGERS = {
    "l": ("coordinator", "person", "district_admin", "tutor"),
    "g": ("placement_manager", "person", "district_admin"),
}
OTHER = {"l": "g", "g": "l"}


@dataclass
class Judge:
    """Who asks for what."""

    world: World
    table: Table
    who: Sequence[str] = ()
    only: tuple[str, ...] = ("",)
    seen: dict[tuple[str, str, int], set[str]] = field(default_factory=dict)

    def people(self, house: str) -> list[str]:
        """Those of the district, the portal's own, and some of the other one."""
        if self.who:
            return list(self.who)
        strangers = [f"{OTHER[house]}/{role}" for role in STRANGERS[OTHER[house]]]
        return [who for who in self.world.everybody if "/" not in who or who.startswith(f"{house}/")] + strangers

    def entries(self, *methods: str) -> Iterator[tuple[Entry, Rule]]:
        rules = routes(self.world.app)
        for entry in self.table.entries:
            if entry.key in rules and entry.of.startswith(self.only) and (entry.method in methods):
                yield entry, rules[entry.key]

    def leaks(self, entry: Entry, who: str, got: Got) -> Iterator[str]:
        """The planted words of an answer that this route does not show, or that these eyes must not see."""
        for canary in sorted(got.seen):
            if self.table.kinds.get(canary.what) not in (*entry.shows, *entry.sometimes):
                yield f"{canary} stands in an answer that does not show it"
            elif not self.table.may_see(who, canary):
                yield f"{canary} is not for {who}"

    def note(self, entry: Entry, seen: set[Canary]) -> None:
        place = (*entry.key, id(entry))
        self.seen.setdefault(place, set()).update(self.table.kinds.get(c.what, "") for c in seen)

    def unseen(self, *methods: str) -> list[str]:
        """Classes that a route is said to show and that nobody saw there: the test would not notice them missing."""
        return [
            f"{entry.of} {entry.method}: nobody saw {name}"
            for entry, _rule in self.entries(*methods)
            for name in entry.shows
            if name not in self.seen.get((*entry.key, id(entry)), ())
        ]


def judge_reading(judge: Judge, house: str) -> list[str]:
    """Every page, asked by everybody."""
    wrong: list[str] = []
    for entry, rule in judge.entries("GET"):
        for way in entry.ways():
            for who in judge.people(house):
                wrong += _asked(judge, entry, rule, way, who=who, house=house)
    return wrong + ([] if judge.who else judge.unseen("GET"))


def judge_writing(judge: Judge, house: str) -> list[str]:
    """Every form: refused to who must not, with nothing changed; taken from who may, and taken back."""
    wrong: list[str] = []
    for entry, rule in judge.entries("POST", "PUT", "PATCH", "DELETE"):
        before = digests(judge.world.database)
        refused, allowed = _split(judge, entry, house)
        for way in entry.ways():
            for who in refused:
                wrong += _asked(judge, entry, rule, way, who=who, house=house, rows=refused[who])
        after = digests(judge.world.database)
        changed = sorted(table for table in after if after[table] != before.get(table))
        if changed:
            wrong.append(f"{entry.of} {entry.method}: refused forms changed {changed}")
        if entry.probe:
            with nothing_kept():
                for way in entry.ways():
                    for who in allowed:
                        wrong += _asked(judge, entry, rule, way, who=who, house=house, rows=allowed[who])
    return wrong + judge.unseen("POST", "PUT", "PATCH", "DELETE")


def _split(judge: Judge, entry: Entry, house: str) -> tuple[dict[str, str], dict[str, str]]:
    """Who is refused and who is let in, with the rows for which."""
    refused: dict[str, str] = {}
    allowed: dict[str, str] = {}
    for who in judge.people(house):
        for row in entry.rows:
            found = allowed if judge.table.expected(entry, who, house, row) == YES else refused
            found[who] = found.get(who, "") + row
    return refused, allowed


def _asked(
    judge: Judge, entry: Entry, rule: Rule, way: dict[str, Any], *, who: str, house: str, rows: str = ""
) -> Iterator[str]:
    for row in rows or entry.rows:
        expected = judge.table.expected(entry, who, house, row)
        path = address(judge.world, rule, entry, way, house=house, row=row)
        got = ask(judge.world, who, path, entry.method, entry.form)
        yield from _compared(judge, entry, got, who=who, row=row, expected=expected)
        if path.startswith("/api/") and who.startswith(f"{house}/") and who in judge.world.programs:
            got = ask(judge.world, who, path, entry.method, entry.form, by_key=True)
            yield from _compared(judge, entry, got, who=who, row=f"{row}, by a program", expected=expected)
        if entry.about:
            # The same address with the ids of the other district's row.
            path = address(judge.world, rule, entry, way, house=house, row=row, ids=OTHER[house])
            got = ask(judge.world, who, path, entry.method, entry.form)
            wanted = judge.table.expected(entry, who, house, row) if who == NOBODY else NO
            there = f"{row} of {HOUSES[OTHER[house]][1]}"
            yield from _compared(judge, entry, got, who=who, row=there, expected=wanted)


def _compared(judge: Judge, entry: Entry, got: Got, *, who: str, row: str, expected: str) -> Iterator[str]:
    where = f"{who}: {entry.method} {got.address} ({entry.of}, row {row})"
    # Whoever is signed in, or sends a form, and is led to the door was not let in.
    kind = NO if got.kind == LOGIN and (who != NOBODY or entry.method != "GET") else got.kind
    if kind != expected:
        yield f"{where}: expected {expected}, got {got.kind} {got.status}"
    judge.note(entry, got.seen)
    yield from (f"{where}: {leak}" for leak in judge.leaks(entry, who, got))
