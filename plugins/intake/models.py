"""Persons, the words by which they are found, their cases, and the yearly counter of codes."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Date, Index, String, UniqueConstraint, and_, or_, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from core.toolkit import (
    Base,
    DistrictOwned,
    Key,
    Sealed,
    UtcDateTime,
    _l,
    blind_index,
    clock,
    owned_foreign_key,
    parent,
    protected,
)

#: Compared byte by byte on both databases, so that the beginning of a word is a range of the index.
PLAIN_ORDER = String(220).with_variant(String(220, collation="C"), "postgresql")
REGISTERED, OPEN, CLOSED = "registered", "open", "closed"
STATES = (REGISTERED, OPEN, CLOSED)
_CURRENT = text("is_current")


class Person(DistrictOwned, Base):
    """Somebody whom the service knows. Names are columns; what identifies or hurts more is sealed one by one."""

    __tablename__ = "intake_person"

    code: Mapped[str] = mapped_column(String(20))
    given_name: Mapped[str] = mapped_column(String(100))
    family_name: Mapped[str] = mapped_column(String(100))
    #: Family and given name as folded words.
    sort_name: Mapped[str] = mapped_column(PLAIN_ORDER)
    birth_date: Mapped[date | None] = mapped_column(Date)
    sex: Mapped[str] = mapped_column(String(1), default="")
    #: ISTAT code of the municipality of residence; empty where it is outside the district or not known.
    municipality: Mapped[str] = mapped_column(String(6), default="")
    #: The name of a municipality of residence outside the district.
    other_municipality: Mapped[str] = mapped_column(String(100), default="")
    #: ``italian``, ``foreign`` or ``missing``.
    tax_code_kind: Mapped[str] = mapped_column(String(10), default="missing")
    tax_code_reason: Mapped[str] = mapped_column(String(20), default="")
    tax_code: Mapped[Sealed | None] = protected("personal", label=_l("Codice fiscale"), blind="tax_code_blind")
    tax_code_blind: Mapped[bytes | None] = blind_index()
    citizenship: Mapped[Sealed | None] = protected("personal", label=_l("Cittadinanza"))
    phone: Mapped[Sealed | None] = protected("personal", label=_l("Telefono"))
    email: Mapped[Sealed | None] = protected("personal", label=_l("E-mail"))
    address: Mapped[Sealed | None] = protected("personal", label=_l("Indirizzo"))
    disadvantage: Mapped[Sealed | None] = protected("special", label=_l("Area di svantaggio"))
    followed_by: Mapped[Sealed | None] = protected("special", label=_l("Servizio che segue"))
    health_notes: Mapped[Sealed | None] = protected("special", label=_l("Note sulla salute"))
    penal_notes: Mapped[Sealed | None] = protected("penal", label=_l("Note su misure penali"))
    #: Body and municipality of the current case: they are what the scopes of lists compare.
    in_charge_organisation_id: Mapped[UUID | None] = mapped_column(Key)
    in_charge_municipality: Mapped[str] = mapped_column(String(6), default="")
    #: The account with which the person reads the own path.
    account_id: Mapped[UUID | None] = mapped_column(Key)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    created_by: Mapped[UUID | None] = mapped_column(Key)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    erased_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)

    __table_args__ = (
        UniqueConstraint("district_id", "code"),
        UniqueConstraint("district_id", "tax_code_blind"),
        UniqueConstraint("district_id", "account_id"),
        Index("ix_intake_person_sort_name", "district_id", "sort_name", "id"),
        # The order of the list within each scope.
        Index("ix_intake_person_organisation", "district_id", "in_charge_organisation_id", "sort_name", "id"),
        Index("ix_intake_person_municipality", "district_id", "in_charge_municipality", "sort_name", "id"),
    )
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - read by SQLAlchemy


class PersonWord(DistrictOwned, Base):
    """One folded word of a person's name: a search for the beginning of a word is a range of this index."""

    __tablename__ = "intake_person_word"

    person_id: Mapped[UUID] = mapped_column(Key)
    word: Mapped[str] = mapped_column(PLAIN_ORDER)

    __table_args__ = (
        owned_foreign_key("person_id", "intake_person", ondelete="CASCADE"),
        Index("ix_intake_person_word_word", "district_id", "word", "person_id"),
        Index("ix_intake_person_word_person_id", "district_id", "person_id"),
    )


class Case(DistrictOwned, Base):
    """One path of a person with the service, from registration to closing. A person has one current case."""

    __tablename__ = "intake_case"

    person_id: Mapped[UUID] = mapped_column(Key)
    #: First, second… case of the person; the code is the person's with this number.
    number: Mapped[int]
    code: Mapped[str] = mapped_column(String(24))
    state: Mapped[str] = mapped_column(String(12), default=REGISTERED)
    #: The latest case of the person: one.
    is_current: Mapped[bool] = mapped_column(default=True)
    #: The body in charge. Not a foreign key: a body that leaves the model stays in the history.
    organisation_id: Mapped[UUID | None] = mapped_column(Key)
    municipality: Mapped[str] = mapped_column(String(6), default="")
    registered_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    registered_by: Mapped[UUID | None] = mapped_column(Key)
    opened_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    opened_by: Mapped[UUID | None] = mapped_column(Key)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_by: Mapped[UUID | None] = mapped_column(Key)
    close_reason: Mapped[str] = mapped_column(String(60), default="")
    version: Mapped[int] = mapped_column(default=1)

    person: Mapped[Person] = parent(Person, person_id)

    __table_args__ = (
        owned_foreign_key("person_id", "intake_person"),
        UniqueConstraint("district_id", "code"),
        Index("ix_intake_case_person_id", "district_id", "person_id"),
        Index("ix_intake_case_organisation_id", "district_id", "organisation_id"),
        Index("ix_intake_case_municipality", "district_id", "municipality"),
        Index(
            "uq_intake_case_current",
            "district_id",
            "person_id",
            unique=True,
            sqlite_where=_CURRENT,
            postgresql_where=_CURRENT,
        ),
    )
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - read by SQLAlchemy

    @property
    def subject_id(self) -> UUID:
        """Whose data the case holds."""
        return self.person_id

    @property
    def person_code(self) -> str:
        """The code of the person, which the code of the case begins with."""
        return self.code.rpartition("-")[0]

    @staticmethod
    def by_code(session: Session, code: str) -> Case | None:
        """The case that a code of a case or of a person means, whoever asks; of a person, the current one."""
        wanted = code.strip().upper()
        current = and_(Case.is_current, Case.person_id.in_(select(Person.id).where(Person.code == wanted)))
        return session.scalars(select(Case).where(or_(Case.code == wanted, current))).first()


class Counter(DistrictOwned, Base):
    """The last number given to a person in a year."""

    __tablename__ = "intake_counter"

    year: Mapped[int]
    last: Mapped[int]

    __table_args__ = (UniqueConstraint("district_id", "year"),)
