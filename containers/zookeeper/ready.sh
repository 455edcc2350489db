#!/bin/bash
# Ready when ZooKeeper names its mode.
. "$(dirname "$0")/../base/ready.sh"
exec 3<>"/dev/tcp/127.0.0.1/$ZOOKEEPER_PORT"
printf srvr >&3
expect 'Mode: ' "$(timeout 4 cat <&3)" "does not serve yet"
