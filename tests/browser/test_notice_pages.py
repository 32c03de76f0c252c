"""Notices in a real browser: accessible at every width, marked as read by the keyboard alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select

from core.access.models import Account
from core.notifications import notice
from tests.browser.people import Window
from tests.support.server import Site, demonstration, email_of, make_site, portal

pytestmark = pytest.mark.browser
EDITOR = email_of("editor", "legnano")


def leave(site: Site) -> None:
    with site.installation.database.read(None) as session:
        account = session.scalars(select(Account.id).where(Account.email == EDITOR)).one()
    with site.installation.database.write(site.district_id("legnano")) as session:
        notice(
            session, account, {"it": "Il percorso LEG-2026-0142 ha un nuovo tutor."}, url="/legnano/oggi", mail=False
        )
        notice(session, account, {"it": "Una richiesta aspetta da sei giorni."}, kind="late", mail=False)


def test_notices_are_accessible_and_read_by_the_keyboard(window: Callable[..., Window], tmp_path: Path) -> None:
    data = demonstration().copy(tmp_path / "data")
    site = make_site(data)
    leave(site)
    site.installation.database.close()
    with portal(data) as room:
        seen = window(room)
        seen.sign_in(EDITOR)
        for path in ("/legnano/oggi", "/legnano/oggi/novita"):
            seen.open(path)
            assert seen.faults() == []
        button = seen.page.get_by_role("button", name="Una richiesta aspetta")
        button.focus()
        seen.go()
        assert seen.page.get_by_role("button", name="Una richiesta aspetta").count() == 0
        assert seen.faults() == []
