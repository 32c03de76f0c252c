"""The repository holds what belongs to it and nothing else, and the rules of the house that a tool can see."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import pytest

from scripts.repository import REPO
from tests.support.source import files_of, found, found_in, project_files, templates

CODE = (".py", ".html", ".mjs", ".js", ".toml", ".scss", ".css", ".sh", ".xml")
# In two parts, so that this file does not find itself.
UNFINISHED = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|HA" + r"CK)\b")
WORKPLACE = re.compile(r"\b(?:farm-" + r"[a-z]+|before-" + r"stop)\b")
HOMES = re.compile(r"(?<![\w.])/(?:home|root|Users)" + r"/\w+")
GETTEXT = {"_", "_l", "gettext", "lazy_gettext", "ngettext", "lazy_ngettext"}
SCRIPT = re.compile(r"<script(?![^>]*\bsrc=)(?![^>]*type=\"application/(?:ld\+)?json\")[^>]*>", re.IGNORECASE)
STYLE = re.compile(r"<style\b|<[^>{}]*\sstyle=", re.IGNORECASE)
HANDLER = re.compile(r"<[a-z][^>]*\son[a-z]+=|\bjavascript:", re.IGNORECASE)
JOINED_MSGID = re.compile(r"\b_l?\(\s*(?:\"[^\"]*\"|'[^']*')\s*(?:~|\+|%|\|)")
#: Folders that every machine has: their names are no trace of one.
EVERYWHERE = {"", "tmp", "src", "opt", "srv"}


def district_names() -> list[str]:
    """Slugs and municipalities of the model bundles: what no code may know."""
    names: set[str] = set()
    for path in sorted((REPO / "config" / "models").glob("*/model.toml")):
        model = tomllib.loads(path.read_text(encoding="utf-8"))
        towns = {town["name"] for town in model.get("municipalities", [])}
        # A bundle without municipalities describes a way of working, whose word the code may need.
        names |= towns | ({model["slug"], model["key"]} if towns else set())
    return sorted(names)


def test_nothing_is_left_unfinished() -> None:
    assert found(UNFINISHED, project_files()) == []


def test_no_file_names_a_place_outside_the_project() -> None:
    assert found(HOMES, project_files()) == []
    if REPO.parent.name not in EVERYWHERE:
        above = re.compile(r"(?<![\w.])" + re.escape(str(REPO.parent)) + r"/")
        assert found(above, project_files()) == []


def test_no_file_names_the_tools_of_a_workplace() -> None:
    assert found(WORKPLACE, project_files()) == []


def test_locks_hold_hashes_and_no_addresses() -> None:
    locks = [*sorted(REPO.glob("requirements*.lock")), REPO / "frontend" / "package-lock.json"]
    address = re.compile(
        r"^\s*--(?:extra-)?index-url.*|^\s*--find-links.*|\"resolved\": *\"http[^\"]*|^[^#\n]*https?://\S*",
        re.MULTILINE,
    )
    python = [path for path in locks if path.suffix == ".lock"]
    assert found(address, python) == []
    assert found(re.compile(r"\"resolved\": *\"http[^\"]*"), locks) == []


def test_every_line_of_a_lock_is_pinned_by_a_hash() -> None:
    for path in sorted(REPO.glob("requirements*.lock")):
        entries = re.split(r"\n(?=\S)", path.read_text(encoding="utf-8").strip())
        assert [entry.split("\n")[0] for entry in entries if "--hash=sha256:" not in entry] == [], path.name


def test_no_district_is_named_in_code() -> None:
    names = district_names()
    if not names:
        pytest.skip("no model bundle with municipalities yet")
    words = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    pattern = re.compile(rf"(?<![\w-])(?:{words})(?![\w-])")
    assert found(pattern, files_of(("core", "plugins"), (".py", ".html", ".mako"))) == []


def test_templates_hold_no_script_and_no_style() -> None:
    assert [line for pattern in (SCRIPT, STYLE, HANDLER) for line in found(pattern, templates())] == []


@pytest.mark.parametrize(
    "markup", ["<script>", '<p style="x">', "<style>", '<a onclick="x">', '<a href="javascript:x">']
)
def test_the_look_for_scripts_and_styles_sees_one(markup: str) -> None:
    assert any(pattern.search(markup) for pattern in (SCRIPT, STYLE, HANDLER))


def test_a_message_to_translate_is_one_whole_text() -> None:
    python = [line for path in files_of(("core", "plugins"), (".py",)) for line in broken_messages(path)]
    assert python + found(JOINED_MSGID, templates()) == []


def broken_messages(path: Path) -> list[str]:
    """Calls of gettext whose first argument is put together."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and name_of(node) in GETTEXT and node.args]
    joined = [node for node in calls if isinstance(node.args[0], ast.JoinedStr | ast.BinOp | ast.Call)]
    return [f"{path.relative_to(REPO)}:{node.lineno}" for node in joined]


def name_of(call: ast.Call) -> str:
    """The name a call uses, without the object it belongs to."""
    function = call.func
    return function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")


def test_every_test_file_has_tests_and_every_test_is_in_a_test_file() -> None:
    python = files_of(("tests",), (".py",))
    with_tests = {path for path in python if has_tests(path)}
    named_so = {path for path in python if path.name.startswith("test_")}
    assert sorted(str(path.relative_to(REPO)) for path in with_tests ^ named_so) == []


def has_tests(path: Path) -> bool:
    """Whether pytest would find a test here: a function, or a state machine of hypothesis."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = [node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    assigned = [
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    ]
    return any(name.startswith(("test_", "Test")) for name in functions + assigned)


def test_commands_print_through_click_only() -> None:
    calls = re.compile(r"^\s*print\(", re.MULTILINE)
    assert found(calls, files_of(("core", "plugins"), (".py",))) == []


def test_text_files_end_with_a_line_break() -> None:
    odd = [
        path
        for path in files_of(("core", "plugins", "tests", "docs", "scripts", "config"), (*CODE, ".md", ".jsonl"))
        if path.stat().st_size and not path.read_bytes().endswith(b"\n")
    ]
    assert [str(path.relative_to(REPO)) for path in odd] == []


def test_an_occurrence_is_told_with_file_and_line(tmp_path: Path) -> None:
    inside = REPO / "tests" / "support" / "source.py"
    lines = list(found_in(re.compile("def found_in"), inside))
    assert len(lines) == 1
    assert lines[0].startswith("tests/support/source.py:")
