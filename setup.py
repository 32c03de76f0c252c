"""The build refuses to make a distribution that lacks what is made, not committed: assets and catalogues."""

from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent
MANIFEST = ROOT / "core" / "web" / "static" / "dist" / "manifest.json"


def missing() -> list[Path]:
    """Files that must have been made before a distribution is."""
    sources = [path for package in ("core", "plugins") for path in (ROOT / package).rglob("*.po")]
    return [path for path in (MANIFEST, *(source.with_suffix(".mo") for source in sources)) if not path.exists()]


def models() -> list[tuple[str, list[str]]]:
    """The territorial models, beside the environment's other data: ``core.settings`` looks for them there."""
    root = ROOT / "config" / "models"
    folders = sorted({path.parent for path in root.rglob("*") if path.is_file()})
    return [
        (
            f"share/innesto/models/{folder.relative_to(root)}",
            [str(p.relative_to(ROOT)) for p in sorted(folder.iterdir()) if p.is_file()],
        )
        for folder in folders
    ]


class BuildPy(build_py):
    """Copies the packages when everything stands in them; an editable install copies nothing and asks nothing."""

    def run(self) -> None:
        """Stop by name before anything is copied."""
        absent = [] if self.editable_mode else missing()
        if absent:
            names = ", ".join(str(path.relative_to(ROOT)) for path in absent)
            raise SystemExit(f"missing from the distribution: {names}. Run `make assets translations` first")
        super().run()


setup(cmdclass={"build_py": BuildPy}, data_files=models())
