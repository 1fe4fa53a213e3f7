# shellcheck shell=bash
# The toolchain that compiles for the browser. To be sourced after lib.sh; after `wasm_toolchain`, `wasm_env cargo …` compiles for it.
#
# Way 1: rustup's own toolchain, where `rustup target add` works.
# Way 2: Debian's rustc-web and cargo-web (packaged for building browsers), with a standard library for WASM that is compiled
#        here once from rust-web-src, into a sysroot under .tools/. Linked by the rust-lld of rustup's toolchain.
# The way found is remembered in .tools/wasm-toolchain; ATRIUM_WASM=rustup or =debian asks for one of them.

WASM_TARGET=wasm32-unknown-unknown
DEBIAN_RUST=$TOOLS/rust-web

# wasm_way: decides on the way, into WASM_WAY.
wasm_way() {
  WASM_WAY=${ATRIUM_WASM:-$(cat "$TOOLS/wasm-toolchain" 2>/dev/null || true)}
  case $WASM_WAY in
    '') if rustup_wasm; then WASM_WAY=rustup; else WASM_WAY=debian; fi ;;
    rustup) rustup_wasm || die "rustup can't add $WASM_TARGET. Try again, or with ATRIUM_WASM=debian." ;;
    debian) ;;
    *) die "ATRIUM_WASM must be rustup or debian, not $WASM_WAY." ;;
  esac
  if [[ -z ${ATRIUM_WASM:-} ]]; then printf '%s\n' "$WASM_WAY" >"$TOOLS/wasm-toolchain"; fi
}

# wasm_toolchain: decides on the way, and sees to it that it can be gone.
wasm_toolchain() {
  wasm_way
  if [[ $WASM_WAY == debian ]]; then debian_wasm; fi
}

# The target in rustup's toolchain, added if that is not there. False if it can't be had.
rustup_wasm() {
  local sysroot
  sysroot=$(rustc --print sysroot)
  if compgen -G "$sysroot/lib/rustlib/$WASM_TARGET/lib/libstd-*.rlib" >/dev/null; then return 0; fi
  have rustup || return 1
  say "rustup target add $WASM_TARGET (for at most a minute)"
  mkdir -p "$TOOLS/log"
  timeout 60 rustup target add "$WASM_TARGET" >"$TOOLS/log/rustup.log" 2>&1 </dev/null || {
    say "rustup can't get it here; taking Debian's compiler for the browser half"
    return 1
  }
}

# The file name of the linker that comes with rustup's toolchain.
rust_lld() {
  local sysroot host
  sysroot=$(rustc --print sysroot)
  host=$(rustc -vV | sed -n 's/^host: //p')
  printf '%s/lib/rustlib/%s/bin/rust-lld' "$sysroot" "$host"
}

# debian_rustc STD: writes the compiler's front door, which points it at our sysroot. It also names our standard library when asked for
# the version, so that cargo compiles everything anew when that was, instead of mixing the two.
debian_rustc() {
  cat >"$DEBIAN_RUST/bin/rustc" <<SCRIPT
#!/bin/sh
if [ "\$*" = -vV ]; then
  /usr/bin/rustc -vV && echo "std for $WASM_TARGET: $1"
else
  exec /usr/bin/rustc --sysroot '$DEBIAN_RUST/sysroot' "\$@"
fi
SCRIPT
  chmod +x "$DEBIAN_RUST/bin/rustc"
}

debian_wasm() {
  local stamp host
  apt_install rustc-web cargo-web rust-web-src ||
    die "The browser half needs the target $WASM_TARGET: \`rustup target add $WASM_TARGET\`, or on Debian the packages above."
  [[ -x $(rust_lld) ]] || apt_install lld-19
  stamp="$(/usr/bin/rustc --version) $TOOLS"
  if [[ -f $DEBIAN_RUST/stamp && $(<"$DEBIAN_RUST/stamp") == "$stamp" ]]; then return 0; fi
  say "compiling the standard library for $WASM_TARGET (once, under a minute)"
  rm -rf "$DEBIAN_RUST"
  host=$(/usr/bin/rustc -vV | sed -n 's/^host: //p')
  local rustlib=$DEBIAN_RUST/sysroot/lib/rustlib
  mkdir -p "$rustlib/$WASM_TARGET/lib" "$DEBIAN_RUST/bin" "$DEBIAN_RUST/empty/src"
  ln -s "/usr/lib/rustlib/$host" "$rustlib/$host"
  ln -s /usr/lib/rustlib/src "$rustlib/src"
  debian_rustc 'none yet'
  printf '#!/bin/sh\nRUSTC="%s" exec /usr/bin/cargo "$@"\n' "$DEBIAN_RUST/bin/rustc" >"$DEBIAN_RUST/bin/cargo"
  chmod +x "$DEBIAN_RUST/bin/cargo"
  printf '[package]\nname = "empty"\nedition = "2024"\n[workspace]\n' >"$DEBIAN_RUST/empty/Cargo.toml"
  printf '#![no_std]\n' >"$DEBIAN_RUST/empty/src/lib.rs"
  # With bitcode in it, which the link-time optimisation of our release wants; without it cargo would leave it out.
  RUSTC_BOOTSTRAP=1 RUSTFLAGS=-Cembed-bitcode=yes CARGO_TARGET_DIR=$DEBIAN_RUST/empty/target quietly rust-web-std.log \
    "$DEBIAN_RUST/bin/cargo" build --manifest-path "$DEBIAN_RUST/empty/Cargo.toml" -Zbuild-std=std,panic_abort \
    --target "$WASM_TARGET" --release
  cp "$DEBIAN_RUST/empty/target/$WASM_TARGET/release/deps/"*.rlib "$rustlib/$WASM_TARGET/lib/"
  rm -f "$rustlib/$WASM_TARGET/lib/"libempty-*.rlib
  rm -rf "$DEBIAN_RUST/empty"
  debian_rustc "$(cat "$rustlib/$WASM_TARGET/lib/"*.rlib | sha256sum | cut -c 1-16)"
  printf '%s' "$stamp" >"$DEBIAN_RUST/stamp"
}

# The linker for Debian's compiler, which has none of its own for WASM.
wasm_linker() {
  local lld
  lld=$(rust_lld)
  if [[ -x $lld ]]; then printf '%s' "$lld"; else printf 'wasm-ld-19'; fi
}

# wasm_env COMMAND…: runs it with `cargo` being the one that compiles for the browser.
wasm_env() {
  if [[ $WASM_WAY == debian ]]; then
    # A rustup proxy sets RUSTUP_TOOLCHAIN, and cargo's own variables, for its children; neither is meant for this compiler.
    env -u RUSTUP_TOOLCHAIN -u CARGO PATH="$DEBIAN_RUST/bin:$PATH" CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER="$(wasm_linker)" "$@"
  else
    "$@"
  fi
}
