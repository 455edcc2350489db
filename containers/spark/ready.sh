#!/bin/sh
# The master is ready when it is alive, a worker when the master lists it as alive, and the
# Connect server when it accepts calls and its application is running.
. "$(dirname "$0")/../base/ready.sh"
case $SPARK_ROLE in
  master)
    expect '"status":"ALIVE"' "$(ask "http://$SPARK_ADDRESS:$SPARK_UI_PORT/json/" | tr -d ' ')" "is not alive"
    exit
    ;;
  worker) own="\"host\":\"$SPARK_ADDRESS\"" state='"state":"ALIVE"' ;;
  connect) own='"name":"goodsflow-connect"' state='"state":"RUNNING"' ;;
esac
# Workers and applications of all states, one per line.
objects=$(ask "$SPARK_MASTER_UI/json/" | tr -d ' \n' | sed 's/},{/\n/g; s/\[{/\n/g; s/}\]/\n/g')
expect "$state" "$(printf '%s\n' "$objects" | grep -F "$own" || true)" \
  "the master does not report $state for it"
if [ "$SPARK_ROLE" = connect ]; then
  protocol=$(curl --silent --noproxy '*' --max-time 4 --http2-prior-knowledge --output /dev/null \
    --write-out '%{http_version}' "http://$SPARK_ADDRESS:$SPARK_PORT/" || true)
  [ "$protocol" = 2 ] || not_ready "does not accept calls yet"
fi
