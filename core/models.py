"""All tables of the core, imported in one place so that guard and migrations know them."""

import core.access.models
import core.districts.models
import core.events.models
import core.records.models
import core.search.outbox  # noqa: F401
