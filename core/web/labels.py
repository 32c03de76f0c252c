"""What the keys of a model are called on screen."""

from __future__ import annotations

from core.i18n import _l

DAYS = {
    "mon": _l("lunedì"),
    "tue": _l("martedì"),
    "wed": _l("mercoledì"),
    "thu": _l("giovedì"),
    "fri": _l("venerdì"),
    "sat": _l("sabato"),
    "sun": _l("domenica"),
}
BODY_KINDS = {
    "municipality_body": _l("Enti dei Comuni"),
    "public_service": _l("Servizi pubblici"),
    "consortium": _l("Consorzi"),
    "cooperative": _l("Cooperative"),
    "association": _l("Associazioni"),
    "company": _l("Aziende"),
    "union": _l("Sindacati e associazioni di categoria"),
    "school": _l("Scuole e formazione"),
    "foundation": _l("Fondazioni"),
    "professional_group": _l("Gruppi professionali"),
    "project_partner": _l("Partner di progetto"),
}
BODY_ROLES = {
    "lead_body": _l("ente capofila"),
    "managing_body": _l("gestisce il servizio"),
    "programme_owner": _l("titolare del progetto"),
    "placement_service": _l("unità per gli inserimenti"),
    "ati_leader": _l("guida il gruppo di imprese"),
    "ati_member": _l("fa parte del gruppo di imprese"),
    "coordination": _l("coordina"),
    "co_design": _l("ha scritto le linee guida"),
    "sending_service": _l("segnala le persone"),
    "specialist_service": _l("servizio specialistico"),
    "health_service": _l("servizio sanitario"),
    "employment_service": _l("servizio per il lavoro"),
    "targeted_placement": _l("collocamento mirato"),
    "orientation": _l("orientamento"),
    "training": _l("formazione"),
    "host": _l("accoglie le persone"),
    "monitoring": _l("controlla come va"),
    "network": _l("fa parte della rete"),
    "wide_area": _l("livello provinciale"),
    "ambito": _l("livello di Ambito"),
}
#: Bodies whose role a visitor wants to know first.
FOREMOST_ROLES = frozenset({"lead_body", "managing_body", "programme_owner"})
