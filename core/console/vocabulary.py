"""Words of the district: synonyms, which search follows at once, and the vocabularies of the model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import url_for
from flask_admin import expose
from wtforms import Form as WtForm

from core.access import registry
from core.console.base import Answer, ConsolePage, typed
from core.console.models import DistrictView
from core.console.pieces import Cell, Form, Panel, linked, table, with_errors
from core.districts import operations, vocabularies
from core.districts.models import SynonymGroup
from core.districts.permissions import SETTING
from core.i18n import _, _l, pick
from core.web.context import current
from core.web.outcomes import Outcome
from core.web.questions import field

registry.register_entity(SynonymGroup, resource=SETTING, visitor_scopes=())
LONGEST = 2_000


class SynonymsView(DistrictView):
    """Groups of words that search treats as one."""

    entity = SynonymGroup
    resource = SETTING
    pages = frozenset({"index_view", "create_view", "delete_view"})
    title = _l("Sinonimi")
    lead = _l("Le parole di un gruppo valgono come una sola quando qualcuno cerca. Un gruppo nuovo vale subito.")
    create_label = _l("Aggiungi un gruppo")
    empty_text = _l("Aggiungi il primo gruppo: per esempio «borsa lavoro» e «tirocinio».")
    column_list = ("words", "from_model")
    column_labels: dict[str, Any] = {"words": _l("Parole"), "from_model": _l("Da dove viene")}  # noqa: RUF012 - read by flask-admin
    column_sortable_list = ()
    column_default_sort = [("from_model", False), ("position", False)]  # noqa: RUF012 - read by flask-admin
    page_size = 200

    def lines(self, rows: Sequence[Any]) -> list[list[Cell]]:
        """The words, and the way to remove a group that was added here."""
        return [[", ".join(row.words), self._origin(row)] for row in rows]

    def _origin(self, row: SynonymGroup) -> Cell:
        if row.from_model:
            return _("dal modello")
        if not self.may_manage:
            return _("aggiunto qui")
        return linked(_("aggiunto qui: togli «%(word)s»", word=row.words[0]), url_for(".delete_view", id=row.id))

    def create_model(self, form: WtForm) -> SynonymGroup:
        """Add a group through its operation."""
        return operations.add_synonyms(current.session, typed_words(), actor=current.actor)

    def delete_model(self, model: Any) -> bool:
        """Remove a group through its operation."""
        operations.remove_synonyms(current.session, model.id, actor=current.actor)
        return True

    def create_page(self, outcome: Outcome) -> Answer:
        """A field with one word or phrase a line."""
        hint = _("Una parola o una frase per riga, almeno due.")
        words = field("words", _("Parole"), "long_text", typed("words"), hint=hint, max_length=LONGEST)
        form = Form(
            with_errors([words], outcome.errors), url_for(".create_view"), _("Salva"), cancel=url_for(".index_view")
        )
        trail = [(_("Sinonimi"), url_for(".index_view")), (_("Gruppo nuovo"), "")]
        panels = [Panel(_("Le parole"), "parole", form=form)]
        return self.page(_("Gruppo nuovo di sinonimi"), outcome, lead="", primary=None, trail=trail, panels=panels)

    def delete_page(self, model: SynonymGroup, outcome: Outcome) -> Answer:
        """Say what search no longer does."""
        text = _("Chi cerca una di queste parole non trova più le altre: %(words)s.", words=", ".join(model.words))
        form = Form([], url_for(".delete_view", id=model.id), _("Sì, togli"), cancel=url_for(".index_view"))
        trail = [(_("Sinonimi"), url_for(".index_view")), (_("Togli"), "")]
        panels = [Panel(_("Conferma"), "conferma", text=text, form=form, key=True)]
        return self.page(_("Togliere questo gruppo?"), outcome, lead="", primary=None, trail=trail, panels=panels)

    def created_message(self) -> str:
        """Said after a group was added."""
        return _("Il gruppo è salvato: la ricerca lo usa da subito.")

    def deleted_message(self, model: SynonymGroup) -> str:
        """Said after a group was removed."""
        return _("Il gruppo «%(word)s» non c'è più.", word=model.words[0])


def typed_words() -> list[str]:
    """One word or phrase a line."""
    text = typed("words")[:LONGEST]
    return [" ".join(line.split()) for line in text.splitlines() if line.strip()]


class VocabulariesPage(ConsolePage):
    """The lists that answers and filters use; they change with the model."""

    resource = SETTING

    @expose("/")
    def index(self) -> Answer:
        """Every vocabulary with its terms."""
        known = vocabularies.vocabularies(current.session)
        return self.page(
            _("Vocabolari"),
            lead=_("Gli elenchi da cui si sceglie. Vengono dal modello: cambiano quando lo si cambia e lo si applica."),
            panels=[self._panel(key, pick(label, current.lang)) for key, label in known.items()],
        )

    def _panel(self, key: str, label: str) -> Panel:
        terms = vocabularies.terms(current.session, key)
        lines = [
            [
                pick(term.label, current.lang),
                ", ".join(term.aliases) or "-",
                vocabularies.label_of(terms, term.parent, current.lang) if term.parent else "-",
                term.key,
            ]
            for term in terms.values()
        ]
        columns = [_("Termine"), _("Altri nomi"), _("Sotto"), _("Chiave")]
        return Panel(label, f"v-{key}", table=table(columns, lines, label), empty=_("Questo elenco è vuoto."))
