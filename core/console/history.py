"""Who changed what in the configuration, when, from which value to which."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.access import registry
from core.console.models import DistrictView
from core.console.pieces import Cell
from core.console.words import IDENTITY, change_text, moment, plugin_title, value_text
from core.districts.models import SettingChange
from core.districts.permissions import DISTRICT
from core.i18n import _, _l

registry.register_entity(SettingChange, resource=DISTRICT, visitor_scopes=())
LONGEST = 300


class HistoryView(DistrictView):
    """Changes of the configuration, the newest first."""

    entity = SettingChange
    resource = DISTRICT
    title = _l("Storia")
    lead = _l("Ogni cambiamento della configurazione: chi, quando, da che valore a quale.")
    empty_text = _l("Nessuno ha ancora cambiato niente.")
    search_label = _l("Persona, o chiave di quello che è cambiato")
    column_list = ("at", "who", "what", "old", "new")
    column_labels: dict[str, Any] = {  # noqa: RUF012 - read by flask-admin
        "at": _l("Quando"),
        "who": _l("Chi"),
        "what": _l("Che cosa"),
        "old": _l("Prima"),
        "new": _l("Dopo"),
    }
    column_sortable_list = ()
    column_searchable_list = ("who", "key")
    column_default_sort = [("at", True), ("id", True)]  # noqa: RUF012 - read by flask-admin

    def lines(self, rows: Sequence[Any]) -> list[list[Cell]]:
        """Moment, person, action, value before and after."""
        return [[moment(row.at), row.who, what(row), short(row.old), short(row.new)] for row in rows]


def what(row: SettingChange) -> str:
    """What was done, and to what."""
    return f"{change_text(row.what)}: {subject(row)}" if row.key else change_text(row.what)


def subject(row: SettingChange) -> str:
    """What was changed, in the words of the screens where they have one for it."""
    if row.what.startswith("plugin."):
        return plugin_title(row.key)
    return str(IDENTITY.get(row.key, row.key)) if row.what == "district.change" else row.key


def short(value: Any) -> str:
    """A value that fits in a cell."""
    text = value_text(value)
    return text if len(text) <= LONGEST else _("%(start)s…", start=text[:LONGEST])
