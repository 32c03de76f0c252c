"""What the documents ask of the information desk, through the doors of a visitor; expected values are theirs."""

from __future__ import annotations

import json
import re
from datetime import datetime

import pytest

from core.records import operations
from core.records.exchange import export_lines
from tests.support.demo import Portal, words_of

DISTRICTS = ("legnano", "lavoratore-guida", "pordenone", "rho-garbagnate", "san-donato")
DATED = re.compile(r"Data \d{1,2}º? [a-z]+ \d{4}")
CHAPTER = re.compile(r"<h3[^>]*>(\d)\. ([^<]+)</h3><p[^>]*>pagina (\d+)</p>")


@pytest.mark.req("SDO-001")
def test_the_guidelines_show_the_date_of_their_version(portal: Portal) -> None:
    page = portal.item("san-donato", "sdo-linee-guida-2007")
    assert "Tipo Linee guida Data 4 maggio 2007" in page


@pytest.mark.req("SDO-001")
def test_every_published_guideline_protocol_and_plan_shows_a_date(portal: Portal) -> None:
    kinds = ("guidelines", "protocol", "plan")
    items = [item for slug in DISTRICTS for kind in kinds for item in portal.search(slug, "", kind=kind)["items"]]
    assert {"sdo-linee-guida-2007", "sdo-protocollo-rete", "inl-protocollo-sociosanitario"} <= {i["id"] for i in items}
    undated = [item["id"] for item in items if not DATED.search(portal.text(item["url"]))]
    assert undated == []


@pytest.mark.req("SDO-001")
def test_a_new_version_of_the_guidelines_leaves_the_old_one_readable(own_portal: Portal) -> None:
    actor = own_portal.system("san-donato")
    old = own_portal.address("san-donato", "sdo-linee-guida-2007")
    answers = {
        "title": {"it": "Linee guida del SIL, versione nuova"},
        "summary": {"it": "La versione che vale oggi."},
        "body": {"it": "Otto fasi."},
        "kind": "guidelines",
        "act_date": "2027-03-01",
        "for_person": {"it": "Sai che cosa aspettarti."},
        "previous_versions": ["sdo-linee-guida-2007"],
        "topics": ["network"],
        "audiences": ["operators"],
    }
    with own_portal.database.write(actor.district_id) as session:
        record = operations.create_record(session, "regulation", answers, actor=actor, ref="sdo-linee-guida-2027")
        operations.fire(session, record, "publish", actor=actor)
        new = f"/san-donato/regole/{record.slug}/"
    page = own_portal.html(new)
    assert "1º marzo 2027" in words_of(page)
    assert re.search(rf'id="precedenti">.*href="{old}"', page, re.DOTALL)
    assert "4 maggio 2007" in own_portal.text(old)


@pytest.mark.req("SDO-003")
def test_the_guidelines_are_a_page_of_seven_chapters_with_their_pages(portal: Portal) -> None:
    found = CHAPTER.findall(portal.html(portal.address("san-donato", "sdo-linee-guida-2007")))
    assert [(number, page) for number, _name, page in found] == [
        ("1", "3"),
        ("2", "6"),
        ("3", "8"),
        ("4", "11"),
        ("5", "12"),
        ("6", "13"),
        ("7", "14"),
    ]
    words = ["Caratteristiche generali", "Obiettivi", "interviene", "rete", "sperimenta", "intervent", "Verifica"]
    assert [name for (_n, name, _p), word in zip(found, words, strict=True) if word.lower() not in name.lower()] == []


@pytest.mark.req("SDO-004")
def test_the_service_is_for_those_whom_job_agencies_do_not_help(portal: Portal) -> None:
    page = portal.item("san-donato", "sdo-inserimento-lavorativo")
    whom = page.partition("A chi è rivolto Persone")[2].partition("Come si chiede Parla")[0]
    assert "un’agenzia non basta" in whom
    assert "le agenzie per il lavoro non sanno rispondere" in page
    assert "sdo-inserimento-lavorativo" in portal.found("san-donato", "agenzie per il lavoro")


@pytest.mark.req("SDO-012")
def test_the_model_is_a_page_that_the_workers_of_the_network_find(portal: Portal) -> None:
    for words in ("modello condiviso", "protocollo con la rete"):
        found = portal.found("san-donato", words, audience="operators")
        assert {"sdo-linee-guida-2007", "sdo-protocollo-rete"} & set(found), words
    page = portal.item("san-donato", "sdo-linee-guida-2007")
    assert "Per chi lavora nei servizi Il modello è da condividere con tutta la rete" in page


@pytest.mark.req("SDO-047")
def test_placement_is_published_as_a_service_with_its_activities(portal: Portal) -> None:
    assert portal.found("san-donato", "inserimento lavorativo", type="service")[0] == "sdo-inserimento-lavorativo"
    page = portal.item("san-donato", "sdo-inserimento-lavorativo")
    assert "un insieme di attività, prestazioni e passaggi" in page
    assert "Che cosa si ottiene una valutazione" in page
    assert "8. " in page.partition("Tempi e fasi")[2]


@pytest.mark.req("SDO-072")
def test_the_protocol_is_attached_to_the_first_phase(portal: Portal) -> None:
    html = portal.html(portal.address("san-donato", "sdo-inserimento-lavorativo"))
    protocol = portal.address("san-donato", "sdo-protocollo-rete")
    assert f'href="{protocol}"' in html
    assert "Protocollo con la rete dei servizi versione del 4 maggio 2007, Si usa nella fase 1" in words_of(html)
    page = portal.item("san-donato", "sdo-protocollo-rete")
    for part in ("come è fatta l’organizzazione", "come si interviene", "i rapporti con la rete"):
        assert part in page


@pytest.mark.req("SDO-127")
def test_the_information_desk_is_found_and_says_who_runs_it(portal: Portal) -> None:
    assert portal.found("san-donato", "sportello informativo")[0] == "sdo-sportello-informativo"
    page = portal.item("san-donato", "sdo-sportello-informativo")
    assert "personale preparato" in page
    assert "documenti da leggere e aiuto mentre li consulti" in page


@pytest.mark.req("SDO-128")
@pytest.mark.parametrize("category", ["disability", "addictions", "justice", "migrants", "lost_job", "mental_health"])
def test_projects_are_found_by_category_of_worker(portal: Portal, category: str) -> None:
    found = portal.found("san-donato", "progetti attivi", audience=category)
    assert "sdo-progetti-per-categoria" in found
    assert "sdo-progetti-per-categoria" not in portal.found("san-donato", "progetti attivi", audience="companies")


@pytest.mark.req("SDO-129")
def test_training_courses_are_found(portal: Portal) -> None:
    found = portal.found("san-donato", "corsi di formazione", type="course")
    assert set(found) == {"sdo-corso-tutor-aziendali", "sdo-corso-valutare-competenze"}
    assert "i corsi di formazione" in portal.item("san-donato", "sdo-sportello-informativo")


@pytest.mark.req("SDO-130")
def test_labour_law_is_found(portal: Portal) -> None:
    assert portal.found("san-donato", "legge sul lavoro dei disabili 68", type="regulation")[0] == "sdo-legge-68-1999"
    page = portal.item("san-donato", "sdo-legge-68-1999")
    assert "urn:nir:stato:legge:1999-03-12;68" in page


@pytest.mark.req("SDO-131")
def test_support_of_other_bodies_is_found_also_when_it_gives_no_job(portal: Portal) -> None:
    assert "sdo-altri-aiuti" in portal.found("san-donato", "altri aiuti del territorio")[:2]
    assert "non aumentano direttamente le occasioni di lavoro" in portal.item("san-donato", "sdo-altri-aiuti")


@pytest.mark.req("LEG-006")
def test_the_mission_of_the_consortium_is_found(portal: Portal) -> None:
    assert "leg-sisl" in portal.found("legnano", "diritto al lavoro discriminazioni")
    page = portal.item("legnano", "leg-sisl")
    for words in ("lavorare è un diritto", "aiuto adatto", "si oppone alle discriminazioni", "la responsabilità di"):
        assert words in page
    assert "far crescere autonomia e capacità" in page


@pytest.mark.req("LEG-032")
def test_information_is_given_from_monday_to_friday_morning_and_afternoon(portal: Portal) -> None:
    days = ("mon", "tue", "wed", "thu", "fri")
    hours = [(tuple(h.days), h.start, h.end) for h in portal.snapshot("legnano").contacts.hours]
    assert hours == [(days, "09:00", "12:30"), (days, "14:00", "17:30")]
    for address in ("/legnano/contatti/", "/legnano/"):
        page = portal.text(address)
        assert re.search(r"dal lunedì al venerdì, 9\.00-12\.30.{1,30}14\.00-17\.30", page), address
    page = portal.item("legnano", "leg-progetti-territoriali")
    assert "telefonare, scrivere o chiedere un appuntamento" in page


@pytest.mark.req("LEG-033")
def test_the_contact_card_has_address_phone_and_mail(portal: Portal) -> None:
    html = portal.html("/legnano/contatti/")
    assert "via XXV Aprile 12, 21070 Cardano al Campo (VA)" in words_of(html)
    assert 'href="tel:0331730599"' in html
    assert 'href="mailto:ccs@consorzioccs.it"' in html
    assert "leg-progetti-territoriali" in portal.found("legnano", "consorzio progetti territoriali")


@pytest.mark.req("LEG-034")
def test_territorial_projects_cost_their_recipients_nothing(portal: Portal) -> None:
    page = portal.item("legnano", "leg-progetti-territoriali")
    cost = page.partition("Quanto costa L’accesso")[2][:40]
    assert cost.startswith(" è gratuito per le persone")


@pytest.mark.req("LEG-043")
def test_the_service_mediates_between_people_and_companies(portal: Portal) -> None:
    assert "leg-sisl" in portal.found("legnano", "mediazione persone imprese", type="service")[:3]
    page = portal.item("legnano", "leg-sisl")
    assert "Un servizio sociale che fa da ponte fra chi parte da una situazione di svantaggio e le imprese" in page
    assert "la mediazione fra persone e luoghi di lavoro" in page


@pytest.mark.req("LEG-044")
def test_the_four_aims_of_the_service_are_on_its_page(portal: Portal) -> None:
    page = portal.item("legnano", "leg-sisl")
    aims = page.partition("Ha quattro scopi:")[2].partition("Lo guida")[0]
    for aim in (
        "far entrare le persone nel lavoro e nella vita sociale",
        "autonomia e capacità, e difendere il diritto ai servizi",
        "tenere uniti servizi, imprese e territorio",
        "il diritto al lavoro e la responsabilità",
    ):
        assert aim in aims


@pytest.mark.req("LEG-129")
def test_companies_have_an_area_of_their_own(portal: Portal) -> None:
    assert "leg-aziende" in portal.found("legnano", "", audience="companies")
    assert portal.found("legnano", "servizi per le aziende")[0] == "leg-aziende"
    assert "Le aziende sono il secondo pubblico del servizio" in portal.item("legnano", "leg-aziende")


@pytest.mark.req("LEG-159")
def test_advice_on_procedures_laws_and_channels_is_found(portal: Portal) -> None:
    for words in ("consulenza leggi procedure", "L. 68/99", "collocamento mirato"):
        assert "leg-consulenza-leggi" in portal.found("legnano", words, type="service"), words
    page = portal.item("legnano", "leg-consulenza-leggi")
    assert "ordinari o protetti" in page
    assert "legge 68/1999" in page


@pytest.mark.req("PDN-084")
def test_the_provincial_planning_document_is_found_by_its_title(portal: Portal) -> None:
    title = (
        "Sistema provinciale per l’integrazione e l’inserimento lavorativo delle persone in condizione di "
        "svantaggio sociale e lavorativo"
    )
    assert portal.found("pordenone", title)[0] == "pdn-sistema-provinciale"
    page = portal.item("pordenone", "pdn-sistema-provinciale")
    assert title in page
    assert "Tipo Documento di programmazione" in page


@pytest.mark.req("PDN-096")
def test_courses_are_filtered_by_the_agency_that_holds_them(portal: Portal) -> None:
    table = "Tavolo provinciale per lo svantaggio socio-lavorativo"
    university = "ASS 6, con l’Università di Bologna e il DSM di Modena"
    offered = {row["value"]: row["count"] for row in portal.search("pordenone", "")["facets"]["provider"]}
    assert offered == {table: 1, university: 1}
    assert portal.found("pordenone", "", provider=table) == ["pdn-corso-profili"]
    assert portal.found("pordenone", "", provider=university) == ["pdn-corso-microcredito"]
    page = portal.text(f"/pordenone/corsi/?provider={table}")
    assert "Strumenti per il profilo delle persone" in page
    assert "microcredito per operatori" not in page


@pytest.mark.req("LAG-022")
def test_the_legal_basis_has_its_two_acts_each_with_its_urn(portal: Portal) -> None:
    acts = {
        "lag-legge-381-1991": ("8 novembre 1991", "urn:nir:stato:legge:1991-11-08;381~art4"),
        "lag-lr-14-2015": ("30 luglio 2015", "urn:nir:regione.emilia.romagna:legge:2015-07-30;14"),
    }
    service = portal.html(portal.address("lavoratore-guida", "lag-inserimento"))
    for ref, (day, urn) in acts.items():
        page = portal.item("lavoratore-guida", ref)
        assert f"Data {day}" in page
        assert page.count(urn) == 1
        assert f'href="{portal.address("lavoratore-guida", ref)}"' in service


@pytest.mark.req("LAG-024")
def test_the_sentence_that_the_source_repeats_is_said_once(portal: Portal) -> None:
    for item in portal.search("lavoratore-guida", "")["items"]:
        html = portal.html(item["url"])
        paragraphs = [words_of(p) for p in re.findall(r"<p[^>]*>.*?</p>", html, re.DOTALL)]
        long = [p for p in paragraphs if len(p) > 60]
        assert len(long) == len(set(long)), item["id"]


@pytest.mark.req("INL-043")
def test_the_operating_health_guidelines_are_a_dated_document(portal: Portal) -> None:
    assert portal.found("rho-garbagnate", "linee guida socio-sanitarie")[0] == "inl-linee-guida-sociosanitarie"
    page = portal.item("rho-garbagnate", "inl-linee-guida-sociosanitarie")
    assert "Tipo Linee guida Data 8 marzo 2021" in page
    service = portal.html(portal.address("rho-garbagnate", "inl-azione-disagio-psichico"))
    assert f'href="{portal.address("rho-garbagnate", "inl-linee-guida-sociosanitarie")}"' in service


@pytest.mark.req("INL-071")
def test_a_page_tells_day_and_time_when_its_source_was_created(portal: Portal) -> None:
    page = portal.item("rho-garbagnate", "inl-azione-giovani")
    assert "Creazione della fonte: 8 marzo 2021, ore 13:07:57" in page
    actor = portal.system("rho-garbagnate")
    with portal.database.read(actor.district_id) as session:
        exported = {line["id"]: line for line in map(json.loads, export_lines(session, actor=actor))}
    created = datetime.fromisoformat(exported["inl-azione-giovani"]["fields"]["source_created_at"])
    assert created.strftime("%a %d %b %Y %H:%M:%S %z") == "Mon 08 Mar 2021 13:07:57 +0100"
