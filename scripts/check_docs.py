"""Do the links between the pages of the project lead anywhere? ``python -m scripts.check_docs``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from scripts.repository import REPO

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+\s+(.*)$", re.MULTILINE)
CODE = re.compile(r"^```.*?^```|`[^`\n]*`", re.MULTILINE | re.DOTALL)
ELSEWHERE = re.compile(r"^[a-z]+:", re.IGNORECASE)


def pages() -> list[Path]:
    """Every page of documentation of the project."""
    roots = [*REPO.glob("*.md"), *(REPO / "docs").rglob("*.md")]
    return sorted([*roots, *(REPO / "plugins").glob("*/README.md")])


def anchor(heading: str) -> str:
    """The name that a heading can be reached by."""
    kept = re.sub(r"[^\w\- ]", "", heading.replace("`", "").strip().lower())
    return kept.replace(" ", "-")


def anchors(page: Path) -> set[str]:
    """All names of headings in a page."""
    return {anchor(heading) for heading in HEADING.findall(page.read_text(encoding="utf-8"))}


def broken_links(page: Path) -> Iterator[str]:
    """The links of a page that lead nowhere, as ``page: target``."""
    for target in LINK.findall(CODE.sub("", page.read_text(encoding="utf-8"))):
        if ELSEWHERE.match(target):
            continue
        path, _, fragment = target.partition("#")
        goal = (page.parent / path).resolve() if path else page
        if not goal.exists() or (fragment and fragment not in anchors(goal)):
            yield f"{page.relative_to(REPO)}: {target} leads nowhere"


def main() -> int:
    """Print the broken links; 1 when there are any."""
    found = [line for page in pages() for line in broken_links(page)]
    print("\n".join(found) or "all links between pages lead somewhere")
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
