"""Functions: what somebody is in a path, whatever a district calls the role. Code may name them, never a role.

The keys are those of the crosswalk of the five source documents (REQUIREMENTS.md, section 5).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.access.models import Function

CASE, MUNICIPALITY = "case", "municipality"
#: Where one person alone may hold a function at a time.
UNIQUE_IN = ("", CASE, MUNICIPALITY)

LABELS: Final[Mapping[str, Mapping[str, str]]] = {
    "visitor": {"it": "Chi visita il sito", "en": "Visitor"},
    "person": {"it": "Persona seguita", "en": "Person in a path"},
    "company_contact": {"it": "Referente aziendale", "en": "Company contact"},
    "municipal_social_worker": {"it": "Assistente sociale del Comune", "en": "Municipal social worker"},
    "case_manager": {"it": "Case manager", "en": "Case manager"},
    "service_referent": {"it": "Referente del servizio", "en": "Referent of the service"},
    "tutor": {"it": "Operatore-tutor", "en": "Operator-tutor"},
    "educator": {"it": "Educatore", "en": "Educator"},
    "network_manager": {"it": "Gestione della rete", "en": "Network manager"},
    "coordinator": {"it": "Coordinamento", "en": "Coordinator"},
    "placement_manager": {"it": "Responsabile degli inserimenti", "en": "Placement manager"},
    "company_accounts": {"it": "Contatti con le aziende", "en": "Account for companies"},
    "mediation_coordinator": {"it": "Coordinamento della mediazione", "en": "Coordinator of mediation services"},
    "consortium_head": {"it": "Responsabile del consorzio", "en": "Consortium head"},
    "guide_worker": {"it": "Lavoratore guida", "en": "Guide worker"},
    "project_referent": {"it": "Referente di progetto", "en": "Project referent"},
    "lab_operator": {"it": "Operatore di laboratorio", "en": "Lab operator"},
    "table_member": {"it": "Componente del tavolo", "en": "Member of a table"},
    "political_referent": {"it": "Referente politico", "en": "Political referent"},
    "sector_head": {"it": "Responsabile del settore sociale", "en": "Head of the social sector"},
    "administrative_referent": {"it": "Referente amministrativo", "en": "Administrative referent"},
    "municipality_referent": {"it": "Referente unico del Comune", "en": "Single referent of the municipality"},
    "social_workers_referent": {"it": "Referente degli assistenti sociali", "en": "Referent of the social workers"},
    "municipality_admin": {"it": "Amministrazione del Comune", "en": "Municipality administrator"},
    "district_admin": {"it": "Amministrazione del distretto", "en": "District administrator"},
    "data_protection": {"it": "Responsabile della protezione dei dati", "en": "Data protection officer"},
    "editor": {"it": "Redazione", "en": "Editor"},
}


@dataclass(frozen=True, slots=True)
class FunctionInfo:
    """A function as a district knows it. ``unique_in``: ``case``, ``municipality`` or ``""`` (no limit)."""

    key: str
    label: Mapping[str, str]
    unique_in: str = ""


def functions_of(session: Session) -> dict[str, FunctionInfo]:
    """Every function by key, with the words and limits of the session's district."""
    own = {row.key: FunctionInfo(row.key, row.label, row.unique_in) for row in session.scalars(sa.select(Function))}
    return {key: own.get(key) or FunctionInfo(key, label) for key, label in LABELS.items()}


def function(session: Session, key: str) -> FunctionInfo:
    """One function. Raises KeyError for a key that does not exist."""
    own = session.scalar(sa.select(Function).where(Function.key == key))
    return FunctionInfo(key, own.label, own.unique_in) if own else FunctionInfo(key, LABELS[key])
