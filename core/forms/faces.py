"""The same form for programs: JSON Schema and marshmallow, both judging through ``clean``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from core.errors import Invalid
from core.forms.definition import Field, Form
from core.forms.types import FIELD_TYPES
from core.forms.validation import is_answered, missing_message
from core.i18n import DEFAULT, LANGUAGES, pick

if TYPE_CHECKING:
    from marshmallow import Schema


def field_schema(field: Field, lang: str = DEFAULT) -> dict[str, Any]:
    """JSON Schema of one stored answer."""
    schema = FIELD_TYPES[field.type].json_schema(field)
    if field.localized:
        texts = {code: dict(schema) for code in LANGUAGES}
        schema = {"type": "object", "properties": texts, "additionalProperties": False}
    described = {"title": pick(field.label, lang), "description": pick(field.hint, lang)}
    return schema | {key: text for key, text in described.items() if text}


def json_schema(form: Form, lang: str = DEFAULT) -> dict[str, Any]:
    """JSON Schema (2020-12) of the stored answers; ``x-complete`` lists what publishing asks for."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": pick(form.title, lang),
        "type": "object",
        "properties": {field.key: field_schema(field, lang) for field in form.fields},
        "required": [field.key for field in form.fields if field.required],
        "additionalProperties": False,
        "x-complete": [field.key for field in form.fields if field.complete],
        "x-version": form.version,
    }


def marshmallow_schema(form: Form, lang: str = DEFAULT) -> type[Schema]:
    """A schema class whose ``load`` gives the answers to store; it stays out of marshmallow's class registry."""
    from marshmallow import RAISE, Schema

    fields = {field.key: _marshmallow_field(field, lang) for field in form.fields}
    options: Mapping[str, Any] = {"register": False, "unknown": RAISE}
    name = f"{form.key.title().replace('_', '')}Answers"
    return type(name, (Schema,), {**fields, "Meta": type("Meta", (), dict(options))})


def _marshmallow_field(field: Field, lang: str) -> Any:
    from marshmallow import ValidationError, fields

    class Answer(fields.Field[Any]):
        """One answer, judged by its field type."""

        def _deserialize(self, value: Any, *_context: Any, **_options: Any) -> Any:
            try:
                answer = FIELD_TYPES[field.type].clean(field, value)
            except Invalid as invalid:
                raise ValidationError([error.message for error in invalid.errors]) from invalid
            if field.required and not is_answered(field, answer):
                raise ValidationError([missing_message(field, answer)])
            return answer

    return Answer(required=field.required, allow_none=not field.required, metadata=field_schema(field, lang))
