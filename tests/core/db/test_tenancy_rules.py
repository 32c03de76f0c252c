"""The list of the installation's tables, and the rules every table keeps."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, UniqueConstraint
from sqlalchemy.schema import SchemaItem

import core
import plugins
from core.db import INSTALLATION_TABLES, Base, Key, district_column
from core.db.tenancy import check_metadata, is_owned
from core.errors import ConfigError


def metadata_with(name: str, *items: SchemaItem) -> MetaData:
    metadata = MetaData()
    Table(name, metadata, *items)
    return metadata


def load_models() -> None:
    for package in (core, plugins):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if module.name.endswith(".models") or module.name == "core.search.outbox":
                importlib.import_module(module.name)


def test_the_list_and_the_models_of_core_and_plugins_agree() -> None:
    load_models()
    unowned = {table.name for table in Base.metadata.tables.values() if not is_owned(table)}
    assert unowned == INSTALLATION_TABLES
    check_metadata(Base.metadata)


def test_a_table_without_district_that_is_not_listed_is_refused() -> None:
    with pytest.raises(ConfigError, match="note_note.*INSTALLATION_TABLES"):
        check_metadata(metadata_with("note_note", Column("id", Key, primary_key=True)))


def test_a_district_outside_the_primary_key_is_refused() -> None:
    table = metadata_with("note_note", Column("id", Key, primary_key=True), Column("district_id", Integer))
    with pytest.raises(ConfigError, match="primary key"):
        check_metadata(table)


def test_a_unique_rule_across_districts_is_refused() -> None:
    columns = (district_column(), Column("id", Key, primary_key=True), Column("slug", Integer))
    with pytest.raises(ConfigError, match="one_slug"):
        check_metadata(metadata_with("note_note", *columns, UniqueConstraint("slug", name="one_slug")))


def test_a_unique_rule_inside_a_district_is_fine() -> None:
    columns = (district_column(), Column("id", Key, primary_key=True), Column("slug", Integer))
    check_metadata(metadata_with("note_note", *columns, UniqueConstraint("district_id", "slug")))
