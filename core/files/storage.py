"""Where sealed contents lie: one file each under ``DATA/files/<district>/``, written whole or not at all."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from uuid import UUID

FOLDER = "files"
#: How contents are called; whatever else lies in the folder is left alone.
NAME = re.compile(r"[0-9a-f]{32}")


class Storage:
    """The folder of one installation's uploads."""

    def __init__(self, data_dir: Path) -> None:
        self._root = data_dir / FOLDER

    def path(self, district_id: int, file_id: UUID) -> Path:
        """Where the content of a file lies."""
        name = file_id.hex
        # The end of a UUIDv7 is random: its beginning would put a whole month into one folder.
        return self._root / str(district_id) / name[-2:] / name

    def write(self, district_id: int, file_id: UUID, sealed: bytes) -> None:
        """Lay the content down and wait until the disk has it."""
        path = self.path(district_id, file_id)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = path.with_suffix(".part")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as out:
            out.write(sealed)
            out.flush()
            os.fsync(out.fileno())
        draft.replace(path)

    def read(self, district_id: int, file_id: UUID) -> bytes | None:
        """The sealed content, or ``None`` when it is gone."""
        try:
            return self.path(district_id, file_id).read_bytes()
        except FileNotFoundError:
            return None

    def older_than(self, district_id: int, moment: datetime) -> set[UUID]:
        """The files of a district whose content was laid down before ``moment``."""
        folder, limit = self._root / str(district_id), moment.timestamp()
        names = (path for path in folder.glob("??/*") if path.stat().st_mtime < limit)
        return {UUID(hex=path.stem) for path in names if NAME.fullmatch(path.stem)}

    def present(self, district_id: int, ids: Iterable[UUID]) -> set[UUID]:
        """Those of ``ids`` whose content is there."""
        return {file_id for file_id in ids if self.path(district_id, file_id).exists()}

    def remove(self, district_id: int, file_id: UUID) -> None:
        """Forget the content; a second time changes nothing."""
        path = self.path(district_id, file_id)
        path.unlink(missing_ok=True)
        path.with_suffix(".part").unlink(missing_ok=True)
