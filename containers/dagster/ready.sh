#!/bin/sh
# The webserver is ready when it has loaded the project, the daemon when every required
# daemon sends heartbeats, and the code server when it answers a ping.
. "$(dirname "$0")/../base/ready.sh"
graphql() {
  ask "$1/graphql" --header 'Content-Type: application/json' --data "{\"query\": \"$2\"}"
}
case $DAGSTER_ROLE in
  webserver)
    expect '"RepositoryLocation"' "$(graphql "http://127.0.0.1:$DAGSTER_PORT" \
      '{ workspaceOrError { ... on Workspace { locationEntries { locationOrLoadError { __typename } } } } }')" \
      "the project is not loaded"
    ;;
  daemon)
    # One daemon per line.
    health=$(graphql "$DAGSTER_URL" '{ instance { daemonHealth { allDaemonStatuses { required healthy } } } }' |
      tr -d ' ' | tr '{' '\n')
    expect '"required":true' "$health" "the webserver reports no daemons"
    unhealthy=$(printf '%s\n' "$health" | grep '"required":true' | grep -vc '"healthy":true' || true)
    [ "$unhealthy" = 0 ] || not_ready "daemons without a heartbeat: $unhealthy"
    ;;
  code-server) grpc "127.0.0.1:$DAGSTER_PORT" api.DagsterApi/Ping ;;
esac
