#!/bin/sh
# Ready when it has replayed its journal.
. "$(dirname "$0")/../base/ready.sh"
ask "http://127.0.0.1:$REGISTRY_PORT/health/ready" >/dev/null
