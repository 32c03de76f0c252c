"""A hook has one specification, one heading in the docs, a user among the shipped plugins and a test that names it."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from core import hookspecs
from core.docs import hook_functions, signature
from core.loader import Host
from scripts.repository import REPO

HOST = Host().load()
HOOKS = dict(hook_functions())
PAGE = REPO / "docs" / "hooks.md"
each = pytest.mark.parametrize("name", HOOKS)


def test_every_specification_is_a_hook_of_the_host() -> None:
    written = re.findall(r"^@hookspec\ndef (\w+)\(", inspect.getsource(hookspecs), re.MULTILINE)
    assert sorted(written) == sorted(HOOKS)


@each
def test_a_hook_is_explained(name: str) -> None:
    assert inspect.getdoc(HOOKS[name])


@each
def test_a_hook_has_a_heading_with_its_signature(name: str) -> None:
    headings = re.findall(r"^## (.+)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert [heading for heading in headings if heading.startswith(f"{name}(")] == [f"{name}{signature(HOOKS[name])}"]


def test_the_page_tells_of_no_hook_that_is_gone() -> None:
    headings = re.findall(r"^## (\w+)\(", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert headings == sorted(headings, key=lambda name: HOOKS[name].__code__.co_firstlineno)
    assert set(headings) == set(HOOKS)


@each
def test_a_shipped_plugin_uses_the_hook(name: str) -> None:
    assert {"example", "intake", "public_info"} & set(HOST.hooks.implementers(name))


@each
def test_an_implementation_names_the_arguments_of_the_specification(name: str) -> None:
    wanted = list(inspect.signature(HOOKS[name]).parameters)
    for user in HOST.hooks.implementers(name):
        module = next(plugin.module for plugin in HOST.plugins if plugin.name == user)
        assert list(inspect.signature(getattr(module, name)).parameters) == wanted, user


@each
def test_a_test_names_the_hook(name: str) -> None:
    tests = [path for path in (REPO / "tests").rglob("test_*.py") if path != Path(__file__)]
    pattern = re.compile(rf"\b(?:test_)?{name}(?:\b|_)")
    assert any(pattern.search(path.read_text(encoding="utf-8")) for path in tests)
