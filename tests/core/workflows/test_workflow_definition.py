"""Workflows: what is wrong is named, what may happen is listed."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from core.errors import ConfigError
from core.workflows.definition import available, load_workflow, parse_workflow

REPO = Path(__file__).resolve().parents[3]
TEXT = {"it": "testo"}


def whole() -> dict[str, Any]:
    step = {"label": TEXT, "permission": "publish", "sentence": {"it": "%(actor)s ha pubblicato"}}
    return {
        "key": "w",
        "initial": "draft",
        "states": [{"key": "draft", "label": TEXT}, {"key": "out", "label": TEXT, "public": True}],
        "transitions": [
            {"key": "publish", "from": ["draft"], "to": "out", "complete": True, **step},
            {"key": "withdraw", "from": ["out"], "to": "draft", **step},
        ],
    }


def test_the_steps_of_a_state_are_listed() -> None:
    workflow = parse_workflow(whole())
    assert [step.key for step in available(workflow, "draft")] == ["publish"]
    assert available(workflow, "nowhere") == ()
    assert (workflow.is_public("out"), workflow.is_public("draft"), workflow.is_public("nowhere")) == (
        True,
        False,
        False,
    )
    assert (workflow.demands_complete("out"), workflow.demands_complete("draft")) == (True, False)


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        (("initial",), "none", "initial"),
        (("transitions", 0, "to"), "none", "transitions[publish].to"),
        (("transitions", 0, "from"), ["none"], "transitions[publish].from"),
        (("transitions", 0, "from"), [], "transitions[publish].from"),
        (("transitions", 0, "key"), "withdraw", "transitions[withdraw]"),
        (("transitions", 0, "permission"), "", "transitions[publish].permission"),
        (("transitions", 0, "sentence"), {"it": "%(who)s ha"}, "transitions[publish].sentence.it"),
        (("transitions", 0, "sentence"), {"it": "il 5% di"}, "transitions[publish].sentence.it"),
        (("transitions", 0, "guard"), "x", "transitions[publish].guard"),
        (("transitions", 0, "to"), "draft", "states[out]"),
        (("states", 1, "key"), "draft", "states[draft]"),
        (("states", 0, "label"), {"en": "x"}, "states[draft].label.it"),
        (("colour",), "red", "colour"),
    ],
)
def test_what_is_wrong_is_named(path: tuple[Any, ...], value: Any, named: str) -> None:
    data = deepcopy(whole())
    place: Any = data
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    with pytest.raises(ConfigError) as caught:
        parse_workflow(data)
    assert caught.value.key == named


@pytest.mark.parametrize("path", sorted((REPO / "plugins").glob("*/workflows/*.toml")), ids=lambda path: path.stem)
def test_workflows_that_plugins_ship_are_sound(path: Path) -> None:
    assert load_workflow(path).key == path.stem
