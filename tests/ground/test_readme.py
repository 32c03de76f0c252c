"""What the pages for newcomers tell them to type exists."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from core.cli import cli

PAGES = ("README.md", "CONTRIBUTING.md")
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`((?:make|innesto) [^`]+)`")
TARGET = re.compile(r"^([a-z][a-z-]*):(?!=)", re.MULTILINE)


def commands(repo: Path, program: str) -> list[list[str]]:
    """What follows ``make`` or ``innesto`` on the pages, in blocks and in sentences."""
    texts = [(repo / page).read_text(encoding="utf-8") for page in PAGES]
    blocks = [line for text in texts for block in BLOCK.findall(text) for line in block.splitlines()]
    inline = [line for text in texts for line in INLINE.findall(BLOCK.sub("", text))]
    words = [shlex.split(line, comments=True) for line in (*blocks, *inline)]
    return [line[1:] for line in words if line and Path(line[0]).name == program]


def targets(repo: Path) -> set[str]:
    """What the Makefile can make by name."""
    return set(TARGET.findall((repo / "Makefile").read_text(encoding="utf-8")))


def test_every_make_command_of_the_pages_is_a_target(repo: Path) -> None:
    named = {word for line in commands(repo, "make") for word in line if "=" not in word}
    assert "run" in named
    assert named - targets(repo) == set()


def test_every_target_is_explained_by_make_help_or_is_a_part_of_one(repo: Path) -> None:
    text = (repo / "Makefile").read_text(encoding="utf-8")
    explained = set(re.findall(r"@echo 'make ([a-z-]+)", text))
    assert targets(repo) - explained == {"help", "setup", "translations", "types"}


def test_every_innesto_command_of_the_pages_exists_with_its_options(repo: Path) -> None:
    lines = commands(repo, "innesto")
    assert lines
    assert [problem for line in lines if (problem := unknown_part(line))] == []


def unknown_part(line: list[str]) -> str:
    """The first word of a command line that the command does not know, with the line; else nothing."""
    command: click.Command = cli
    context = click.Context(cli)
    words = iter(line)
    while isinstance(command, click.Group):
        word = next(words, "")
        found = command.get_command(context, word)
        if found is None:
            return f"innesto {' '.join(line)}: no command '{word}'"
        command = found
    known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    unknown = [word for word in words if word.startswith("--") and word not in known]
    return f"innesto {' '.join(line)}: no option {unknown[0]}" if unknown else ""


def test_links_between_pages_lead_somewhere() -> None:
    from scripts.check_docs import broken_links, pages

    assert [line for page in pages() for line in broken_links(page)] == []


@pytest.mark.parametrize("target", ["missing.md", "#no-such-heading"])
def test_a_link_that_leads_nowhere_is_told(target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from scripts import check_docs

    monkeypatch.setattr(check_docs, "REPO", tmp_path)
    page = tmp_path / "page.md"
    page.write_text(
        f"# A heading\n\n[here](#a-heading) [there]({target}) [out](https://example.org)\n", encoding="utf-8"
    )
    assert list(check_docs.broken_links(page)) == [f"page.md: {target} leads nowhere"]
