#!/bin/sh
# Ready when its pipeline is running and has its partitions.
. "$(dirname "$0")/../base/ready.sh"
ask "http://127.0.0.1:$GOODSFLOW_BLOCKING_WEB_PORT/health/" >/dev/null
