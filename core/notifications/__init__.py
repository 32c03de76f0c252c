"""Mail and notices: rows of the same transaction as the change, sent and shown later, lost never."""

from core.notifications.models import Mail, Notice
from core.notifications.operations import mail, mark_read, notice, retry
from core.notifications.queries import mails, notices, unread_count

__all__ = ["Mail", "Notice", "mail", "mails", "mark_read", "notice", "notices", "retry", "unread_count"]
