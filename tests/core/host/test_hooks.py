from types import SimpleNamespace
from typing import Any

import pytest

from core.errors import PluginError
from core.hooks import Problems, is_per_district
from tests.core.host.modules import PluginFolder

ITEMS = "@hookimpl\ndef menu_items(district, actor): return ['{name}']"


def district(*enabled: str) -> Any:
    return SimpleNamespace(enabled=frozenset(enabled))


def test_a_hook_of_a_district_reaches_only_plugins_enabled_there(folder: PluginFolder) -> None:
    folder.add("one", ITEMS.format(name="one"))
    folder.add("two", ITEMS.format(name="two"))
    hooks = folder.host().hooks
    assert hooks.display("menu_items", district=district("two"), actor=None) == [("two", ["two"])]
    assert hooks.display("menu_items", district=district(), actor=None) == []


def test_every_other_hook_reaches_all_installed_plugins(folder: PluginFolder) -> None:
    folder.add("one", "@hookimpl\ndef register_permissions(): return ['r']")
    assert folder.host().hooks.display("register_permissions") == [("one", ["r"])]


def test_a_display_hook_that_fails_is_left_out_and_noted(folder: PluginFolder) -> None:
    folder.add("bad", "@hookimpl\ndef menu_items(district, actor): raise ValueError('boom')")
    folder.add("good", ITEMS.format(name="good"))
    hooks = folder.host().hooks
    assert hooks.display("menu_items", district=district("bad", "good"), actor=None) == [("good", ["good"])]
    (problem,) = hooks.problems
    assert (problem.plugin, problem.stage) == ("bad", "menu_items")
    # Its text may quote what somebody typed: kind and place alone are kept.
    assert problem.error.startswith("ValueError (")
    assert "boom" not in problem.error


def test_a_deciding_hook_that_fails_stops_the_action(folder: PluginFolder) -> None:
    folder.add("bad", "@hookimpl\ndef menu_items(district, actor): raise ValueError('boom')")
    hooks = folder.host().hooks
    with pytest.raises(PluginError, match="bad: menu_items failed: boom"):
        hooks.demand("menu_items", district=district("bad"), actor=None)


def test_an_implementation_names_only_the_arguments_it_needs(folder: PluginFolder) -> None:
    folder.add("short", "@hookimpl\ndef menu_items(actor): return [actor]")
    assert folder.host().hooks.display("menu_items", district=district("short"), actor="me") == [("short", ["me"])]


def test_the_same_fault_is_counted_and_the_list_is_bounded() -> None:
    problems = Problems()
    for _ in range(3):
        problems.add("p", "s", ValueError("x"))
    for number in range(Problems.LIMIT + 50):
        problems.add("q", "s", f"fault {number}")
    assert len(list(problems)) == Problems.LIMIT
    problems.add("p", "s", ValueError("x"))
    problems.add("p", "s", ValueError("x"))
    assert problems.of("p")[0].times == 2


def test_the_district_rule_follows_the_first_argument() -> None:
    assert is_per_district("menu_items")
    assert not is_per_district("handle_event")
    assert not is_per_district("register_blueprints")
