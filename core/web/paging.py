"""Addresses of the pages of a list, as the pager macro draws them."""

from __future__ import annotations

from typing import Any

from flask import request, url_for

NEAR = 2
#: Beyond this nobody pages; it also keeps offsets within what databases take.
LAST = 100_000
#: Arguments of ``url_for`` itself, and gaps that are filled elsewhere: anybody may write them into a query.
RESERVED = frozenset({"endpoint", "district", "lang"})


def page_number() -> int:
    """The page asked for: 1 where the address says nothing sensible."""
    text = request.args.get("page", "1")
    if not text.isascii() or not text.isdigit():
        return 1
    return min(max(int(text), 1), LAST) if len(text) < len(str(LAST)) + 1 else LAST


def pager(page: int, pages: int) -> dict[str, Any] | None:
    """Links to the pages near this one, the first and the last; none where everything fits on one."""
    if pages < 2:
        return None
    shown = sorted({1, pages, *range(max(1, page - NEAR), min(pages, page + NEAR) + 1)})
    links: list[tuple[int | None, str, bool]] = []
    for before, number in zip([0, *shown], shown, strict=False):
        if number > before + 1:
            links.append((None, "", False))
        links.append((number, _url(number), number == page))
    return {
        "page": page,
        "pages": pages,
        "previous": _url(page - 1) if 1 < page <= pages else None,
        "next": _url(page + 1) if page < pages else None,
        "links": links,
    }


def beyond(page: int, pages: int) -> tuple[int, str] | None:
    """The last page and its address, where the one asked for lies behind it."""
    return (pages, _url(pages)) if 0 < pages < page else None


def asked() -> dict[str, Any]:
    """What the address says, gaps and query, as values for another address; names that mean something else left out."""
    gaps = request.view_args or {}
    query = request.args.to_dict(flat=False)
    return {name: values for name, values in query.items() if name[:1] != "_" and name not in RESERVED} | gaps


def _url(number: int) -> str:
    values = asked()
    values.pop("page", None)
    return url_for(request.endpoint or "", **values | ({"page": number} if number > 1 else {}))
