"""Sample contexts of every template: full, empty, wrong. Places, people and figures are invented."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from markupsafe import Markup

Sample = tuple[str, Mapping[str, Any]]
TODAY = date(2026, 11, 19)
LONG = "Accompagnamento individuale alla ricerca di un posto di lavoro adatto, con un tutor che resta lo stesso"

SITE = {
    "name": "Lavoro insieme",
    "tagline": "Distretto di Valfiorita",
    "home": "#home",
    "portal": "#portale",
    "search": "#cerca",
    "contacts": "#contatti",
    "about": "#chi-siamo",
    "login": "#accedi",
    "district": True,
    "hours": "Lunedì-venerdì, 9.00-12.30",
    "phone": "0331 000 000",
    "email": "sportello@valfiorita.example",
    "links": [("Dichiarazione di accessibilità", "#dichiarazione")],
}
STAFF_SITE = {**SITE, "account": "Sara Conti", "logout": "#esci", "today": "#oggi"}
PORTAL_SITE = {"name": "Innesto", "tagline": "Servizi di inclusione lavorativa", "home": "#", "login": "#accedi"}
TRAIL = [("Valfiorita", "#"), ("Servizi", "#servizi"), ("Borsa lavoro", "")]

FACETS = [
    {"name": "type", "label": "Tipo", "options": [("service", "Servizi", 3, True), ("regulation", "Regole", 4, False)]},
    {"name": "audience", "label": "Per chi", "options": [("person", "Persone", 6, False), ("none", "Altri", 0, False)]},
    {"name": "place", "label": "Comune", "options": [(str(n), f"Comune {n}", n, n == 9) for n in range(12)]},
    {"name": "empty", "label": "Vuota", "options": []},
]
PAGER = {
    "page": 3,
    "pages": 9,
    "previous": "#2",
    "next": "#4",
    "links": [
        (1, "#1", False),
        (None, "", False),
        (3, "#3", True),
        (4, "#4", False),
        (None, "", False),
        (9, "#9", False),
    ],
}

DISTRICTS = [
    {
        "name": "Valfiorita",
        "url": "#valfiorita",
        "service": "Servizio di inserimento lavorativo",
        "places": "Borgo Alto, Borgo Basso, Pieve di Sopra, Ronco, San Martino in Colle",
    },
    {
        "name": "Terre d’acqua",
        "url": "#terre",
        "service": "Sportello lavoro",
        "places": "Elenco dei Comuni da confermare",
    },
    {"name": "Harbour district", "url": "#harbour", "service": "Job support", "places": "Three towns", "lang": "en"},
]
PORTAL: dict[str, Any] = {
    "action": "#",
    "comune": "",
    "known": ["Borgo Alto", "San Martino in Colle"],
    "matches": [],
    "no_match": False,
    "suggestions": [],
    "districts": DISTRICTS,
    "site": PORTAL_SITE,
    "menu": [],
}

CONTACTS = {
    "address": "Via del Mercato 4, Borgo Alto",
    "phone": "0331 000 000",
    "email": "sportello@valfiorita.example",
    "hours": ["Lunedì-venerdì, 9.00-12.30", "Martedì e giovedì, 14.00-17.30"],
    "status": "to_confirm",
}
NEEDS = [
    {"title": title, "url": f"#{number}", "text": "Come si entra nel servizio: il primo passo è l’assistente sociale."}
    for number, title in enumerate(["Voglio un aiuto per lavorare", "Rischio di perdere il lavoro", "Ho un’azienda"])
]
SERVICES = [
    {"title": "Borsa lavoro", "url": "#borsa", "text": "Da 3 a 6 mesi di lavoro accompagnato."},
    {"title": LONG, "url": "#tirocinio", "text": "", "notes": ["Per le persone", "aggiornato il 3 novembre 2026"]},
    {"title": "Job coaching", "url": "#coaching", "text": "Support at work.", "lang": "en"},
]
DEADLINES = [
    {"title": "Addetto al magazzino", "url": "#corso", "text": "60 ore.", "date": date(2026, 11, 27)},
    {
        "title": "Prove pratiche",
        "url": "#prove",
        "date": date(2026, 11, 20),
        "state": ("soon", "Ultimo giorno: domani"),
    },
    {"title": "Corso già chiuso", "url": "#chiuso", "date": date(2026, 11, 1)},
]
FACTS = [("5 Comuni", "lavorano insieme dal 2010"), ("1 mese", "al massimo per il primo colloquio")]
BODIES = [
    {"name": "Consorzio Esempio", "role": "Ente gestore", "status": "confirmed"},
    {"name": "Cooperativa di prova", "role": "Partner", "status": "to_confirm"},
]
HOME_SLOT: dict[str, Any] = {
    "needs": NEEDS,
    "more_needs": [("Giovani", "#giovani"), ("Famiglie", "#famiglie")],
    "services": SERVICES,
    "courses": DEADLINES,
    "today": TODAY,
    "topics": [("Lavoro", "#lavoro"), ("Formazione", "#formazione")],
}
DISTRICT: dict[str, Any] = {
    "claim": "Accompagniamo al lavoro chi vive nei cinque Comuni e parte da una situazione di svantaggio.",
    "facts": FACTS,
    "contacts": CONTACTS,
    "bodies": BODIES,
    "steps": [("Ne parli", "con l’assistente sociale."), ("Ci conosciamo", "entro un mese."), ("Provi", "il lavoro.")],
    "slot_template": "public_info/home.html",
    "slot_context": HOME_SLOT,
}
BARE_DISTRICT: dict[str, Any] = {"claim": "Il servizio apre presto.", "facts": [], "contacts": {}, "bodies": []}

ABOUT: dict[str, Any] = {
    "trail": [("Valfiorita", "#"), ("Chi siamo", "")],
    "claim": DISTRICT["claim"],
    "areas": [
        {
            "name": "Ambito Nord",
            "status": "to_confirm",
            "municipalities": [
                {"name": "Borgo Alto", "lead": True},
                {"name": "Ronco", "opted_out": ["tirocini"], "note": "Ha un proprio nucleo inserimenti."},
            ],
        },
        {"name": "Ambito Sud", "status": "confirmed", "municipalities": []},
        {"name": "", "status": "confirmed", "municipalities": [{"name": "Valle"}]},
    ],
    "unlisted": ["Ambito Est", "Ambito Ovest"],
    "loose_note": "Ambito da confermare.",
    "missing": "Altri Comuni sono da confermare.",
    "organisations": [
        {
            "kind": "Consorzi",
            "members": [{"name": "Consorzio Esempio", "roles": ["ente gestore"], "status": "confirmed"}],
        },
        {
            "kind": "Cooperative",
            "members": [{"name": "Prova", "roles": [], "note": "Dal 2012", "status": "to_confirm"}],
        },
    ],
    "facts": FACTS,
    "source": "documento del servizio, 2010",
}
CONTACT_PAGE: dict[str, Any] = {
    "trail": [("Valfiorita", "#"), ("Contatti", "")],
    "contacts": CONTACTS,
    "ask_first": "Parla prima con l’assistente sociale del tuo Comune.",
    "offices": [{"name": "Sede di Borgo Alto", "place": "Via del Mercato 4", "note": "Solo su appuntamento"}],
}

BLOCKS = [
    {
        "id": "chi",
        "title": "A chi è rivolta",
        "html": Markup("<p>A chi vive in uno dei <strong>cinque</strong> Comuni.</p>"),
    },
    {"id": "vuoto", "title": "Titolo che non deve comparire", "html": Markup("")},
    {
        "id": "come",
        "title": "Come si chiede",
        "callout": "Non devi fare domanda online.",
        "html": Markup("<ul><li>parla con l’assistente sociale;</li><li>portale i documenti.</li></ul>"),
    },
    {
        "id": "tempi",
        "title": "Tempi e fasi",
        "phases": [
            {"name": "Segnalazione", "when": "", "text": "Il Comune ci scrive."},
            {"name": "Primo colloquio", "when": "entro 1 mese", "text": "Ci conosciamo."},
            {"name": "Valutazione finale", "when": "", "text": "Se è andata bene, c’è l’assunzione."},
        ],
    },
    {
        "id": "documenti",
        "title": "Documenti",
        "links": [
            {"text": "Carta dei servizi", "url": "#carta", "note": "versione del 3 novembre 2026"},
            {"text": "Documento senza indirizzo", "url": ""},
        ],
    },
    {"id": "inglese", "title": "Costo", "html": Markup("<p>Nothing at all.</p>"), "lang": "en"},
    {
        "id": "contatti",
        "title": "Contatti",
        "contacts": [{"name": "Sportello", **CONTACTS, "hours": "Lunedì, 9.00-12.30"}],
    },
]
ITEM: dict[str, Any] = {
    "title": "Borsa lavoro",
    "lead": "Da 3 a 6 mesi di lavoro accompagnato, in un posto che alla fine può assumerti.",
    "state": ("ok", "Servizio attivo"),
    "brief": [("Quanto dura", "3 o 6 mesi"), ("Che cosa ricevi", "fino a 260 € al mese"), ("Con chi", "un tutor")],
    "blocks": BLOCKS,
    "ask": "come",
    "topics": [("Lavoro", "#lavoro"), ("Inclusione", "#inclusione")],
    "audiences": ["Persone", "Famiglie"],
    "municipalities": ["Ronco"],
    "updated": date(2026, 11, 3),
    "valid_to": date(2027, 12, 31),
    "source": "documento del servizio",
    "edit_url": "#modifica",
    "related": [{"title": "Tirocinio", "url": "#tirocinio", "text": "Serve a conoscerti."}],
}
BARE_ITEM: dict[str, Any] = {"title": "Scheda con il solo titolo", "blocks": [], "brief": [], "lang": "it"}
COURSE = {
    **ITEM,
    "title": "Addetto al magazzino",
    "deadline": date(2026, 11, 27),
    "state": ("soon", "Iscrizioni aperte"),
}
REGULATION: dict[str, Any] = {
    **ITEM,
    "title": "Norme per il diritto al lavoro delle persone con disabilità",
    "state": ("ok", "In vigore"),
    "kind": "Legge dello Stato",
    "number": "68",
    "cited_as": "",
    "act_date": date(1999, 3, 12),
    "in_force_from": date(2000, 1, 17),
    "in_force_to": None,
    "validity_note": "",
    "urn": "urn:nir:stato:legge:1999-03-12;68",
    "link": "#normattiva",
    "meanings": [
        {"id": "per-te", "title": "Per te", "html": Markup("<p>Puoi iscriverti al collocamento mirato.</p>")},
        {"id": "famiglia", "title": "Per la tua famiglia", "html": Markup("")},
        {"id": "azienda", "title": "Per un’azienda", "html": Markup("<p>Da 15 dipendenti c’è un obbligo.</p>")},
    ],
    "blocks": [{"id": "dice", "title": "Che cosa dice", "html": Markup("<p>Stabilisce quote di assunzione.</p>")}],
    "chapters": [{"number": "1", "name": "Collocamento", "page": 3, "text": "Chi si può iscrivere."}],
    "previous": [("Versione del 2010", "#2010")],
}
LIST: dict[str, Any] = {
    "trail": [("Valfiorita", "#"), ("Servizi", "")],
    "title": "Servizi",
    "lead": "Quello che possiamo fare per te.",
    "url": "#",
    "total": 4,
    "today": TODAY,
    "groups": [("Scadono in questo mese", DEADLINES), ("Più avanti", SERVICES)],
    "facets": FACETS,
    "active": [("Servizi", "#senza-servizi"), ("Persone", "#senza-persone")],
    "pager": PAGER,
    "create_url": "#nuova",
}
HITS = [
    {
        "title": Markup("<mark>Borsa lavoro</mark>"),
        "url": "#borsa",
        "excerpt": Markup("La <mark>borsa lavoro</mark> dura di solito 3 o 6 mesi."),
        "type": "Servizio",
        "audience": "per le persone",
        "date": "3 novembre 2026",
    },
    {"title": "Tirocinio", "url": "#tirocinio", "excerpt": "", "type": "Servizio", "matched_by": "stage"},
    {"title": "Job support", "url": "#job", "excerpt": "Help.", "type": "Servizio", "lang": "en", "page_lang": "it"},
]
SEARCH: dict[str, Any] = {
    "trail": [("Valfiorita", "#"), ("Ricerca", "")],
    "url": "#",
    "asked": True,
    "q": "bosra lavoro",
    "total": 3,
    "unfiltered": 9,
    "corrected": "borsa lavoro",
    "original_url": "#esatto",
    "suggestion": None,
    "problem": "",
    "facets": FACETS,
    "active": [("Servizi", "#senza")],
    "clear_url": "#tutti",
    "hidden": [("q", "bosra lavoro")],
    "hits": HITS,
    "pager": PAGER,
    "others": [("tirocinio", "#tirocinio"), ("rimborso", "#rimborso")],
    "topics": [("Lavoro", "#lavoro"), ("Formazione", "#formazione")],
}
NO_HITS = {
    **SEARCH,
    "q": "xyz<b>",
    "corrected": None,
    "total": 0,
    "hits": [],
    "active": [],
    "facets": [],
    "pager": None,
}

FIELDS = [
    {"name": "f_number", "id": "f_number", "type": "text", "label": "Numero", "hint": "Per esempio: 68", "value": "68"},
    {
        "name": "f_title",
        "id": "f_title",
        "type": "text",
        "label": "Nome del servizio",
        "hint": "Usa le parole di chi lo cerca.",
        "error": "Scrivi il nome.",
        "translations": [
            {
                "name": "f_title__it",
                "id": "f_title__it",
                "type": "text",
                "lang": "it",
                "language": "Italiano",
                "value": "Borsa",
            },
            {
                "name": "f_title__en",
                "id": "f_title__en",
                "type": "text",
                "lang": "en",
                "language": "English",
                "value": "",
                "error": "Scrivi il titolo in inglese, o lascia vuoto tutto il testo inglese.",
            },
        ],
    },
    {
        "name": "f_body",
        "id": "f_body",
        "type": "rich_text",
        "label": "Testo",
        "value": "Prima riga\nseconda",
        "needed": True,
    },
    {
        "name": "f_mail",
        "id": "f_mail",
        "type": "email",
        "label": "E-mail",
        "value": "lucia",
        "error": "Manca la chiocciola (@).",
    },
    {
        "name": "f_money",
        "id": "f_money",
        "type": "money",
        "label": "Massimo al mese",
        "value": "260,00",
        "optional": True,
    },
    {"name": "f_date", "id": "f_date", "type": "date", "label": "Data", "value": "2026-11-19"},
    {
        "name": "f_active",
        "id": "f_active",
        "type": "yes_no",
        "label": "È attivo?",
        "options": [("yes", "Sì", True), ("no", "No", False)],
    },
    {
        "name": "f_kind",
        "id": "f_kind",
        "type": "choice",
        "label": "Tipo",
        "options": [(str(n), f"Tipo {n}", n == 3) for n in range(12)],
    },
    {
        "name": "f_topics",
        "id": "f_topics",
        "type": "choices",
        "label": "Argomenti",
        "error": "Scegli almeno un argomento.",
        "options": [("work", "Lavoro", True), ("training", "Formazione", False)],
    },
    {
        "name": "f_municipalities",
        "id": "f_municipalities",
        "type": "municipalities",
        "label": "Comuni",
        "hint": "Lascia vuoto se vale per tutti.",
        "options": [(f"01500{n}", f"Comune {n}", n == 2) for n in range(10)],
    },
    {
        "name": "f_related",
        "id": "f_related",
        "type": "records",
        "label": "Guarda anche",
        "picker": {"chosen": [("borsa", "Borsa lavoro")], "offered": [("tirocinio", LONG)], "words": "a", "more": True},
        "find": ("find", "related"),
        "words_name": "find_related",
        "found_name": "found_related",
        "optional": True,
    },
    {
        "name": "f_phases",
        "id": "f_phases",
        "type": "rows",
        "label": "Fase",
        "hint": "Un passo per riga.",
        "error": "I passi sono troppi.",
        "add": ("add_row", "phases"),
        "lines": [
            {
                "remove": ("remove_row", f"phases-{n}"),
                "fields": [
                    {
                        "name": f"f_phases-{n}-name",
                        "id": f"f_phases-{n}-name",
                        "type": "text",
                        "label": "Passo",
                        "value": "A",
                    },
                    {
                        "name": f"f_phases-{n}-text",
                        "id": f"f_phases-{n}-text",
                        "type": "long_text",
                        "label": "Che cosa succede",
                    },
                ],
            }
            for n in range(2)
        ],
    },
]
ERRORS = [
    ("f_title__en", "Scrivi il titolo in inglese"),
    ("f_mail", "Completa l’indirizzo e-mail"),
    ("f_topics", "Scegli almeno un argomento"),
]
EDIT: dict[str, Any] = {
    "site": STAFF_SITE,
    "trail": [("Oggi", "#oggi"), ("Servizi", "#servizi"), ("Borsa lavoro", "")],
    "title": "Borsa lavoro",
    "lead": "Salvare non pubblica: la pagina cambia quando premi Pubblica.",
    "action": "#",
    "version": 3,
    "sections": [
        {"key": "essentials", "title": "L’essenziale", "fields": FIELDS[:6]},
        {"key": "rest", "title": "Tempi e luoghi", "fields": FIELDS[6:]},
    ],
    "errors": [],
    "saved_at": "oggi alle 10.42, da Sara Conti",
    "conflict": None,
    "submits": [("submit", "review", "Salva e chiedi il controllo")],
    "cancel_url": "#",
}
CONFLICT = {"who": "Chiara", "when": "oggi alle 10.40", "changes": [["Titolo", "Borsa lavoro 2027", "Borsa lavoro"]]}
SHOW: dict[str, Any] = {
    "site": STAFF_SITE,
    "trail": EDIT["trail"],
    "record": {"title": "Borsa lavoro", "state": ("pause", "Bozza"), "ref": "borsa", "version": 3},
    "facts": ["Servizio", "aggiornato il 3 novembre 2026", "modulo versione 2"],
    "public_url": "#pubblica",
    "edit_url": "#modifica",
    "missing": [("A chi è rivolto", "#modifica"), ("Quanto costa", "")],
    "untranslated": ["English"],
    "fire_url": "#",
    "transitions": [
        {"key": "submit", "label": "Chiedi il controllo", "allowed": True, "primary": True},
        {
            "key": "publish",
            "label": "Pubblica",
            "allowed": False,
            "reasons": ["Mancano due blocchi.", "Scrivili e riprova."],
            "incomplete": True,
        },
        {"key": "withdraw", "label": "Ritira dal sito", "allowed": True, "confirm": "Chi visita non la vede più."},
    ],
    "sections": [
        {
            "title": "L’essenziale",
            "answers": [("Nome", "Borsa lavoro"), ("Vuoto", ""), ("Testo", Markup("<p>Uno.</p>"))],
        },
        {"title": "Vuota", "answers": []},
    ],
    "history": [
        {"sentence": "Sara Conti ha riportato la scheda in bozza", "when": "oggi, 9.12", "iso": "2026-11-19T09:12"},
        {"sentence": "Paolo ha scritto la scheda", "when": "3 novembre", "iso": "2026-11-03"},
    ],
}
KEPT: dict[str, Any] = {
    "action": "#modulo",
    "resume": "resume",
    "fields": [("f_title__it", "Borsa lavoro"), ("f_body__it", "Prima riga\n\nSeconda riga")],
    "texts": [("Nome", "Borsa lavoro"), ("Che cos’è", LONG)],
    "login": "#accedi",
    "signed_in": False,
}
LINES = [
    [
        {"text": "Borsa lavoro", "url": "#borsa"},
        {"text": "Pubblicato", "state": "ok"},
        "3 nov 2026",
        {"text": "12"},
    ],
    [{"text": LONG, "url": "#lungo"}, {"text": "Bozza", "state": "pause"}, "", 3],
]
RECORDS: dict[str, Any] = {
    "site": STAFF_SITE,
    "trail": [("Oggi", "#oggi"), ("Servizi", "")],
    "title": "Servizi",
    "url": "#",
    "q": "",
    "create": ("Scrivi una scheda nuova", "#nuova"),
    "states": [("Tutte", "#", 14, True), ("Bozze", "#bozze", 2, False), ("Pubblicate", "#pubblicate", None, False)],
    "columns": [("Titolo", False), ("Stato", False), ("Aggiornata", False), ("Letture", True)],
    "lines": LINES,
    "total": 14,
    "filtered": False,
    "clear_url": "#",
    "pager": PAGER,
}
NOTICE = {
    "id": "1",
    "sentence": "Il percorso LEG-2026-0142 ha un nuovo tutor.",
    "lang": "",
    "url": "#percorso",
    "kind": "late",
    "day": "22 novembre 2026",
    "iso": "2026-11-22",
    "unread": True,
}
TODAY_PAGE: dict[str, Any] = {
    "site": STAFF_SITE,
    "greeting": "Buongiorno, Sara",
    "summary": "Due schede aspettano un controllo e hai una bozza da finire.",
    "primary": ("Scrivi una scheda nuova", "#nuova"),
    "news": {"rows": [NOTICE], "count": 3, "all": "#novita", "mark": "#lette"},
    "cards": [{"title": "Schede incomplete", "text": "3 pagine.", "url": "#inc", "action": "Guarda", "kind": "soon"}],
    "review": [{"title": "Tirocinio", "url": "#t", "state": ("info", "Da controllare"), "action": ("Controlla", "#t")}],
    "drafts": [{"title": "Borsa lavoro", "url": "#b", "notes": ["Servizio", "ieri"], "action": ("Continua", "#b")}],
    "abilities": [{"title": "Servizi", "url": "#s", "text": "Scrivere e pubblicare"}, {"title": "Corsi", "url": "#c"}],
}
LOGIN_FIELDS = [
    {"name": "email", "id": "email", "type": "email", "label": "E-mail", "autocomplete": "username", "value": ""},
    {"name": "password", "id": "password", "type": "password", "label": "Password", "autocomplete": "current-password"},
]
LOGIN: dict[str, Any] = {
    "site": PORTAL_SITE,
    "menu": [],
    "action": "#",
    "fields": LOGIN_FIELDS,
    "errors": [],
    "next": "/x",
}

PAGES: dict[str, Sample] = {
    "portal": ("portal/home.html", PORTAL),
    "portal-found": (
        "portal/home.html",
        {**PORTAL, "comune": "Ronco", "matches": [("Ronco", "Valfiorita", "#"), ("Ronco", "Terre d’acqua", "#")]},
    ),
    "portal-unknown": (
        "portal/home.html",
        {**PORTAL, "comune": "Ronko", "no_match": True, "suggestions": [("Ronco", "#ronco")]},
    ),
    "portal-empty": ("portal/home.html", {**PORTAL, "districts": []}),
    "district": ("district/home.html", DISTRICT),
    "district-bare": ("district/home.html", BARE_DISTRICT),
    "about": ("district/about.html", ABOUT),
    "about-empty": ("district/about.html", {**ABOUT, "areas": [], "organisations": [], "facts": [], "source": ""}),
    "contacts": ("district/contacts.html", CONTACT_PAGE),
    "service": ("public_info/service.html", {"trail": TRAIL, "item": ITEM}),
    "service-bare": ("public_info/service.html", {"trail": TRAIL, "item": BARE_ITEM}),
    "course": ("public_info/course.html", {"trail": TRAIL, "item": COURSE, "today": TODAY}),
    "regulation": ("public_info/regulation.html", {"trail": TRAIL, "item": REGULATION}),
    "list": ("public_info/list.html", LIST),
    "list-filtered-empty": ("public_info/list.html", {**LIST, "total": 0, "groups": [], "pager": None}),
    "list-empty": (
        "public_info/list.html",
        {**LIST, "total": 0, "groups": [], "facets": [], "active": [], "pager": None, "create_url": None},
    ),
    "search": ("public_info/search.html", SEARCH),
    "search-exact": (
        "public_info/search.html",
        {**SEARCH, "corrected": None, "active": [], "suggestion": ("tirocini", "#")},
    ),
    "search-none": ("public_info/search.html", NO_HITS),
    "search-filtered-none": ("public_info/search.html", {**SEARCH, "total": 0, "hits": [], "pager": None}),
    "search-start": ("public_info/search.html", {**NO_HITS, "q": "", "asked": False}),
    "search-topic": (
        "public_info/search.html",
        {**SEARCH, "q": "", "corrected": None, "note": "Cerchiamo le prime parole."},
    ),
    "search-problem": ("public_info/search.html", {**NO_HITS, "q": '"', "problem": "Scrivi almeno una parola."}),
    "error-404": ("errors/404.html", {}),
    "error-404-portal": ("errors/404.html", {"site": PORTAL_SITE, "menu": []}),
    "error-403": ("errors/403.html", {}),
    "error-405": ("errors/405.html", {}),
    "error-400": ("errors/400.html", {"detail": "La pagina era aperta da troppo tempo."}),
    "error-409": ("errors/409.html", {"detail": "Manca la firma del servizio inviante."}),
    "error-413": ("errors/413.html", {}),
    "error-410": (
        "errors/410.html",
        {"gone": {"title": "Borsa", "since": "ieri", "instead": ("Leggi quella nuova", "#n")}},
    ),
    "error-429": ("errors/429.html", {}),
    "error-500": ("errors/500.html", {"reference": "7F3-204", "retry": "#"}),
    "error-503": ("errors/503.html", {"minutes": 5, "retry": "#"}),
    "login": (
        "account/login.html",
        {**LOGIN, "demo_accounts": [("legnano", "Redazione", "redazione@demo.example", "parola")]},
    ),
    "login-error": ("account/login.html", {**LOGIN, "errors": [("email", "E-mail o password non corrispondono.")]}),
    "logged-out": ("account/logged_out.html", {"site": PORTAL_SITE, "menu": [], "home": "#h", "login": "#l"}),
    "today": ("staff/today.html", TODAY_PAGE),
    "today-empty": (
        "staff/today.html",
        {
            **TODAY_PAGE,
            "news": {"rows": [], "count": 0, "all": "#novita", "mark": "#lette"},
            **dict.fromkeys(("cards", "review", "drafts", "abilities"), ()),
            "primary": None,
        },
    ),
    "records": ("records/list.html", {**RECORDS, "notices": [("success", "Scheda salvata.", "È ancora una bozza.")]}),
    "records-filtered": ("records/list.html", {**RECORDS, "lines": [], "filtered": True, "q": "xyz"}),
    "records-empty": ("records/list.html", {**RECORDS, "lines": []}),
    "record": ("records/show.html", SHOW),
    "record-empty": ("records/show.html", {**SHOW, "sections": [], "history": [], "missing": []}),
    "kept": ("records/kept.html", KEPT),
    "kept-refused": ("records/kept.html", {**KEPT, "signed_in": True, "texts": []}),
    "edit": ("records/edit.html", EDIT),
    "edit-errors": ("records/edit.html", {**EDIT, "errors": ERRORS}),
    "edit-conflict": ("records/edit.html", {**EDIT, "conflict": CONFLICT}),
}
