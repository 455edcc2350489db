#!/bin/sh
# Under this the supervisor starts a part: each start adds a line, so that restarts count.
set -eu
umask 077
printf '%s %s\n' "$(date +%s)" "$$" >>"$GOODSFLOW_STARTS_FILE"
exec "$1"
