"""What the keys of a model are called on screen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from core.districts.info import OpeningHours
from core.i18n import _, _l

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


def opening_hours(hours: Iterable[OpeningHours]) -> list[str]:
    """One line for each set of days: ``dal lunedì al venerdì, 9.00-12.30 e 14.00-17.30``."""
    times: dict[tuple[str, ...], list[str]] = {}
    for item in hours:
        times.setdefault(item.days, []).append(f"{_clock(item.start)}-{_clock(item.end)}")
    return [_hours_of(days, _list_of(spans)) for days, spans in times.items()]


def _clock(time: str) -> str:
    return time.removeprefix("0").replace(":", ".")


def _list_of(words: Sequence[str]) -> str:
    if len(words) < 2:
        return "".join(words)
    return _("%(first)s e %(last)s", first=", ".join(words[:-1]), last=words[-1])


def _hours_of(days: Sequence[str], time: str) -> str:
    """Days in a row as a span, others one by one."""
    places = [list(DAYS).index(day) for day in days]
    names = [str(DAYS[day]) for day in days]
    if len(places) > 2 and places == list(range(places[0], places[0] + len(places))):
        return _("dal %(first)s al %(last)s, %(time)s", first=names[0], last=names[-1], time=time)
    return _("%(days)s, %(time)s", days=_list_of(names), time=time)
