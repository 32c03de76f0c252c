"""All tables of the core, imported in one place so that guard and migrations know them."""

import core.access.models
import core.accounts.models
import core.accounts.registration_models
import core.audit.models
import core.crypto.models
import core.districts.models
import core.districts.places
import core.events.models
import core.files.models
import core.notifications.models
import core.privacy.bases.models
import core.privacy.codes
import core.privacy.requests.models
import core.privacy.retention.models
import core.records.creations
import core.records.models
import core.search.outbox
import core.teams.models  # noqa: F401
