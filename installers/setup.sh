# shellcheck shell=bash
# Sourced by ./run and ./check: makes .venv what the lock files say. Each step is one line and each
# failure one sentence, both on standard error; what the tools print goes to setup.log.

root=$(cd -P -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd) || exit 1
venv=$root/.venv
log=$root/setup.log

say() { printf '==> %s\n' "$*" >&2; }

fail() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

quietly() { "$@" </dev/null >>"$log" 2>&1; }

# begin: one setup at a time in one checkout; end: let the next one in.
begin() {
  : 2>/dev/null >"$log" || fail "cannot write in $root: make the folder yours and try again"
  exec 9>"$root/.setup.lock"
  if command -v flock >/dev/null; then flock 9; fi
}

end() { exec 9>&-; }

# apt_install PACKAGE...: only ever called for what was looked for and not found.
apt_install() {
  local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=120)
  command -v apt-get >/dev/null ||
    fail "$* is missing and there is no apt: install it with your system's package manager and try again"
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null ||
      fail "$* is missing and there is no sudo: run \`apt-get install $*\` as root and try again"
    apt=(sudo "${apt[@]}")
  fi
  say "installing with apt what is missing: $*"
  quietly "${apt[@]}" install -y --no-install-recommends "$@" && return
  say "updating the package lists of apt, for it does not know them yet"
  quietly "${apt[@]}" update
  quietly "${apt[@]}" install -y --no-install-recommends "$@" ||
    fail "apt cannot install $*: check the network, or install it by hand (setup.log has the reason)"
}

find_python() {
  local name
  for name in python3 python3.13 python3.12 python3.11; do
    python=$(command -v "$name") &&
      "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && return
  done
  return 1
}

make_venv() {
  find_python || { apt_install python3 python3-venv && find_python; } ||
    fail "no Python 3.11 or newer is to be had: install one and try again"
  # Debian ships Python without what a venv needs.
  "$python" -c 'import ensurepip, venv' 2>/dev/null || apt_install python3-venv
  say "making .venv with $("$python" --version)"
  rm -rf "$venv"
  quietly "$python" -m venv "$venv" ||
    fail "$python cannot make a venv: install its venv module and try again (setup.log has the reason)"
  printf '%s\n' "$root" >"$venv/made-for"
}

# install_system NAME...: the packages of requirements/NAME.apt, in one go. Elsewhere than on a Debian there is
# nothing to ask, and the tests say what they miss.
install_system() {
  local missing lists=("${@/#/$root/requirements/}")
  command -v dpkg-query >/dev/null || return 0
  # shellcheck disable=SC2016 # the format is dpkg's
  mapfile -t missing < <(sed '/^#/d; /^$/d' "${lists[@]/%/.apt}" |
    grep -vxF -f <(dpkg-query -W -f '${db:Status-Abbrev}${Package}, ${Provides}\n' |
      sed -n 's/^ii *//p' | tr , '\n' | sed 's/^ *//; s/ (.*//'))
  [ ${#missing[@]} -eq 0 ] || apt_install "${missing[@]}"
}

state_of() { (cd "$root" && sha256sum -- "$@") }

# install_locked NAME: the packages of requirements/NAME.lock and this checkout, into .venv.
install_locked() {
  local lock=requirements/$1.lock pip=("$venv/bin/python" -m pip --disable-pip-version-check --no-input)
  # A venv holds absolute paths: one that was moved, or whose Python is gone, is made anew.
  if [ "$(cat "$venv/made-for" 2>/dev/null)" != "$root" ] || ! "$venv/bin/python" -c '' 2>/dev/null; then
    make_venv
  fi
  [ "$(cat "$venv/$1.stamp" 2>/dev/null)" = "$(state_of "$lock" pyproject.toml)" ] && return
  rm -f "$venv"/*.stamp
  say "installing the Python packages of $lock"
  quietly "${pip[@]}" install --retries 2 --require-hashes -r "$root/$lock" ||
    fail "cannot install the Python packages: check the network and try again (setup.log has the reason)"
  say "installing latchward itself"
  quietly "${pip[@]}" install --no-index --no-deps --no-build-isolation -e "$root" ||
    fail "cannot install latchward from this checkout: setup.log has the reason"
  # check.lock holds all of run.lock: after ./check, ./run has nothing to do.
  state_of requirements/run.lock pyproject.toml >"$venv/run.stamp"
  state_of "$lock" pyproject.toml >"$venv/$1.stamp"
}

# install_peers: the real servers and clients that the tests run against. Debian's node is too old for
# them, so node and npm come from the venv.
install_peers() {
  local peers=tests/peers
  [ "$(cat "$root/$peers/node_modules/stamp" 2>/dev/null)" = "$(state_of $peers/package-lock.json)" ] && return
  say "installing the MCP servers and clients of $peers (about 1 GB)"
  (cd "$root/$peers" && PATH=$venv/bin:$PATH quietly npm ci) ||
    fail "cannot install the packages of $peers: check the network and try again (setup.log has the reason)"
  state_of $peers/package-lock.json >"$root/$peers/node_modules/stamp"
}
