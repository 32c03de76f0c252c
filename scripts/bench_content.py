"""Items to measure with: varied Italian texts in the line format of ``innesto content import``.

The answers follow the forms that the information desk ships, so a new obligatory field is filled without a change
here. Texts come from real paragraphs where they lie beside the project, else from a small grammar.
"""

from __future__ import annotations

import json
import random
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from scripts.repository import REPO

FORMS = REPO / "plugins" / "public_info" / "forms"
CORPUS = REPO.parent / "shared" / "data" / "retrieval" / "corpus.jsonl"
#: Out of ten items: what an information desk holds.
MIX = ("service",) * 6 + ("regulation",) * 2 + ("course",) * 2
TOP_LEVEL = {"title", "summary", "body", "topics", "audiences", "municipalities"}

SUBJECTS = (
    "lo sportello", "il tutor", "la cooperativa", "il Comune", "l'azienda ospitante", "la persona", "il servizio",
    "l'assistente sociale", "il centro per l'impiego", "la famiglia", "l'ente di formazione", "il consorzio",
)  # fmt: skip
VERBS = (
    "propone", "verifica", "accompagna", "firma", "valuta", "prepara", "comunica", "conserva", "rinnova", "sospende",
    "organizza", "concorda", "trasmette", "registra", "aggiorna",
)  # fmt: skip
OBJECTS = (
    "il progetto individuale", "la convenzione", "il tirocinio", "la borsa lavoro", "il colloquio", "la scheda",
    "il contratto", "la domanda", "il percorso", "la relazione finale", "il calendario", "il laboratorio",
    "la presenza", "il curriculum", "la certificazione", "l'orientamento", "la mansione", "il rimborso",
)  # fmt: skip
CIRCUMSTANCES = (
    "entro trenta giorni", "insieme alla persona", "dopo il primo incontro", "con l'aiuto del tutor", "ogni tre mesi",
    "prima dell'avvio", "nella sede del distretto", "per iscritto", "senza costi", "in accordo con il medico",
    "al termine della prova", "quando cambia la situazione", "nel rispetto della riservatezza",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Texts:
    """A source of sentences: the same seed tells the same story."""

    dice: random.Random
    paragraphs: Sequence[str] = ()

    def sentence(self) -> str:
        """One sentence of the small grammar."""
        parts = [self.dice.choice(words) for words in (SUBJECTS, VERBS, OBJECTS, CIRCUMSTANCES)]
        text = " ".join(parts)
        return f"{text[0].upper()}{text[1:]}."

    def paragraph(self) -> str:
        """A paragraph of some eighty words."""
        if self.paragraphs:
            return self.dice.choice(self.paragraphs)
        return " ".join(self.sentence() for _ in range(8))

    def short(self, number: int, limit: int) -> str:
        """A few words that no other item has in this order."""
        words = f"{self.dice.choice(OBJECTS)} {self.dice.choice(CIRCUMSTANCES)} {number}"
        return f"{words[0].upper()}{words[1:]}"[:limit]


def real_paragraphs(path: Path = CORPUS) -> list[str]:
    """The paragraphs beside the project, none where they are absent."""
    if not path.exists():
        return []
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [str(row["text"]) for row in rows]


Maker = Callable[[Texts, Mapping[str, Any], int], Any]


def _long(texts: Texts, field: Mapping[str, Any], _number: int) -> str:
    return texts.paragraph()[: field.get("max_length", 2000)].strip()


def _short(texts: Texts, field: Mapping[str, Any], number: int) -> str:
    return texts.short(number, field.get("max_length", 200))


def _integer(texts: Texts, field: Mapping[str, Any], _number: int) -> int:
    least = field.get("min", 1)
    return texts.dice.randint(least, field.get("max", least + 20))


def _day(texts: Texts, _field: Mapping[str, Any], _number: int) -> str:
    return (date(2020, 1, 1) + timedelta(days=texts.dice.randrange(2500))).isoformat()


def _option(texts: Texts, field: Mapping[str, Any], _number: int) -> str:
    return str(texts.dice.choice(field["options"])["key"])


def _options(texts: Texts, field: Mapping[str, Any], number: int) -> list[str]:
    return [_option(texts, field, number)]


def _rows(texts: Texts, field: Mapping[str, Any], number: int) -> list[dict[str, Any]]:
    count = max(field.get("min_items", 1), 3)
    inner = [part for part in field["fields"] if part["type"] in MAKERS and "pattern" not in part]
    return [answers(texts, inner, number) for _ in range(min(count, field.get("max_items", count)))]


#: How an answer of each field type is made up.
MAKERS: Mapping[str, Maker] = {
    "text": _short,
    "long_text": _long,
    "rich_text": _long,
    "integer": _integer,
    "money": _integer,
    "decimal": lambda texts, field, number: str(_integer(texts, field, number)),
    "date": _day,
    "yes_no": lambda texts, _field, _number: texts.dice.random() < 0.5,
    "choice": _option,
    "choices": _options,
    "email": lambda _texts, _field, number: f"sportello{number}@example.org",
    "phone": lambda _texts, _field, number: f"0331 {number:06d}",
    "url": lambda _texts, _field, number: f"https://example.org/pagina/{number}",
    "rows": _rows,
}


def answers(texts: Texts, fields: Sequence[Mapping[str, Any]], number: int) -> dict[str, Any]:
    """An answer to each of the fields."""
    return {field["key"]: answer(texts, field, number) for field in fields}


def answer(texts: Texts, field: Mapping[str, Any], number: int) -> Any:
    """One answer, an object by language where the field is translated."""
    value = MAKERS[field["type"]](texts, field, number)
    return {"it": value} if field.get("localized") else value


def is_wanted(field: Mapping[str, Any]) -> bool:
    """Whether a bench item answers the field: what publishing asks for, what search reads, and tables."""
    if field["key"] in TOP_LEVEL or field["type"] not in MAKERS or "pattern" in field:
        return False
    return field["type"] == "rows" or any(field.get(key) for key in ("required", "complete", "search"))


def vocabulary(model: Path, key: str) -> list[str]:
    """The terms of a vocabulary of a model bundle."""
    data = tomllib.loads((model / "vocabularies.toml").read_text(encoding="utf-8"))
    return [term["key"] for found in data["vocabularies"] if found["key"] == key for term in found["terms"]]


def form_fields(key: str) -> list[dict[str, Any]]:
    """The fields of a form of the information desk that a bench item answers beside the texts that all types share."""
    form = tomllib.loads((FORMS / f"{key}.toml").read_text(encoding="utf-8"))
    return [field for field in form["fields"] if is_wanted(field)]


def items(count: int, model: Path, *, seed: int = 1) -> Iterator[dict[str, Any]]:
    """``count`` published items of the three types, always the same for one seed."""
    texts = Texts(random.Random(seed), real_paragraphs())
    topics, audiences = vocabulary(model, "topics"), vocabulary(model, "audiences")
    forms = {key: form_fields(key) for key in MIX}
    for number in range(count):
        kind = MIX[number % len(MIX)]
        yield {
            "id": f"bench-{number:05d}",
            "type": kind,
            "title": {"it": texts.short(number, 150)},
            "summary": {"it": texts.sentence()},
            "body": {"it": f"{texts.paragraph()}\n\n{texts.paragraph()}"[:9000]},
            "topics": texts.dice.sample(topics, 2),
            "audiences": texts.dice.sample(audiences, 1),
            "municipalities": [],
            "state": "published",
            "fields": answers(texts, forms[kind], number),
        }


def write(path: Path, count: int, model: Path) -> None:
    """Write the items, one a line."""
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(item, ensure_ascii=False) + "\n" for item in items(count, model))


def queries(count: int, *, seed: int = 2) -> list[str]:
    """Distinct searches of one to three words that occur in the items."""
    dice = random.Random(seed)
    source = " ".join(real_paragraphs()[:400]) or " ".join((*OBJECTS, *CIRCUMSTANCES, *VERBS))
    words = sorted({word.strip(".,;:()\"'").lower() for word in source.split() if len(word) > 4})
    found: dict[str, None] = {}
    while len(found) < count:
        found[" ".join(dice.sample(words, dice.choice((1, 2, 2, 3))))] = None
    return list(found)
