"""The console over PostgreSQL: every page opens, and what it writes holds."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.core.console.test_console_rights import NONSENSE, PAGES, PORTAL_PAGES
from tests.core.console.world import HERE, PORTAL, make_portal, post

pytestmark = [pytest.mark.postgres, pytest.mark.slow]


def test_every_page_opens_and_a_setting_is_kept(empty_postgres_url: URL, tmp_path: Path) -> None:
    portal = make_portal(tmp_path, empty_postgres_url.render_as_string(hide_password=False))
    client, base = portal.client(PORTAL), f"/{HERE}/configura/"
    addresses = [*(f"{base}{page}" for page in PAGES), *(f"/configura/{page}" for page in PORTAL_PAGES)]
    addresses += [f"{base}{page}/?{query}" for page in ("storia", "persone") for query in NONSENSE]
    assert {url: status for url in addresses if (status := client.get(url).status_code) != 200} == {}
    post(client, f"{base}impostazioni/public_info/", page_size="25", home_items="6")
    assert portal.snapshot().setting("public_info", "page_size") == 25
    assert post(client, f"{base}impostazioni/public_info/", page_size="0", home_items="6").status_code == 422
    for page, field in (("modifica/phone", "phone"), ("sinonimi/new/", "words"), ("persone/new/", "email")):
        answer = post(client, f"{base}{page}", **{field: "a\x00b\n\ud7ffc\x1b", "name": "\x00"})
        assert answer.status_code in {303, 422}, page
    portal.installation.database.close()
