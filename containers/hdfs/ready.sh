#!/bin/sh
# A NameNode is ready when active and out of safe mode; a DataNode, when the NameNode
# counts it among the living and has heard of it lately.
. "$(dirname "$0")/../base/ready.sh"
query=Hadoop:service=NameNode,name
if [ "$HDFS_ROLE" = namenode ]; then
  root=http://127.0.0.1:$HDFS_HTTP_PORT
  expect '"State" : "active"' "$(ask "$root/jmx?qry=$query=NameNodeStatus")" "is not active"
  expect '"Safemode" : ""' "$(ask "$root/jmx?qry=$query=NameNodeInfo")" "is in safe mode"
else
  info=$(ask "$HDFS_NAMENODE_URL/jmx?qry=$query=NameNodeInfo")
  # LiveNodes is JSON within JSON, its quotes escaped by backslashes (octal 134).
  node=$(printf '%s' "$info" | grep '"LiveNodes"' | tr -d '\134' | sed 's/[{}]/\n/g' |
    grep "\"xferaddr\":\"$(hostname -i | cut -d' ' -f1):$HDFS_DATA_PORT\"" || true)
  [ -n "$node" ] || not_ready "the NameNode does not count it among the living"
  silent=$(printf '%s' "$node" | sed -n 's/.*"lastContact":\([0-9]*\).*/\1/p')
  [ "${silent:-99}" -le 12 ] || not_ready "has been silent for ${silent:-?} s"
fi
