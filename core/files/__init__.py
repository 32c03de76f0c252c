"""Uploads: quarantine, check by content, encrypted storage, download through the access layer."""

from core.files.models import StoredFile
from core.files.operations import (
    content_of,
    files_of,
    forget,
    held_of,
    judged,
    needs_purpose,
    remove,
    settle,
    title_of,
    upload,
)
from core.files.storage import Storage
from core.files.worker import FileWorker, settle_waiting, sweep

__all__ = [
    "FileWorker",
    "Storage",
    "StoredFile",
    "content_of",
    "files_of",
    "forget",
    "held_of",
    "judged",
    "needs_purpose",
    "remove",
    "settle",
    "settle_waiting",
    "sweep",
    "title_of",
    "upload",
]
