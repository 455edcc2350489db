#!/bin/sh
# Ready when a client can log in to Dagster's database.
. "$(dirname "$0")/../base/ready.sh"
export PGPASSFILE="$PART_CONFIG_DIR/pgpass" PGCONNECT_TIMEOUT=4
[ -f "$PGPASSFILE" ] || not_ready "is not configured yet"
bin=${POSTGRES_BIN_DIR:-$(echo /usr/lib/postgresql/*/bin)}
answer=$("$bin/psql" -X -w -h 127.0.0.1 -U dagster -d "$POSTGRES_DATABASE" -c 'select 1' 2>&1) || not_ready "$answer"
