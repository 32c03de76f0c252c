"""The noticeboard, by way of its pages, its operations and the hooks that it answers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from core import clock
from core.access import Actor
from core.access.models import Role, RoleGrant
from core.contributions import Event
from core.districts import operations as districts
from core.errors import AccessDenied, Invalid
from core.events import delivery
from core.records import operations as records
from core.records import queries as record_queries
from plugins.example import operations
from plugins.example.models import Notice
from tests.support.demo import Portal, copied, post, words_of

SLUG, ELSEWHERE = "san-donato", "legnano"
RIGHTS = {"visitor": [("read", "public")], "editor": [("read", "all"), ("create", "all"), ("remove", "own")]}
OPEN = "La bacheca è aperta: qui trovi gli avvisi del servizio."


@pytest.fixture
def board(tmp_path: Path) -> Iterator[Portal]:
    """A portal of one's own: one district has switched the board on and lets its editors write on it."""
    for portal in copied(tmp_path / "data"):
        actor = portal.system(SLUG)
        with portal.database.write(actor.district_id) as session:
            for role in session.scalars(select(Role).where(Role.key.in_(RIGHTS))).all():
                for action, scope in RIGHTS[role.key]:
                    session.add(RoleGrant(role_id=role.id, resource="example.notice", action=action, scope=scope))
            districts.enable_plugin(session, "example", actor=actor)
        yield portal


def notices(portal: Portal, slug: str = SLUG) -> list[str]:
    with portal.database.read(portal.snapshot(slug).id) as session:
        return [notice.text["it"] for notice in session.scalars(select(Notice).order_by(Notice.created_at)).all()]


def deliver(portal: Portal, slug: str = SLUG) -> None:
    while delivery.deliver_pending(portal.database, portal.installation.host.hooks, portal.snapshot(slug).id):
        pass


def publish(portal: Portal, slug: str = SLUG) -> str:
    """Take a course off the site and publish it again; its title."""
    actor = portal.system(slug)
    with portal.database.write(actor.district_id) as session:
        record = record_queries.listing(session, actor, "course").items[0]
        records.fire(session, record, "withdraw", actor=actor)
        records.fire(session, record, "publish", actor=actor)
        return str(record.answers["title"]["it"])


def test_menu_items_lead_to_the_board_only_where_it_is_on(board: Portal) -> None:
    assert f'href="/{SLUG}/bacheca/"' in board.html(f"/{SLUG}/")
    assert "/bacheca/" not in board.html(f"/{ELSEWHERE}/")
    assert board.visitor.get(f"/{ELSEWHERE}/bacheca/").status_code == 404


def test_handle_event_opens_an_empty_board_once(board: Portal) -> None:
    deliver(board)
    assert notices(board) == [OPEN]
    actor = board.system(SLUG)
    for switch in (districts.disable_plugin, districts.enable_plugin):
        with board.database.write(actor.district_id) as session:
            switch(session, "example", actor=actor)
    deliver(board)
    assert notices(board) == [OPEN]


def test_handle_event_announces_a_page_and_a_repeated_event_changes_nothing(board: Portal) -> None:
    deliver(board)
    title = publish(board)
    deliver(board)
    assert notices(board) == [OPEN, f"Nuova pagina: {title}"]
    with board.database.write(board.snapshot(SLUG).id) as session:
        made = session.scalars(select(Notice).order_by(Notice.created_at.desc())).first()
        assert made
        event = Event(str(made.event_id), "record.published", made.district_id, {"title": {"it": title}}, "")
        operations.announce(session, event)
    assert len(notices(board)) == 2


def test_a_district_that_wants_no_announcements_gets_none(board: Portal) -> None:
    actor = board.system(SLUG)
    with board.database.write(actor.district_id) as session:
        districts.set_setting(session, "example", "announce", False, actor=actor)
    publish(board)
    deliver(board)
    assert notices(board) == [OPEN]


def test_a_district_without_the_board_gets_no_notices(board: Portal) -> None:
    publish(board, ELSEWHERE)
    deliver(board, ELSEWHERE)
    assert notices(board, ELSEWHERE) == []


def test_render_slot_shows_as_many_notices_on_the_home_page_as_the_settings_say(board: Portal) -> None:
    deliver(board)
    assert OPEN in board.text(f"/{SLUG}/")
    actor = board.system(SLUG)
    with board.database.write(actor.district_id) as session:
        districts.set_setting(session, "example", "notices_on_home", 0, actor=actor)
    assert OPEN not in board.text(f"/{SLUG}/")
    assert OPEN in board.text(f"/{SLUG}/bacheca/")


def test_dashboard_cards_invite_those_who_may_write(board: Portal) -> None:
    invitation = "Gli avvisi compaiono sulla pagina del distretto."
    shown = {
        role: words_of(board.sign_in(role, SLUG).get(f"/{SLUG}/oggi").text) for role in ("editor", "district_admin")
    }
    assert [invitation in shown["editor"], invitation in shown["district_admin"]] == [True, False]


def test_register_permissions_names_the_three_rights() -> None:
    from plugins.example import plugin

    assert {(p.resource, p.action) for p in plugin.register_permissions()} == {
        ("example.notice", "read"),
        ("example.notice", "create"),
        ("example.notice", "remove"),
    }


def test_an_editor_posts_a_notice_that_visitors_read_and_takes_it_off(board: Portal) -> None:
    editor, address = board.sign_in("editor", SLUG), f"/{SLUG}/bacheca/"
    assert post(editor, address, {"text": "Sportello chiuso lunedì."}).status_code == 302
    assert "Sportello chiuso lunedì." in board.text(address)
    with board.database.read(board.snapshot(SLUG).id) as session:
        number = session.scalars(select(Notice.id)).one()
    assert post(editor, f"{address}{number}/togli", {}, form=address).status_code == 302
    assert "Sportello chiuso lunedì." not in board.text(address)


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ({"text": ""}, "Scrivi il testo dell'avviso."),
        ({"text": "x" * 301}, "al massimo 300 caratteri. Ne ha 301."),
        ({"text": "Ciao", "last_day": "2001-01-01"}, "L'ultimo giorno è già passato."),
        ({"text": "Ciao", "last_day": "domani"}, "Scrivi il giorno così: 2026-12-31."),
    ],
)
def test_a_wrong_notice_comes_back_with_what_was_typed(board: Portal, typed: dict[str, str], message: str) -> None:
    answer = post(board.sign_in("editor", SLUG), f"/{SLUG}/bacheca/", typed)
    assert answer.status_code == 422
    assert message in words_of(answer.text).replace("’", "'").replace("&#39;", "'")
    assert typed["text"] in answer.text
    assert notices(board) == []


def test_a_visitor_sees_no_notice_whose_last_day_has_passed(board: Portal) -> None:
    actor = board.system(SLUG)
    with board.database.write(actor.district_id) as session:
        operations.post_notice(session, {"it": "Solo oggi."}, actor=actor, last_day=clock.today())
    assert "Solo oggi." in board.text(f"/{SLUG}/bacheca/")
    with clock.at(clock.now() + timedelta(days=1)):
        assert "Solo oggi." not in board.text(f"/{SLUG}/bacheca/")


def test_a_visitor_may_neither_post_nor_remove(board: Portal) -> None:
    actor = board.system(SLUG)
    visitor = Actor.visitor(actor.district_id, ())
    with board.database.write(actor.district_id) as session:
        notice = operations.post_notice(session, {"it": "Ciao"}, actor=actor)
        with pytest.raises(AccessDenied):
            operations.post_notice(session, {"it": "Ciao"}, actor=visitor)
        with pytest.raises(AccessDenied):
            operations.remove_notice(session, notice, actor=visitor)
        with pytest.raises(Invalid):
            operations.post_notice(session, {"it": ""}, actor=actor)
