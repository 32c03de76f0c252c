"""Walking through every kind of page that somebody can reach by links, each kind once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from urllib.parse import urljoin

from werkzeug.exceptions import HTTPException

from tests.browser.people import Window
from tests.support.server import shared_site

#: Parts of an address that name one row, not a kind of page.
ONE_OF_MANY = re.compile(r"^(uuid|code|slug|district|key|resource|.*_id)$")
#: Files, and what ends the walk.
NO_PAGES = ("intake.export", "teams.log_file", "static", "account.logged_out", "files.download")
#: Pages that anybody reaches; they have tests of their own.
FOR_ANYBODY = ("portal.", "district.", "public_info.")
LINKS = "links => links.map(link => link.getAttribute('href'))"


def kind_of(path: str) -> tuple[str, ...] | None:
    """What kind of page an address is: its endpoint and the parts that change what it shows; ``None`` for no page."""
    try:
        endpoint, values = shared_site().app.url_map.bind("portal").match(path.split("?", maxsplit=1)[0])
    except HTTPException:
        return None
    if endpoint in NO_PAGES or "_api." in endpoint or "lang" in values:
        return None
    return (endpoint, *(f"{name}={value}" for name, value in sorted(values.items()) if not ONE_OF_MANY.match(name)))


def walk(window: Window, starts: Sequence[str], most: int = 90) -> Iterator[str]:
    """Open each kind of page once, from the first pages on, and yield what was opened; the window stands on it."""
    waiting = list(starts)
    seen: set[tuple[str, ...]] = set()
    while waiting and len(seen) < most:
        path = waiting.pop(0)
        kind = kind_of(path)
        if kind is None or kind in seen or kind[0].startswith(FOR_ANYBODY):
            continue
        seen.add(kind)
        window.complaints.clear()
        status = window.open(path)
        assert status == 200, f"{path}: status {status}"
        links = window.page.locator("a[href]").evaluate_all(LINKS)
        waiting += [
            urljoin(window.path, link).split("#")[0] for link in links if not link.startswith(("http", "mailto", "tel"))
        ]
        yield path
