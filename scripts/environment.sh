# Sourced by scripts/start and scripts/test: make a virtual environment from a hash-pinned lock.

say() { printf '%s\n' "$*" >&2; }

# find_python: the interpreter to use, 3.11 or newer.
find_python() {
    local candidate
    for candidate in "${PYTHON:-}" python3 python3.14 python3.13 python3.12 python3.11; do
        [ -n "$candidate" ] || continue
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    say "Python 3.11 or newer is needed. On Debian: apt-get install python3; on Fedora: dnf install python3"
    exit 2
}

# need_venv PYTHON: Debian's python3 comes without venv and pip.
need_venv() {
    "$1" -c 'import venv, ensurepip' 2>/dev/null && return
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        say "Installing python3-venv ..."
        apt-get update -qq && apt-get install -y -qq python3-venv >/dev/null && return
    fi
    say "Python's venv module is missing. As root: apt-get install python3-venv"
    exit 2
}

pip_install() {
    local folder=$1
    shift
    "$folder/bin/python" -m pip install -q --disable-pip-version-check "$@"
}

# make_environment FOLDER LOCK: nothing to do where the lock was installed before.
make_environment() {
    local folder=$1 lock=$2 python stamp
    stamp=$(cat "$lock" setup.cfg pyproject.toml | sha256sum | cut -d' ' -f1)
    if [ -x "$folder/bin/python" ] && [ "$(cat "$folder/.installed" 2>/dev/null)" = "$stamp" ]; then
        return
    fi
    python=$(find_python)
    need_venv "$python"
    say "[1/3] Making the environment $folder with $("$python" --version) ..."
    [ -x "$folder/bin/python" ] || "$python" -m venv "$folder"
    say "[2/3] Installing $(grep -c '^[a-z].*==' "$lock") packages from $lock, hashes checked ..."
    # First the build tool, so that nothing is built with a version that is not in the lock.
    pip_install "$folder" --require-hashes -r <(awk '/^[a-z]/ {on = /^setuptools==/} on' "$lock")
    pip_install "$folder" --require-hashes --no-build-isolation --use-pep517 -r "$lock"
    say "[3/3] Installing the tracker itself ..."
    pip_install "$folder" --no-deps --no-build-isolation -e .
    printf '%s' "$stamp" >"$folder/.installed"
}
