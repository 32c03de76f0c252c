"""Accessibility of a page as axe-core sees it: WCAG 2.0 to 2.2, A and AA, and its best practices."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from scripts.repository import REPO

if TYPE_CHECKING:
    from playwright.sync_api import Page

SCRIPT = REPO / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RUN = "tags => axe.run(document, {runOnly: {type: 'tag', values: tags}, resultTypes: ['violations']})"


@cache
def script() -> str:
    """axe-core as installed with the front end, whose version the lock pins."""
    if not SCRIPT.exists():
        pytest.skip("axe-core is not installed: run `make assets`")
    return SCRIPT.read_text(encoding="utf-8")


def violations(page: Page) -> list[str]:
    """What is wrong with the page as it stands, one line an element; an empty list is a pass."""
    # evaluate() is not bound by the page's policy; an added <script> would be.
    page.evaluate(script())
    answer: dict[str, Any] = page.evaluate(RUN, TAGS)
    return [
        f"{rule['id']}: {node['html'][:160]} {node['failureSummary'].splitlines()[-1].strip()}"
        for rule in answer["violations"]
        for node in rule["nodes"]
    ]


def sideways(page: Page) -> int:
    """By how many pixels the page is wider than its window."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))
