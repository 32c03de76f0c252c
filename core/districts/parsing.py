"""The tables of a bundle, read strictly into the objects of ``core.districts.bundle``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from core.access.functions import LABELS, UNIQUE_IN
from core.districts import checks
from core.districts.bundle import (
    DAYS,
    STATUSES,
    Bundle,
    ContactsSpec,
    FactSpec,
    FunctionSpec,
    HoursSpec,
    MunicipalitySpec,
    OrganisationSpec,
    ParameterSpec,
    Part,
    PluginSpec,
    ProcessingSpec,
    RoleSpec,
    SubAreaSpec,
    TermSpec,
    VocabularySpec,
)
from core.districts.catalogue import PluginCatalogue
from core.districts.legal import BASES
from core.districts.models import NAME_LENGTH
from core.districts.parameters import PARAMETER_TYPES, DatedValue, Parameter, dump_value, read_value
from core.districts.reader import KEY, Reader, Where, unique
from core.districts.settings import check_settings
from core.districts.text import slug_problem
from core.i18n import DEFAULT, LANGUAGES, _

ORGANISATION_KINDS = (
    "municipality_body",
    "consortium",
    "cooperative",
    "association",
    "public_service",
    "company",
    "union",
    "school",
    "foundation",
    "professional_group",
    "project_partner",
)


def parse(part: Part, catalogue: PluginCatalogue) -> Bundle:
    """One bundle, alone: references inside it are checked after the add-ons are merged."""
    model = _file(part, "model.toml")
    addon = model.flag("addon")
    functions, roles = _roles(part)
    bundle = Bundle(
        key=model.key(),
        addon=addon,
        slug=_slug(model, required=not addon),
        name=model.texts("name", required=not addon),
        service=model.texts("service", required=not addon),
        claim=model.texts("claim", required=not addon),
        languages=_languages(model, required=not addon),
        source=model.text("source", required=not addon, max_length=1000),
        plugins={spec.name: spec for spec in _plugins(model, catalogue)},
        subareas=unique(_subareas(model), lambda s: s.key, lambda s: s.where),
        municipalities=unique(_municipalities(model), lambda m: m.istat, lambda m: m.where),
        organisations=unique(_organisations(model), lambda o: o.key, lambda o: o.where),
        contacts=_contacts(model),
        facts=tuple(_facts(model)),
        parameters=_parameters(part),
        vocabularies=_vocabularies(part),
        synonyms=_synonyms(part),
        functions=functions,
        roles=roles,
        processings=_processings(part),
        where=Where(f"{part.key}/model.toml", "key"),
        parts=(part,),
    )
    model.done()
    return bundle


def _file(part: Part, name: str) -> Reader:
    return Reader(part.files.get(name, {}), f"{part.key}/{name}")


def _slug(model: Reader, *, required: bool) -> str:
    slug = model.text("slug", required=required, max_length=40)
    problem = slug_problem(slug) if slug else ""
    if problem:
        model.where("slug").fail(
            _("«%(slug)s» non può essere un indirizzo: %(problem)s", slug=slug, problem=problem),
            _("Scegli un'altra parola."),
        )
    return slug


def _languages(model: Reader, *, required: bool) -> tuple[str, ...]:
    languages = model.strings("languages", LANGUAGES)
    if required and DEFAULT not in languages:
        model.where("languages").fail(_("manca l'italiano"), _('Scrivi languages = ["it", …].'))
    return languages


def _plugins(model: Reader, catalogue: PluginCatalogue) -> Iterator[PluginSpec]:
    tables = model.table("plugins")
    for name in tables.names() if tables else ():
        assert tables is not None
        place = tables.where(name)
        if name not in catalogue.names:
            place.fail(
                _("il plugin «%(name)s» non è installato", name=name),
                _("Plugin installati: %(names)s.", names=", ".join(sorted(catalogue.names))),
            )
        table = tables.raw(name)
        if not isinstance(table, Mapping):
            place.fail(_("serve una tabella [plugins.%(name)s]", name=name), _("Correggi questa voce."))
        settings = check_settings(catalogue.settings_type(name), table, file=place.file, key=place.key)
        yield PluginSpec(name, settings, dict.fromkeys(settings, place.file), place)


def _subareas(model: Reader) -> Iterator[SubAreaSpec]:
    for row in model.tables("subareas"):
        yield SubAreaSpec(row.key(), row.texts("name"), row.one_of("status", STATUSES, "confirmed"), row.where("key"))
        row.done()


def _municipalities(model: Reader) -> Iterator[MunicipalitySpec]:
    for row in model.tables("municipalities"):
        yield MunicipalitySpec(
            istat=_istat(row),
            name=row.text("name", max_length=100),
            subarea=row.text("subarea", required=False),
            lead=row.flag("lead"),
            opted_out=row.strings("opted_out"),
            note=row.texts("note", required=False),
            where=row.where("istat"),
        )
        row.done()


def _istat(row: Reader, key: str = "istat", *, required: bool = True) -> str:
    code = row.text(key, required=required)
    if code and not checks.is_istat(code):
        row.where(key).fail(
            _("«%(code)s» non è un codice ISTAT", code=code),
            _('Servono sei cifre tra virgolette, per esempio "015118".'),
        )
    return code


def _organisations(model: Reader) -> Iterator[OrganisationSpec]:
    for row in model.tables("organisations"):
        yield OrganisationSpec(
            key=row.key(),
            name=row.text("name", max_length=200),
            kind=row.one_of("kind", ORGANISATION_KINDS),
            roles=row.strings("roles"),
            status=row.one_of("status", STATUSES, "confirmed"),
            note=row.texts("note", required=False),
            where=row.where("key"),
        )
        row.done()


def _contacts(model: Reader) -> ContactsSpec | None:
    table = model.table("contacts")
    if table is None:
        return None
    contacts = ContactsSpec(
        address=table.text("address", required=False),
        phone=table.text("phone", required=False, max_length=60),
        email=table.text("email", required=False, max_length=254),
        hours=tuple(_hours(table)),
        where=table.where(),
    )
    if contacts.email.count("@") != (1 if contacts.email else 0):
        table.where("email").fail(_("non è un indirizzo e-mail"), _("Scrivilo come nome@esempio.it."))
    table.done()
    return contacts


def _hours(table: Reader) -> Iterator[HoursSpec]:
    for row in table.tables("hours"):
        hours = HoursSpec(row.strings("days", DAYS), row.text("from"), row.text("to"))
        problem = checks.hours_problem(hours.days, hours.start, hours.end)
        if problem:
            row.where().fail(problem, _('Scrivi le ore come "09:00".'))
        row.done()
        yield hours


def _facts(model: Reader) -> Iterator[FactSpec]:
    for row in model.tables("facts"):
        yield FactSpec(row.texts("value"), row.texts("text"))
        row.done()


def _parameters(part: Part) -> tuple[ParameterSpec, ...]:
    file = _file(part, "parameters.toml")
    specs = unique((_parameter(row) for row in file.tables("parameters")), lambda s: s.parameter.key, lambda s: s.where)
    file.done()
    return specs


def _parameter(row: Reader) -> ParameterSpec:
    key = row.text("key", max_length=120)
    if "." not in key or not all(KEY.fullmatch(piece) for piece in key.split(".")):
        row.where("key").fail(
            _("«%(key)s» non è una chiave valida", key=key),
            _("Scrivi il concetto, un punto e la cifra: work_grant.monthly_ceiling."),
        )
    kind = row.one_of("type", PARAMETER_TYPES)
    local, options = row.flag("local"), row.strings("options")
    parameter = Parameter(
        key=key,
        type=kind,
        owner=row.key("owner"),
        label=row.texts("label"),
        unit=row.text("unit", required=False, max_length=40),
        local=local,
        requirement=row.text("requirement", required=False, max_length=20),
        options=options,
        values=tuple(_value(value, kind, options, local) for value in row.tables("values")),
    )
    row.done()
    return ParameterSpec(parameter, row.where("key"))


def _value(row: Reader, kind: str, options: Sequence[str], local: bool) -> DatedValue:
    try:
        value = dump_value(kind, read_value(kind, row.raw("value"), options))
    except ValueError as error:
        row.where("value").fail(str(error), _("Correggi il valore."))
    start, end = row.day("valid_from"), row.day("valid_to", required=False)
    assert start is not None
    if end is not None and end <= start:
        row.where("valid_to").fail(
            _("finisce prima di cominciare"), _("valid_to è il primo giorno in cui non vale più.")
        )
    layer, place = _place(row, local)
    source = row.text("source", required=False, max_length=1000)
    row.done()
    return DatedValue(value, start, end, layer, place, source, row.where().file)


def _place(row: Reader, local: bool) -> tuple[str, str]:
    municipality = _istat(row, "municipality", required=False)
    subarea = row.text("subarea", required=False)
    if (municipality or subarea) and not local:
        row.where().fail(_("questo parametro vale per tutto il distretto"), _("Scrivi local = true nel parametro."))
    if municipality and subarea:
        row.where().fail(_("c'è un Comune e anche un'area"), _("Lascia solo uno dei due."))
    if municipality:
        return "municipality", municipality
    return ("subarea", subarea) if subarea else ("model", "")


def _vocabularies(part: Part) -> tuple[VocabularySpec, ...]:
    file = _file(part, "vocabularies.toml")
    specs = unique((_vocabulary(row) for row in file.tables("vocabularies")), lambda v: v.key, lambda v: v.where)
    file.done()
    return specs


def _vocabulary(row: Reader) -> VocabularySpec:
    terms = unique((_term(term) for term in row.tables("terms")), lambda t: t.key, lambda t: t.where)
    # An add-on may extend a vocabulary of the model, whose label it does not repeat.
    spec = VocabularySpec(row.key(), row.texts("label", required=False), terms, row.where("key"))
    row.done()
    return spec


def _term(row: Reader) -> TermSpec:
    term = TermSpec(
        key=row.key(),
        label=row.texts("label"),
        aliases=row.strings("aliases"),
        parent=row.text("parent", required=False, max_length=60),
        where=row.where("key"),
    )
    row.done()
    return term


def _synonyms(part: Part) -> tuple[tuple[str, ...], ...]:
    file = _file(part, "synonyms.toml")
    groups = tuple(_group(row) for row in file.tables("groups"))
    file.done()
    return groups


def _group(row: Reader) -> tuple[str, ...]:
    words = row.strings("words")
    if len(words) < 2:
        row.where("words").fail(
            _("un gruppo di sinonimi ha almeno due parole"), _("Aggiungi una parola o togli il gruppo.")
        )
    row.done()
    return words


def _processings(part: Part) -> tuple[ProcessingSpec, ...]:
    file = _file(part, "processing.toml")
    specs = unique((_processing(row) for row in file.tables("processings")), lambda p: p.key, lambda p: p.where)
    file.done()
    return specs


def _processing(row: Reader) -> ProcessingSpec:
    basis = row.one_of("basis", BASES)
    start, end = row.day("valid_from"), row.day("valid_to", required=False)
    assert start is not None
    if end is not None and end <= start:
        row.where("valid_to").fail(
            _("finisce prima di cominciare"), _("valid_to è il primo giorno in cui non vale più.")
        )
    spec = ProcessingSpec(
        key=row.key(),
        purpose=row.texts("purpose"),
        controller=row.text("controller", max_length=NAME_LENGTH),
        processor=row.text("processor", required=False, max_length=NAME_LENGTH),
        dpo_contact=row.text("dpo_contact", required=False, max_length=NAME_LENGTH),
        organisation=row.text("organisation", required=False, max_length=60),
        municipality=_istat(row, "municipality", required=False),
        basis=basis,
        articles=row.strings("articles") or BASES[basis].articles,
        kept=row.texts("kept", required=False),
        valid_from=start,
        valid_to=end,
        status=row.one_of("status", STATUSES),
        source=row.text("source", required=False, max_length=1000),
        where=row.where("key"),
    )
    row.done()
    return spec


def _roles(part: Part) -> tuple[tuple[FunctionSpec, ...], tuple[RoleSpec, ...]]:
    file = _file(part, "roles.toml")
    functions = unique((_function(row) for row in file.tables("functions")), lambda f: f.key, lambda f: f.where)
    roles = unique((_role(row) for row in file.tables("roles")), lambda r: r.key, lambda r: r.where)
    file.done()
    return functions, roles


def _function(row: Reader) -> FunctionSpec:
    spec = FunctionSpec(
        key=row.one_of("key", tuple(LABELS)),
        label=row.texts("label"),
        unique=row.one_of("unique", UNIQUE_IN, ""),
        where=row.where("key"),
    )
    row.done()
    return spec


def _role(row: Reader) -> RoleSpec:
    grants = tuple(_grant(grant) for grant in row.tables("grants"))
    role = RoleSpec(
        key=row.key(),
        label=row.texts("label"),
        visitor=row.flag("visitor"),
        grants=grants,
        where=row.where("key"),
        functions=row.strings("functions", tuple(LABELS)),
        two_factor=row.flag("two_factor"),
    )
    if role.visitor and role.two_factor:
        row.where("two_factor").fail(
            _("chi visita il sito non ha un secondo fattore"), _("Togli visitor o two_factor.")
        )
    row.done()
    return role


def _grant(row: Reader) -> Mapping[str, Any]:
    grant: dict[str, Any] = {
        "resource": row.text("resource", max_length=60),
        "actions": list(row.strings("actions")),
        "states": list(row.strings("states")),
        "scope": row.text("scope", max_length=60),
    }
    if not grant["actions"]:
        row.where("actions").fail(_("manca almeno un'azione"), _('Scrivi per esempio actions = ["read"].'))
    groups = row.table("field_groups")
    if groups is not None:
        grant["field_groups"] = {
            name: groups.one_of(name, ("none", "mask", "read", "write")) for name in groups.names()
        }
    row.done()
    return grant
