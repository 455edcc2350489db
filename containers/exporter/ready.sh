#!/bin/sh
# Ready when it recently read any source. Single sources that it cannot read are visible as
# the metric goodsflow_exporter_read_success.
. "$(dirname "$0")/../base/ready.sh"
ask "http://127.0.0.1:$GOODSFLOW_EXPORTER_WEB_PORT/health" >/dev/null
