"""A bundle is read strictly: what is wrong is named by file and key, with a remedy."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from core.districts.bundle import Bundle
from core.districts.loading import from_content, load_model
from core.errors import ConfigError
from tests.core.districts.samples import (
    ADDON,
    MODEL,
    PARAMETERS,
    PLUGINS,
    PROCESSING,
    ROLES,
    SYNONYMS,
    VOCABULARIES,
    changed,
    write_addon,
    write_model,
)


def load(models: Path, addons: tuple[str, ...] = (), /, **files: str) -> Bundle:
    write_model(models, **files)
    return load_model(models, "valle", PLUGINS, addons=addons)


def test_a_bundle_becomes_frozen_objects(models: Path) -> None:
    bundle = load(models)
    assert bundle.slug == "valle"
    assert bundle.plugins["desk"].settings == {"page_size": 10}
    assert [m.name for m in bundle.municipalities] == ["Legnano", "Paderno Dugnano"]
    assert bundle.parameters[0].parameter.values[1].valid_from == date(2027, 1, 1)
    with pytest.raises(AttributeError):
        bundle.slug = "altro"  # type: ignore[misc]


def test_what_the_history_keeps_loads_again_with_the_same_digest(models: Path) -> None:
    bundle = load(models)
    again = from_content(bundle.content, PLUGINS)
    assert again == bundle
    assert again.digest == bundle.digest


def test_files_other_than_the_model_may_be_missing(models: Path) -> None:
    bundle = load(models, parameters="", vocabularies="", synonyms="", roles="")
    assert bundle.parameters == ()
    assert bundle.roles == ()


MISTAKES = {
    "unknown key": ("model", MODEL, 'slug = "', 'slag = "x"\nslug = "', "slag"),
    "unknown key of a row": ("model", MODEL, "lead = true", "leed = true", "municipalities[0].leed"),
    "unknown plugin": ("model", MODEL, "[plugins.cases]", "[plugins.kases]", "plugins.kases"),
    "unknown setting": ("model", MODEL, "page_size = 10", "page_siz = 10", "plugins.desk.page_siz"),
    "setting of a wrong type": ("model", MODEL, "page_size = 10", 'page_size = "10"', "plugins.desk.page_size"),
    "setting below its range": ("model", MODEL, "page_size = 10", "page_size = 0", "plugins.desk.page_size"),
    "setting above its range": ("model", MODEL, "page_size = 10", "page_size = 101", "plugins.desk.page_size"),
    "true is no number": ("model", MODEL, "page_size = 10", "page_size = true", "plugins.desk.page_size"),
    "missing requirement": ("model", MODEL, "[plugins.desk]\npage_size = 10", "", "plugins.cases"),
    "missing Italian text": ("model", MODEL, '{ it = "Una frase.", en', '{ it = " ", en', "claim"),
    "unknown language": ("model", MODEL, 'claim = { it = "Una frase."', 'claim = { de = "x", it = "y"', "claim.de"),
    "no Italian": ("model", MODEL, 'languages = ["it", "en"]', 'languages = ["en"]', "languages"),
    "missing text": ("model", MODEL, 'source = "Documento di prova del 2020"', "", "source"),
    "short ISTAT code": ("model", MODEL, '"015118"', '"15118"', "municipalities[0].istat"),
    "ISTAT code of province zero": ("model", MODEL, '"015118"', '"000118"', "municipalities[0].istat"),
    "ISTAT code as a number": ("model", MODEL, '"015118"', "15118", "municipalities[0].istat"),
    "municipality twice": ("model", MODEL, '"015166"', '"015118"', "municipalities[1].istat"),
    "unknown sub-area": ("model", MODEL, 'subarea = "est"', 'subarea = "ovest"', "municipalities[0].istat"),
    "opted out of nothing": ("model", MODEL, '["cases"]', '["nave"]', "municipalities[1].istat"),
    "unknown kind of body": ("model", MODEL, '"consortium"', '"consorzio"', "organisations[0].kind"),
    "unknown status": ("model", MODEL, '"to_confirm"', '"forse"', "subareas[0].status"),
    "closes before it opens": ("model", MODEL, '"12:30"', '"08:59"', "contacts.hours[0]"),
    "no such hour": ("model", MODEL, '"12:30"', '"24:00"', "contacts.hours[0]"),
    "no e-mail": ("model", MODEL, "ciao@esempio.it", "ciao", "contacts.email"),
    "overlapping dates": ("parameters", PARAMETERS, "valid_to = 2027-01-01", "valid_to = 2027-01-02", "parameters[0]"),
    "empty period": ("parameters", PARAMETERS, "valid_to = 2027-01-01", "valid_to = 2010-01-01", "valid_to"),
    "date as text": ("parameters", PARAMETERS, "valid_from = 2010-01-01", 'valid_from = "2010"', "valid_from"),
    "date with time": ("parameters", PARAMETERS, "= 2010-01-01", "= 2010-01-01T00:00:00", "valid_from"),
    "unknown type": ("parameters", PARAMETERS, '"cents"', '"euro"', "parameters[0].type"),
    "cents with decimals": ("parameters", PARAMETERS, "value = 26000", "value = 260.5", "values[0].value"),
    "infinite": ("parameters", PARAMETERS, "value = 0.5", "value = inf", "values[0].value"),
    "owner that is not installed": ("parameters", PARAMETERS, 'owner = "cases"', 'owner = "nave"', "parameters[0].key"),
    "parameter twice": ("parameters", PARAMETERS, '"grant.share"', '"grant.monthly_ceiling"', "parameters[1].key"),
    "place of a parameter that is not local": (
        "parameters",
        PARAMETERS,
        "value = 0.5",
        'value = 0.5\nsubarea = "est"',
        "parameters[1].values[0]",
    ),
    "place outside the district": (
        "parameters",
        PARAMETERS,
        "value = 30000",
        'value = 30000\nsubarea = "ovest"',
        "parameters[0].key",
    ),
    "unknown legal basis": ("processing", PROCESSING, '"public_task"', '"simpatia"', "processings[0].basis"),
    "body that is not there": (
        "processing",
        PROCESSING,
        'organisation = "ente"',
        'organisation = "x"',
        "processings[0].key",
    ),
    "processing outside the district": ("processing", PROCESSING, '"015118"', '"015999"', "processings[0].key"),
    "processing without status": ("processing", PROCESSING, 'status = "confirmed"', "", "processings[0].status"),
    "processing that ends before": (
        "processing",
        PROCESSING,
        "valid_from = 2018-05-25",
        "valid_from = 2018-05-25\nvalid_to = 2018-05-25",
        "valid_to",
    ),
    "term under itself": (
        "vocabularies",
        VOCABULARIES,
        'aliases = ["occupazione"]',
        'parent = "grants"',
        "terms[0].key",
    ),
    "term under nothing": ("vocabularies", VOCABULARIES, 'parent = "work"', 'parent = "play"', "terms[1].key"),
    "term twice": ("vocabularies", VOCABULARIES, 'key = "grants"', 'key = "work"', "terms[1].key"),
    "lonely synonym": ("synonyms", SYNONYMS, ', "SISL", "servizio inserimento lavorativo"', "", "groups[0].words"),
    "repeated synonym": ("synonyms", SYNONYMS, '"SISL"', '"SIL"', "groups[0].words[1]"),
    "grant without actions": ("roles", ROLES, '["read"]', "[]", "roles[0].grants[0].actions"),
    "second visitor": (
        "roles",
        ROLES,
        "[[roles]]",
        '[[roles]]\nkey = "b"\nlabel = { it = "B" }\nvisitor = true\n[[roles]]',
        "roles[1]",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named_by_file_and_key(models: Path, mistake: str) -> None:
    name, text, old, new, key = MISTAKES[mistake]
    with pytest.raises(ConfigError) as caught:
        load(models, **{name: changed(text, old, new)})
    assert caught.value.file == f"valle/{name}.toml"
    assert key in caught.value.key
    assert caught.value.problem
    assert caught.value.remedy


@pytest.mark.parametrize(
    "slug",
    ["account", "api", "static", "health", "configura", "it", "en", "fr", "Valle", "v--a", "-va", "1valle", "a" * 41],
)
def test_a_reserved_or_malformed_slug_is_refused(models: Path, slug: str) -> None:
    write_model(models, slug=slug)
    with pytest.raises(ConfigError, match="slug"):
        load_model(models, "valle", PLUGINS)


@pytest.mark.parametrize("slug", ["abc", "a" * 40, "san-donato", "rho-2"])
def test_a_slug_of_three_to_forty_letters_is_accepted(models: Path, slug: str) -> None:
    write_model(models, slug=slug)
    assert load_model(models, "valle", PLUGINS).slug == slug


def test_a_misspelt_key_comes_with_the_nearest_one(models: Path) -> None:
    with pytest.raises(ConfigError, match="«page_size»"):
        load(models, model=changed(MODEL, "page_size = 10", "page_sise = 10"))


def test_broken_toml_and_wrong_encoding_are_named(models: Path) -> None:
    folder = write_model(models)
    (folder / "roles.toml").write_bytes('key = "perché"'.encode("latin-1"))
    with pytest.raises(ConfigError, match="UTF-8"):
        load_model(models, "valle", PLUGINS)
    (folder / "roles.toml").write_text("[[roles", encoding="utf-8")
    with pytest.raises(ConfigError, match="TOML"):
        load_model(models, "valle", PLUGINS)


def test_an_unknown_file_or_folder_is_named(models: Path) -> None:
    folder = write_model(models)
    with pytest.raises(ConfigError, match="valle"):
        load_model(models, "vale", PLUGINS)
    (folder / "parametri.toml").write_text("", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"parametri\.toml"):
        load_model(models, "valle", PLUGINS)


def test_folder_and_key_of_a_model_agree(models: Path) -> None:
    with pytest.raises(ConfigError, match="altra"):
        load(models, model=MODEL.replace("%(key)s", "altra"))


def test_an_addon_adds_plugins_settings_terms_and_parameters(models: Path) -> None:
    terms = '[[vocabularies]]\nkey = "topics"\n[[vocabularies.terms]]\nkey = "home"\nlabel = { it = "Casa" }\n'
    write_addon(models, model=ADDON + '[plugins.extra]\n[plugins.desk]\ntitle = "Qui"\n', vocabularies=terms)
    bundle = load(models, ("extra",))
    assert set(bundle.plugins) == {"desk", "cases", "extra"}
    assert bundle.plugins["desk"].settings == {"page_size": 10, "title": "Qui"}
    assert bundle.plugins["desk"].files["title"] == "extra/model.toml"
    assert [term.key for term in bundle.vocabularies[0].terms] == ["work", "grants", "home"]


TWICE = {
    "setting": {"model": ADDON + "[plugins.desk]\npage_size = 11\n"},
    "name": {"model": ADDON + 'name = { it = "Altra" }\n'},
    "body": {"model": ADDON + '[[organisations]]\nkey = "ente"\nname = "X"\nkind = "union"\n'},
    "parameter": {"model": ADDON, "parameters": PARAMETERS},
    "role": {"model": ADDON, "roles": ROLES},
    "term": {"model": ADDON, "vocabularies": changed(VOCABULARIES, 'label = { it = "Argomenti", en = "Topics" }', "")},
    "vocabulary label": {"model": ADDON, "vocabularies": '[[vocabularies]]\nkey = "topics"\nlabel = { it = "X" }\n'},
}


@pytest.mark.parametrize("what", TWICE)
def test_two_bundles_that_set_one_key_are_refused(models: Path, what: str) -> None:
    write_addon(models, **TWICE[what])
    with pytest.raises(ConfigError, match="valle/") as caught:
        load(models, ("extra",))
    assert caught.value.file.startswith("extra/")


def test_a_model_is_no_addon_and_an_addon_is_no_model(models: Path) -> None:
    write_addon(models, model=ADDON)
    write_model(models)
    write_model(models, "altro", slug="altro")
    with pytest.raises(ConfigError, match="addon = true"):
        load_model(models, "valle", PLUGINS, addons=("altro",))
    with pytest.raises(ConfigError, match="extra"):
        load_model(models, "extra", PLUGINS)
