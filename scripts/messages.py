"""The English catalogues: ``python -m scripts.messages`` brings them up to date with the code.

Italian sentences stand in the code; each owner of code (core, every plugin) keeps its English in a catalogue,
``translations/en/LC_MESSAGES/messages.po``.
``--check`` changes nothing and says what is missing.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po, write_po

from core import __version__
from scripts.repository import REPO

METHODS = [("**/static/**", "ignore"), ("**.py", "python"), ("**/templates/**.*", "jinja2")]
KEYWORDS = {**DEFAULT_KEYWORDS, "_l": None, "lazy_gettext": None, "lazy_ngettext": (1, 2)}
OPTIONS = {"**/templates/**.*": {"silent": "false"}}
HEADER = "# English of the Italian sentences in the code. `make messages` keeps it complete."
GAP = re.compile(r"%\(\w+\)[sd]|%[sd]")


def owners() -> list[Path]:
    """The folders that have sentences of their own."""
    plugins = sorted(path.parent for path in (REPO / "plugins").glob("*/__init__.py"))
    return [REPO / "core", *plugins]


def catalogue_path(owner: Path) -> Path:
    """Where the English sentences of an owner stand."""
    return owner / "translations" / "en" / "LC_MESSAGES" / "messages.po"


def empty() -> Catalog:
    """A catalogue that will be compiled: one marked as doubtful as a whole would not."""
    return Catalog(
        locale="en",
        domain="messages",
        project="innesto",
        version=__version__,
        header_comment=HEADER,
        msgid_bugs_address="CONTRIBUTING.md",
        last_translator="Innesto",
        language_team="English",
        fuzzy=False,
    )


def sentences(owner: Path) -> Catalog:
    """Every sentence in the code and the templates of an owner."""
    found = empty()
    for name, line, ids, comments, context in extract_from_dir(owner, METHODS, OPTIONS, KEYWORDS):
        found.add(ids, None, [(f"{owner.name}/{name}", line)], auto_comments=comments, context=context)
    return found


def catalogue(owner: Path) -> Catalog:
    """The English sentences of an owner; empty when nobody wrote any."""
    path = catalogue_path(owner)
    if not path.exists():
        return empty()
    with path.open("rb") as file:
        return read_po(file, locale="en", domain="messages")


def texts(message: Message) -> tuple[list[str], list[str]]:
    """Singular and plural forms, in Italian and in English."""
    return forms(message.id), forms(message.string)


def forms(text: object) -> list[str]:
    """The forms of a message as a list, whether it has a plural or not."""
    return list(text) if isinstance(text, list | tuple) else [str(text or "")]


def problems(owner: Path) -> Iterator[str]:
    """What is missing from, doubtful or wrong in the English of an owner."""
    known = catalogue(owner)
    for wanted in sentences(owner):
        if not wanted.id:
            continue
        message = known.get(wanted.id, wanted.context)
        problem = "missing" if message is None else problem_of(message)
        if problem:
            yield f"{owner.name}: {problem}: {texts(wanted)[0][0]!r}"


def problem_of(message: Message) -> str:
    """What is wrong with one translation; nothing when it is right."""
    italian, english = texts(message)
    if message.fuzzy:
        return "doubtful"
    if not english or not all(english):
        return "missing"
    return "" if gaps(italian) == gaps(english) else "other gaps than the Italian"


def gaps(texts_of: list[str]) -> set[str]:
    """The named gaps in any of the forms."""
    return {gap for form in texts_of for gap in GAP.findall(form)}


def names(found: Catalog) -> set[str]:
    """What tells the sentences of two catalogues apart."""
    return {repr((message.id, message.context)) for message in found if message.id}


def update(owner: Path) -> None:
    """Add new sentences to the catalogue of an owner and drop those that the code no longer has."""
    wanted, known = sentences(owner), catalogue(owner)
    path = catalogue_path(owner)
    if names(wanted) == names(known):
        return
    known.update(wanted, no_fuzzy_matching=True)
    known.obsolete.clear()
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, known, width=118, omit_header=False, include_lineno=False, sort_output=True)


def main(arguments: list[str]) -> int:
    """Update every catalogue and say what is left to translate; with ``--check`` only say it, and 1 if there is any."""
    check = "--check" in arguments
    for owner in () if check else owners():
        update(owner)
    found = [problem for owner in owners() for problem in problems(owner)]
    print("\n".join(found) or "every sentence has its English")
    return 1 if found and check else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
