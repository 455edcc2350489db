#!/bin/sh
# Ready when it could read something of another part lately. What it cannot read beside
# that is in its metrics: goodsflow_exporter_read_success.
. "$(dirname "$0")/../base/ready.sh"
ask "http://127.0.0.1:$GOODSFLOW_EXPORTER_WEB_PORT/health" >/dev/null
