#!/usr/bin/env bash
# Installs what the platform needs: a JDK, Maven and OpenSSL (only on Debian and Ubuntu, and
# only if they are missing), and Python packages in .venv.
#
# usage: ./setup.sh [--dev]      --dev adds the tools for tests and linting
set -euo pipefail
cd "$(dirname "$0")"

uv_version=0.13.9
case ${1:-} in
  '') requirements=requirements/base.txt ;;
  --dev) requirements=requirements/dev.txt ;;
  *) printf 'usage: ./setup.sh [--dev]\n' >&2; exit 2 ;;
esac

say() { printf 'setup: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

java_version() {
  "${JAVA_HOME:+$JAVA_HOME/bin/}java" -version 2>&1 |
    sed -n 's/.*version "\(1\.\)\{0,1\}\([0-9]*\).*/\2/p' | head -n 1
}

java_is_new_enough() {
  local version
  version=$(java_version) || return 1
  [ -n "$version" ] && [ "$version" -ge 17 ]
}

have_javac() { command -v "${JAVA_HOME:+$JAVA_HOME/bin/}javac" >/dev/null; }

have_python() {
  local python
  for python in python3 python3.11 python3.12 python3.13; do
    "$python" -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && return
  done
  return 1
}

# Installing a package would not help: JAVA_HOME has precedence.
if [ -n "${JAVA_HOME:-}" ] && ! { java_is_new_enough && have_javac; }; then
  found=$(java_version) || true
  fail "JAVA_HOME is $JAVA_HOME${found:+ (Java $found)}, which is not a JDK 17 or newer. Point it at one, or unset it."
fi

jdk=openjdk-17-jdk-headless
missing=()
{ java_is_new_enough && have_javac; } || missing+=("$jdk")
command -v mvn >/dev/null || missing+=(maven)
command -v openssl >/dev/null || missing+=(openssl)
command -v uv >/dev/null || have_python || missing+=(python3-venv)

if [ ${#missing[@]} -gt 0 ]; then
  if ! command -v apt-get >/dev/null; then
    fail "missing: ${missing[*]}. On macOS: brew install openjdk@17 maven openssl uv; elsewhere, install the equivalent packages."
  fi
  as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || fail "missing: ${missing[*]}. Run as root: apt-get install -y ${missing[*]}"
    as_root=(sudo)
  fi
  "${as_root[@]}" apt-get update -qq </dev/null || fail "apt-get update failed"
  # Releases after Debian 12 only have a newer one.
  apt-cache show "$jdk" >/dev/null 2>&1 || missing=("${missing[@]/$jdk/openjdk-21-jdk-headless}")
  say "installing ${missing[*]}"
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" \
    </dev/null >/dev/null || fail "could not install ${missing[*]}"
  java_is_new_enough || fail "$(command -v java) is Java $(java_version), but 17 or newer is needed; point JAVA_HOME at a newer one"
fi

if command -v uv >/dev/null; then
  uv=uv
else
  uv=.tools/bin/uv
  if [ ! -x "$uv" ]; then
    say "installing uv $uv_version into .tools"
    for python in python3 python3.11 python3.12 python3.13; do
      "$python" -c 'import venv, ensurepip' 2>/dev/null && break
    done
    "$python" -m venv .tools
    .tools/bin/python -m pip install --quiet --disable-pip-version-check "uv==$uv_version"
  fi
fi

# The tests of alerts and dashboards need Prometheus. It is unpacked, because installing it
# would start a service on its port and need root.
get_prometheus() {
  local work
  command -v prometheus >/dev/null && command -v promtool >/dev/null && return
  [ -x .tools/prometheus/usr/bin/promtool ] && return
  if ! command -v apt-get >/dev/null || ! command -v dpkg-deb >/dev/null; then
    say "Prometheus is missing, so tests of alerts will be skipped; on macOS: brew install prometheus"
    return
  fi
  say "downloading Prometheus to .tools"
  work=$(mktemp -d)
  # Without package lists, nothing can be downloaded; root can update them.
  if (cd "$work" && { apt-get download -qq prometheus ||
    { apt-get update -qq && apt-get download -qq prometheus; }; } >/dev/null 2>&1) &&
    dpkg-deb -x "$work"/prometheus_*.deb "$work/unpacked"; then
    mkdir -p .tools && rm -rf .tools/prometheus && mv "$work/unpacked" .tools/prometheus
  else
    say "could not download Prometheus (try: apt-get update); tests of alerts will be skipped"
  fi
  rm -rf "$work"
}
if [ "${1:-}" = --dev ]; then get_prometheus; fi

# The packages for --dev include the others, so without --dev either stamp is fine.
digest=$(cat pyproject.toml "$requirements" | cksum)
dev_digest=$(cat pyproject.toml requirements/dev.txt | cksum)
stamp=.venv/.goodsflow
if .venv/bin/goodsflow --version >/dev/null 2>&1 && [ -f "$stamp" ]; then
  installed=$(cat "$stamp")
  if [ "$installed" = "$digest" ] || [ "$installed" = "$dev_digest" ]; then
    exit 0
  fi
fi
say "installing Python packages from $requirements into .venv"
# If this is interrupted, .venv has a mix of packages.
rm -f "$stamp"
# After a system upgrade, the Python of .venv may be gone; not every uv replaces .venv then.
.venv/bin/python -c '' 2>/dev/null || { rm -rf .venv && "$uv" venv --quiet --python '>=3.11,<3.14' .venv; }
export VIRTUAL_ENV=$PWD/.venv
# Compile now, as Python may not be able to store bytecode later.
"$uv" pip sync --quiet --compile-bytecode --require-hashes "$requirements"
"$uv" pip install --quiet --no-deps --editable .
printf '%s\n' "$digest" >"$stamp"
