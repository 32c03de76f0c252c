"""Ask an address as somebody, and say what came: the kind of answer, and the planted words in it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest import mock
from urllib.parse import urlsplit

from flask import Flask
from werkzeug.routing import AnyConverter, Rule
from werkzeug.test import TestResponse

from core.web.context import RequestContext
from tests.contract.matrix.canaries import Canary, canaries_in
from tests.contract.matrix.table import LOGIN, NO, YES, Entry
from tests.contract.matrix.world import HOUSES, NOBODY, World, values_of

MOST_HOPS = 3
LOGIN_PAGES = ("/account/accedi",)
SECOND_FACTOR = "/account/secondo-passaggio"
REDIRECTS = {301, 302, 303, 307, 308}
REFUSED = {401, 403, 404}
#: A form that is wrong, a step that does not fit now, a link that is over: the asker was let in.
LET_IN = {400, 409, 410, 422, 429}


@dataclass
class Got:
    """What became of a question."""

    kind: str
    status: int
    address: str
    seen: set[Canary] = field(default_factory=set)


@contextmanager
def nothing_kept() -> Iterator[None]:
    """Whatever is written meanwhile by a page is rolled back when its answer leaves."""

    def finish(self: RequestContext, success: bool) -> None:
        if self._session is not None and self.writes:
            self._session.rollback()

    with mock.patch.object(RequestContext, "finish", finish):
        yield


def routes(app: Flask) -> dict[tuple[str, str], Rule]:
    """The Italian address of each endpoint and method; English ones lead to the same views."""
    found: dict[tuple[str, str], Rule] = {}
    for rule in sorted(app.url_map.iter_rules(), key=str):
        if "lang" in rule.arguments:
            continue
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            found[rule.endpoint, method] = rule
    return found


def address(
    world: World, rule: Rule, entry: Entry, way: Mapping[str, Any], *, house: str, row: str, ids: str = ""
) -> str:
    """The address of a rule in the district ``house``, for a row of ``ids`` (where another house's are swapped in)."""
    own = values_of(world, ids or house, "a" if row == "o" else row)
    values: dict[str, Any] = {}
    for name, converter in rule._converters.items():
        value = HOUSES[house][1] if name == "district" else way.get(name, f"@{name}")
        if isinstance(value, str) and value.startswith("@"):
            value = own.get(value[1:]) or _default(converter, name, rule)
        values[name] = value
    built = rule.build(values, append_unknown=False)
    assert built, f"{rule}: {values}"
    path = built[1]
    query = entry.query.format(**own) if entry.query else ""
    return f"{path}?{query}" if query else path


def _default(converter: Any, name: str, rule: Rule) -> Any:
    if isinstance(converter, AnyConverter):
        return min(converter.items)
    raise AssertionError(f"{rule}: nothing to put in the place of <{name}>; write it in access.toml")


def ask(
    world: World, who: str, path: str, method: str, form: Mapping[str, str] | None = None, *, by_key: bool = False
) -> Got:
    """Send it, follow where it leads inside the portal, and look at everything that came back."""
    browser = world.browser(NOBODY if by_key else who)
    if by_key and method == "GET":
        answer = browser.client.get(path, headers=world.bearer(who))
    elif method == "GET":
        answer = browser.client.get(path)
    elif path.startswith("/api/"):
        # Nothing is written on the strength of a cookie: programs bring a key.
        answer = browser.client.open(path, method=method, json=_body(form or {}), headers=world.bearer(who))
    else:
        answer = browser.client.open(path, method=method, data={"csrf_token": browser.token, **(form or {})})
    seen = _look(answer, path)
    for _hop in range(MOST_HOPS):
        kind = _kind(answer)
        if kind != "onward":
            return Got(kind, answer.status_code, path, seen)
        target = urlsplit(answer.headers["Location"])
        assert not target.netloc, f"{path} leads to {target.netloc}"
        if method != "GET":
            # What a form was answered is known; where it leads is asked for on its own.
            return Got(YES, answer.status_code, path, seen)
        answer = browser.client.get(target._replace(scheme="", netloc="").geturl())
        seen |= _look(answer, path)
    return Got("loop", answer.status_code, path, seen)


def _body(form: Mapping[str, str]) -> dict[str, Any]:
    return {name: json.loads(value) for name, value in form.items()}


def _kind(answer: TestResponse) -> str:
    status = answer.status_code
    if status in REDIRECTS:
        target = answer.headers.get("Location", "")
        if target.startswith(LOGIN_PAGES):
            return LOGIN
        return NO if target.startswith(SECOND_FACTOR) and "next=" in target else "onward"
    if status in REFUSED:
        return NO
    return YES if status < 400 or status in LET_IN else f"fault {status}"


def _look(answer: TestResponse, asked: str) -> set[Canary]:
    """The words in body and headers, apart from those that stood in the question."""
    content = answer.get_data() + b"\n" + "\n".join(f"{k}: {v}" for k, v in answer.headers).encode()
    # Some come as files.
    answer.close()
    return canaries_in(content) - canaries_in(asked.encode())
