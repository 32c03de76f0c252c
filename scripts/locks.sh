#!/bin/sh
# Choose the versions of all dependencies anew, with hashes and without addresses: scripts/locks.sh VENV
set -eu
venv=$1

"$venv/bin/python" -c 'import uv' 2>/dev/null || "$venv/bin/python" -m pip install --quiet --disable-pip-version-check uv

lock() {
    target=$1
    shift
    "$venv/bin/uv" pip compile "$@" --upgrade --quiet --universal --python-version 3.11 \
        --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links --output-file "$target"
}

lock requirements.lock pyproject.toml
lock requirements-dev.lock pyproject.toml --extra postgres --extra dev
printf 'setuptools>=80\n' | lock requirements-build.lock -
