"""Tables of the districts: who they are, what their model says, and what was changed from the console."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core import clock
from core.db import Base, DistrictOwned, Json, Key, UtcDateTime, owned_foreign_key, uuid7


class District(Base):
    """A tenant of the installation. The small number is the tenancy key and is never shown."""

    __tablename__ = "core_district"

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    uuid: Mapped[UUID] = mapped_column(Key, default=uuid7, unique=True)
    slug: Mapped[str] = mapped_column(String(40), unique=True)
    #: Its own host name, where it has one.
    host: Mapped[str | None] = mapped_column(String(253), unique=True)
    name: Mapped[dict[str, str]] = mapped_column(Json)
    service: Mapped[dict[str, str]] = mapped_column(Json, default=dict)
    claim: Mapped[dict[str, str]] = mapped_column(Json, default=dict)
    languages: Mapped[list[str]] = mapped_column(Json)
    #: Key of the model, the add-on bundles in listed order, and the digest of what was applied last.
    model: Mapped[str] = mapped_column(String(60))
    addons: Mapped[list[str]] = mapped_column(Json, default=list)
    model_digest: Mapped[str] = mapped_column(String(64), default="")
    source: Mapped[str] = mapped_column(Text, default="")
    #: Texts and contacts set from the console; they stay when a model is applied or rolled back.
    overrides: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    #: ISTAT code and name of its municipalities: the portal finds a district by them without entering it.
    places: Mapped[list[list[str]]] = mapped_column(Json, default=list)
    demo: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)


class Municipality(Base):
    """A municipality of Italy by its ISTAT code; shared by all districts."""

    __tablename__ = "core_municipality"

    istat: Mapped[str] = mapped_column(String(6), primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    province: Mapped[str] = mapped_column(String(60), default="")
    region: Mapped[str] = mapped_column(String(60), default="")


class SettingsVersion(Base):
    """One row: the number that every change of a district's configuration raises in its own transaction."""

    __tablename__ = "core_settings_version"

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    version: Mapped[int]


class SubArea(DistrictOwned, Base):
    """A part of a district (an Ambito)."""

    __tablename__ = "core_subarea"

    key: Mapped[str] = mapped_column(String(60))
    name: Mapped[dict[str, str]] = mapped_column(Json)
    status: Mapped[str] = mapped_column(String(20))
    position: Mapped[int] = mapped_column(SmallInteger)

    __table_args__ = (UniqueConstraint("district_id", "key"),)


class DistrictMunicipality(DistrictOwned, Base):
    """A municipality in a district, with the plugins that the model says it takes no part in."""

    __tablename__ = "core_district_municipality"

    istat: Mapped[str] = mapped_column(ForeignKey("core_municipality.istat"))
    subarea_id: Mapped[UUID | None] = mapped_column(Key)
    lead: Mapped[bool] = mapped_column(default=False)
    opted_out: Mapped[list[str]] = mapped_column(Json, default=list)
    note: Mapped[dict[str, str]] = mapped_column(Json, default=dict)
    position: Mapped[int] = mapped_column(SmallInteger)

    __table_args__ = (
        UniqueConstraint("district_id", "istat"),
        owned_foreign_key("subarea_id", "core_subarea"),
    )


class OptOut(DistrictOwned, Base):
    """A console override: this municipality does (``out`` false) or does not take part in a plugin (INL-059)."""

    __tablename__ = "core_opt_out"

    istat: Mapped[str] = mapped_column(String(6))
    plugin: Mapped[str] = mapped_column(String(30))
    out: Mapped[bool]

    __table_args__ = (UniqueConstraint("district_id", "istat", "plugin"),)


#: Longest name of a controller, a processor, a body.
NAME_LENGTH = 200
#: Status of what the documents state, or somebody of the office confirmed.
CONFIRMED = "confirmed"
#: Status of a body that registered itself: the model does not know it, and public pages do not list it.
REGISTERED = "registered"


class Organisation(DistrictOwned, Base):
    """A body of the district: consortium, lead body, partner."""

    __tablename__ = "core_organisation"

    key: Mapped[str] = mapped_column(String(60))
    name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(40))
    roles: Mapped[list[str]] = mapped_column(Json, default=list)
    status: Mapped[str] = mapped_column(String(20))
    note: Mapped[dict[str, str]] = mapped_column(Json, default=dict)
    position: Mapped[int] = mapped_column(SmallInteger)

    __table_args__ = (UniqueConstraint("district_id", "key"),)


class Processing(DistrictOwned, Base):
    """An entry of the register of processing (art. 30 GDPR): for a body, a municipality, or the whole district.

    From the model, or written in the console, which may also change what the model says.
    """

    __tablename__ = "core_processing"

    #: The model's name for it; empty for an entry of the console.
    key: Mapped[str] = mapped_column(String(60), default="")
    #: The console wrote or changed it: applying a model leaves it alone.
    by_hand: Mapped[bool] = mapped_column(default=True)
    #: ``to_confirm``: what no document states; such an entry is told and opens no data.
    status: Mapped[str] = mapped_column(String(20), default=CONFIRMED)
    #: Where it stands written.
    source: Mapped[str] = mapped_column(Text, default="")
    purpose: Mapped[dict[str, Any]] = mapped_column(Json)
    #: ISTAT code, or empty: every municipality of the district.
    municipality: Mapped[str] = mapped_column(String(6), default="")
    #: The managing body that works with the data, or none.
    organisation_id: Mapped[UUID | None] = mapped_column(Key)
    controller: Mapped[str] = mapped_column(String(NAME_LENGTH))
    processor: Mapped[str] = mapped_column(String(NAME_LENGTH), default="")
    #: How to reach the data protection officer.
    dpo_contact: Mapped[str] = mapped_column(String(NAME_LENGTH), default="")
    basis: Mapped[str] = mapped_column(String(40))
    articles: Mapped[list[Any]] = mapped_column(Json, default=list)
    #: How long the data are kept, in words.
    kept: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy asks for a plain dict
    __table_args__ = (
        CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name="valid_range"),
        Index(None, "district_id", "organisation_id"),
        Index(
            "uq_core_processing_key",
            "district_id",
            "key",
            unique=True,
            sqlite_where=text("key <> ''"),
            postgresql_where=text("key <> ''"),
        ),
    )


class Contact(DistrictOwned, Base):
    """Address, telephone, e-mail and opening hours as the model gives them; one row a district."""

    __tablename__ = "core_contact"

    address: Mapped[str] = mapped_column(String(300), default="")
    phone: Mapped[str] = mapped_column(String(60), default="")
    email: Mapped[str] = mapped_column(String(254), default="")
    hours: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)

    __table_args__ = (UniqueConstraint("district_id"),)


class Fact(DistrictOwned, Base):
    """A real figure with its meaning, shown on the home page."""

    __tablename__ = "core_fact"

    value: Mapped[dict[str, str]] = mapped_column(Json)
    text: Mapped[dict[str, str]] = mapped_column(Json)
    position: Mapped[int] = mapped_column(SmallInteger)


class Vocabulary(DistrictOwned, Base):
    """A list of terms that answers and facets use."""

    __tablename__ = "core_vocabulary"

    key: Mapped[str] = mapped_column(String(60))
    label: Mapped[dict[str, str]] = mapped_column(Json)
    position: Mapped[int] = mapped_column(SmallInteger)

    __table_args__ = (UniqueConstraint("district_id", "key"),)


class VocabularyTerm(DistrictOwned, Base):
    """A term, in several languages, with other names for it, perhaps under another term."""

    __tablename__ = "core_term"

    vocabulary_id: Mapped[UUID] = mapped_column(Key)
    key: Mapped[str] = mapped_column(String(60))
    label: Mapped[dict[str, str]] = mapped_column(Json)
    aliases: Mapped[list[str]] = mapped_column(Json, default=list)
    #: Key of the term above, in the same vocabulary.
    parent: Mapped[str] = mapped_column(String(60), default="")
    position: Mapped[int] = mapped_column(SmallInteger)

    __table_args__ = (
        UniqueConstraint("district_id", "vocabulary_id", "key"),
        owned_foreign_key("vocabulary_id", "core_vocabulary"),
    )


class SynonymGroup(DistrictOwned, Base):
    """Words and phrases that search treats as one; from the model, or added in the console."""

    __tablename__ = "core_synonym_group"

    words: Mapped[list[str]] = mapped_column(Json)
    from_model: Mapped[bool] = mapped_column(default=True)
    position: Mapped[int] = mapped_column(SmallInteger)


class ParameterDefinition(DistrictOwned, Base):
    """A figure that rules read: what it means, its type and unit, who reads it, which requirement it answers."""

    __tablename__ = "core_parameter_definition"

    key: Mapped[str] = mapped_column(String(120))
    owner: Mapped[str] = mapped_column(String(30))
    label: Mapped[dict[str, str]] = mapped_column(Json)
    type: Mapped[str] = mapped_column(String(20))
    unit: Mapped[str] = mapped_column(String(40), default="")
    local: Mapped[bool] = mapped_column(default=False)
    requirement: Mapped[str] = mapped_column(String(20), default="")
    options: Mapped[list[str]] = mapped_column(Json, default=list)
    position: Mapped[int] = mapped_column(SmallInteger)

    __table_args__ = (UniqueConstraint("district_id", "key"),)


class ParameterValue(DistrictOwned, Base):
    """A value in force from a day to another (not included). ``place`` names the sub-area or municipality."""

    __tablename__ = "core_parameter"

    key: Mapped[str] = mapped_column(String(120))
    layer: Mapped[str] = mapped_column(String(20))
    place: Mapped[str] = mapped_column(String(60), default="")
    value: Mapped[Any] = mapped_column(Json)
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    source: Mapped[str] = mapped_column(Text, default="")
    #: The bundle's file for what the model says, empty for what was set in the console.
    file: Mapped[str] = mapped_column(String(200), default="")

    __table_args__ = (
        CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name="valid_range"),
        Index("ix_core_parameter_key", "district_id", "key", "layer", "place"),
        UniqueConstraint("district_id", "key", "layer", "place", "valid_from", "file"),
    )


class PluginState(DistrictOwned, Base):
    """Whether a plugin is on, and its settings: what the model says and, beside it, what the console says."""

    __tablename__ = "core_plugin_state"

    plugin: Mapped[str] = mapped_column(String(30))
    model_enabled: Mapped[bool] = mapped_column(default=False)
    model_settings: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    #: The file each setting of the model comes from.
    model_files: Mapped[dict[str, str]] = mapped_column(Json, default=dict)
    #: ``None``: as the model says.
    enabled: Mapped[bool | None]
    settings: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)

    __table_args__ = (UniqueConstraint("district_id", "plugin"),)


class AppliedBundle(DistrictOwned, Base):
    """A bundle as it was applied, whole, so that it can be taken back even when its folder has changed."""

    __tablename__ = "core_applied_bundle"

    number: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64))
    content: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    applied_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    applied_by: Mapped[str] = mapped_column(String(200))
    rolled_back_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (UniqueConstraint("district_id", "number"),)


class SettingChange(DistrictOwned, Base):
    """Who changed what in the configuration, when, from which value to which."""

    __tablename__ = "core_setting_change"

    at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    account_id: Mapped[UUID | None] = mapped_column(Key)
    who: Mapped[str] = mapped_column(String(200))
    what: Mapped[str] = mapped_column(String(60))
    key: Mapped[str] = mapped_column(String(200), default="")
    old: Mapped[Any] = mapped_column(Json, nullable=True)
    new: Mapped[Any] = mapped_column(Json, nullable=True)

    __table_args__ = (Index("ix_core_setting_change_at", "district_id", "at"),)
