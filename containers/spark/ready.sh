#!/bin/sh
# The master is ready when alive; a worker, when the master counts it among the living;
# the Connect server, when it takes calls and its application runs.
. "$(dirname "$0")/../base/ready.sh"
case $SPARK_ROLE in
  master)
    expect '"status":"ALIVE"' "$(ask "http://$SPARK_ADDRESS:$SPARK_UI_PORT/json/" | tr -d ' ')" "is not alive"
    exit
    ;;
  worker) own="\"host\":\"$SPARK_ADDRESS\"" state='"state":"ALIVE"' ;;
  connect) own='"name":"goodsflow-connect"' state='"state":"RUNNING"' ;;
esac
# Workers and applications, of all states, one a line.
objects=$(ask "$SPARK_MASTER_UI/json/" | tr -d ' \n' | sed 's/},{/\n/g; s/\[{/\n/g; s/}\]/\n/g')
expect "$state" "$(printf '%s\n' "$objects" | grep -F "$own" || true)" \
  "the master does not say of it $state"
if [ "$SPARK_ROLE" = connect ]; then
  protocol=$(curl --silent --noproxy '*' --max-time 4 --http2-prior-knowledge --output /dev/null \
    --write-out '%{http_version}' "http://$SPARK_ADDRESS:$SPARK_PORT/" || true)
  [ "$protocol" = 2 ] || not_ready "takes no calls yet"
fi
