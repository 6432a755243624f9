#!/usr/bin/env bash
# Installs Regression Tracker as a service, from this checkout; run again it upgrades.
#
#   deploy/install.sh [install|rollback|uninstall] [--dry-run] [--no-start]
#                     [--wheels DIR] [--root DIR]
#
#   install    (also when nothing is named) makes a release, puts it in place, starts the units;
#              where a release is installed: backs up, upgrades, restarts without losing a request;
#              units that were disabled since stay so
#   rollback   puts the last release that was ready before this one in place again, with its own units
#              and command
#   uninstall  removes units, releases and the command; keeps data, site, settings, the user and what was
#              written beside the units
#
#   --dry-run  says what it would do, and changes nothing
#   --no-start installs the units and starts none
#   --wheels   a folder with the packages of the lock file, for machines without an index
#   --root     an installation of its own below a folder, to look at: no user, no units started
#
# Where /etc/regression-tracker/database_url holds the address of a PostgreSQL, it installs the drivers
# too (requirements-nodes.lock), and the units may reach it; limits_url beside it holds that of a Redis:
# see deploy/linux.md.
#
# Below `/`: releases in /opt/regression-tracker/<version>, `current` links to the one in use,
# settings in /etc/regression-tracker, data in /var/lib/regression-tracker, the static site in
# /var/lib/regression-tracker-site, the command in /usr/local/bin/tracker.
set -euo pipefail
umask 022

source_folder=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$source_folder"
# shellcheck source=scripts/environment.sh
. scripts/environment.sh

# What a release is made of.
parts=(tracker plugins site_templates deploy scripts/environment.sh
    setup.cfg pyproject.toml requirements.lock requirements-nodes.lock README.md CHANGELOG.md SECURITY.md LICENSE)

action=install root='' dry_run='' start=yes wheels=''

main() {
    read_arguments "$@"
    releases=$root/opt/regression-tracker
    settings=$root/etc/regression-tracker
    database_url=$settings/database_url
    limits_url=$settings/limits_url
    lock=requirements.lock
    [ ! -f "$database_url" ] || lock=requirements-nodes.lock
    data=$root/var/lib/regression-tracker
    site=$root/var/lib/regression-tracker-site
    unit_folder=$root/etc/systemd/system
    command=$root/usr/local/bin/tracker
    if [ -z "$root" ] && [ -z "$dry_run" ] && [ "$(id -u)" != 0 ]; then
        stop 3 "Only root can do that. Use sudo, or --root DIR for a folder of your own."
    fi
    "do_$action"
}

read_arguments() {
    while [ $# -gt 0 ]; do
        case $1 in
            install | rollback | uninstall) action=$1 ;;
            --dry-run) dry_run=yes ;;
            --no-start) start='' ;;
            --wheels) shift && wheels=$(existing_folder "${1:-}") ;;
            --root) shift && root=$(existing_folder "${1:-}") ;;
            -h | --help) usage && exit 0 ;;
            *) usage >&2 && stop 2 "Not understood: $1" ;;
        esac
        shift
    done
    [ "$root" != / ] || root=''
}

existing_folder() {
    [ -d "$1" ] || stop 2 "There is no folder '$1'. Make it first, or name another one."
    (cd "$1" && pwd)
}

usage() { sed -n '2,/^set -e/{/^#/s/^# \{0,1\}//p}' "$source_folder/deploy/install.sh"; }

# stop CODE TEXT: exit codes are those of the command `tracker`.
stop() {
    say "$2"
    exit "$1"
}

# run COMMAND...: everything that changes something goes through here.
run() {
    if [ -n "$dry_run" ]; then
        say "would run: $*"
    else
        "$@"
    fi
}

# write FILE MODE: standard input becomes the file, whole or not at all.
write() {
    if [ -n "$dry_run" ]; then
        say "would write: $1"
        cat >/dev/null
        return
    fi
    mkdir -p "$(dirname "$1")"
    cat >"$1.new"
    chmod "$2" "$1.new"
    mv -f "$1.new" "$1"
}

link() { run ln -sfn "$1" "$2.new" && run mv -fT "$2.new" "$2"; }

has_systemd() { [ -z "$root" ] && [ -d /run/systemd/system ]; }
in_use() { readlink "$releases/$1" 2>/dev/null || true; }

do_install() {
    local python version before
    python=$(find_python)
    [ -n "$dry_run" ] || need_venv "$python"
    version=$(release_name)
    before=$(in_use current)
    note_ready
    make_user
    make_release "$python" "$version"
    make_folders
    if [ "$before" = "$version" ]; then
        say "Release $version is in place already."
    else
        [ -z "$before" ] || back_up
        run touch "$releases/$version/unproven"
        [ -z "$before" ] || keep_way_back "$before" "$version"
        link "$version" "$releases/current"
        [ -n "$dry_run" ] || say "Release $version is in place${before:+, $before before it}."
    fi
    write_command "$releases/$version/command"
    install_units "$source_folder/deploy" "$before"
    start_units "$source_folder/deploy"
    tell_next_steps "$before"
}

do_rollback() {
    local now before
    now=$(in_use current) before=$(in_use previous)
    if [ -z "$before" ] || [ ! -d "$releases/$before" ]; then
        stop 3 "There is no release before ${now:-this one} below $releases."
    fi
    note_ready
    run touch "$releases/$before/unproven"
    link "$before" "$releases/current"
    keep_way_back "$now" "$before"
    say "Release $before is in place again, $now was before."
    say "A database that $now has migrated is refused by $before (its log says so). Then: stop the"
    say "units, 'tracker restore' the backup that the upgrade made, start them; see deploy/linux.md."
    write_command "$releases/$before/command"
    install_units "$releases/$before/deploy" "$now"
    start_units "$releases/$before/deploy"
}

do_uninstall() {
    local units left
    if has_systemd; then
        mapfile -t units < <(units_in "$source_folder/deploy" "$releases"/*/deploy)
        run systemctl disable --now "${units[@]}" || true
    fi
    remove_units "$source_folder/deploy" "$releases"/*/deploy
    run rm -rf "$releases" "$command"
    has_systemd && run systemctl daemon-reload
    say "Removed. Kept: $data (database, spool, tokens), $site (static site), $settings (settings)"
    say "and the user tracker. To remove these as well: rm -r the three, userdel tracker."
    left=("$unit_folder"/regression-tracker-*.d/*)
    [ -n "$dry_run" ] || [ ! -e "${left[0]}" ] || say "Kept beside the units: ${left[*]}"
}

# release_name: the version, and eight digits that tell two builds of one version apart, with and
# without drivers.
release_name() {
    local version digest
    version=$(sed -n 's/^__version__ = "\(.*\)"/\1/p' tracker/__init__.py)
    digest=$( (
        echo "$lock"
        find "${parts[@]}" -type f ! -name '*.pyc' -print0 | sort -z | xargs -0 sha256sum
    ) | sha256sum | cut -c1-8)
    printf '%s-%s' "$version" "$digest"
}

make_user() {
    [ -z "$root" ] || return 0
    getent passwd tracker >/dev/null ||
        run useradd --system --user-group --home-dir /var/lib/regression-tracker \
            --no-create-home --shell /usr/sbin/nologin tracker
}

# make_release PYTHON NAME: an environment with everything in it; whole when its `release` is there.
make_release() {
    local folder=$releases/$2 copy
    [ ! -f "$folder/release" ] || return 0
    if [ -n "$dry_run" ]; then
        say "would make: $folder, $(grep -c '^[a-z].*==' "$lock") packages, hashes checked"
        return
    fi
    say "Making the release $2 with $("$1" --version) ..."
    rm -rf "$folder"
    mkdir -p "$releases"
    "$1" -m venv "$folder"
    local from=()
    [ -z "$wheels" ] || from=(--no-index --find-links "$wheels")
    say "Installing $(grep -c '^[a-z].*==' "$lock") packages, hashes checked ..."
    # First the build tool, so that nothing is built with a version that is not in the lock.
    pip_install "$folder" "${from[@]}" --require-hashes -r <(awk '/^[a-z]/ {on = /^setuptools==/} on' "$lock")
    pip_install "$folder" "${from[@]}" --require-hashes --no-build-isolation --use-pep517 -r "$lock"
    # Building writes beside the code: not in the checkout.
    copy=$(mktemp -d)
    cp -r --parents "${parts[@]}" "$copy"
    pip_install "$folder" --no-deps --no-index --no-build-isolation "$copy"
    rm -rf "$copy"
    cp -r deploy README.md CHANGELOG.md SECURITY.md LICENSE "$folder/"
    command_text >"$folder/command"
    "$folder/bin/tracker" version >/dev/null
    printf '%s\n' "$2" >"$folder/release"
}

make_folders() {
    run mkdir -p "$settings/credentials" "$data" "$site"
    run chmod 0755 "$settings" "$site"
    run chmod 0700 "$settings/credentials" "$data"
    if [ -z "$root" ]; then
        run chown tracker:tracker "$data" "$site"
    fi
    # What is there was written by people.
    [ -f "$settings/tracker.toml" ] || write "$settings/tracker.toml" 0644 <<END
# The settings are listed in $releases/current/README.md.
home = "$data"
output = "$site"
# The web server listens on loopback, a proxy on this machine is in front of it.
trusted_proxies = "127.0.0.1"
# The address people reach the tracker at, and the names it answers to:
# base_url = "https://tracker.example.org"
# allowed_hosts = "tracker.example.org"
END
}

# keep_way_back BEFORE NEW: `previous` is the last release that got ready, and never the one in use. A
# release is `unproven` from when it is put in place until it is ready.
keep_way_back() {
    local kept
    kept=$(in_use previous)
    if [ ! -f "$releases/$1/unproven" ] || [ ! -d "$releases/${kept:-none}" ]; then
        link "$1" "$releases/previous"
    elif [ "$kept" = "$2" ]; then
        run rm -f "$releases/previous"
    fi
}

# note_ready: the release in use may have got ready when no script waited for it: a backup was restored
# first, or it was started by hand.
note_ready() {
    if [ -f "$releases/current/unproven" ] && runs_ready; then
        run rm -f "$releases/current/unproven"
    fi
}

# runs_ready: a process keeps to its release; after --no-start that of the one before may still answer.
runs_ready() {
    local pid
    has_systemd || return 1
    pid=$(process_of regression-tracker-web.service)
    grep -qsF "$releases/$(in_use current)/bin/" "/proc/${pid:-0}/cmdline" && is_ready "$(web_address)"
}

# settle: the release in use is ready, no process needs those that were in use before the last two.
settle() {
    [ -z "$dry_run" ] || return 0
    rm -f "$releases/current/unproven"
    forget_old_releases
}

# forget_old_releases: all but the one in use and the one to go back to.
forget_old_releases() {
    local folder
    for folder in "$releases"/*-*; do
        case $(basename "$folder") in
            "$(in_use current)" | "$(in_use previous)" | '*-*') ;;
            *) [ -L "$folder" ] || run rm -rf "$folder" ;;
        esac
    done
}

# write_command FILE: \`tracker\`, as a release has it; one that was made without it takes ours.
write_command() {
    if [ -f "$1" ]; then
        write "$command" 0755 <"$1"
    else
        command_text | write "$command" 0755
    fi
}

# command_text: \`tracker\` for administrators, as the user that owns the data.
command_text() {
    local as_owner=''
    # shellcheck disable=SC2016 # expanded when the command runs
    [ -n "$root" ] || as_owner='[ "$(id -un)" = tracker ] || exec runuser -u tracker -- "$0" "$@"'
    cat <<END
#!/bin/sh
# Regression Tracker's command, with the settings of the service.
export TRACKER_CONFIG="\${TRACKER_CONFIG:-$settings/tracker.toml}"
[ ! -f $database_url ] || export TRACKER_DATABASE_URL_FILE=$database_url
[ ! -f $database_url ] || [ ! -f $limits_url ] || export TRACKER_LIMITS_URL_FILE=$limits_url
$as_owner
exec $releases/current/bin/tracker "\$@"
END
}

# back_up: before an upgrade, so that there is a way back from a migration. Where the database is, the
# command knows: settings may name another home, or a database elsewhere. Whether it is clean is
# not waited for, and keeps nobody from an upgrade that may mend it.
back_up() {
    local said quick=''
    say "Backing up before the upgrade ..."
    # A release of before validates none, and does not know the word.
    ! "$command" backup --help 2>&1 | grep -F -- --no-validate >/dev/null || quick=--no-validate
    [ -z "$dry_run" ] || { run "$command" backup ${quick:+"$quick"} && return; }
    said=$(mktemp)
    if "$command" backup ${quick:+"$quick"} 2>&1 | tee "$said" >&2; then
        rm -f "$said"
    elif grep -qF "There is no database " "$said"; then
        rm -f "$said"
        say "There is nothing to back up yet."
    else
        rm -f "$said"
        stop 3 "No backup, no upgrade: nothing was changed."
    fi
}

# units_in FOLDER...: what is started of the units there: those that say at what.
units_in() {
    local folder
    for folder; do
        [ ! -d "$folder/systemd" ] ||
            (cd "$folder/systemd" && find . -maxdepth 1 -type f -exec grep -l '^\[Install\]' {} +)
    done | sed 's,^\./,,' | sort -u
}

# install_units FOLDER BEFORE: the units there, in place of those of the release that was in use.
install_units() {
    local unit old=$releases/${2:-none}/deploy
    note_started "$old"
    run mkdir -p "$unit_folder"
    for unit in $(units_in "$old"); do
        [ -f "$1/systemd/$unit" ] || ! has_systemd || [ -z "$start" ] || take_away "$unit"
    done
    if [ -d "$old/systemd" ]; then
        while IFS= read -r unit; do
            [ -f "$1/systemd/$unit" ] || run rm -f "$unit_folder/$unit"
        done < <(cd "$old/systemd" && find . -type f)
    fi
    run cp -r "$1/systemd/." "$unit_folder/"
    add_for_nodes "$1/systemd-nodes.conf" 20-nodes.conf "$database_url"
    add_for_nodes "$1/systemd-limits.conf" 21-limits.conf "$database_url" "$limits_url"
    if [ -z "$root" ] && command -v restorecon >/dev/null; then
        run restorecon -RF "$releases" "$unit_folder" "$settings"
    fi
}

# remove_units FOLDER...: the files there and those that were added; what people wrote beside them stays.
remove_units() {
    local folder file common=$unit_folder/regression-tracker-.service.d
    for folder; do
        while IFS= read -r file; do
            run rm -f "$unit_folder/$file"
        done < <([ ! -d "$folder/systemd" ] || (cd "$folder/systemd" && find . -type f))
    done
    run rm -f "$common/20-nodes.conf" "$common/21-limits.conf"
    [ ! -d "$common" ] || run rmdir --ignore-fail-on-non-empty "$common"
}

# take_away UNIT: the release has none such. If nobody disabled it, one that has it again enables it.
take_away() {
    if systemctl is-enabled --quiet "$1"; then
        { grep -vxF "$1" "$releases/enabled" || true; } | write "$releases/enabled" 0644
    fi
    run systemctl disable --now "$1" || true
}

# add_for_nodes FILE NAME ADDRESS...: to what the units have in common, where all the addresses are.
add_for_nodes() {
    local address file=$1 added=$unit_folder/regression-tracker-.service.d/$2
    shift 2
    for address in "$file" "$@"; do
        [ -f "$address" ] || { run rm -f "$added" && return; }
    done
    run cp "$file" "$added"
}

# disabled_units UNIT...: those that were enabled once, and that people disabled since.
disabled_units() {
    local unit
    for unit; do
        ! grep -qsxF "$unit" "$releases/enabled" || systemctl is-enabled --quiet "$unit" || echo "$unit"
    done
}

# note_enabled UNIT...: what this or an earlier run enabled. What is not among it is enabled by the next.
note_enabled() {
    { cat "$releases/enabled" 2>/dev/null || true; printf '%s\n' "$@"; } | sort -u |
        write "$releases/enabled" 0644
}

# note_started FOLDER: of an installation that has no such note, but some units of which are enabled.
note_started() {
    local units
    mapfile -t units < <(units_in "$1")
    if has_systemd && [ ! -f "$releases/enabled" ] && [ ${#units[@]} != 0 ] &&
        systemctl is-enabled --quiet "${units[@]}"; then
        note_enabled "${units[@]}"
    fi
}

# start_units FOLDER: start those there, with a new release; nothing is forgotten before that is ready.
start_units() {
    local all left units
    if ! has_systemd; then
        tell_nothing_starts
        return 0
    fi
    run systemctl daemon-reload
    [ -n "$start" ] || return 0
    mapfile -t all < <(units_in "$1")
    left=$(disabled_units "${all[@]}")
    mapfile -t units < <(printf '%s\n' "${all[@]}" | grep -vxF -e "$left")
    [ ${#units[@]} = 0 ] || start_these "${units[@]}"
    [ -z "$left" ] || leave_disabled "$left"
    if [ -n "$dry_run" ] || systemctl is-active --quiet regression-tracker-web.socket; then
        [ -n "$dry_run" ] || wait_until_ready
    else
        wait_until_steady "${units[@]}"
    fi
    settle
}

start_these() {
    local sockets services
    mapfile -t sockets < <(printf '%s\n' "$@" | grep -v '\.service$')
    mapfile -t services < <(printf '%s\n' "$@" | grep '\.service$')
    run systemctl enable --quiet "$@"
    note_enabled "$@"
    # The socket stays open: what arrives while the web server restarts waits there.
    [ ${#sockets[@]} = 0 ] || run systemctl start "${sockets[@]}"
    [ ${#services[@]} = 0 ] || run systemctl restart "${services[@]}" || say "Not all units start."
}

# leave_disabled UNITS: what somebody started by hand is to run from the new release all the same.
leave_disabled() {
    local services
    say "Disabled here, and left so: $(tr '\n' ' ' <<<"$1")"
    mapfile -t services < <(grep '\.service$' <<<"$1")
    [ ${#services[@]} = 0 ] || run systemctl try-restart "${services[@]}" || say "Not all units start."
}

# tell_nothing_starts: below a folder there is nothing to wait for; elsewhere nobody knows what runs.
tell_nothing_starts() {
    if [ -z "$root" ]; then
        say "systemd does not run here: nothing was started. Releases that were in use before are kept."
        run rm -f "$releases/current/unproven"
    elif [ -n "$start" ]; then
        settle
    fi
}

# wait_until_ready: that processes run does not say that they can read and write the database.
wait_until_ready() {
    local address
    address=$(web_address)
    for _ in $(seq 60); do
        if is_ready "$address"; then
            say "It is ready at http://$address/."
            return
        fi
        sleep 1
    done
    stop_unproven "It does not get ready at http://$address/health/ready"
}

# wait_until_steady UNIT...: without a web server nobody tells that all is well. One that fails is started
# again and again by systemd: each has to be the process that it was ten seconds ago.
wait_until_steady() {
    local unit services before=()
    mapfile -t services < <(printf '%s\n' "$@" | grep '\.service$')
    for unit in "${services[@]}"; do before+=("$(process_of "$unit")"); done
    sleep 10
    for unit in "${services[@]}"; do
        if ! systemctl is-active --quiet "$unit" || [ "$(process_of "$unit")" != "${before[0]}" ]; then
            stop_unproven "$unit does not stay up"
        fi
        before=("${before[@]:1}")
    done
    say "No web server runs on this machine, and what does stays up."
}

process_of() { systemctl show --property MainPID --value "$1"; }

# stop_unproven TEXT: the release stays in use, and those before it stay there.
stop_unproven() {
    say "$1: see journalctl -u 'regression-tracker-*'."
    [ -z "$(in_use previous)" ] || say "The way back is: deploy/install.sh rollback"
    exit 3
}

web_address() {
    systemctl show --property Listen --value regression-tracker-web.socket | cut -d' ' -f1
}

# is_ready ADDRESS: asked once.
is_ready() {
    "$releases/current/bin/python" - "http://$1/health/ready" 2>/dev/null <<'END'
import sys, urllib.request
urllib.request.urlopen(sys.argv[1], timeout=5)
END
}

tell_next_steps() {
    [ -z "$1" ] || return 0
    cat >&2 <<END

Next:
  1. $settings/tracker.toml: set base_url; $releases/current/README.md lists the settings.
  2. A proxy in front: deploy/nginx/tracker.conf or deploy/caddy/Caddyfile.
  3. The Jenkins to read: its API token into $settings/credentials/main (root, 0400), then
     systemctl restart regression-tracker-worker
     tracker server add main https://jenkins.example.org --user NAME --token-file credential:jenkins_main
  4. A token for uploads:  tracker token create ci
  5. See that all is well:  curl http://127.0.0.1:8000/health/ready;  tracker doctor
END
}

main "$@"
