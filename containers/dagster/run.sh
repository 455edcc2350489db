#!/bin/sh
# Dagster: DAGSTER_ROLE is webserver, daemon or code-server. The first two load the
# workspace.yaml in PROJECT_DIR, or use the code server at DAGSTER_CODE_SERVER (host:port).
. "$(dirname "$0")/../base/part.sh"
require DAGSTER_ROLE DAGSTER_HOME PROJECT_DIR
prepare

python=${GOODSFLOW_PYTHON:-python3}
cd "$PROJECT_DIR"
# On the platform, sensors and schedules are on unless somebody turns them off.
export GOODSFLOW_AUTOMATION=on
workspace=workspace.yaml
if [ -n "${DAGSTER_CODE_SERVER:-}" ]; then
  workspace=$PART_CONFIG_DIR/workspace.yaml
  cat >"$workspace" <<YAML
load_from:
  - grpc_server:
      host: ${DAGSTER_CODE_SERVER%:*}
      port: ${DAGSTER_CODE_SERVER##*:}
      location_name: dagster_project.definitions
YAML
else
  # The code server has no storage.
  [ "$DAGSTER_ROLE" = code-server ] ||
    "$python" "$PROJECT_DIR/containers/dagster/make_storage.py"
fi

case $DAGSTER_ROLE in
  webserver)
    require DAGSTER_ADDRESS DAGSTER_PORT
    exec "$python" -m dagster_webserver -h "$DAGSTER_ADDRESS" -p "$DAGSTER_PORT" \
      --log-level warning -w "$workspace"
    ;;
  daemon) exec "$python" -m dagster._daemon run --log-level warning -w "$workspace" ;;
  code-server)
    require DAGSTER_ADDRESS DAGSTER_PORT
    exec "$python" -m dagster api grpc -h "$DAGSTER_ADDRESS" -p "$DAGSTER_PORT" \
      -m dagster_project.definitions --log-level warning --inject-env-vars-from-instance \
      --use-python-environment-entry-point
    ;;
  *) part_fail "DAGSTER_ROLE must be webserver, daemon or code-server, not '$DAGSTER_ROLE'" ;;
esac
