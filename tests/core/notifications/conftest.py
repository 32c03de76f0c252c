from __future__ import annotations

import pytest
from sqlalchemy import MetaData

from core.access.models import Account
from core.crypto.models import DataKey, InstallationKey
from core.districts.models import District
from core.notifications import Mail, Notice


@pytest.fixture
def database_metadata() -> MetaData:
    """The tables of mails and notices and those that they lean on; no others, since each test makes them anew."""
    whole = MetaData()
    for model in (District, Account, InstallationKey, DataKey, Mail, Notice):
        model.__table__.to_metadata(whole)  # type: ignore[attr-defined]
    return whole
