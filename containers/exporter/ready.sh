#!/bin/sh
# Ready when everything that it reads was read.
. "$(dirname "$0")/../base/ready.sh"
ask "http://127.0.0.1:$GOODSFLOW_EXPORTER_WEB_PORT/health" >/dev/null
