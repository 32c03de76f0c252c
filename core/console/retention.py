"""How long data are kept: what each rule would erase, the confirmation, the reports; and what may not be erased."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import abort, request, url_for
from flask_admin import expose

from core import access, crypto
from core.console.base import Answer, ConsolePage, done, typed
from core.console.pieces import Cell, Form, Panel, linked, table, with_errors
from core.console.words import moment
from core.errors import Conflict, NotFound, Refused
from core.i18n import _, ngettext
from core.privacy.requests.subjects import find_subject
from core.privacy.retention import erasure as retention_erasure
from core.privacy.retention import holds
from core.privacy.retention import operations as retention
from core.privacy.retention.models import LegalHold
from core.privacy.retention.operations import Preview, RetentionRule
from core.privacy.retention.permissions import HOLD, MANAGE, RETENTION
from core.web.context import current
from core.web.outcomes import Outcome, attempt
from core.web.questions import field

#: Loaded for the rules that it declares.
DECLARED = (retention_erasure.__name__,)
#: The views that work on holds.
HOLD_VIEWS = frozenset({"place", "release"})
#: Rows of a preview that are shown.
SHOWN = 50


class RetentionPage(ConsolePage):
    """Nothing is erased by itself, and no setting changes that: a person reads the preview and confirms."""

    resource = RETENTION

    def _handle_view(self, *args: Any, **kwargs: Any) -> None:
        # Holds are a right of their own: who places them erases nothing, who erases does not lift them.
        if args and args[0] in HOLD_VIEWS:
            access.require(current.actor, MANAGE, HOLD)
        else:
            super()._handle_view(*args, **kwargs)

    @expose("/")
    def index(self) -> Answer:
        """Every rule with what it would erase today."""
        return self._page(Outcome())

    def _page(self, outcome: Outcome) -> Answer:
        previews = [retention.preview(current.session, rule, actor=current.actor) for rule in retention.rules()]
        panels = [self._rule(found) for found in previews]
        none = Panel(_("Regole"), "regole", empty=_("Nessuna funzione ha dichiarato una regola."))
        return self.page(
            _("Conservazione"),
            outcome,
            lead=_("Per quanto tempo si tengono i dati. Il portale non cancella niente da solo: decide una persona."),
            panels=[*(panels or [none]), self._reports()],
            aside=self._holds(outcome),
        )

    def _rule(self, found: Preview) -> Panel:
        rule, key = found.rule, f"r-{found.rule.key.replace('.', '-')}"
        if found.months is None:
            text = _("Nel modello manca il parametro «%(key)s»: con questa regola non si cancella.", key=rule.parameter)
            return Panel(str(rule.label), key, reasons=[("half", text)])
        months = ngettext("%(num)s mese", "%(num)s mesi", found.months)
        facts = [
            (_("Si tiene per"), months),
            (_("Il conto parte da"), str(rule.event)),
            (_("Da dove viene"), found.source),
            (_("Da cancellare"), str(found.due)),
            (_("Il più vecchio"), moment(found.oldest) if found.oldest else ""),
            (_("Fermi per un blocco"), str(found.held)),
            (_("Ancora da tenere"), str(found.kept)),
        ]
        look = [(_("Guarda e conferma"), url_for(".confirm", rule=rule.key))] if found.due and self.may_manage else []
        return Panel(str(rule.label), key, facts=facts, links=look)

    def _reports(self) -> Panel:
        lines = [
            [moment(run.at), _label(run.rule), str(run.erased), str(run.left), run.who]
            for run in retention.runs(current.session, current.actor)
        ]
        columns = [_("Quando"), _("Regola"), _("Cancellati"), _("Rimasti"), _("Chi ha confermato")]
        caption = _("Che cosa è stato cancellato")
        return Panel(caption, "rapporti", table=table(columns, lines, caption), empty=_("Ancora niente."))

    @expose("/<rule>")
    def confirm(self, rule: str) -> Answer:
        """What exactly would be erased: for who may do it."""
        if not self.may_manage:
            abort(403)
        return self._confirm(retention.rule_of(rule), Outcome())

    def _confirm(self, rule: RetentionRule, outcome: Outcome) -> Answer:
        found = retention.preview(current.session, rule, actor=current.actor)
        rows = retention.due_list(current.session, rule, actor=current.actor, most=SHOWN)
        lines = [[moment(row.happened_at), str(row.id)[-12:]] for row in rows]
        columns = [str(rule.event).capitalize(), _("Riferimento")]
        count = ngettext("%(num)s da cancellare", "%(num)s da cancellare", found.due)
        action = url_for(".erase", rule=rule.key)
        form = Form([], action, _("Sì, cancella"), cancel=url_for(".index"), hidden=[("digest", found.digest)])
        text = _("Non si torna indietro. Alla volta se ne cancellano %(most)s.", most=retention.BATCH)
        panels = [
            Panel(_("I più vecchi"), "elenco", text=count, table=table(columns, lines, count)),
            Panel(_("Conferma"), "conferma", text=text, form=form if found.due else None, key=True),
        ]
        trail = [(_("Conservazione"), url_for(".index")), (str(rule.label), "")]
        return self.page(_("Cancellare: %(what)s", what=rule.label), outcome, trail=trail, panels=panels)

    @expose("/<rule>/cancella", methods=["POST"])
    def erase(self, rule: str) -> Answer:
        """Erase what was shown; another set is shown again before anything is done."""
        found = retention.rule_of(rule)
        hooks = current.installation.host.hooks
        try:
            report = retention.run(current.session, found, actor=current.actor, hooks=hooks, confirmed=typed("digest"))
        except Conflict:
            current.session.rollback()
            problem = _("Nel frattempo l'elenco è cambiato. Guardalo di nuovo, poi conferma.")
            return self._confirm(found, Outcome(problem=problem, status=409))
        message = ngettext("Cancellato %(num)s oggetto.", "Cancellati %(num)s oggetti.", report.erased)
        return done(message, ".index")

    def _holds(self, outcome: Outcome) -> list[Panel]:
        if not any(access.may(current.actor, action, HOLD) for action in ("read", MANAGE)):
            return []
        found = holds.holds(current.session, current.actor)
        columns = [_("Dal"), _("Motivo"), _("Chi"), _("Fino a")]
        caption = _("Che cosa non si cancella")
        lines: list[list[Cell]] = [[moment(hold.since), _reason(hold), hold.who, self._until(hold)] for hold in found]
        empty = _("Nessun blocco: le regole valgono per tutti.")
        form = self._hold_form(outcome) if access.may(current.actor, MANAGE, HOLD) else None
        text = _("Un blocco ferma ogni cancellazione dei dati di una persona, per esempio durante una causa.")
        return [
            Panel(caption, "blocchi", text=text, table=table(columns, lines, caption), empty=empty),
            *([Panel(_("Blocca la cancellazione"), "blocca", form=form)] if form else []),
        ]

    def _until(self, hold: LegalHold) -> Cell:
        if hold.released_at is not None:
            return _("%(day)s, %(who)s", day=moment(hold.released_at), who=hold.released_by)
        if not access.may(current.actor, MANAGE, HOLD):
            return _("in corso")
        return linked(_("in corso: togli"), url_for(".release", hold_id=hold.id))

    def _hold_form(self, outcome: Outcome) -> Form:
        again = request.method == "POST"
        fields = [
            field("code", _("Codice della persona"), value=typed("code") if again else "", max_length=40),
            field("reason", _("Motivo"), value=typed("reason") if again else "", max_length=holds.LONGEST_REASON),
        ]
        return Form(with_errors(fields, outcome.errors), url_for(".place"), _("Blocca"), main=False)

    @expose("/blocchi", methods=["POST"])
    def place(self) -> Answer:
        """Put a hold on a person."""
        outcome = attempt(self._place)
        if not outcome.done:
            current.session.rollback()
            return self._page(outcome)
        return done(_("I dati di questa persona non si cancellano più."), ".index")

    def _place(self) -> None:
        try:
            _resource, subject_id = find_subject(current.session, typed("code"))
        except NotFound as error:
            raise Refused(str(error), code="code") from error
        holds.place_hold(current.session, subject_id, actor=current.actor, reason=typed("reason"))

    @expose("/blocchi/<uuid:hold_id>", methods=["GET", "POST"])
    def release(self, hold_id: UUID) -> Answer:
        """Ask, then take a hold away."""
        if request.method == "POST":
            holds.release_hold(current.session, hold_id, actor=current.actor)
            return done(_("Il blocco è tolto."), ".index")
        text = _("Se il tempo di una regola è passato, i dati di questa persona si potranno cancellare.")
        form = Form([], url_for(".release", hold_id=hold_id), _("Sì, togli"), cancel=url_for(".index"))
        trail: Sequence[tuple[str, str]] = [(_("Conservazione"), url_for(".index")), (_("Togli il blocco"), "")]
        panels = [Panel(_("Conferma"), "conferma", text=text, form=form, key=True)]
        return self.page(_("Togliere il blocco?"), trail=trail, panels=panels)


def _reason(hold: LegalHold) -> str:
    try:
        return holds.reason_of(current.session, hold)
    except crypto.Unreadable:
        return _("Questo dato non si può leggere adesso.")


def _label(key: str) -> str:
    """What a rule is called; its key where no code declares it any more."""
    try:
        return str(retention.rule_of(key).label)
    except NotFound:
        return key
