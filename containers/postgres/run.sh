#!/bin/sh
# PostgreSQL with Dagster's runs and events. The first start creates the database.
. "$(dirname "$0")/../base/part.sh"
require POSTGRES_PASSWORD_FILE POSTGRES_DATABASE
prepare
bin=${POSTGRES_BIN_DIR:-$(echo /usr/lib/postgresql/*/bin)}
cluster=$PART_DATA_DIR/cluster
password=$(secret "$POSTGRES_PASSWORD_FILE")
# The login of ready.sh.
printf '*:*:*:dagster:%s\n' "$(printf '%s' "$password" | sed 's/[\\:]/\\&/g')" >"$PART_CONFIG_DIR/pgpass"

if [ ! -e "$cluster/PG_VERSION" ]; then
  # Create it elsewhere and move, so that an interrupted creation is repeated.
  rm -rf "$cluster.new"
  printf '%s\n' "$password" >"$PART_CONFIG_DIR/password"
  "$bin/initdb" --pgdata="$cluster.new" --username=dagster --pwfile="$PART_CONFIG_DIR/password" \
    --auth=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 >/dev/null ||
    part_fail "could not create the database cluster in $cluster.new"
  rm "$PART_CONFIG_DIR/password"
  printf 'CREATE DATABASE "%s";\n' "$POSTGRES_DATABASE" |
    "$bin/postgres" --single -c exit_on_error=true -D "$cluster.new" postgres >/dev/null ||
    part_fail "could not create the database $POSTGRES_DATABASE in $cluster.new"
  printf 'host all all all scram-sha-256\n' >>"$cluster.new/pg_hba.conf"
  mv "$cluster.new" "$cluster"
fi
exec "$bin/postgres" -D "$cluster" -c listen_addresses='*' -c unix_socket_directories="$PART_CONFIG_DIR" \
  -c shared_buffers=64MB -c max_connections=100
