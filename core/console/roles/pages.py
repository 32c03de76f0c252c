"""The pages of the roles: list, matrix, comparison, and each change with its effects before it is made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import abort, redirect, request, url_for
from flask_admin import expose

from core import access
from core.access import operations
from core.access.declared import problems_of
from core.access.functions import functions_of
from core.access.impact import Impact, holders_now, impact_of
from core.access.models import Account, Role, RoleHolder
from core.access.permissions import ACCOUNTS, MANAGE, READ, ROLES
from core.access.registry import permissions
from core.access.rolerows import stored_spec
from core.access.rolespecs import RoleSpec
from core.console.base import SEE_OTHER, Answer, ConsolePage, done, typed
from core.console.pieces import Cell, Form, Panel, linked, state, table, translated, with_errors
from core.console.roles import matrix, words
from core.console.words import moment, resource_text
from core.districts import operations as districts
from core.districts.models import Organisation
from core.errors import Conflict, FieldError, Invalid
from core.i18n import LANGUAGES, _, _l, pick
from core.web.context import current
from core.web.outcomes import Outcome, attempt
from core.web.questions import choice, field

YES = "si"
CONFLICT = 409


@dataclass(frozen=True, slots=True)
class Step:
    """One way to change a role: its page of effects, the button, the sentence afterwards, the operation."""

    question: Any
    button: Any
    after: Any
    act: Callable[[Role, RoleSpec, int], object]


class RolesPage(ConsolePage):
    """What each role may do, and the way to change it."""

    resource = ROLES

    def is_accessible(self) -> bool:
        """Who gives roles to people must be able to read what they do."""
        return any(access.may(current.actor, action, name) for action in (READ, MANAGE) for name in (ROLES, ACCOUNTS))

    @expose("/")
    def index(self) -> Answer:
        """Every role: what its holders are, how many they are, whether a second step is asked, where it comes from."""
        lines = [self._line(role) for role in all_roles()]
        columns = [_("Ruolo"), _("Funzioni"), _("Persone"), _("Secondo passaggio"), _("Da dove viene")]
        primary = (_("Nuovo ruolo"), url_for(".new")) if self.may_manage else None
        return self.page(
            _("Ruoli"),
            lead=_("Quello che ogni ruolo può fare. Chi amministra lo può cambiare: prima vede che cosa succede."),
            primary=primary,
            secondary=[(_("Confronta due ruoli"), url_for(".compare"))],
            panels=[Panel(_("I ruoli del distretto"), "ruoli", table=table(columns, lines, _("Ruoli")))],
        )

    def _line(self, role: Role) -> list[Cell]:
        people = _("chiunque") if role.is_visitor else str(len(holders_now(current.session, role)))
        return [
            linked(label_of(role), url_for(".show", key=role.key)),
            words.function_names(role.functions, own_labels()) or "-",
            people,
            state("ok", _("sì")) if role.two_factor else _("no"),
            origin_cell(role),
        ]

    # --- one role ---

    @expose("/<key>/")
    def show(self, key: str) -> Answer:
        """The matrix of one role: what it may do on each resource."""
        return self._show(role_or_404(key), Outcome())

    def _show(self, role: Role, outcome: Outcome) -> Answer:
        return self.page(
            label_of(role),
            outcome,
            trail=[(_("Ruoli"), url_for(".index")), (label_of(role), "")],
            panels=[*self._matrix(role), holders_panel(role), *uncovered_panels(role)],
            aside=[self._facts(role)],
        )

    def _matrix(self, role: Role) -> list[Panel]:
        spec = stored_spec(current.session, role)
        found = words.grants_by_resource(spec.grants)
        columns = [_("Su che cosa"), _("Che cosa può fare"), _("Su quali righe"), _("In quali stati"), _("Quali dati")]
        lines: list[list[Cell]] = [
            [self._resource(role, name), *words.grant_cells(grant)]
            for name, grants in found.items()
            for grant in grants
        ]
        text = _("Vale per chiunque, anche senza account.") if role.is_visitor else ""
        rights = table(columns, lines, _("I permessi di «%(role)s»", role=label_of(role)))
        empty = _("Nessun permesso.")
        panels = [Panel(_("Permessi"), "permessi", text=text, table=rights, empty=empty)]
        others = [name for name in resources() if name not in found]
        if self.may_manage and others and role.retired_at is None:
            options = [(name, resource_text(name)) for name in others]
            form = Form(
                [choice("resource", _("Su che cosa"), options)],
                url_for(".add", key=role.key),
                _("Continua"),
                main=False,
            )
            panels.append(Panel(_("Aggiungi un permesso"), "aggiungi", form=form))
        return panels

    def _resource(self, role: Role, resource: str) -> Cell:
        if not self.may_manage:
            return resource_text(resource)
        return linked(resource_text(resource), url_for(".edit", key=role.key, resource=resource))

    def _facts(self, role: Role) -> Panel:
        facts = [
            (_("Chiave"), role.key),
            (_("Funzioni"), words.function_names(role.functions, own_labels()) or "-"),
            (_("Secondo passaggio all'ingresso"), _("obbligatorio") if role.two_factor else _("non richiesto")),
            (_("Da dove viene"), str(words.ORIGINS[role.origin])),
        ]
        links = [
            (_("Nome, funzioni e ingresso"), url_for(".facts", key=role.key)),
            (_("Copia"), url_for(".new", da=role.key)),
            (_("Confronta"), url_for(".compare", a=role.key)),
        ]
        if role.origin == "changed":
            links.append((_("Torna al modello"), url_for(".back", key=role.key)))
        if not role.is_visitor and role.retired_at is None:
            links.append((_("Non usarlo più"), url_for(".retire", key=role.key)))
        return Panel(_("Il ruolo"), "ruolo", facts=facts, links=links if self.may_manage else ())

    # --- a change, from the form to its effects ---

    @expose("/<key>/aggiungi", methods=("POST",))
    def add(self, key: str) -> Answer:
        """Go to the form of a resource on which the role may do nothing yet."""
        role, resource = role_or_404(key), typed("resource")
        if resource not in resources():
            return self._show(role, Outcome({"resource": _("Scegli su che cosa.")}, status=422))
        return redirect(url_for(".edit", key=key, resource=resource), SEE_OTHER)

    @expose("/<key>/permessi/<resource>", methods=("GET", "POST"))
    def edit(self, key: str, resource: str) -> Answer:
        """What the role may do on one resource; sending it shows the effects, and changes nothing yet."""
        role, spec = self._for_change(key)
        if resource not in resources():
            abort(404)
        lines: Sequence[Any] = [grant for grant in spec.grants if grant.resource == resource]
        if request.method == "GET":
            return self._edit_form(role, resource, lines, Outcome())
        try:
            lines = matrix.posted_lines(resource)
            wanted = matrix.with_resource(spec, resource, lines)
            refuse_undeclared(wanted)
        except Invalid as error:
            outcome = Outcome({e.field: e.message for e in error.errors}, status=422)
            return self._edit_form(role, resource, lines, outcome)
        return self._effects(role, spec, wanted, "salva")

    def _edit_form(self, role: Role, resource: str, lines: Sequence[Any], outcome: Outcome) -> Answer:
        name, url = resource_text(resource), url_for(".show", key=role.key)
        question = matrix.lines_field(resource, lines, outcome.errors.get("grants", ""))
        action = url_for(".edit", key=role.key, resource=resource)
        form = Form([question], action, _("Guarda che cosa cambia"), cancel=url, hidden=version_of(role))
        title = _("%(role)s: %(resource)s", role=label_of(role), resource=name)
        trail = [(_("Ruoli"), url_for(".index")), (label_of(role), url), (name, "")]
        return self.page(title, outcome, trail=trail, panels=[Panel(name.capitalize(), "permessi", form=form)])

    @expose("/<key>/dati", methods=("GET", "POST"))
    def facts(self, key: str) -> Answer:
        """Name, functions, second step."""
        role, spec = self._for_change(key)
        if request.method == "GET":
            return self._facts_form(role, spec, Outcome())
        wanted = replace(
            spec,
            label=posted_label(),
            functions=tuple(name for name in request.form.getlist("functions") if name in own_functions()),
            two_factor=typed("two_factor") == YES,
        )
        if not wanted.label.get("it"):
            return self._facts_form(role, wanted, Outcome({"label": _("Scrivi il nome in italiano.")}, status=422))
        return self._effects(role, spec, wanted, "salva")

    def _facts_form(self, role: Role, spec: RoleSpec, outcome: Outcome) -> Answer:
        names = [(key, pick(info.label, current.lang), key in spec.functions) for key, info in own_functions().items()]
        fields = [translated("label", _("Nome"), spec.label, outcome.errors)]
        if not role.is_visitor:
            hint = _("Che cosa può essere in una squadra chi ha il ruolo.")
            fields.append(field("functions", _("Funzioni"), "choices", options=names, hint=hint))
            answers = [(YES, _("Sì: senza, il ruolo non dà permessi")), ("no", _("No"))]
            now = YES if spec.two_factor else "no"
            fields.append(choice("two_factor", _("Secondo passaggio all'ingresso obbligatorio"), answers, now))
        url = url_for(".show", key=role.key)
        action = url_for(".facts", key=role.key)
        form = Form(fields, action, _("Guarda che cosa cambia"), cancel=url, hidden=version_of(role))
        trail = [(_("Ruoli"), url_for(".index")), (label_of(role), url), (_("Nome, funzioni e ingresso"), "")]
        return self.page(label_of(role), outcome, trail=trail, panels=[Panel(_("Il ruolo"), "dati", form=form)])

    def _for_change(self, key: str) -> tuple[Role, RoleSpec]:
        if not self.may_manage:
            abort(404)
        role = role_or_404(key)
        return role, stored_spec(current.session, role)

    # --- effects and confirmation ---

    @expose("/<key>/<any(salva, ritira, modello):step>", methods=("POST",))
    def confirm(self, key: str, step: str) -> Answer:
        """Carry out what the page of effects showed."""
        role, spec = self._for_change(key)
        wanted = self._wanted(role, spec, step)
        version = int(typed("version")) if typed("version").isdecimal() else 0
        try:
            outcome = attempt(lambda: STEPS[step].act(role, wanted, version))
        except Conflict as error:
            current.session.refresh(role)
            return self._effects(role, stored_spec(current.session, role), wanted, step, conflict=str(error))
        if not outcome.done:
            return self._effects(role, spec, wanted, step, outcome=outcome)
        return done(str(STEPS[step].after), ".index" if step == "ritira" else ".show", key=key)

    @expose("/<key>/ritira")
    def retire(self, key: str) -> Answer:
        """What happens when nobody uses the role any more."""
        role, spec = self._for_change(key)
        return self._effects(role, spec, self._wanted(role, spec, "ritira"), "ritira")

    @expose("/<key>/modello")
    def back(self, key: str) -> Answer:
        """What happens when the role returns to the model."""
        role, spec = self._for_change(key)
        return self._effects(role, spec, self._wanted(role, spec, "modello"), "modello")

    def _wanted(self, role: Role, spec: RoleSpec, step: str) -> RoleSpec:
        if step == "ritira":
            return replace(spec, grants=(), functions=())
        if step == "modello":
            return districts.model_role(current.session, role.key) or abort(404)
        try:
            return replace(matrix.from_text(request.form.get("spec", "")), key=role.key, visitor=role.is_visitor)
        except Invalid:
            abort(400)

    def _effects(
        self,
        role: Role,
        spec: RoleSpec,
        wanted: RoleSpec,
        step: str,
        *,
        outcome: Outcome | None = None,
        conflict: str = "",
    ) -> Answer:
        """What is added and taken away, how many people it touches and who loses what; then the button."""
        impact = impact_of(current.session, role, spec, wanted)
        url = url_for(".show", key=role.key)
        # After a conflict the effects are those on the role as it is now, and so is the version.
        version = version_of(role) if conflict or not typed("version") else [("version", typed("version"))]
        hidden = [*version, ("spec", matrix.to_text(wanted))]
        form = Form(
            [], url_for(".confirm", key=role.key, step=step), str(STEPS[step].button), cancel=url, hidden=hidden
        )
        text = conflict_text(role) if conflict else ""
        panels = [*effect_panels(impact), Panel(_("Conferma"), "conferma", text=text, form=form, key=True)]
        if conflict:
            outcome = Outcome(problem=conflict, status=CONFLICT)
        title = str(STEPS[step].question) % {"role": label_of(role)}
        trail = [(_("Ruoli"), url_for(".index")), (label_of(role), url), (_("Che cosa cambia"), "")]
        return self.page(title, outcome, lead=words.people_text(impact), trail=trail, panels=panels)

    # --- a new role ---

    @expose("/nuovo", methods=("GET", "POST"))
    def new(self) -> Answer:
        """A role of the district's own, empty or a copy of another."""
        if not self.may_manage:
            abort(404)
        source = typed("da", request.args)
        outcome = Outcome()
        if request.method == "POST":
            outcome = attempt(lambda: make(source))
            if outcome.done:
                message = _("Il ruolo c'è. Nessuno lo ha ancora: controlla i permessi e poi assegnalo.")
                return done(message, ".show", key=typed("key"))
        return self._new_form(source, outcome)

    def _new_form(self, source: str, outcome: Outcome) -> Answer:
        hint = _("Una parola di lettere minuscole, cifre e _ (per esempio: tutor_sera). Non si può più cambiare.")
        fields = [
            translated("label", _("Nome"), posted_label(), outcome.errors),
            field("key", _("Chiave"), value=typed("key"), max_length=60, hint=hint, autocomplete="off"),
        ]
        action = url_for(".new", da=source or None)
        form = Form(with_errors(fields, outcome.errors), action, _("Crea il ruolo"), cancel=url_for(".index"))
        text = _("Parte con i permessi di «%(role)s».", role=label_of(role_or_404(source))) if source else ""
        trail = [(_("Ruoli"), url_for(".index")), (_("Nuovo ruolo"), "")]
        panels = [Panel(_("Come si chiama"), "nuovo", text=text, form=form)]
        return self.page(_("Nuovo ruolo"), outcome, trail=trail, panels=panels)

    # --- two roles side by side ---

    @expose("/confronta")
    def compare(self) -> Answer:
        """Two roles side by side, the differences first."""
        first, second = typed("a", request.args), typed("b", request.args)
        panels: list[Panel] = []
        if first and second:
            panels = comparison(role_or_404(first), role_or_404(second))
        trail = [(_("Ruoli"), url_for(".index")), (_("Confronta due ruoli"), "")]
        links = compare_links(first if not second else "")
        text = _("Scegli il secondo ruolo.") if first and not second else _("Scegli il primo ruolo.")
        chooser = Panel(_("Quali ruoli"), "quali", text=text, links=links)
        return self.page(_("Confronta due ruoli"), trail=trail, panels=[*panels, chooser])


def comparison(first: Role, second: Role) -> list[Panel]:
    """What differs, then what is the same."""
    left, right = (stored_spec(current.session, role) for role in (first, second))
    rows = {name: (cell_text(left, name), cell_text(right, name)) for name in resources()}
    columns = [_("Su che cosa"), label_of(first), label_of(second)]
    apart: list[list[Cell]] = [[resource_text(n), a, b] for n, (a, b) in rows.items() if a != b]
    same: list[list[Cell]] = [[resource_text(n), a, b] for n, (a, b) in rows.items() if a == b != "-"]
    differences = table(columns, apart, _("Che cosa è diverso"))
    return [
        Panel(_("Differenze"), "differenze", table=differences, empty=_("I due ruoli hanno gli stessi permessi.")),
        Panel(_("Uguali"), "uguali", table=table(columns, same, _("Che cosa è uguale")), empty=_("Niente.")),
    ]


def cell_text(spec: RoleSpec, resource: str) -> str:
    """All that a role may do on a resource, in one cell."""
    grants = words.grants_by_resource(spec.grants).get(resource, [])
    cells = (words.grant_cells(grant) for grant in grants)
    return (
        "; ".join(
            f"{actions}: {rows}" + (f" ({groups})" if groups != "-" else "") for actions, rows, _states, groups in cells
        )
        or "-"
    )


def compare_links(first: str) -> list[tuple[str, str]]:
    """A link for each role that can be chosen."""
    values: dict[str, Any] = {"a": first} if first else {}
    name = "b" if first else "a"
    return [
        (label_of(role), url_for(".compare", **{**values, name: role.key})) for role in all_roles() if role.key != first
    ]


def effect_panels(impact: Impact) -> list[Panel]:
    """What is added, what is taken away, who loses what."""
    return [
        Panel(_("Si aggiunge"), "si-aggiunge", reasons=words.added_texts(impact), empty=_("Niente.")),
        Panel(_("Si toglie"), "si-toglie", reasons=words.removed_texts(impact), empty=_("Niente.")),
        Panel(
            _("Chi perde qualcosa"),
            "chi-perde",
            reasons=words.loss_texts(impact),
            empty=_("Nessuno: chi ha questo ruolo non perde niente, o lo ha anche da un altro ruolo."),
        ),
    ]


def conflict_text(role: Role) -> str:
    """What to do when somebody else has changed the role meanwhile."""
    return str(
        _(
            "Il ruolo «%(role)s» è cambiato mentre lavoravi. Qui sopra vedi la differenza tra com'è adesso e come lo "
            "vuoi tu. Se confermi, vale la tua versione.",
            role=label_of(role),
        )
    )


def holders_panel(role: Role) -> Panel:
    """Who holds the role, who held it and who will, the newest first."""
    held = (
        sa.select(RoleHolder, Account.name)
        .join(Account, Account.id == RoleHolder.account_id)
        .where(RoleHolder.role_id == role.id)
        .order_by(RoleHolder.valid_from.desc(), Account.name)
        .limit(200)
    )
    lines: list[list[Cell]] = [
        [name, place_text(row), moment(row.valid_from), moment(row.valid_to)]
        for row, name in current.session.execute(held)
    ]
    columns = [_("Persona"), _("Per chi"), _("Dal"), _("Fino al")]
    empty = _("Vale per chiunque.") if role.is_visitor else _("Nessuno ha mai avuto questo ruolo.")
    return Panel(_("Chi ce l'ha e chi l'ha avuto"), "persone", table=table(columns, lines, _("Persone")), empty=empty)


def uncovered_panels(role: Role) -> list[Panel]:
    """Where one person is to hold the role for each municipality: those that have nobody now (LEG-086)."""
    if not operations.is_unique_in_municipality(current.session, role):
        return []
    held = operations.municipalities_held(current.session, role)
    towns = sorted(town.name for istat, town in current.here.municipalities.items() if istat not in held)
    lines: list[list[Cell]] = [[name] for name in towns]
    found = table([_("Comune")], lines, _("I Comuni senza una persona con questo ruolo"))
    return [Panel(_("Comuni scoperti"), "scoperti", table=found, empty=_("Ogni Comune ha una persona."))]


def place_text(holder: RoleHolder) -> str:
    """The body or municipality on whose behalf a role is held."""
    gone = _("un ente che non è più nel modello")
    body = body_names().get(holder.organisation_id, gone) if holder.organisation_id else ""
    town = current.here.municipalities.get(holder.municipality)
    return ", ".join(filter(None, (body, town.name if town else holder.municipality))) or _("tutto il distretto")


def body_names() -> dict[UUID, str]:
    """The bodies of the district by id."""
    rows = current.session.execute(sa.select(Organisation.id, Organisation.name).order_by(Organisation.position))
    return {row.id: row.name for row in rows}


def all_roles() -> Sequence[Role]:
    """Every role: the visitor's first, those not used any more last."""
    order = (Role.retired_at.is_not(None), Role.is_visitor.desc(), Role.key)
    return current.session.scalars(sa.select(Role).order_by(*order)).all()


def role_or_404(key: str) -> Role:
    """The role of this district with that key."""
    return current.session.scalar(sa.select(Role).where(Role.key == key)) or abort(404)


def label_of(role: Role) -> str:
    """The name of a role."""
    return pick(role.label, current.lang)


def origin_cell(role: Role) -> Cell:
    """Where the role comes from, or that it is not used any more."""
    if role.retired_at is not None:
        return state("pause", _("non si usa più"))
    return str(words.ORIGINS[role.origin])


def own_functions() -> Any:
    """The functions, in the words of the district."""
    return functions_of(current.session)


def own_labels() -> dict[str, Any]:
    """What the district calls each function."""
    return {key: info.label for key, info in own_functions().items()}


def resources() -> list[str]:
    """Everything on which something may be granted, by its name on screen."""
    return sorted({permission.resource for permission in permissions()}, key=resource_text)


def version_of(role: Role) -> list[tuple[str, str]]:
    """The hidden field that tells a later change by somebody else."""
    return [("version", str(role.version))]


def posted_label() -> dict[str, str]:
    """The names that were typed, by language."""
    texts = {lang: typed(f"label__{lang}") for lang in LANGUAGES}
    return {lang: text for lang, text in texts.items() if text}


def refuse_undeclared(spec: RoleSpec) -> None:
    """Raise Invalid for a permission that nobody declares."""
    problems = problems_of(spec)
    if problems:
        raise Invalid([FieldError("grants", text, "grants") for text in problems])


def make(source: str) -> Role:
    """A new role, with the rights of ``source`` when there is one."""
    label, key = posted_label(), typed("key")
    spec = RoleSpec(key, label)
    if source:
        spec = replace(stored_spec(current.session, role_or_404(source)), key=key, label=label, visitor=False)
    return operations.make_role(current.session, spec, actor=current.actor)


STEPS = {
    "salva": Step(
        _l("Che cosa cambia in «%(role)s»"),
        _l("Salva il ruolo"),
        _l("Il ruolo è cambiato."),
        lambda role, spec, version: operations.change_role(
            current.session, role.key, spec, actor=current.actor, version=version
        ),
    ),
    "ritira": Step(
        _l("Non usare più «%(role)s»?"),
        _l("Sì, togli il ruolo"),
        _l("Il ruolo non si usa più. Chi l'ha avuto resta scritto."),
        lambda role, _spec, version: operations.retire_role(
            current.session, role.key, actor=current.actor, version=version
        ),
    ),
    "modello": Step(
        _l("Riportare «%(role)s» al modello?"),
        _l("Sì, torna al modello"),
        _l("Il ruolo è di nuovo quello del modello."),
        lambda role, _spec, version: districts.reset_role(
            current.session, role.key, actor=current.actor, version=version
        ),
    ),
}
