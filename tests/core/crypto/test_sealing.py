"""A sealed value opens where it was sealed, under its owner's key, and nowhere else."""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from core import crypto
from core.crypto.models import DataKey
from core.db import Database, DistrictSession, ReadOnlySession, uuid7
from core.districts.models import District
from core.errors import TenancyError
from tests.core.crypto.world import HERE, THERE, add_districts, ground_metadata, seal, unseal
from tests.support.databases import fresh_sqlite

OWNER, OTHER, ROW = uuid7(), uuid7(), uuid7()


def test_a_value_comes_back_in_another_session(database: Database) -> None:
    with database.write(HERE) as session:
        sealed = seal(session, OWNER, "333 1234567", ROW)
    assert b"333" not in sealed
    with database.read(HERE) as session:
        assert unseal(session, OWNER, sealed, ROW) == b"333 1234567"


def test_two_seals_of_one_value_are_never_alike(database: Database) -> None:
    with database.write(HERE) as session:
        assert len({seal(session, OWNER, "sì", ROW) for _ in range(50)}) == 50


@pytest.mark.parametrize(
    ("owner", "row", "field", "table"),
    [
        (OWNER, uuid7(), "phone", "intake_person"),
        (OWNER, ROW, "health", "intake_person"),
        (OWNER, ROW, "phone", "intake_case"),
        (OTHER, ROW, "phone", "intake_person"),
    ],
)
def test_a_value_moved_to_another_row_field_table_or_owner_is_refused(
    sqlite_database: Database, owner: uuid.UUID, row: uuid.UUID, field: str, table: str
) -> None:
    with sqlite_database.write(HERE) as session:
        sealed = seal(session, OWNER, "333 1234567", ROW)
        seal(session, OTHER, "another", ROW)
        with pytest.raises(crypto.Unreadable) as refused:
            crypto.unseal(session, owner, sealed, table=table, row_id=row, field=field)
    assert refused.value.reason == "tampered"


def test_a_value_moved_to_another_district_is_refused_even_with_its_key(sqlite_database: Database) -> None:
    add_districts(sqlite_database)
    with sqlite_database.write(HERE) as session:
        sealed = seal(session, OWNER, "333 1234567", ROW)
        key = session.info["data_keys"]
    with sqlite_database.write(THERE) as session:
        seal(session, OWNER, "another", ROW)
        with pytest.raises(crypto.Unreadable, match="tampered"):
            unseal(session, OWNER, sealed, ROW)
        (holder,) = session.info["data_keys"]
        session.info["data_keys"] = {holder: next(iter(key.values()))}
        with pytest.raises(crypto.Unreadable, match="tampered"):
            unseal(session, OWNER, sealed, ROW)


def test_a_value_is_tied_to_the_uuid_of_its_district(sqlite_database: Database) -> None:
    add_districts(sqlite_database)
    with sqlite_database.write(HERE) as session:
        sealed = seal(session, OWNER, "333 1234567", ROW)
    with sqlite_database.write(None) as session:
        session.execute(sa.update(District).where(District.id == HERE).values(uuid=uuid7()))
    with sqlite_database.read(HERE) as session, pytest.raises(crypto.Unreadable, match="tampered"):
        unseal(session, OWNER, sealed, ROW)


def test_a_wrapped_key_moved_to_another_owner_is_refused(sqlite_database: Database) -> None:
    with sqlite_database.write(HERE) as session:
        sealed = seal(session, OWNER, "333 1234567", ROW)
        seal(session, OTHER, "another", ROW)
        mine = session.scalars(sa.select(DataKey.wrapped).where(DataKey.owner_id == OWNER)).one()
        session.execute(sa.update(DataKey).where(DataKey.owner_id == OTHER).values(wrapped=mine))
    with sqlite_database.read(HERE) as session, pytest.raises(crypto.Unreadable, match="tampered"):
        unseal(session, OTHER, sealed, ROW)


def test_every_changed_byte_is_noticed(sqlite_database: Database) -> None:
    """Format, nonce, ciphertext and tag, each byte at each place; cut short and made longer too."""
    with sqlite_database.write(HERE) as session:
        sealed = seal(session, OWNER, "riservato", ROW)
        forged = [
            sealed[:at] + bytes([sealed[at] ^ flip]) + sealed[at + 1 :]
            for at in range(len(sealed))
            for flip in (1, 128)
        ]
        forged += [sealed[:at] for at in range(len(sealed))] + [sealed + b"\0"]
        for value in forged:
            with pytest.raises(crypto.Unreadable) as refused:
                unseal(session, OWNER, value, ROW)
            assert refused.value.reason == "tampered"


@pytest.fixture(scope="module")
def writing() -> Iterator[DistrictSession]:
    """One session for the many examples of a property."""
    with (
        tempfile.TemporaryDirectory() as folder,
        fresh_sqlite(Path(folder), ground_metadata()) as database,
        database.open(HERE, write=True) as session,
    ):
        yield session


@settings(max_examples=200, deadline=None)
@given(
    value=st.one_of(st.text(), st.binary(max_size=5000)),
    field=st.text(max_size=40),
    table=st.text(max_size=40),
    ids=st.tuples(st.uuids(), st.uuids()),
)
def test_whatever_is_sealed_comes_back(
    writing: DistrictSession, value: str | bytes, field: str, table: str, ids: tuple[uuid.UUID, uuid.UUID]
) -> None:
    owner, row = ids
    sealed = crypto.seal(writing, owner, value, table=table, row_id=row, field=field)
    expected = value.encode() if isinstance(value, str) else value
    assert crypto.unseal(writing, owner, sealed, table=table, row_id=row, field=field) == expected


@settings(max_examples=200, deadline=None)
@given(places=st.lists(st.tuples(st.text(max_size=6), st.text(max_size=6)), min_size=2, max_size=2, unique=True))
def test_no_two_places_look_alike(writing: DistrictSession, places: list[tuple[str, str]]) -> None:
    """``("ab", "c")`` and ``("a", "bc")`` are two places."""
    (table, field), (other_table, other_field) = places
    sealed = crypto.seal(writing, OWNER, "x", table=table, row_id=ROW, field=field)
    with pytest.raises(crypto.Unreadable):
        crypto.unseal(writing, OWNER, sealed, table=other_table, row_id=ROW, field=other_field)


def test_a_destroyed_key_makes_every_value_of_its_owner_unreadable_and_no_other(database: Database) -> None:
    with database.write(HERE) as session:
        gone = [seal(session, OWNER, f"value {n}", ROW, f"field{n}") for n in range(3)]
        kept = seal(session, OTHER, "kept", ROW)
        assert crypto.destroy_key(session, OWNER, reason="art. 17")
    with database.read(HERE) as session:
        for n, sealed in enumerate(gone):
            with pytest.raises(crypto.Unreadable) as refused:
                unseal(session, OWNER, sealed, ROW, f"field{n}")
            assert (refused.value.reason, refused.value.message) == ("destroyed", "Questo dato è stato cancellato.")
        assert unseal(session, OTHER, kept, ROW) == b"kept"
        row = session.scalars(sa.select(DataKey).where(DataKey.owner_id == OWNER)).one()
        assert (row.wrapped, row.destroyed_because) == (None, "art. 17")


def test_nothing_is_sealed_for_an_owner_whose_key_was_destroyed(database: Database) -> None:
    for owner in (OWNER, OTHER):
        with database.write(HERE) as session:
            if owner == OWNER:
                seal(session, owner, "x", ROW)
            assert crypto.destroy_key(session, owner, reason="art. 17") is (owner == OWNER)
        with database.write(HERE) as session, pytest.raises(crypto.Unreadable, match="destroyed"):
            seal(session, owner, "y", ROW)


def test_a_destruction_that_is_rolled_back_destroys_nothing(database: Database) -> None:
    with database.write(HERE) as session:
        sealed = seal(session, OWNER, "x", ROW)
    session = database.open(HERE, write=True)
    crypto.destroy_key(session, OWNER, reason="art. 17")
    session.rollback()
    session.close()
    with database.read(HERE) as reading:
        assert unseal(reading, OWNER, sealed, ROW) == b"x"


def test_a_key_made_in_a_savepoint_that_is_undone_is_not_used_again(database: Database) -> None:
    with database.write(HERE) as session:
        savepoint = session.begin_nested()
        seal(session, OWNER, "undone", ROW)
        savepoint.rollback()
        sealed = seal(session, OWNER, "kept", ROW)
    with database.read(HERE) as reading:
        assert unseal(reading, OWNER, sealed, ROW) == b"kept"


def test_a_session_that_reads_makes_no_key(database: Database) -> None:
    with database.read(HERE) as session, pytest.raises((ReadOnlySession, sa.exc.DatabaseError)):
        seal(session, OWNER, "x", ROW)


def test_a_person_has_no_key_outside_a_district(sqlite_database: Database) -> None:
    with sqlite_database.write(None) as session, pytest.raises(TenancyError):
        seal(session, OWNER, "x", ROW)


def test_values_of_the_installation_open_from_every_session_and_for_one_purpose(database: Database) -> None:
    place = {"table": "core_mail", "row_id": ROW, "field": "body"}
    with database.write(None) as session:
        sealed = crypto.seal_installation(session, "mail", "Ciao", **place)
        crypto.seal_installation(session, "totp", "other", **place)
    with database.read(HERE) as session:
        assert crypto.unseal_installation(session, "mail", sealed, **place) == b"Ciao"
        with pytest.raises(crypto.Unreadable, match="tampered"):
            crypto.unseal_installation(session, "totp", sealed, **place)
        with pytest.raises(crypto.Unreadable, match="missing"):
            crypto.unseal_installation(session, "nothing", sealed, **place)


def test_blind_values_are_equal_for_equal_values_of_one_purpose_and_district(database: Database) -> None:
    with database.write(HERE) as session:
        mine = crypto.blind(session, "tax_code", "RSSMRA80A01H501U")
        assert mine != crypto.blind(session, "vat", "RSSMRA80A01H501U")
        assert mine != crypto.blind(session, "tax_code", "RSSMRA80A01H501V")
    with database.read(HERE) as session:
        assert crypto.blind(session, "tax_code", "RSSMRA80A01H501U") == mine
    with database.write(THERE) as session:
        assert crypto.blind(session, "tax_code", "RSSMRA80A01H501U") != mine
    assert len(mine) == 32


def test_a_search_before_the_first_value_finds_nothing_and_writes_nothing(database: Database) -> None:
    with database.read(HERE) as session:
        assert crypto.blind(session, "tax_code", "A") != crypto.blind(session, "tax_code", "A")


def test_a_key_for_files_follows_from_the_owner_and_goes_with_it(database: Database) -> None:
    with database.write(HERE) as session:
        key = crypto.derived_key(session, OWNER, "files")
        assert (len(key), key == crypto.derived_key(session, OWNER, "other")) == (32, False)
    with database.read(HERE) as session:
        assert crypto.derived_key(session, OWNER, "files") == key
    with database.write(HERE) as session:
        crypto.destroy_key(session, OWNER, reason="art. 17")
        with pytest.raises(crypto.Unreadable, match="destroyed"):
            crypto.derived_key(session, OWNER, "files")
