"""Every change asks for the right, keeps the rules, raises the version and leaves a trace."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.access import Actor, Grant
from core.db import Database
from core.districts import operations, queries, snapshots
from core.districts.loading import load_model
from core.districts.models import District, SubArea, SynonymGroup
from core.districts.snapshot import DistrictSnapshot
from core.errors import AccessDenied, ConfigError, Invalid, NotFound, Refused
from tests.core.districts.samples import MODEL, PARAMETERS, PLUGINS, changed, found, system, write_model

DAY = date(2026, 6, 1)
CEILING = "grant.monthly_ceiling"


def now(database: Database) -> DistrictSnapshot:
    snapshot = snapshots.get(database, "valle")
    assert snapshot
    return snapshot


def change(database: Database, district: District, operation: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    with database.write(district.id) as session:
        return operation(session, *args, actor=system(district), **kwargs)


OPERATIONS: dict[str, tuple[str, Callable[[Session, Actor], Any]]] = {
    "enable": ("core.plugin", lambda s, a: operations.enable_plugin(s, "extra", actor=a)),
    "disable": ("core.plugin", lambda s, a: operations.disable_plugin(s, "cases", actor=a)),
    "reset plugin": ("core.plugin", lambda s, a: operations.reset_plugin(s, "cases", actor=a)),
    "opt out": ("core.plugin", lambda s, a: operations.opt_out(s, "015118", "cases", actor=a)),
    "setting": ("core.setting", lambda s, a: operations.set_setting(s, "desk", "page_size", 5, actor=a)),
    "reset setting": ("core.setting", lambda s, a: operations.reset_setting(s, "desk", "page_size", actor=a)),
    "synonyms": ("core.setting", lambda s, a: operations.add_synonyms(s, ["uno", "due"], actor=a)),
    "no synonyms": ("core.setting", lambda s, a: operations.remove_synonyms(s, uuid4(), actor=a)),
    "parameter": ("core.parameter", lambda s, a: operations.set_parameter(s, CEILING, 1, actor=a, valid_from=DAY)),
    "reset parameter": ("core.parameter", lambda s, a: operations.reset_parameter(s, CEILING, actor=a)),
    "identity": ("core.district", lambda s, a: operations.set_identity(s, "name", {"it": "X"}, actor=a)),
    "contact": ("core.district", lambda s, a: operations.set_contact(s, "phone", "1", actor=a)),
    "rollback": ("core.district", lambda s, a: operations.rollback_bundle(s, actor=a)),
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_nothing_changes_without_the_right(sqlite_database: Database, models: Path, name: str) -> None:
    valle = found(sqlite_database, models)
    resource, operation = OPERATIONS[name]
    others = tuple(Grant(r, "manage") for r, _op in OPERATIONS.values() if r != resource)
    reader = Grant(resource, "read")
    account = Actor(uuid4(), "Ada", "account", valle.id, (*others, reader))
    foreign = Actor(uuid4(), "Ugo", "account", valle.id + 1, (Grant(resource, "manage"),))
    version = snapshots.version(sqlite_database)
    for actor in (account, foreign, Actor.visitor(valle.id), Actor.system(valle.id + 1, "altro")):
        with pytest.raises(AccessDenied), sqlite_database.write(valle.id) as session:
            operation(session, actor)
    assert snapshots.version(sqlite_database) == version


def test_a_grant_on_the_resource_is_enough_and_the_trace_names_who_used_it(
    any_database: Database, valle: District
) -> None:
    ada = Actor(uuid4(), "Ada", "account", valle.id, (Grant("core.setting", "manage"),))
    with any_database.write(valle.id) as session:
        operations.set_setting(session, "desk", "page_size", 5, actor=ada)
    with any_database.read(valle.id) as session:
        last = queries.changes(session, limit=1)[0]
    assert (last.who, last.account_id, last.what, last.key) == ("Ada", ada.account_id, "setting.set", "desk.page_size")
    assert (last.old, last.new) == (None, 5)


def test_an_administrator_of_the_portal_may_change_any_district(any_database: Database, valle: District) -> None:
    portal = Actor(uuid4(), "Pia", "account", None, (Grant("core.plugin", "manage", scope="installation"),))
    with any_database.write(valle.id) as session:
        operations.enable_plugin(session, "extra", actor=portal)
    assert now(any_database).has("extra")


def test_every_change_raises_the_version_in_its_own_transaction(any_database: Database, valle: District) -> None:
    before = snapshots.version(any_database)
    change(any_database, valle, operations.enable_plugin, "extra")
    assert snapshots.version(any_database) == before + 1
    with pytest.raises(Refused):
        change(any_database, valle, operations.disable_plugin, "desk")
    assert snapshots.version(any_database) == before + 1


def test_a_plugin_that_another_needs_stays_on_and_the_refusal_names_the_other(
    any_database: Database, valle: District
) -> None:
    with pytest.raises(Refused, match="cases"):
        change(any_database, valle, operations.disable_plugin, "desk")
    assert now(any_database).has("desk")
    change(any_database, valle, operations.disable_plugin, "cases")
    change(any_database, valle, operations.disable_plugin, "desk")
    with pytest.raises(Refused, match="desk"):
        change(any_database, valle, operations.enable_plugin, "cases")
    with pytest.raises(Refused, match="desck"):
        change(any_database, valle, operations.enable_plugin, "desck")
    assert now(any_database).enabled == frozenset()


def test_what_agrees_with_the_model_is_no_override(any_database: Database, valle: District) -> None:
    change(any_database, valle, operations.disable_plugin, "cases")
    change(any_database, valle, operations.enable_plugin, "cases")
    with any_database.read(valle.id) as session:
        assert queries.plugin_states(session)["cases"].enabled is None


def test_a_setting_is_overridden_within_its_range_and_returns_to_the_model(
    any_database: Database, valle: District
) -> None:
    change(any_database, valle, operations.set_setting, "desk", "page_size", 100)
    assert now(any_database).setting("desk", "page_size") == 100
    assert now(any_database).setting_origin("desk", "page_size").layer == "district"
    for key, value in (("page_size", 101), ("page_size", "9"), ("page_sise", 9)):
        with pytest.raises(Invalid):
            change(any_database, valle, operations.set_setting, "desk", key, value)
    change(any_database, valle, operations.reset_setting, "desk", "page_size")
    assert now(any_database).setting("desk", "page_size") == 10
    with pytest.raises(NotFound):
        change(any_database, valle, operations.reset_setting, "desk", "page_size")


def test_a_parameter_changes_from_its_day_on_and_the_past_keeps_its_value(
    any_database: Database, valle: District
) -> None:
    change(any_database, valle, operations.set_parameter, CEILING, 28000, valid_from=DAY)
    change(any_database, valle, operations.set_parameter, CEILING, 29000, valid_from=date(2026, 7, 1))
    snapshot = now(any_database)
    days = (date(2026, 5, 31), DAY, date(2026, 6, 30), date(2026, 7, 1))
    assert [snapshot.parameter(CEILING, on=day) for day in days] == [26000, 28000, 28000, 29000]
    origin = snapshot.origin(CEILING, on=DAY)
    assert origin
    assert (origin.layer, origin.file, origin.valid_to) == ("district", "", date(2026, 7, 1))


def test_a_value_with_an_end_is_cut_out_of_the_one_that_covers_it(any_database: Database, valle: District) -> None:
    change(any_database, valle, operations.set_parameter, CEILING, 1, valid_from=date(2020, 1, 1))
    change(any_database, valle, operations.set_parameter, CEILING, 2, valid_from=DAY, valid_to=date(2026, 7, 1))
    snapshot = now(any_database)
    days = (date(2026, 5, 31), DAY, date(2026, 6, 30), date(2026, 7, 1))
    assert [snapshot.parameter(CEILING, on=day) for day in days] == [1, 2, 2, 1]
    change(any_database, valle, operations.set_parameter, CEILING, 3, valid_from=DAY)
    assert [now(any_database).parameter(CEILING, on=day) for day in days] == [1, 3, 3, 1]


def test_two_values_never_hold_on_one_day(any_database: Database, valle: District) -> None:
    change(any_database, valle, operations.set_parameter, CEILING, 2, valid_from=date(2026, 7, 1))
    with pytest.raises(Invalid, match="01/07/2026"):
        change(any_database, valle, operations.set_parameter, CEILING, 1, valid_from=DAY, valid_to=date(2026, 7, 2))
    with pytest.raises(Invalid):
        change(any_database, valle, operations.set_parameter, CEILING, 1, valid_from=DAY, valid_to=DAY)


def test_only_local_parameters_have_values_for_a_place(any_database: Database, valle: District) -> None:
    change(any_database, valle, operations.set_parameter, CEILING, 1, valid_from=DAY, subarea="est")
    change(any_database, valle, operations.set_parameter, CEILING, 2, valid_from=DAY, municipality="015166")
    snapshot = now(any_database)
    places = ("015118", "015166", "058091", None)
    assert [snapshot.parameter(CEILING, on=DAY, municipality=p) for p in places] == [1, 2, 26000, 26000]
    assert snapshot.parameter(CEILING, on=DAY, subarea="est") == 1
    with pytest.raises(Refused):
        change(any_database, valle, operations.set_parameter, "grant.share", 1, valid_from=DAY, subarea="est")
    with pytest.raises(NotFound):
        change(any_database, valle, operations.set_parameter, CEILING, 1, valid_from=DAY, municipality="058091")


def test_a_wrong_or_unknown_parameter_is_refused_and_a_reset_returns_to_the_model(
    any_database: Database, valle: District
) -> None:
    with pytest.raises(Invalid):
        change(any_database, valle, operations.set_parameter, CEILING, "260", valid_from=DAY)
    with pytest.raises(NotFound):
        change(any_database, valle, operations.set_parameter, "grant.daily", 1, valid_from=DAY)
    change(any_database, valle, operations.set_parameter, CEILING, 1, valid_from=DAY)
    change(any_database, valle, operations.reset_parameter, CEILING)
    assert now(any_database).parameter(CEILING, on=DAY) == 26000


@pytest.mark.req("INL-059")
def test_a_municipality_may_opt_out_of_a_plugin_and_come_back(any_database: Database, valle: District) -> None:
    assert not now(any_database).has("cases", municipality="015166")
    assert now(any_database).has("cases", municipality="015118")
    change(any_database, valle, operations.opt_out, "015118", "cases")
    change(any_database, valle, operations.opt_out, "015166", "cases", out=False)
    assert not now(any_database).has("cases", municipality="015118")
    assert now(any_database).has("cases", municipality="015166")
    assert now(any_database).has("cases")
    with pytest.raises(NotFound):
        change(any_database, valle, operations.opt_out, "058091", "cases")
    with pytest.raises(Refused):
        change(any_database, valle, operations.opt_out, "015118", "extra")


def test_a_new_model_changes_what_it_says_and_keeps_what_the_console_set(
    any_database: Database, valle: District, models: Path
) -> None:
    change(any_database, valle, operations.set_setting, "desk", "page_size", 50)
    change(any_database, valle, operations.set_contact, "phone", "0331 1")
    change(any_database, valle, operations.add_synonyms, ["casa", "alloggio"])
    model = changed(MODEL, "page_size = 10", 'page_size = 15\ntitle = "Nuovo"')
    write_model(models, model=changed(model, 'phone = "0331 000000"', 'phone = "0331 2"'), synonyms="")
    applied = change(any_database, valle, operations.apply_bundle, load_model(models, "valle", PLUGINS))
    snapshot = now(any_database)
    assert applied.number == 2
    assert (snapshot.setting("desk", "page_size"), snapshot.setting("desk", "title")) == (50, "Nuovo")
    assert snapshot.contacts.phone == "0331 1"
    assert snapshot.synonyms == (("casa", "alloggio"),)
    change(any_database, valle, operations.set_contact, "phone", None)
    assert now(any_database).contacts.phone == "0331 2"


def test_rows_that_stay_in_the_model_keep_their_identity(any_database: Database, valle: District, models: Path) -> None:
    with any_database.read(valle.id) as session:
        before = {row.id for row in session.scalars(select(SubArea))}
    write_model(models, model=changed(MODEL, "Ambito Est", "Ambito Levante"))
    change(any_database, valle, operations.apply_bundle, load_model(models, "valle", PLUGINS))
    with any_database.read(valle.id) as session:
        assert {row.id for row in session.scalars(select(SubArea))} == before
    assert now(any_database).subareas[0].name["it"] == "Ambito Levante"


def test_what_leaves_the_model_leaves_the_district(any_database: Database, valle: District, models: Path) -> None:
    area = MODEL[MODEL.index("[[subareas]]") : MODEL.index("[[municipalities]]")]
    model = changed(changed(MODEL, 'subarea = "est"', ""), area, "")
    write_model(models, model=model, vocabularies="", parameters="")
    change(any_database, valle, operations.apply_bundle, load_model(models, "valle", PLUGINS))
    snapshot = now(any_database)
    assert snapshot.subareas == ()
    assert snapshot.municipalities["015118"].subarea == ""
    assert snapshot.parameters == {}


def test_a_rollback_returns_to_the_version_before_and_keeps_the_console(
    any_database: Database, valle: District, models: Path
) -> None:
    for size in (11, 12):
        write_model(models, model=changed(MODEL, "page_size = 10", f"page_size = {size}"))
        change(any_database, valle, operations.apply_bundle, load_model(models, "valle", PLUGINS))
    change(any_database, valle, operations.set_setting, "desk", "title", "Mio")
    seen = []
    for _step in range(2):
        change(any_database, valle, operations.rollback_bundle)
        seen.append((now(any_database).setting("desk", "page_size"), now(any_database).setting("desk", "title")))
    assert seen == [(11, "Mio"), (10, "Mio")]
    with pytest.raises(Refused):
        change(any_database, valle, operations.rollback_bundle)


def test_the_same_bundle_again_is_no_new_version(any_database: Database, valle: District, models: Path) -> None:
    again = change(any_database, valle, operations.apply_bundle, load_model(models, "valle", PLUGINS))
    assert (again.number, again.changes) == (1, ())
    with pytest.raises(Refused):
        change(any_database, valle, operations.rollback_bundle)


def test_a_model_that_needs_what_the_console_switched_off_is_refused_whole(
    any_database: Database, valle: District, models: Path
) -> None:
    change(any_database, valle, operations.disable_plugin, "cases")
    change(any_database, valle, operations.disable_plugin, "desk")
    change(any_database, valle, operations.reset_plugin, "desk")
    change(any_database, valle, operations.disable_plugin, "desk")
    with any_database.write(valle.id) as session:
        queries.plugin_states(session)["cases"].enabled = None
    write_model(models, model=changed(MODEL, "Una frase.", "Altra frase."))
    with pytest.raises(Refused, match="desk"):
        change(any_database, valle, operations.apply_bundle, load_model(models, "valle", PLUGINS))
    assert now(any_database).claim["it"] == "Una frase."


def test_an_address_belongs_to_one_district(any_database: Database, valle: District, models: Path) -> None:
    bundle = load_model(models, "valle", PLUGINS)
    actor = Actor.system(None, "prova")
    with pytest.raises(Refused, match="valle"):
        operations.found_district(any_database, bundle, actor=actor)
    with pytest.raises(Invalid):
        operations.found_district(any_database, bundle, actor=actor, slug="api")
    other = operations.found_district(any_database, bundle, actor=actor, slug="monte", host="Monte.Example")
    assert other.id != valle.id
    by_host = snapshots.by_host(any_database, "monte.example")
    assert by_host
    assert by_host.slug == "monte"
    with pytest.raises(Refused, match=r"monte\.example"):
        operations.found_district(any_database, bundle, actor=actor, slug="terzo", host="monte.example")


def test_a_code_means_one_municipality_in_every_district(any_database: Database, valle: District, models: Path) -> None:
    write_model(models, "monte", slug="monte", model=changed(MODEL, 'name = "Legnano"', 'name = "Milano"'))
    bundle = load_model(models, "monte", PLUGINS)
    with pytest.raises(ConfigError, match="Legnano"):
        operations.found_district(any_database, bundle, actor=Actor.system(None, "prova"))
    assert snapshots.get(any_database, "monte") is None


def test_the_console_renames_a_district_and_returns_to_the_model(any_database: Database, valle: District) -> None:
    change(any_database, valle, operations.set_identity, "service", {"it": "Nuovo servizio"})
    assert now(any_database).service == {"it": "Nuovo servizio"}
    with pytest.raises(Invalid):
        change(any_database, valle, operations.set_identity, "service", {"en": "Only English"})
    with pytest.raises(Invalid):
        change(any_database, valle, operations.set_contact, "email", "niente")
    with pytest.raises(Invalid):
        change(
            any_database, valle, operations.set_contact, "hours", [{"days": ["lun"], "from": "09:00", "to": "10:00"}]
        )
    change(any_database, valle, operations.set_identity, "service", None)
    assert now(any_database).service["it"] == "Servizio di prova"


def test_synonyms_come_and_go_and_those_of_the_model_stay(any_database: Database, valle: District) -> None:
    group = change(any_database, valle, operations.add_synonyms, ["stage", " tirocinio ", "STAGE"])
    assert now(any_database).synonyms[-1] == ("STAGE", "tirocinio")
    with pytest.raises(Invalid):
        change(any_database, valle, operations.add_synonyms, ["stage", "Stàge"])
    change(any_database, valle, operations.remove_synonyms, group.id)
    assert len(now(any_database).synonyms) == 1
    with any_database.read(valle.id) as session:
        mine = session.scalars(select(SynonymGroup)).one()
    with pytest.raises(Refused):
        change(any_database, valle, operations.remove_synonyms, mine.id)


def test_one_district_never_touches_another(any_database: Database, valle: District, models: Path) -> None:
    monte = found(any_database, models, "monte", slug="monte")
    change(any_database, monte, operations.set_parameter, CEILING, 1, valid_from=DAY)
    change(any_database, monte, operations.opt_out, "015118", "cases")
    assert now(any_database).parameter(CEILING, on=DAY) == 26000
    assert now(any_database).has("cases", municipality="015118")


def test_a_parameter_that_changes_its_type_loses_what_no_longer_fits(
    any_database: Database, valle: District, models: Path
) -> None:
    change(any_database, valle, operations.set_parameter, "grant.share", "0.25", valid_from=DAY)
    kind = changed(changed(PARAMETERS, 'type = "decimal"', 'type = "yes_no"'), "value = 0.5", "value = true")
    write_model(models, parameters=kind)
    change(any_database, valle, operations.apply_bundle, load_model(models, "valle", PLUGINS))
    assert now(any_database).parameter("grant.share", on=DAY) is True


def test_a_text_with_a_null_character_is_refused_before_the_database_sees_it(
    sqlite_database: Database, models: Path
) -> None:
    district = found(sqlite_database, models)
    bad = "a\x00b"
    attempts: list[tuple[Callable[..., Any], list[Any], dict[str, Any]]] = [
        (operations.set_identity, ["name", {"it": bad}], {}),
        (operations.set_contact, ["phone", bad], {}),
        (operations.set_setting, ["desk", "title", bad], {}),
        (operations.add_synonyms, [[bad, "c"]], {}),
        (operations.set_parameter, [CEILING, 1], {"valid_from": DAY, "source": bad}),
    ]
    for operation, values, named in attempts:
        with pytest.raises(Invalid):
            change(sqlite_database, district, operation, *values, **named)
