#!/bin/sh
# Ready when it has recently delivered a card.
. "$(dirname "$0")/../base/ready.sh"
ask "http://127.0.0.1:$GOODSFLOW_SHOP_API_METRICS_PORT/health" >/dev/null
