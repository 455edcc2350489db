#!/bin/sh
# The supervisor starts each part through this script, which counts the starts: a line each.
set -eu
umask 077
printf '%s %s\n' "$(date +%s)" "$$" >>"$GOODSFLOW_STARTS_FILE"
exec "$1"
