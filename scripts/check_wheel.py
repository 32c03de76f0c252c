"""Is everything in the wheel that the running portal needs? ``python -m scripts.check_wheel dist/innesto-….whl``."""

from __future__ import annotations

import sys
import zipfile
from collections.abc import Iterable
from pathlib import Path

from scripts.repository import committed_files

PACKAGES = ("core", "plugins")
SOURCES_ONLY = {".po", ".pot"}
MANIFEST = "core/web/static/dist/manifest.json"
LICENCE = "licenses/LICENSE"
MODELS = "share/innesto/models"


def expected(files: Iterable[str]) -> set[str]:
    """What must be in the wheel: the files of the packages, catalogues in their compiled form, the assets."""
    names = {name for name in files if Path(name).suffix not in SOURCES_ONLY}
    compiled = {str(Path(name).with_suffix(".mo")) for name in files if name.endswith(".po")}
    return names | compiled | {MANIFEST}


def problems(wheel: Path, wanted: set[str]) -> list[str]:
    """What is missing from the wheel, and what has no business in it."""
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    missing = [f"missing: {name}" for name in sorted(wanted - names)]
    if not any(MODELS in name for name in names):
        missing.append(f"missing: the models under {MODELS}")
    foreign = [f"does not belong: {name}" for name in sorted(names) if is_foreign(name)]
    licence = [] if any(name.endswith(LICENCE) for name in names) else ["missing: the licence"]
    return [*missing, *foreign, *licence]


def is_foreign(name: str) -> bool:
    """Compiled Python, or a folder that is neither a package of ours nor the metadata nor the models."""
    top = name.partition("/")[0]
    return name.endswith(".pyc") or not (top in PACKAGES or top.endswith((".dist-info", ".data")))


def main(arguments: list[str]) -> int:
    """Check one wheel; 1 when something is wrong."""
    if len(arguments) != 1:
        raise SystemExit(__doc__)
    found = problems(Path(arguments[0]), expected(committed_files(*PACKAGES)))
    print("\n".join(found) or "the wheel is complete")
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
