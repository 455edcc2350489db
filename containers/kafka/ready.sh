#!/bin/sh
# Ready when a super user can log in over TLS and SCRAM, and the broker is in the
# cluster's metadata.
. "$(dirname "$0")/../base/ready.sh"
config=$PART_CONFIG_DIR/ready.conf
[ -f "$config" ] || not_ready "is not configured yet"
brokers=$(kcat -F "$config" -L -m 4 2>&1) || not_ready "does not accept logins: $(printf '%s' "$brokers" | tail -n 1)"
expect "broker $KAFKA_BROKER_ID at " "$brokers" "has not joined the cluster yet"
