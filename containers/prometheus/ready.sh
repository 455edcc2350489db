#!/bin/sh
# Ready when it has loaded its storage and answers queries.
. "$(dirname "$0")/../base/ready.sh"
ask "http://127.0.0.1:$PROMETHEUS_PORT/-/ready" >/dev/null
