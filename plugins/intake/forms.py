"""What is asked about a person: one definition for the screens, the API and the checks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import LazyString
from stdnum.exceptions import ValidationError
from stdnum.it import codicefiscale

from core.toolkit import DistrictSnapshot, FieldError, Invalid, Texts, _, _l, clean_text, clock, pick

ITALIAN, FOREIGN, MISSING = "italian", "foreign", "missing"


@dataclass(frozen=True, slots=True)
class Question:
    """One fact of a person: its field group, the kind of control, and whether it is sealed."""

    key: str
    label: LazyString
    group: str = "personal"
    kind: str = "text"
    sealed: bool = False
    required: bool = False
    max_length: int = 100
    options: tuple[tuple[str, LazyString], ...] = ()
    hint: LazyString | str = ""


SEXES = (("f", _l("donna")), ("m", _l("uomo")), ("x", _l("altro")))
TAX_CODE_KINDS = (
    (ITALIAN, _l("codice fiscale italiano")),
    (FOREIGN, _l("codice di un altro Paese")),
    (MISSING, _l("non c’è")),
)
TAX_CODE_REASONS = (
    ("not_yet", _l("non è ancora stato assegnato")),
    ("not_shown", _l("la persona non lo ha con sé")),
    ("not_asked", _l("chi segnala non lo ha comunicato")),
)
#: The vocabulary in which a model names its own reasons; these stand where it names none.
CLOSE_VOCABULARY = "close_reasons"
CLOSE_REASONS: Mapping[str, Texts] = {
    "completed": {"it": "il percorso è finito", "en": "the case is finished"},
    "interrupted": {"it": "la persona ha interrotto il percorso", "en": "the person broke off"},
    "transferred": {"it": "la persona è passata a un altro servizio", "en": "the person went to another service"},
    "not_suitable": {"it": "il servizio non è adatto adesso", "en": "the service does not suit now"},
    "registered_only": {"it": "era solo una registrazione", "en": "it was only a registration"},
}
STATE_LABELS: Mapping[str, LazyString] = {
    "registered": _l("registrata"),
    "open": _l("in carico"),
    "closed": _l("percorso chiuso"),
}

QUESTIONS: tuple[Question, ...] = (
    Question("given_name", _l("Nome"), required=True),
    Question("family_name", _l("Cognome"), required=True),
    Question("birth_date", _l("Data di nascita"), kind="date"),
    Question("sex", _l("Sesso"), kind="choice", options=SEXES),
    Question("municipality", _l("Comune di residenza"), group="plain", kind="municipality"),
    Question(
        "other_municipality",
        _l("Comune di residenza fuori dal distretto"),
        group="plain",
        hint=_l("Scrivilo solo se non è nell’elenco qui sopra. Se la persona vive all’estero, scrivi lo Stato."),
    ),
    Question("citizenship", _l("Cittadinanza"), sealed=True),
    Question("tax_code_kind", _l("Codice fiscale: di che tipo?"), kind="choice", options=TAX_CODE_KINDS),
    Question("tax_code", _l("Codice fiscale"), sealed=True, max_length=30, hint=_l("Per esempio: RSSMRA80A01F205X")),
    Question("tax_code_reason", _l("Perché il codice manca"), kind="choice", options=TAX_CODE_REASONS),
    Question("phone", _l("Telefono"), kind="phone", sealed=True, max_length=40),
    Question("email", _l("E-mail"), kind="email", sealed=True, max_length=254),
    Question("address", _l("Indirizzo"), sealed=True, max_length=200),
    Question("disadvantage", _l("Area di svantaggio"), group="special", kind="long_text", sealed=True, max_length=500),
    Question("followed_by", _l("Servizio che segue"), group="special", sealed=True, max_length=200),
    Question("health_notes", _l("Note sulla salute"), group="special", kind="long_text", sealed=True, max_length=4000),
    Question("penal_notes", _l("Note su misure penali"), group="penal", kind="long_text", sealed=True, max_length=4000),
)
BY_KEY: Mapping[str, Question] = {question.key: question for question in QUESTIONS}
OLDEST = 120


def close_reasons(district: DistrictSnapshot) -> Mapping[str, Texts]:
    """Why a case may be closed here: the reasons of the model's vocabulary, or the usual ones."""
    named = district.vocabularies.get(CLOSE_VOCABULARY)
    return {key: term.label for key, term in named.items()} if named else CLOSE_REASONS


def close_label(district: DistrictSnapshot, key: str, lang: str = "it") -> str:
    """How a reason of the past is called; its key where the model no longer names it."""
    label = {**CLOSE_REASONS, **close_reasons(district)}.get(key)
    return pick(label, lang) if label else key


def options_of(question: Question, municipalities: Mapping[str, str]) -> tuple[tuple[str, Any], ...]:
    """Value and label of each possible answer; empty for a free one."""
    return tuple(municipalities.items()) if question.kind == "municipality" else question.options


def read(typed: Mapping[str, Any], municipalities: Mapping[str, str]) -> dict[str, Any]:
    """The facts that were typed, cleaned and checked. Raises Invalid naming every wrong one."""
    facts: dict[str, Any] = {}
    errors: list[FieldError] = []
    for key in typed:
        if key not in BY_KEY:
            errors.append(FieldError(key, _("Questo campo non esiste."), "unknown"))
            continue
        try:
            facts[key] = _value(BY_KEY[key], typed[key], municipalities)
        except Invalid as error:
            errors.extend(error.errors)
    errors.extend(_judge_residence(facts))
    if "tax_code" in facts or "tax_code_kind" in facts:
        errors.extend(_judge_tax_code(facts))
    if errors:
        raise Invalid(errors)
    return facts


def missing(facts: Mapping[str, Any]) -> Iterator[FieldError]:
    """The facts without which nobody can be registered."""
    for question in QUESTIONS:
        if question.required and not facts.get(question.key):
            yield FieldError(question.key, _("Scrivi: %(label)s.", label=question.label), "required")


def _value(question: Question, raw: Any, municipalities: Mapping[str, str]) -> Any:
    if question.kind == "date":
        return _day(question, raw)
    if raw is not None and not isinstance(raw, str):
        raise _wrong(question, _("Qui serve un testo."), "text")
    value = clean_text(raw or "").strip()
    if len(value) > question.max_length:
        text = _("Al massimo %(most)s caratteri. Ne hai scritti %(count)s.", most=question.max_length, count=len(value))
        raise _wrong(question, text, "too_long")
    options = dict(options_of(question, municipalities))
    if question.kind in {"choice", "municipality"} and value and value not in options:
        raise _wrong(question, _("Scegli una delle risposte dell’elenco."), "choice")
    if question.key == "email" and value and not _looks_like_email(value):
        raise _wrong(question, _("Manca la chiocciola (@) o la parte dopo. Per esempio: nome@esempio.it"), "email")
    if question.required and not value:
        raise _wrong(question, _("Scrivi: %(label)s.", label=question.label), "required")
    return value


def _wrong(question: Question, message: str, code: str) -> Invalid:
    return Invalid([FieldError(question.key, message, code)])


def _day(question: Question, raw: Any) -> date | None:
    if isinstance(raw, date) or not raw:
        day = raw or None
    else:
        try:
            day = date.fromisoformat(str(raw).strip())
        except ValueError:
            raise _wrong(question, _("Scrivi il giorno così: 1985-03-27."), "date") from None
    today = clock.today()
    if day and (day > today or day.year < today.year - OLDEST):
        raise _wrong(question, _("Controlla la data di nascita: non può essere questa."), "date")
    return day


def _looks_like_email(value: str) -> bool:
    name, at, host = value.partition("@")
    return bool(name and at and "." in host.strip(".")) and " " not in value


def _judge_residence(facts: dict[str, Any]) -> Iterator[FieldError]:
    """A person lives in one place: what is written as one empties the other."""
    here, elsewhere = facts.get("municipality"), facts.get("other_municipality")
    if here and elsewhere:
        message = _("Hai scelto un Comune del distretto. Togli quello, oppure lascia vuoto questo campo.")
        yield FieldError("other_municipality", message, "two_places")
    elif here:
        facts["other_municipality"] = ""
    elif elsewhere:
        facts["municipality"] = ""


def _judge_tax_code(facts: dict[str, Any]) -> Iterator[FieldError]:
    """Bring code, kind and reason into agreement: a kind nobody chose follows from whether there is a code."""
    code = facts.get("tax_code", "")
    kind = facts["tax_code_kind"] = facts.get("tax_code_kind") or (ITALIAN if code else MISSING)
    if kind == MISSING:
        if code:
            yield FieldError("tax_code_kind", _("Hai scritto un codice: di’ di che tipo è."), "kind")
        elif not facts.get("tax_code_reason"):
            yield FieldError("tax_code_reason", _("Di’ perché il codice fiscale manca."), "required")
        return
    facts["tax_code_reason"] = ""
    if not code:
        yield FieldError("tax_code", _("Scrivi il codice, oppure di’ che non c’è."), "required")
    elif kind == ITALIAN:
        facts["tax_code"] = compact = codicefiscale.compact(code)
        if not _valid(compact):
            message = _("Questo codice fiscale non è giusto: una lettera o una cifra è sbagliata.")
            yield FieldError("tax_code", message, "tax_code")


def _valid(code: str) -> bool:
    try:
        codicefiscale.validate(code)
    except ValidationError:
        return False
    return True
