#!/bin/sh
# Ready when the worker serves its REST API, has both plugins and is in its group.
. "$(dirname "$0")/../base/ready.sh"
root=http://127.0.0.1:$CONNECT_PORT
plugins=$(ask "$root/connector-plugins")
for plugin in MirrorSourceConnector HdfsSinkConnector; do
  expect "$plugin" "$plugins" "has not loaded $plugin"
done
ask "$root/connectors" >/dev/null
