#!/bin/sh
# Ready when it takes connections.
. "$(dirname "$0")/../base/ready.sh"
answer=$(pg_isready -h 127.0.0.1 -d "$POSTGRES_DATABASE" -t 4) || not_ready "$answer"
