#!/bin/sh
# Dagster: DAGSTER_ROLE is webserver or daemon. Both load the project from PROJECT_DIR.
. "$(dirname "$0")/../base/part.sh"
require DAGSTER_ROLE DAGSTER_HOME PROJECT_DIR
prepare

python=${GOODSFLOW_PYTHON:-python3}
cd "$PROJECT_DIR"
case $DAGSTER_ROLE in
  webserver)
    require DAGSTER_ADDRESS DAGSTER_PORT
    exec "$python" -m dagster_webserver -h "$DAGSTER_ADDRESS" -p "$DAGSTER_PORT" \
      --log-level warning
    ;;
  daemon) exec "$python" -m dagster._daemon run --log-level warning ;;
  *) part_fail "DAGSTER_ROLE must be webserver or daemon, not '$DAGSTER_ROLE'" ;;
esac
