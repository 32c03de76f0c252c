"""States and the steps between them, read from TOML with strict checks. Pure: nothing here knows a database."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from core.errors import ConfigError
from core.forms.definition import digest_of, plain_content
from core.forms.reader import Reader, read_toml, unique

#: Gaps a transition's sentence may have.
SENTENCE_GAPS = frozenset({"actor"})
_GAP = re.compile(r"%(?:\((\w*)\))?(.?)")


@dataclass(frozen=True)
class State:
    """Where a thing can stand. ``public``: visitors and search see it."""

    key: str
    label: Mapping[str, str]
    public: bool = False


@dataclass(frozen=True)
class Transition:
    """A step. ``permission`` is the action a grant must name; ``complete`` demands what publishing needs."""

    key: str
    label: Mapping[str, str]
    sources: tuple[str, ...]
    target: str
    permission: str
    complete: bool
    sentence: Mapping[str, str]


@dataclass(frozen=True)
class Workflow:
    """A workflow version; ``version`` is 0 until it is published."""

    key: str
    initial: str
    states: tuple[State, ...]
    transitions: tuple[Transition, ...]
    version: int = 0
    content: Mapping[str, Any] = field(default_factory=dict, compare=False)

    @cached_property
    def by_state(self) -> Mapping[str, State]:
        """The states by key."""
        return {state.key: state for state in self.states}

    @cached_property
    def by_transition(self) -> Mapping[str, Transition]:
        """The transitions by key."""
        return {transition.key: transition for transition in self.transitions}

    @cached_property
    def digest(self) -> str:
        """Fingerprint of the content."""
        return digest_of(self.content)

    def is_public(self, state: str) -> bool:
        """Whether visitors see things in ``state``; an unknown state is not public."""
        found = self.by_state.get(state)
        return found is not None and found.public

    def demands_complete(self, state: str) -> bool:
        """Whether a thing must be complete to stand in ``state``: some step into it asks for that."""
        return any(step.complete for step in self.transitions if step.target == state)


def available(workflow: Workflow, state: str) -> tuple[Transition, ...]:
    """The steps that start in ``state``, in their order; rights and guards are judged elsewhere."""
    return tuple(step for step in workflow.transitions if state in step.sources)


def load_workflow(path: Path) -> Workflow:
    """The workflow of a TOML file. Raises ConfigError naming file and key."""
    return parse_workflow(read_toml(path), path)


def parse_workflow(data: Mapping[str, Any], file: str | Path = "workflow", *, version: int = 0) -> Workflow:
    """A workflow from its table. Raises ConfigError for unknown or unreachable states and the like."""
    content = plain_content(data)
    reader = Reader(content, file)
    key = reader.key()
    states = tuple(_state(item) for item in reader.tables("states"))
    unique(reader, "states", (state.key for state in states))
    names = [state.key for state in states]
    initial = reader.one_of("initial", names)
    transitions = tuple(_transition(item, names) for item in reader.tables("transitions"))
    unique(reader, "transitions", (step.key for step in transitions))
    reader.done()
    _check_reachable(reader, initial, names, transitions)
    return Workflow(key, initial, states, transitions, version=version, content=content)


def _state(reader: Reader) -> State:
    state = State(reader.key(), reader.texts("label"), reader.flag("public"))
    reader.done()
    return state


def _transition(reader: Reader, states: Sequence[str]) -> Transition:
    sources = reader.strings("from")
    unknown = sorted(set(sources) - set(states))
    if unknown or not sources:
        problem = f"'{unknown[0]}' is not a state" if unknown else "names no state"
        raise reader.fail("from", problem, f"Known: {', '.join(states)}")
    transition = Transition(
        key=reader.key(),
        label=reader.texts("label"),
        sources=sources,
        target=reader.one_of("to", states),
        permission=reader.key("permission"),
        complete=reader.flag("complete"),
        sentence=_sentence(reader),
    )
    reader.done()
    return transition


def _sentence(reader: Reader) -> Mapping[str, str]:
    """The texts of the history line; a gap that nobody fills would break every page that shows it."""
    texts = reader.texts("sentence")
    for lang, text in texts.items():
        for name, kind in _GAP.findall(text.replace("%%", "")):
            if name not in SENTENCE_GAPS or kind != "s":
                raise reader.fail(
                    f"sentence.{lang}", "has an unknown gap", "Use %(actor)s; write %% for a percent sign"
                )
    return texts


def _check_reachable(reader: Reader, initial: str, states: Sequence[str], transitions: Sequence[Transition]) -> None:
    reached, waiting = {initial}, [initial]
    while waiting:
        state = waiting.pop()
        news = {step.target for step in transitions if state in step.sources} - reached
        reached |= news
        waiting.extend(news)
    lost = [state for state in states if state not in reached]
    if lost:
        raise ConfigError(reader.file, f"states[{lost[0]}]", f"cannot be reached from '{initial}'", "Add a transition")
