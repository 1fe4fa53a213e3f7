# shellcheck shell=bash
# What all scripts share: where things are, how progress is told, how a system package or a Cargo tool gets here.
# To be sourced after `set -euo pipefail`.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# Everything we install for ourselves lands here, or in node_modules/, or comes from apt. Nothing else on the machine is touched,
# but for the WASM target that `rustup target add` puts into the toolchain. ATRIUM_TOOLS names another folder, for several clones to share.
TOOLS=${ATRIUM_TOOLS:-$ROOT/.tools}
export PATH="$TOOLS/bin:$PATH"
cd "$ROOT" || exit
mkdir -p "$TOOLS"

if [[ -t 1 && -z ${NO_COLOR:-} ]]; then
  BOLD=$'\e[1m' DIM=$'\e[2m' RED=$'\e[31m' PLAIN=$'\e[0m'
else
  BOLD='' DIM='' RED='' PLAIN=''
fi

STEP=0
STEPS=${STEPS:-1}
STEP_STARTED=0
# The steps of a script that another one calls are told as parts of the caller's step: [2/5 › 1/4].
STEP_OUTER=${ATRIUM_STEP:-}

# steps N: how many steps this script has.
steps() { STEPS=$1; }

# step TITLE: the next step begins.
step() {
  step_end
  STEP=$((STEP + 1))
  export ATRIUM_STEP="$STEP_OUTER$STEP/$STEPS › "
  STEP_STARTED=$SECONDS
  printf '%s[%s%d/%d]%s %s\n' "$BOLD" "$STEP_OUTER" "$STEP" "$STEPS" "$PLAIN" "$*"
}

# step_end: tells how long the step took, where that was long enough to be worth a line.
step_end() {
  local took=$((SECONDS - STEP_STARTED))
  if ((STEP > 0 && took >= 5)); then say "took $(duration "$took")"; fi
}

say() { printf '      %s%s%s\n' "$DIM" "$*" "$PLAIN"; }
warn() { printf '%s      %s%s\n' "$RED" "$*" "$PLAIN" >&2; }
die() {
  warn "$@"
  exit 1
}

duration() {
  if (($1 >= 60)); then printf '%d min %02d s' $(($1 / 60)) $(($1 % 60)); else printf '%d s' "$1"; fi
}

have() { command -v "$1" >/dev/null 2>&1; }

# quietly LOG COMMAND…: runs it with its output in .tools/log/LOG, and the time that it took; shows the end of that only when it fails.
quietly() {
  local log=$TOOLS/log/$1
  shift
  mkdir -p "$TOOLS/log"
  local TIMEFORMAT='real %R s, processor %U + %S s'
  if ! { time "$@"; } >"$log" 2>&1 </dev/null; then
    tail -n 30 "$log" >&2
    warn "failed: $*"
    warn "the whole output is in $log"
    return 1
  fi
}

# apt_install PACKAGE…: makes sure that Debian's packages are there. Fails, saying what is missing, where we may not install them.
apt_install() {
  local missing=() package
  for package in "$@"; do
    [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true) == installed ]] || missing+=("$package")
  done
  ((${#missing[@]})) || return 0
  if ! have apt-get; then
    warn "Needed, and not installable from here (no apt-get): ${missing[*]}. Install your system's counterparts, then try again."
    return 1
  elif ((EUID != 0)); then
    warn "Needed, and only root may install them. Run this once, then try again:"
    warn "    apt-get install ${missing[*]}"
    return 1
  fi
  say "installing Debian's ${missing[*]}"
  if [[ ! -e $TOOLS/apt-updated ]] || ! apt-get install -s "${missing[@]}" >/dev/null 2>&1; then
    quietly apt-update.log apt-get update || return 1
    touch "$TOOLS/apt-updated"
  fi
  DEBIAN_FRONTEND=noninteractive quietly "apt-${missing[0]}.log" \
    apt-get install -y -q --no-install-recommends -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 "${missing[@]}"
}

# need_rust: rustup's stable toolchain, new enough for us.
need_rust() {
  local wanted have_now
  have cargo || die "There is no cargo. Install Rust with rustup (its default, stable), open a new shell, then try again."
  wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
  have_now=$(rustc --version | cut -d ' ' -f 2)
  [[ $(printf '%s\n%s\n' "$wanted" "${have_now%%-*}" | sort -V | head -n 1) == "$wanted" ]] ||
    die "Rust $wanted or newer is needed, and this is $have_now. Try: rustup update stable"
  have cc || apt_install gcc libc6-dev
}

# locked_version CRATE: the version that Cargo.lock holds.
locked_version() { sed -n "/^name = \"$1\"\$/{n;s/^version = \"\(.*\)\"\$/\1/p;q}" Cargo.lock; }

# cargo_tool CRATE VERSION [ARGUMENT…]: a Cargo tool of exactly that version in .tools/bin. Quick to build rather than quick to run (wasm-bindgen: half the time, and 0.2 s a run).
cargo_tool() {
  local crate=$1 version=$2
  shift 2
  if [[ -e $TOOLS/have/$crate-$version ]]; then return 0; fi
  say "building $crate $version (once)"
  # In a target folder of its own: `cargo install` would else use one in /tmp. Not --locked: a locked dependency may be
  # newer than a mirror has.
  CARGO_PROFILE_RELEASE_LTO=false CARGO_PROFILE_RELEASE_OPT_LEVEL=0 CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
    CARGO_PROFILE_RELEASE_DEBUG=0 quietly "$crate.log" \
    cargo install "$crate" --version "$version" --root "$TOOLS" --target-dir "$TOOLS/build/$crate" --force "$@" || return 1
  rm -rf "${TOOLS:?}/build/$crate"
  mkdir -p "$TOOLS/have"
  rm -f "$TOOLS/have/$crate-"[0-9]*
  touch "$TOOLS/have/$crate-$version"
}

# npm_tools FOLDER: what its package.json names, once per state of its package-lock.json.
npm_tools() {
  local folder=$1 stamp
  have npm || die "There is no npm. Install Node.js 20 or newer with npm, then try again."
  stamp=$(sha256sum <"$folder/package-lock.json")
  if [[ -f $folder/node_modules/.atrium && $(<"$folder/node_modules/.atrium") == "$stamp" ]]; then return 0; fi
  say "npm ci in $folder"
  quietly "npm-$(basename "$(realpath "$folder")").log" npm --prefix "$folder" ci --no-audit --no-fund --ignore-scripts || return 1
  printf '%s' "$stamp" >"$folder/node_modules/.atrium"
}

# browser_here: a Chromium for the tests, its path in ATRIUM_CHROMIUM.
browser_here() {
  local name
  if [[ -z ${ATRIUM_CHROMIUM:-} ]]; then
    for name in chromium chromium-browser google-chrome; do
      if have "$name"; then break; fi
      name=
    done
    if [[ -z $name ]]; then
      apt_install chromium fonts-dejavu-core || die "The browser tests need Chromium; or say where one is by ATRIUM_CHROMIUM."
      name=chromium
    fi
    ATRIUM_CHROMIUM=$(command -v "$name")
  fi
  export ATRIUM_CHROMIUM
}
