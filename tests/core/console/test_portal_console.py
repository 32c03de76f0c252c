"""The installation's console: districts are born, models applied, portal administrators named."""

from __future__ import annotations

from core.access.queries import account_by_email
from tests.core.console.world import HERE, PASSWORD, PORTAL, Portal, post
from tests.support.letters import letters, path_in


def test_a_district_is_tried_before_it_is_born(portal: Portal) -> None:
    client, form = portal.client(PORTAL), {"model": "san_donato_sil", "slug": "di-prova"}
    tried = post(client, "/configura/nuovo", **form)
    assert tried.status_code == 200
    assert "Niente è ancora scritto" in tried.text
    assert client.get("/di-prova/").status_code == 404
    born = post(client, "/configura/nuovo", confirm="1", **form)
    assert born.location == "/di-prova/configura/"
    assert client.get("/di-prova/").status_code == 200


def test_a_taken_or_reserved_address_is_refused_and_given_back(portal: Portal) -> None:
    client = portal.client(PORTAL)
    taken = post(client, "/configura/nuovo", confirm="1", model="san_donato_sil", slug=HERE)
    assert taken.status_code == 409
    assert "già un distretto" in taken.text
    reserved = post(client, "/configura/nuovo", confirm="1", model="san_donato_sil", slug="configura")
    assert reserved.status_code == 422
    assert 'value="configura"' in reserved.text


def test_an_unknown_model_is_refused_beside_its_field(portal: Portal) -> None:
    answer = post(portal.client(PORTAL), "/configura/nuovo", model="../../etc")
    assert answer.status_code == 422
    assert 'href="#model"' in answer.text


def test_a_model_that_changed_shows_its_differences_is_applied_and_taken_back(portal: Portal) -> None:
    client, url = portal.client(PORTAL), f"/configura/distretti/{HERE}/modello"
    assert "Nessuna differenza" in client.get(url).text
    assert post(client, url, step="rollback").status_code == 409
    file = portal.installation.models_dir / "legnano_sisl" / "synonyms.toml"
    before = file.read_text(encoding="utf-8")
    file.write_text(f'{before}\n[[groups]]\nwords = ["pera", "mela"]\n', encoding="utf-8")
    assert "pera" in client.get(url).text
    assert post(client, url, step="apply").status_code == 303
    assert ("pera", "mela") in portal.snapshot().synonyms
    assert portal.changes("bundle.apply")[-1].who == "Portale"
    assert post(client, url, step="rollback").status_code == 303
    assert ("pera", "mela") not in portal.snapshot().synonyms
    file.write_text(before, encoding="utf-8")


def test_a_broken_model_is_named_with_file_and_key(portal: Portal) -> None:
    client, url = portal.client(PORTAL), f"/configura/distretti/{HERE}/modello"
    file = portal.installation.models_dir / "legnano_sisl" / "synonyms.toml"
    before = file.read_text(encoding="utf-8")
    file.write_text("groups = 3", encoding="utf-8")
    answer = client.get(url)
    file.write_text(before, encoding="utf-8")
    assert answer.status_code == 409
    assert "synonyms.toml" in answer.text


def test_a_portal_administrator_is_named_and_the_last_one_stays(portal: Portal) -> None:
    client, email = portal.client(PORTAL), "secondo@example.org"
    form = {"email": email, "name": "Secondo Portale"}
    assert post(client, "/configura/amministratori/nuovo", **form).status_code == 303
    guest = portal.client()
    guest.get(path_in(letters(portal.installation.database)[-1]))
    words = {"password": PASSWORD, "again": PASSWORD, "name": "Secondo Portale"}
    assert post(guest, "/account/invito", **words).status_code == 303
    assert portal.client(email).get("/configura/").status_code == 200
    first, second = id_of(portal, PORTAL), id_of(portal, email)
    assert post(client, f"/configura/amministratori/{second}/togli").status_code == 303
    last = post(client, f"/configura/amministratori/{first}/togli")
    assert last.status_code == 409
    assert "unica persona che amministra il portale" in last.text


def id_of(portal: Portal, email: str) -> str:
    """The id of an account."""
    with portal.installation.database.read(None) as session:
        account = account_by_email(session, email)
    assert account
    return str(account.id)
