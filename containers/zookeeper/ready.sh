#!/bin/bash
# Ready when ZooKeeper reports its mode.
. "$(dirname "$0")/../base/ready.sh"
exec 3<>"/dev/tcp/$ZOOKEEPER_ADDRESS/$ZOOKEEPER_PORT"
printf srvr >&3
expect 'Mode: ' "$(timeout 4 cat <&3)" "does not serve yet"
