"""Which files belong to the repository."""

from __future__ import annotations

import subprocess
from pathlib import Path

REPO = Path(__file__).resolve().parent.parent
# A clone may belong to another user than the one who checks it, in a container for instance.
LIST = ("git", "-c", "safe.directory=*", "ls-files", "--cached", "--others", "--exclude-standard", "--")


def committed_files(*folders: str) -> list[str]:
    """Every file that is, or is about to be, in the repository, below some folders or anywhere."""
    listed = subprocess.run([*LIST, *folders], cwd=REPO, capture_output=True, text=True, check=True).stdout.splitlines()
    return [name for name in sorted(set(listed)) if (REPO / name).is_file()]
