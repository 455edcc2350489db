#!/bin/sh
# The supervisor starts each part through this script, which counts the starts: a line each.
set -eu
umask 077
# What an earlier start left is deleted, except sockets: a code server of Dagster's that
# still has runs listens on one.
mkdir -p "$GOODSFLOW_TEMP_DIR"
find "$GOODSFLOW_TEMP_DIR" -mindepth 1 ! -type s -delete || true
export TMPDIR="$GOODSFLOW_TEMP_DIR"
printf '%s %s\n' "$(date +%s)" "$$" >>"$GOODSFLOW_STARTS_FILE"
exec "$1"
