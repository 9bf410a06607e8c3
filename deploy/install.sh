#!/bin/sh
# Creates .venv and installs what requirements.lock lists, each file checked against its hash, then this checkout itself.
# By uv, which needs seconds; by pip where uv cannot be had. Run by `make install`. PYTHON names the interpreter.
set -eu
cd "$(dirname "$0")/.."

fail() {
    echo "make install: $1" >&2
    exit 1
}

new_enough() {
    command -v "$1" >/dev/null 2>&1 && "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

# The interpreter asked for, else the first of the usual names that is new enough.
find_python() {
    for candidate in "${PYTHON:-python3}" python3 python3.13 python3.12 python3.11; do
        if new_enough "$candidate"; then
            echo "$candidate"
            return
        fi
    done
    found=$("${PYTHON:-python3}" --version 2>/dev/null || echo "no ${PYTHON:-python3}")
    fail "Python 3.11 or newer is needed and this machine has $found; install one, or name it: make install PYTHON=/path/to/python3"
}

make_venv() {
    if "$1" -c 'import venv, ensurepip' 2>/dev/null; then
        "$1" -m venv .venv
    elif command -v uv >/dev/null 2>&1; then
        uv venv --quiet --seed --python "$(command -v "$1")" .venv
    else
        fail "$1 comes without venv and ensurepip; on Debian: apt-get install python3-venv"
    fi
}

# uv itself, as the lock pins it, hash included.
install_uv() {
    awk '/^[a-z]/ { wanted = /^uv==/ } wanted' requirements.lock >.venv/uv.lock
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r .venv/uv.lock
}

# uv does not read pip's settings; the index that pip was told to use is the one that works here.
follow_pip() {
    if [ -z "${UV_DEFAULT_INDEX:-}${UV_INDEX_URL:-}" ]; then
        index=${PIP_INDEX_URL:-$(.venv/bin/python -m pip config get global.index-url 2>/dev/null || true)}
        if [ -n "$index" ]; then export UV_DEFAULT_INDEX="$index"; fi
    fi
}

by_uv() {
    install_uv && follow_pip &&
        .venv/bin/uv pip install --quiet --python .venv/bin/python --require-hashes -r requirements.lock &&
        .venv/bin/uv pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation -e .
}

by_pip() {
    .venv/bin/python -m pip install --disable-pip-version-check --progress-bar on --require-hashes -r requirements.lock &&
        .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
}

if ! new_enough .venv/bin/python; then
    python=$(find_python) || exit 1
    rm -rf .venv
    make_venv "$python"
fi
echo "installing what requirements.lock lists into .venv (1.2 GB on disk)"
by_uv || { echo "uv could not install it; pip takes a few minutes more" >&2; by_pip; } || fail "the packages could not be installed; the lines above say why"
