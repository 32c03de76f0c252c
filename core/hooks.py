"""The only door to plugins: calls each implementation by itself, applies the district rule, remembers what broke."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from types import ModuleType
from typing import Any

import pluggy

from core import clock, hookspecs
from core.errors import PluginError, kind_and_place

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Problem:
    """What went wrong in a plugin: at which stage, which error, how often and when last."""

    plugin: str
    stage: str
    error: str
    times: int
    last: datetime


class Problems:
    """The faults of plugins since the start of this process; bounded, safe between threads."""

    LIMIT = 200

    def __init__(self) -> None:
        self._rows: dict[tuple[str, str, str], Problem] = {}
        self._lock = Lock()

    def add(self, plugin: str, stage: str, error: BaseException | str) -> None:
        """Note a fault for the console; the public health page has the plugin's name alone.

        Of an error its kind and place are kept: its text may quote what somebody typed. A text given is kept as it is.
        """
        text = error if isinstance(error, str) else kind_and_place(error)
        key = (plugin, stage, text[:300])
        with self._lock:
            before = self._rows.pop(key, None)
            self._rows[key] = Problem(*key, (before.times if before else 0) + 1, clock.now())
            while len(self._rows) > self.LIMIT:
                del self._rows[next(iter(self._rows))]

    def __iter__(self) -> Iterator[Problem]:
        with self._lock:
            return iter(tuple(self._rows.values()))

    def of(self, plugin: str) -> tuple[Problem, ...]:
        """The faults of one plugin, oldest first."""
        return tuple(problem for problem in self if problem.plugin == plugin)


class Hooks:
    """Registers plugins and calls their hooks, one implementation after the other, in order of registration."""

    def __init__(self) -> None:
        self._pm = pluggy.PluginManager(hookspecs.PROJECT)
        self._pm.add_hookspecs(hookspecs)
        self._order: list[str] = []
        self.problems = Problems()

    def register(self, name: str, module: ModuleType) -> None:
        """Add a plugin; a misspelt hook is an error that names it. Raises PluginError."""
        try:
            self._pm.register(module, name=name)
            self._pm.check_pending()
        except Exception as error:
            if self._pm.has_plugin(name):
                self._pm.unregister(name=name)
            raise PluginError(f"{name}: {error}") from error
        self._order.append(name)

    def unregister(self, name: str) -> None:
        """Take a plugin out, as if it had never been added."""
        self._pm.unregister(name=name)
        self._order.remove(name)

    def implementers(self, hook: str) -> list[str]:
        """Plugins that implement ``hook``, in order."""
        return [name for name in self._order if self.of(name, hook)]

    def of(self, plugin: str, hook: str) -> Callable[..., Any] | None:
        """The implementation of ``hook`` by ``plugin``."""
        for impl in getattr(self._pm.hook, hook).get_hookimpls():
            if impl.plugin_name == plugin:
                return _caller(impl)
        return None

    def display(
        self, hook: str, enabled: Collection[str] | None = None, *, kind: type | None = None, **arguments: Any
    ) -> list[tuple[str, Any]]:
        """Results of a hook that shows something: an implementation that fails is noted and left out.

        With ``kind`` a result must be a sequence of that class; what it holds is then safe to look at.
        """
        found = []
        for name, call in self._calls(hook, enabled, arguments):
            try:
                found.append((name, _of_kind(call(**arguments), kind)))
            except Exception as error:
                log.exception("plugin %s failed in %s", name, hook)
                self.problems.add(name, hook, error)
        return found

    def demand(self, hook: str, enabled: Collection[str] | None = None, **arguments: Any) -> list[tuple[str, Any]]:
        """Results of a hook that decides: the first failure is noted and stops the action. Raises PluginError."""
        found = []
        for name, call in self._calls(hook, enabled, arguments):
            try:
                found.append((name, call(**arguments)))
            except Exception as error:
                self.problems.add(name, hook, error)
                raise PluginError(f"{name}: {hook} failed: {error}") from error
        return found

    def _calls(
        self, hook: str, enabled: Collection[str] | None, arguments: dict[str, Any]
    ) -> Iterable[tuple[str, Callable[..., Any]]]:
        if enabled is None and is_per_district(hook):
            enabled = arguments["district"].enabled
        impls = {impl.plugin_name: impl for impl in getattr(self._pm.hook, hook).get_hookimpls()}
        for name in self._order:
            if name in impls and (enabled is None or name in enabled):
                yield name, _caller(impls[name])


def _of_kind(result: Any, kind: type | None) -> Any:
    """The result, once it is what the hook promises. Raises TypeError naming what came instead."""
    if kind is None:
        return result
    for item in result:
        if not isinstance(item, kind):
            raise TypeError(f"{type(item).__name__} instead of {kind.__name__}")
    return result


def is_per_district(hook: str) -> bool:
    """Whether the first argument of the hook is ``district``: then only plugins enabled there are called."""
    return next(iter(inspect.signature(getattr(hookspecs, hook)).parameters), None) == "district"


def _caller(impl: Any) -> Callable[..., Any]:
    """Call an implementation with the arguments that it names, as pluggy does."""
    return lambda **arguments: impl.function(*[arguments[name] for name in impl.argnames])
