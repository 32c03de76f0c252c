"""A person at the keyboard: a window, what is in focus in it, and what the browser complained of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from core.demo.accounts import PASSWORD
from tests.support.axe import sideways, violations

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page, Request

#: Phone, tablet, desk.
WIDTHS = (360, 768, 1440)
NARROWEST = 320
#: What has the focus: id, name, value, and the words a reader would hear.
FOCUS = r"""() => { const e = document.activeElement; const l = e.labels && e.labels[0];
  return {id: e.id, name: e.name || '', value: e.value || '', tag: e.tagName,
          words: (e.getAttribute('aria-label') || e.innerText || (l && l.innerText) || '')
            .replace(/\s+/g, ' ').replace(' :', ':').trim()}; }"""
#: Whether the place of the focus can be seen: a ring or a shadow, on the element or on the card around it.
SEEN = """() => { const e = document.activeElement;
  const ring = x => { const s = getComputedStyle(x); return s.boxShadow !== 'none'
    || (s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0 && s.outlineColor !== 'rgba(0, 0, 0, 0)'); };
  const box = e.getBoundingClientRect();
  const label = e.labels && e.labels[0];
  const after = label && getComputedStyle(label, '::before').outlineStyle !== 'none';
  return box.width > 0 && (ring(e) || !!e.closest('.ix-card') && ring(e.closest('.ix-card'))
    || !!label && (ring(label) || after)); }"""


@dataclass
class Window:
    """A page of the portal; ``complaints`` collects console messages, errors and failed files."""

    page: Page
    address: str
    complaints: list[str] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("requestfinished", self._remember)

    def _remember(self, request: Request) -> None:
        self.requests.append(request)

    def open(self, path: str) -> int:
        """Go to a page; returns its status."""
        answer = self.page.goto(self.address + path)
        return answer.status if answer else 0

    @property
    def path(self) -> str:
        """Where the window stands, without the host."""
        return self.page.url.removeprefix(self.address)

    def focus(self) -> dict[str, Any]:
        """What has the focus."""
        found: dict[str, Any] = self.page.evaluate(FOCUS)
        return found

    def press(self, key: str, times: int = 1) -> None:
        """Press a key."""
        for _time in range(times):
            self.page.keyboard.press(key)

    def tab_to(self, *, id_: str = "", words: str = "", name: str = "", value: str = "", most: int = 150) -> None:
        """Press Tab until the focus stands on what is asked for, and see it at every stop."""
        stops: list[str] = []
        for _stop in range(most):
            self.page.keyboard.press("Tab")
            found = self.focus()
            stops.append(found["id"] or found["words"] or found["tag"])
            if found["tag"] != "BODY":
                assert self.page.evaluate(SEEN), f"the focus cannot be seen on {stops[-1]}"
            if _is(found, id_, words, name, value):
                return
        raise AssertionError(f"no stop on {id_ or words or (name, value)}; stops: {stops}")

    def go(self, key: str = "Enter") -> None:
        """Press a key that leads to another page."""
        with self.page.expect_navigation():
            self.page.keyboard.press(key)

    def follow(self, target: Locator) -> None:
        """Press a link or a button that leads to another page, and wait for it."""
        with self.page.expect_navigation():
            target.click()

    def write(self, id_: str, text: str) -> None:
        """Tab to a field and write in it."""
        self.tab_to(id_=id_)
        self.page.keyboard.type(text)

    def sign_in(self, email: str, then: str = "") -> None:
        """Sign in through the page, with the keyboard."""
        self.open(f"/account/accedi?next={then}" if then else "/account/accedi")
        self.write("email", email)
        self.write("password", PASSWORD)
        self.go()

    def faults(self, *, widths: tuple[int, ...] = WIDTHS) -> list[str]:
        """What is wrong with the page at each width: accessibility, sideways scroll, complaints."""
        found = []
        for width in (NARROWEST, *widths):
            self.page.set_viewport_size({"width": width, "height": 900})
            if sideways(self.page) > 0:
                found.append(f"{self.path} at {width}: scrolls sideways")
            if width in widths:
                found += [f"{self.path} at {width}: {line}" for line in violations(self.page)]
        found += [f"{self.path}: {line}" for line in self.complaints]
        headings = self.page.locator("h1").count()
        return found if headings == 1 else [*found, f"{self.path}: {headings} headings of the first level"]


def _is(found: dict[str, Any], id_: str, words: str, name: str, value: str) -> bool:
    if id_:
        return bool(found["id"] == id_)
    if name:
        return bool(found["name"] == name and found["value"] == value)
    return bool(found["words"] == words)
