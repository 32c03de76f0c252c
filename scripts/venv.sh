#!/bin/sh
# Make the virtual environment FOLDER with a Python that is new enough: scripts/venv.sh FOLDER
# $PYTHON names the Python to use. One that exists and works is kept.
set -eu
folder=$1

new_enough() {
    "$1" -c 'import sys; raise SystemExit(sys.version_info < (3, 11))' 2>/dev/null
}

stop() {
    printf '\nInnesto: %s\n' "$1" >&2
    shift
    for line in "$@"; do printf '  %s\n' "$line" >&2; done
    exit 1
}

find_python() {
    for candidate in "${PYTHON:-}" python3 python3.14 python3.13 python3.12 python3.11; do
        if [ -n "$candidate" ] && new_enough "$candidate"; then
            command -v "$candidate"
            return
        fi
    done
}

if new_enough "$folder/bin/python" && "$folder/bin/python" -m pip --version >/dev/null 2>&1; then
    exit 0
fi

python=$(find_python)
[ -n "$python" ] || stop 'Python 3.11 or newer is needed and was not found.' \
    'Debian, Ubuntu:  apt install python3 python3-venv' \
    'Fedora:          dnf install python3.12' \
    'macOS:           brew install python@3.12' \
    'elsewhere:       make run PYTHON=/path/to/python3.12'

echo "Making $folder with $("$python" --version)"
if "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    "$python" -m venv --clear "$folder"
    exit 0
fi

# Debian splits ensurepip off; the pip of the system, where there is one, does as well.
if "$python" -c 'import venv' 2>/dev/null && "$python" -m pip --version >/dev/null 2>&1; then
    "$python" -m venv --clear --without-pip "$folder"
    "$python" -m pip --python "$folder/bin/python" install --quiet pip && exit 0
fi
rm -rf "$folder"
stop "$python cannot make virtual environments." \
    'Debian, Ubuntu:  apt install python3-venv' \
    'elsewhere:       make run PYTHON=/path/to/another/python3'
