#!/usr/bin/env bash
# Tests the containers: provides an engine if there is none, then runs pytest on this folder
# with its own project name and ports. In the end, everything is removed, even on failure.
#
# usage: run.sh [PYTEST-OPTION...]
set -euo pipefail
cd "$(dirname "$0")/../.."
exec </dev/null

export COMPOSE_PROJECT_NAME=goodsflow-test
export GOODSFLOW_KAFKA_PORT_0=39092 GOODSFLOW_KAFKA_PORT_1=39093
export GOODSFLOW_KAFKA_PORT_2=39094 GOODSFLOW_KAFKA_PORT_3=39095
export GOODSFLOW_DAGSTER_PORT=33000 GOODSFLOW_UI_PORT=38080
export GOODSFLOW_GRAFANA_PORT=33001 GOODSFLOW_PROMETHEUS_PORT=39090
export GOODSFLOW_SHOP_API_INTERVAL=1
# Builds use the host's network, with its proxies and the authorities that it trusts.
export GOODSFLOW_BUILD_NETWORK=${GOODSFLOW_BUILD_NETWORK:-host}
if [ -z "${GOODSFLOW_BUILD_CA:-}" ] && [ -n "${SSL_CERT_FILE:-}" ]; then
  export GOODSFLOW_BUILD_CA=$SSL_CERT_FILE
fi

remove() {
  if docker info >/dev/null 2>&1; then
    # Dagster's runs are containers of the project, but not services of its file.
    docker ps --all --quiet --filter "label=com.docker.compose.project=$COMPOSE_PROJECT_NAME" |
      xargs --no-run-if-empty docker rm --force --volumes >/dev/null || true
    docker compose --profile '*' down --volumes --remove-orphans --timeout 5 >/dev/null 2>&1 || true
  fi
}
finish() {
  remove
  tests/compose/engine.sh stop
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

tests/compose/engine.sh start
remove
# Fixtures build and start the containers, with their own timeouts; -s shows the times.
.venv/bin/python -m pytest -s -o timeout_func_only=true --durations=15 --durations-min=5 \
  tests/compose "$@"
