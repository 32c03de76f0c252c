"""The form as HTML fields: a WTForms class per form version and language, and the page's view of it in sections."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any

from wtforms import FieldList, FormField
from wtforms import Form as WtForm
from wtforms.fields.choices import SelectChoice, SelectFieldBase
from wtforms.fields.core import Field as WtField
from wtforms.fields.core import UnboundField
from wtforms.validators import ValidationError

from core.errors import FieldError, Invalid
from core.forms.definition import Field, Form
from core.forms.lookups import NOWHERE, Lookups
from core.forms.posted import PREFIX
from core.forms.types import FIELD_TYPES
from core.forms.types.options import YesNo, labels_of
from core.i18n import DEFAULT, LANGUAGES, _, pick

CACHE_SIZE = 128
_CacheKey = tuple[str, int, str, str, tuple[str, ...]]
_classes: OrderedDict[_CacheKey, type[WtForm]] = OrderedDict()
_lock = Lock()


def wtform_class(form: Form, lang: str = DEFAULT, locales: Sequence[str] = tuple(LANGUAGES)) -> type[WtForm]:
    """The WTForms class of a form version: labels in ``lang``, localized texts asked in each of ``locales``.

    Attributes are called ``f_<key>`` (``f_<key>__<lang>`` for a text by language), so that no name can collide.
    """
    # The digest keeps two databases of one process apart, whose versions may differ.
    key = (form.key, form.version, form.digest, lang, tuple(locales))
    with _lock:
        found = _classes.get(key)
        if found is not None:
            _classes.move_to_end(key)
            return found
    built = type("AnswersForm", (WtForm,), dict(_attributes(form.fields, lang, locales, PREFIX)))
    with _lock:
        _classes[key] = built
        while len(_classes) > CACHE_SIZE:
            _classes.popitem(last=False)
    return built


def _attributes(
    fields: Sequence[Field], lang: str, locales: Sequence[str], prefix: str
) -> Iterator[tuple[str, UnboundField[Any]]]:
    for field in fields:
        for suffix in [f"__{code}" for code in locales] if field.localized else [""]:
            name = f"{prefix}{field.key}{suffix}"
            yield f"{PREFIX}{field.key}{suffix}", _unbound(field, lang, locales, name)


def _unbound(field: Field, lang: str, locales: Sequence[str], name: str) -> UnboundField[Any]:
    label, hint = pick(field.label, lang), pick(field.hint, lang)
    if field.fields:
        columns = type("RowForm", (WtForm,), dict(_attributes(field.fields, lang, locales, "")))
        return FieldList(FormField(columns), name=name, label=label, description=hint)
    return FIELD_TYPES[field.type].wtf_field(
        field, name=name, label=label, description=hint, validators=[_Clean(field, name)]
    )


class _Clean:
    """WTForms validator: the field type decides, so that HTML and API cannot disagree."""

    def __init__(self, field: Field, name: str) -> None:
        self._field, self._lang = field, name.rpartition("__")[2] if field.localized else ""

    def __call__(self, _form: WtForm, field: WtField) -> None:
        value = {self._lang: field.data} if self._lang else field.data
        try:
            answer = FIELD_TYPES[self._field.type].clean(self._field, value)
        except Invalid as invalid:
            raise ValidationError(invalid.errors[0].message) from invalid
        if self._field.required and answer is None and self._lang in ("", DEFAULT):
            raise ValidationError(_("Compila questo campo"))


@dataclass(frozen=True)
class BoundField:
    """A question on a page. ``inputs``: (language or "", WTForms field); ``rows``: for a list, one tuple of
    questions per row; ``errors``: messages of the question as a whole.
    """

    definition: Field
    name: str
    label: str
    hint: str
    inputs: tuple[tuple[str, WtField], ...] = ()
    rows: tuple[tuple[BoundField, ...], ...] = ()
    errors: tuple[str, ...] = ()

    @property
    def is_rows(self) -> bool:
        """Whether it is a list of rows."""
        return bool(self.definition.fields)


@dataclass(frozen=True)
class BoundSection:
    """Questions under one heading."""

    key: str
    label: str
    fields: tuple[BoundField, ...]


@dataclass(frozen=True)
class BoundForm:
    """A form with what was typed and what is wrong with it, ready for a template."""

    wtform: WtForm
    sections: tuple[BoundSection, ...]
    errors: tuple[FieldError, ...]


def bind(
    form: Form,
    raw: Mapping[str, Any],
    *,
    lang: str = DEFAULT,
    locales: Sequence[str] = tuple(LANGUAGES),
    lookups: Lookups = NOWHERE,
    errors: Sequence[FieldError] = (),
) -> BoundForm:
    """The page's view: ``raw`` from ``read_posted`` or ``to_inputs``, each error beside its field."""
    wtform = wtform_class(form, lang, locales)(data=_flat(form.fields, raw, locales))
    binder = _Binder(lang, locales, lookups, _by_path(errors))
    sections = tuple(
        BoundSection(s.key, pick(s.label, lang), tuple(binder.field(f, wtform, "") for f in form.in_section(s.key)))
        for s in form.sections
    )
    return BoundForm(wtform, sections, tuple(errors))


def _by_path(errors: Sequence[FieldError]) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for error in errors:
        found.setdefault(error.field, []).append(error.message)
    return found


def _flat(fields: Sequence[Field], raw: Mapping[str, Any], locales: Sequence[str]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for field in fields:
        value = raw.get(field.key)
        if field.fields:
            flat[f"{PREFIX}{field.key}"] = [_flat(field.fields, row, locales) for row in value or ()]
        elif field.localized:
            texts = value if isinstance(value, Mapping) else {DEFAULT: value or ""}
            flat |= {f"{PREFIX}{field.key}__{code}": texts.get(code, "") for code in locales}
        else:
            flat[f"{PREFIX}{field.key}"] = value
    return flat


class _Binder:
    """Walks the form once, handing each input its choices and errors."""

    def __init__(
        self, lang: str, locales: Sequence[str], lookups: Lookups, errors: Mapping[str, Sequence[str]]
    ) -> None:
        self.lang, self.locales, self.lookups, self.errors = lang, locales, lookups, errors

    def field(self, field: Field, wtform: WtForm, prefix: str) -> BoundField:
        """The question ``field`` of ``wtform``; ``prefix`` names the row it stands in."""
        path = f"{prefix}{field.key}"
        return BoundField(
            definition=field,
            name=f"{PREFIX}{path}",
            label=pick(field.label, self.lang),
            hint=pick(field.hint, self.lang),
            inputs=() if field.fields else tuple(self._inputs(field, wtform, path)),
            rows=tuple(self._rows(field, wtform, path)) if field.fields else (),
            errors=tuple(self.errors.get(path, ())),
        )

    def _inputs(self, field: Field, wtform: WtForm, path: str) -> Iterator[tuple[str, WtField]]:
        for code in self.locales if field.localized else [""]:
            suffix = f"__{code}" if code else ""
            found = wtform[f"{PREFIX}{field.key}{suffix}"]
            self._offer(field, found)
            found.errors = [*self.errors.get(f"{path}{suffix}", ())] if code else [*self.errors.get(path, ())]
            yield code, found

    def _rows(self, field: Field, wtform: WtForm, path: str) -> Iterator[tuple[BoundField, ...]]:
        for index, entry in enumerate(wtform[f"{PREFIX}{field.key}"].entries):
            yield tuple(self.field(column, entry.form, f"{path}-{index}-") for column in field.fields)

    def _offer(self, field: Field, found: WtField) -> None:
        """Give a select its choices, which belong to the district; what was chosen before stays on offer."""
        if not isinstance(found, SelectFieldBase) or isinstance(FIELD_TYPES[field.type], YesNo):
            return
        many = FIELD_TYPES[field.type].posts_list
        labels = self._labels(field)
        kept = [key for key in (found.data or () if many else [found.data]) if key and key not in labels]
        offered = [SelectChoice(key, label) for key, label in [*labels.items(), *((key, key) for key in kept)]]
        found.choices = offered if many else [SelectChoice("", _("Scegli")), *offered]

    def _labels(self, field: Field) -> Mapping[str, str]:
        if field.type == "municipalities":
            return self.lookups.municipalities
        return {key: pick(label, self.lang) for key, label in labels_of(field, self.lookups).items()}
