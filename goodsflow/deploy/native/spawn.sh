#!/bin/sh
# The supervisor starts each part through this script. It adds a line to a file for each
# start, so that restarts can be counted.
set -eu
umask 077
# Delete temporary files of an earlier start, except sockets: a code server of Dagster that
# still has runs listens on one.
mkdir -p "$GOODSFLOW_TEMP_DIR"
find "$GOODSFLOW_TEMP_DIR" -mindepth 1 ! -type s -delete || true
export TMPDIR="$GOODSFLOW_TEMP_DIR"
printf '%s %s\n' "$(date +%s)" "$$" >>"$GOODSFLOW_STARTS_FILE"
exec "$1"
