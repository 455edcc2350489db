#!/bin/sh
# A NameNode (HDFS_ROLE=namenode, formatted on its first start) or a DataNode.
. "$(dirname "$0")/../base/part.sh"
require HDFS_ROLE HDFS_LIB_DIR HDFS_URL
prepare
metrics_agent hdfs

property() {
  printf '  <property><name>%s</name><value>%s</value></property>\n' "$1" "$2"
}

{
  echo '<configuration>'
  property fs.defaultFS "$HDFS_URL"
  property hadoop.tmp.dir "$PART_DATA_DIR/tmp"
  property hadoop.http.staticuser.user nobody
  echo '</configuration>'
} >"$PART_CONFIG_DIR/core-site.xml"

case $HDFS_ROLE in
  namenode)
    require HDFS_ADDRESS HDFS_RPC_PORT HDFS_HTTP_PORT
    name_dir=$PART_DATA_DIR/name
    {
      echo '<configuration>'
      property dfs.namenode.name.dir "file://$name_dir"
      property dfs.namenode.rpc-address "${HDFS_URL#hdfs://}"
      property dfs.namenode.rpc-bind-host "$HDFS_ADDRESS"
      property dfs.namenode.http-address "$HDFS_ADDRESS:$HDFS_HTTP_PORT"
      property dfs.namenode.datanode.registration.ip-hostname-check false
      property dfs.namenode.handler.count 8
      # Leave safe mode as soon as the blocks are reported.
      property dfs.namenode.safemode.extension 0
      # A DataNode without a heartbeat for 2 x 15 s + 10 x 3 s counts as dead.
      property dfs.namenode.heartbeat.recheck-interval 15000
      property dfs.replication 2
      property dfs.permissions.superusergroup hdfs
      echo '</configuration>'
    } >"$PART_CONFIG_DIR/hdfs-site.xml"
    main=org.apache.hadoop.hdfs.server.namenode.NameNode
    ;;
  datanode)
    require HDFS_ADDRESS HDFS_DATA_PORT HDFS_HTTP_PORT HDFS_IPC_PORT
    {
      echo '<configuration>'
      property dfs.datanode.data.dir "file://$PART_DATA_DIR/data"
      property dfs.datanode.address "$HDFS_ADDRESS:$HDFS_DATA_PORT"
      property dfs.datanode.http.address "$HDFS_ADDRESS:$HDFS_HTTP_PORT"
      property dfs.datanode.ipc.address "$HDFS_ADDRESS:$HDFS_IPC_PORT"
      property dfs.datanode.hostname "${HDFS_HOSTNAME:-$HDFS_ADDRESS}"
      echo '</configuration>'
    } >"$PART_CONFIG_DIR/hdfs-site.xml"
    main=org.apache.hadoop.hdfs.server.datanode.DataNode
    ;;
  *) part_fail "HDFS_ROLE must be namenode or datanode, not '$HDFS_ROLE'" ;;
esac
log4j_console "$PART_CONFIG_DIR/log4j.properties" WARN

# The user that runs the NameNode is HDFS's superuser: always call it hdfs.
export HADOOP_USER_NAME=hdfs
# Without a Kerberos configuration, Java would look up a realm in DNS, which takes 10 s if
# DNS does not answer.
java_flags="$JVM_FLAGS -XX:TieredStopAtLevel=1 --add-opens java.base/java.lang=ALL-UNNAMED
  -Djava.security.krb5.conf=/dev/null
  -Dlog4j.configuration=file:$PART_CONFIG_DIR/log4j.properties -Dhadoop.log.dir=$PART_DATA_DIR"

# is_formatted: whether $name_dir has a file system. Earlier versions formatted in place. If
# that was interrupted, there is neither an image nor edits, and the folder can be deleted.
is_formatted() {
  [ -e "$name_dir" ] || return 1
  # With the slash, find follows a link.
  found=$(find "$name_dir/" \( -name 'fsimage_*' ! -name '*.md5' \) -o -name 'edits_*') ||
    part_fail "cannot read the folder $name_dir"
  [ -n "$found" ]
}

if [ "$HDFS_ROLE" = namenode ] && ! is_formatted; then
  # Format elsewhere and move, so that an interrupted format is repeated.
  rm -rf "$name_dir.new"
  # shellcheck disable=SC2086 # the flags are meant to be split
  "$JAVA" $java_flags -Xmx128m -cp "$PART_CONFIG_DIR:$HDFS_LIB_DIR/*" "$main" \
    -D "dfs.namenode.name.dir=file://$name_dir.new" -format -nonInteractive ||
    part_fail "could not format the file system in $name_dir.new"
  rm -rf "$name_dir"
  mv "$name_dir.new" "$name_dir"
fi
# shellcheck disable=SC2086 # the flags are meant to be split
exec "$JAVA" ${agent:+"$agent"} $java_flags -Xms64m -Xmx${HDFS_HEAP:-160m} -cp "$PART_CONFIG_DIR:$HDFS_LIB_DIR/*" "$main"
