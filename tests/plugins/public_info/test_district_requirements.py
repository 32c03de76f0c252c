"""What the documents ask of the districts, on pages, in the API and in rights; expected values are theirs."""

from __future__ import annotations

import re
import threading
from datetime import date

import pytest
from flask.testing import FlaskClient

from core.access import Actor
from core.districts import operations, queries
from core.errors import AccessDenied, NotFound, Refused
from tests.support.demo import Portal, post, words_of

LEGNANO = {
    "Busto Garolfo", "Canegrate", "Cerro Maggiore", "Dairago", "Legnano", "Parabiago", "Rescaldina",
    "San Giorgio su Legnano", "San Vittore Olona", "Villa Cortese",
}  # fmt: skip
GARBAGNATE = {
    "Baranzate", "Bollate", "Cesate", "Garbagnate Milanese", "Novate Milanese", "Paderno Dugnano", "Senago", "Solaro",
}  # fmt: skip
RHO = {
    "Arese", "Cornaredo", "Lainate", "Pero", "Pogliano Milanese", "Pregnana Milanese", "Rho", "Settimo Milanese",
    "Vanzago",
}  # fmt: skip
PADERNO_DUGNANO, BOLLATE, LEGNANO_TOWN = "015166", "015010", "015118"
PLACE = re.compile(r"<li><b>([^<]+)</b>(.*?)</li>", re.DOTALL)
AREA = re.compile(r"<h3[^>]*>(.*?)</h3>\s*(?:<ul class=\"ix-places\">(.*?)</ul>|<p>)", re.DOTALL)


def places(portal: Portal, slug: str) -> str:
    """The part of the page "Chi siamo" that tells of municipalities, as HTML."""
    return portal.html(f"/{slug}/chi-siamo/").partition('id="comuni"')[2].partition("</section>")[0]


def areas(portal: Portal, slug: str) -> dict[str, set[str]]:
    """Sub-area → names of its municipalities, as the page "Chi siamo" shows them."""
    part = places(portal, slug)
    return {words_of(name): {town for town, _rest in PLACE.findall(towns)} for name, towns in AREA.findall(part)}


def towns(portal: Portal, slug: str) -> dict[str, str]:
    """Municipality → what the page says beside it."""
    part = places(portal, slug)
    return {name: words_of(rest) for name, rest in PLACE.findall(part)}


def take(client: FlaskClient, page: str, step: str) -> int:
    """Take a step of a record from its page; the status of the answer."""
    version = re.search(r'name="version" value="(\d+)"', client.get(page).text)
    assert version, f"{page}: no step is offered"
    return post(client, f"{page}passaggio", {"transition": step, "version": version[1]}, form=page).status_code


@pytest.mark.req("LEG-036")
def test_the_ten_municipalities_are_on_the_page_and_in_the_facet(portal: Portal) -> None:
    assert set(towns(portal, "legnano")) == LEGNANO
    facet = portal.search("legnano", "")["facets"]["municipality"]
    assert {row["label"] for row in facet} == LEGNANO


@pytest.mark.req("LEG-037")
def test_one_municipality_leads_and_it_is_cerro_maggiore(portal: Portal) -> None:
    leads = [name for name, rest in towns(portal, "legnano").items() if rest.startswith("· capofila")]
    assert leads == ["Cerro Maggiore"]
    assert [m.name for m in portal.snapshot("legnano").municipalities.values() if m.lead] == ["Cerro Maggiore"]
    assert "Cerro Maggiore" in portal.text("/legnano/")


@pytest.mark.req("LEG-009")
def test_the_consortium_works_in_two_fields_each_with_its_page(portal: Portal) -> None:
    services = portal.found("legnano", "", type="service")
    assert {"leg-sisl", "leg-progetti-territoriali"} <= set(services)
    page = portal.item("legnano", "leg-progetti-territoriali")
    assert "Sono due attività diverse" in page
    assert "il SISL è un servizio stabile dei dieci Comuni" in page
    assert "2 attività del Consorzio CCS" in portal.text("/legnano/chi-siamo/")


@pytest.mark.req("PDN-004")
def test_the_wide_area_has_five_ambiti(portal: Portal) -> None:
    shown = re.findall(r"\bAmbito ([A-Z]\w+)", words_of(places(portal, "pordenone")))
    assert shown == ["Est", "Sud", "Ovest", "Nord", "Urbano"]


@pytest.mark.req("PDN-003")
def test_the_territory_is_one_district_and_its_ambiti_are_parts_of_it(portal: Portal) -> None:
    snapshot = portal.snapshot("pordenone")
    assert {area.key for area in snapshot.subareas} == {"est", "sud", "ovest", "nord", "urbano"}
    assert {istat[:3] for istat in snapshot.municipalities} == {"093"}
    with portal.database.read(portal.snapshot("legnano").id) as session:
        assert {m.istat[:3] for m in queries.municipalities(session)} == {"015"}
    assert portal.visitor.get("/pordenone/servizi/borsa-lavoro/").status_code == 404
    assert portal.visitor.get("/legnano/servizi/borsa-lavoro/").status_code == 200


@pytest.mark.req("PDN-008")
def test_the_placement_service_is_delegated_by_the_municipalities_for_disability(portal: Portal) -> None:
    bodies = portal.text("/pordenone/chi-siamo/")
    assert re.search(r"unità per gli inserimenti.{0,40}Delegato dai Comuni.{0,120}disabilità", bodies)
    page = portal.item("pordenone", "pdn-sil")
    assert "ASS 6, per delega dei Comuni" in page
    assert "allargare i suoi compiti" in page


@pytest.mark.req("PDN-125")
def test_the_two_levels_of_responsibility_have_different_rights(own_portal: Portal) -> None:
    local, wide, head = (
        own_portal.sign_in(role, "pordenone") for role in ("ambito_editor", "editor", "district_admin")
    )
    made = post(local, "/pordenone/schede/service/nuova", {"f_title__it": "Prova di Ambito"})
    shown = made.headers["Location"]
    steps = [take(local, shown, "submit"), take(local, shown, "publish"), take(wide, shown, "send_back")]
    assert steps == [303, 403, 303]
    foreign = own_portal.address("pordenone", "pdn-sil")
    assert "Modifica questa scheda" in words_of(wide.get(foreign).text)
    assert "Modifica questa scheda" not in words_of(local.get(foreign).text)
    assert [who.get("/pordenone/configura/").status_code for who in (local, wide, head)] == [403, 403, 200]


@pytest.mark.req("PDN-125")
def test_bodies_are_shown_at_their_level(portal: Portal) -> None:
    page = portal.text("/pordenone/chi-siamo/")
    assert page.count("livello di Ambito") == 5
    assert page.count("livello provinciale") == 2


@pytest.mark.req("INL-002")
def test_two_ambiti_share_the_project_that_comuni_insieme_leads(portal: Portal) -> None:
    assert list(areas(portal, "rho-garbagnate")) == ["Ambito di Rho (Rhodense)", "Ambito di Garbagnate Milanese"]
    snapshot = portal.snapshot("rho-garbagnate")
    assert [b.name for b in snapshot.organisations if "lead_body" in b.roles] == ["ASC Comuni Insieme"]
    assert re.search(r"ASC Comuni Insieme.{0,60}ente capofila", portal.text("/rho-garbagnate/"))


@pytest.mark.req("INL-055")
def test_the_plan_of_garbagnate_has_eight_municipalities(portal: Portal) -> None:
    assert areas(portal, "rho-garbagnate")["Ambito di Garbagnate Milanese"] == GARBAGNATE


@pytest.mark.req("INL-057")
def test_the_rhodense_has_nine_municipalities(portal: Portal) -> None:
    assert areas(portal, "rho-garbagnate")["Ambito di Rho (Rhodense)"] == RHO


@pytest.mark.req("INL-059")
def test_paderno_dugnano_has_a_placement_unit_of_its_own(portal: Portal) -> None:
    assert "proprio Nucleo Inserimenti Lavorativi" in towns(portal, "rho-garbagnate")["Paderno Dugnano"]
    page = portal.item("rho-garbagnate", "inl-nuclei-inserimento")
    assert "Paderno Dugnano : il Comune ha un Nucleo suo" in page
    assert "Garbagnate (7 Comuni) ASC Comuni Insieme" in page


@pytest.mark.req("INL-059")
def test_a_municipality_opts_out_of_a_service_alone_and_comes_back(own_portal: Portal) -> None:
    actor = own_portal.system("rho-garbagnate")
    with own_portal.database.write(actor.district_id) as session:
        operations.opt_out(session, PADERNO_DUGNANO, "public_info", actor=actor)
    snapshot = own_portal.snapshot("rho-garbagnate")
    without = [m.name for istat, m in snapshot.municipalities.items() if not snapshot.has("public_info", istat)]
    assert without == ["Paderno Dugnano"]
    assert "non partecipa a: Sportello informativo" in towns(own_portal, "rho-garbagnate")["Paderno Dugnano"]
    with own_portal.database.write(actor.district_id) as session:
        operations.opt_out(session, PADERNO_DUGNANO, "public_info", actor=actor, out=False)
    assert own_portal.snapshot("rho-garbagnate").has("public_info", PADERNO_DUGNANO)


@pytest.mark.req("INL-059")
def test_who_opted_out_whom_and_when_is_kept(own_portal: Portal) -> None:
    actor = own_portal.system("rho-garbagnate")
    with own_portal.database.write(actor.district_id) as session:
        operations.opt_out(session, PADERNO_DUGNANO, "public_info", actor=actor)
        trace = queries.changes(session)[0]
        assert (trace.what, trace.key) == ("municipality.opt_out", "015166.public_info")
        assert (trace.old, trace.new, trace.who) == (False, True, actor.name)


@pytest.mark.req("INL-059")
def test_opting_out_is_refused_to_strangers_for_strange_towns_and_for_what_is_off(own_portal: Portal) -> None:
    actor = own_portal.system("rho-garbagnate")
    visitor = Actor.visitor(actor.district_id, ())
    cases: list[tuple[str, str, Actor, type[Exception]]] = [
        (LEGNANO_TOWN, "public_info", actor, NotFound),
        ("999999", "public_info", actor, NotFound),
        (PADERNO_DUGNANO, "example", actor, Refused),
        (PADERNO_DUGNANO, "public_info", visitor, AccessDenied),
    ]
    for istat, plugin, who, refusal in cases:
        with pytest.raises(refusal), own_portal.database.write(actor.district_id) as session:
            operations.opt_out(session, istat, plugin, actor=who)
    assert own_portal.snapshot("rho-garbagnate").has("public_info", PADERNO_DUGNANO)


@pytest.mark.req("SDO-008")
def test_two_districts_run_different_plugins_and_models_on_one_core(own_portal: Portal) -> None:
    actor = own_portal.system("san-donato")
    with own_portal.database.write(actor.district_id) as session:
        operations.enable_plugin(session, "example", actor=actor)
    status = {slug: own_portal.visitor.get(f"/{slug}/bacheca/").status_code for slug in ("san-donato", "legnano")}
    assert status == {"san-donato": 200, "legnano": 404}
    names = {slug: words_of(own_portal.html(f"/{slug}/")) for slug in status}
    assert "Bacheca" in names["san-donato"]
    assert "Bacheca" not in names["legnano"]
    threshold = "invalidity.threshold_percent"
    today = date(2026, 11, 21)
    assert own_portal.snapshot("san-donato").parameter(threshold, on=today) == 46
    assert own_portal.snapshot("legnano").parameter(threshold, on=today) == 45


@pytest.mark.req("SDO-008")
def test_threads_of_one_process_serve_each_district_its_own(portal: Portal) -> None:
    found: dict[str, str] = {}
    threads = [
        threading.Thread(target=lambda s=slug: found.update({s: portal.app.test_client().get(f"/{s}/").text}))
        for slug in ("san-donato", "legnano")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert "Distretto di San Donato" in found["san-donato"]
    assert "Distretto di Legnano" in found["legnano"]
