#!/bin/sh
# The proxy of the Docker engine: only it has the engine's socket, and it permits only what
# runs and checks of the parts' states need. When it is stopped, it stops the runs that
# were launched through it, because Compose did not start these and would leave them.
. "$(dirname "$0")/../base/part.sh"
require COMPOSE_PROJECT RUN_IMAGE DOCKER_SOCKET DOCKER_PROXY_READ DOCKER_PROXY_STOP DOCKER_PROXY_LAUNCH
prepare
here=$(cd "$(dirname "$0")" && pwd)
[ -S "$DOCKER_SOCKET" ] ||
  part_fail "there is no Docker engine socket at $DOCKER_SOCKET"

# Escape the image's name for the regular expression and for sed.
image=$(printf '%s' "$RUN_IMAGE" | sed -e 's/[.+]/\\\\&/g' -e 's/[|&]/\\&/g')
tr -d '\n' <"$here/run-container.regex" |
  sed -e "s|@IMAGE@|$image|" -e "s|@PROJECT@|$COMPOSE_PROJECT|g" >"$PART_CONFIG_DIR/run-container.regex"

engine() {
  path=$1
  shift
  curl --silent --show-error --fail --max-time 25 --unix-socket "$DOCKER_SOCKET" "$@" "http://engine$path"
}

stop_runs() {
  # {"label":["com.docker.compose.project=…","dagster/run_id"]}
  filters="%7B%22label%22%3A%5B%22com.docker.compose.project%3D$COMPOSE_PROJECT%22%2C%22dagster%2Frun_id%22%5D%7D"
  for run in $(engine "/containers/json?filters=$filters" | grep -o '"Id":"[0-9a-f]*"' | cut -d '"' -f 4); do
    engine "/containers/$run/stop?t=8" --request POST &
  done
  wait
}

export REFUSAL='{"message": "the proxy of the Docker engine does not permit this"}'
haproxy -db -f "$here/haproxy.cfg" &
proxy=$!
trap 'kill "$proxy" || true; stop_runs; exit 0' TERM INT
wait "$proxy"
