#!/usr/bin/env bash
# Unit tests on every core while the platform of the tests starts; then, on that platform,
# the tests of real parts. It is removed in the end, unless KEEP_PLATFORM is set.
#
# usage: run.sh [PYTEST-OPTION...]
set -euo pipefail
cd "$(dirname "$0")/.."
exec </dev/null

home=.goodsflow-test
log=$(mktemp)
goodsflow() { .venv/bin/goodsflow --home "$home" "$@"; }
finish() {
  local status=$?
  [ -z "${start:-}" ] || wait "$start" || true
  rm -f "$log"
  [ -n "${KEEP_PLATFORM:-}" ] || goodsflow clean --yes >/dev/null || status=1
  exit "$status"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

[ -n "${KEEP_PLATFORM:-}" ] || goodsflow clean --yes 2>/dev/null
export GOODSFLOW_SHOP_API_INTERVAL=1
# Where `./setup.sh --dev` puts Prometheus: the platform of the tests is watched.
PATH=$PATH:$PWD/.tools/prometheus/usr/bin goodsflow up --port-offset 10000 >"$log" 2>&1 &
start=$!

mvn -B -ntp -q -f containers/pom.xml -pl kafka-connect/hdfs-sink test
.venv/bin/python -m pytest -q -n auto tests/unit

wait "$start" || { cat "$log" >&2; exit 1; }
start=
.venv/bin/python -m pytest --keep-platform --durations=25 --durations-min=5 -m "not faults" tests/integration tests/e2e "$@"
