#!/bin/sh
# A NameNode is ready when it is active and out of safe mode, a DataNode when the NameNode
# lists it as live with a recent heartbeat.
. "$(dirname "$0")/../base/ready.sh"
query=Hadoop:service=NameNode,name
if [ "$HDFS_ROLE" = namenode ]; then
  root=http://127.0.0.1:$HDFS_HTTP_PORT
  expect '"State" : "active"' "$(ask "$root/jmx?qry=$query=NameNodeStatus")" "is not active"
  expect '"Safemode" : ""' "$(ask "$root/jmx?qry=$query=NameNodeInfo")" "is in safe mode"
else
  info=$(ask "$HDFS_NAMENODE_URL/jmx?qry=$query=NameNodeInfo")
  # LiveNodes is JSON within JSON, with quotes escaped by backslashes (octal 134).
  node=$(printf '%s' "$info" | grep '"LiveNodes"' | tr -d '\134' | sed 's/[{}]/\n/g' |
    grep "\"xferaddr\":\"$(hostname -i | cut -d' ' -f1):$HDFS_DATA_PORT\"" || true)
  [ -n "$node" ] || not_ready "the NameNode does not list it as live"
  silent=$(printf '%s' "$node" | sed -n 's/.*"lastContact":\([0-9]*\).*/\1/p')
  [ "${silent:-99}" -le 12 ] || not_ready "its last heartbeat was ${silent:-?} s ago"
fi
