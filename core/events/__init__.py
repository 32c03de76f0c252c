"""Events: rows of the same transaction as the change, delivered to plugins at least once."""

from core.events.delivery import EventWorker, deliver_pending
from core.events.operations import emit

__all__ = ["EventWorker", "deliver_pending", "emit"]
