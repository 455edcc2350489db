#!/usr/bin/env bash
# Creates the keys and certificates for TLS: a certificate authority, and a certificate for
# each Kafka broker with its host names and addresses.
set -euo pipefail
umask 077

usage() {
  cat <<'TEXT'
usage: certs/cert.sh [--out FOLDER] [--days N] [--help]

Creates these PEM files in FOLDER (default: .goodsflow/certs), readable only by their
owner:
  ca.crt ca.key      the certificate authority (CA) of the platform
  PART.crt PART.key  a certificate and its key (PKCS#8) for each broker
  PART.pem           both in one file, as the key store of a Kafka broker

Existing certificates are kept if they are valid for at least 30 more days. New ones are
valid for --days (default 825), the CA's for ten years. You may keep ca.key elsewhere
while no certificate has to be signed.

Examples:
  certs/cert.sh
  certs/cert.sh --out /srv/goodsflow/certs --days 365
TEXT
}

project=$(cd "$(dirname "$0")/.." && pwd)
out=$project/.goodsflow/certs
days=825
ca_days=3650
parts=(kafka-0 kafka-1 kafka-mirror-0 kafka-mirror-1)
renew_before_seconds=$((30 * 24 * 3600))

while [ $# -gt 0 ]; do
  case $1 in
    --out) out=${2:?--out needs a folder}; shift 2 ;;
    --days) days=${2:?--days needs a number}; shift 2 ;;
    --help | -h) usage; exit 0 ;;
    *) printf "cert.sh: unknown option '%s'\n\n" "$1" >&2; usage >&2; exit 2 ;;
  esac
done

fail() {
  printf 'cert.sh: %s\n' "$*" >&2
  exit 1
}

# A certificate cannot outlast the CA's.
[[ $days =~ ^[1-9][0-9]{0,3}$ && $days -le $ca_days ]] ||
  fail "--days takes a whole number of days, at most $ca_days, not '$days'"
command -v openssl >/dev/null || fail "openssl is not installed (Debian: apt-get install openssl)"
mkdir -p "$out" || fail "cannot create the folder $out"
work=$(mktemp -d "$out/.new.XXXXXX") || fail "cannot write to the folder $out"
trap 'rm -rf "$work"' EXIT

validity() {
  printf 'valid %s to %s' \
    "$(date -u -d "$(openssl x509 -in "$1" -noout -startdate | cut -d= -f2)" +%F 2>/dev/null || openssl x509 -in "$1" -noout -startdate | cut -d= -f2)" \
    "$(date -u -d "$(openssl x509 -in "$1" -noout -enddate | cut -d= -f2)" +%F 2>/dev/null || openssl x509 -in "$1" -noout -enddate | cut -d= -f2)"
}

lasts() { openssl x509 -in "$1" -noout -checkend "$renew_before_seconds" >/dev/null 2>&1; }

# verifies CERTIFICATE: whether the CA signed it and it is valid now. It may not be valid yet
# if the clock was ahead when it was created.
verifies() { openssl verify -CAfile "$out/ca.crt" "$1" >/dev/null 2>&1; }

# matches CERTIFICATE KEY: whether the two belong together.
matches() {
  [ "$(openssl x509 -in "$1" -noout -pubkey 2>/dev/null)" = "$(openssl pkey -in "$2" -pubout 2>/dev/null)" ]
}

# is_joined PART: whether its PEM file has the content of the other files.
is_joined() {
  cat "$out/$1.key" "$out/$1.crt" "$out/ca.crt" 2>/dev/null | cmp -s - "$out/$1.pem"
}

quietly() { "$@" 2>"$work/openssl.log" || fail "openssl failed: $(tail -n 3 "$work/openssl.log")"; }

new_key() { quietly openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1"; }

make_ca() {
  # The CA's key is only needed to sign certificates.
  if lasts "$out/ca.crt" && verifies "$out/ca.crt" &&
    { [ ! -e "$out/ca.key" ] || matches "$out/ca.crt" "$out/ca.key"; }; then
    printf '%-16s kept     %s\n' ca "$(validity "$out/ca.crt")"
    return
  fi
  new_key "$work/ca.key"
  quietly openssl req -x509 -new -key "$work/ca.key" -days $ca_days -sha256 -subj "/O=Goodsflow/CN=Goodsflow CA" \
    -addext "basicConstraints=critical,CA:TRUE" -addext "keyUsage=critical,keyCertSign,cRLSign" -out "$work/ca.crt"
  mv "$work/ca.key" "$work/ca.crt" "$out/"
  printf '%-16s created  %s\n' ca "$(validity "$out/ca.crt")"
}

make_part() {
  local part=$1 names
  if is_joined "$part" && lasts "$out/$part.crt" && matches "$out/$part.crt" "$out/$part.key" &&
    verifies "$out/$part.crt"; then
    printf '%-16s kept     %s\n' "$part" "$(validity "$out/$part.crt")"
    return
  fi
  [ -e "$out/ca.key" ] ||
    fail "$part needs a new certificate, but $out/ca.key, which must sign it, is missing: restore it, or delete $out/ca.crt to create a new CA"
  names="DNS:$part,DNS:localhost,IP:127.0.0.1,IP:0:0:0:0:0:0:0:1"
  new_key "$work/$part.key"
  quietly openssl req -new -key "$work/$part.key" -subj "/O=Goodsflow/CN=$part" -out "$work/$part.csr"
  printf 'subjectAltName=%s\nextendedKeyUsage=serverAuth\nkeyUsage=critical,digitalSignature\nbasicConstraints=CA:FALSE\n' \
    "$names" >"$work/$part.ext"
  quietly openssl x509 -req -in "$work/$part.csr" -CA "$out/ca.crt" -CAkey "$out/ca.key" -CAcreateserial \
    -CAserial "$work/ca.srl" -days "$days" -sha256 -extfile "$work/$part.ext" -out "$work/$part.crt"
  cat "$work/$part.key" "$work/$part.crt" "$out/ca.crt" >"$work/$part.pem"
  mv "$work/$part.key" "$work/$part.crt" "$work/$part.pem" "$out/"
  printf '%-16s created  %s, for %s\n' "$part" "$(validity "$out/$part.crt")" "$names"
}

make_ca
for part in "${parts[@]}"; do
  make_part "$part"
done
