#!/bin/sh
# ZooKeeper, standalone. It requires a password, which only the brokers know.
. "$(dirname "$0")/../base/part.sh"
require ZOOKEEPER_ADDRESS ZOOKEEPER_PORT ZOOKEEPER_PASSWORD_FILE KAFKA_LIB_DIR
prepare
password=$(secret "$ZOOKEEPER_PASSWORD_FILE")
metrics_agent zookeeper

cat >"$PART_CONFIG_DIR/zoo.cfg" <<PROPERTIES
dataDir=$PART_DATA_DIR
clientPort=$ZOOKEEPER_PORT
clientPortAddress=$ZOOKEEPER_ADDRESS
tickTime=2000
maxClientCnxns=100
admin.enableServer=false
4lw.commands.whitelist=srvr
autopurge.snapRetainCount=3
autopurge.purgeInterval=6
authProvider.sasl=org.apache.zookeeper.server.auth.SASLAuthenticationProvider
enforce.auth.enabled=true
enforce.auth.schemes=sasl
PROPERTIES
cat >"$PART_CONFIG_DIR/jaas.conf" <<JAAS
Server {
  org.apache.zookeeper.server.auth.DigestLoginModule required
  user_kafka="$password";
};
JAAS
log4j_console "$PART_CONFIG_DIR/log4j.properties" WARN

# shellcheck disable=SC2086 # the flags are meant to be split
exec "$JAVA" ${agent:+"$agent"} $JVM_FLAGS -Xms48m -Xmx${ZOOKEEPER_HEAP:-96m} -XX:TieredStopAtLevel=1 \
  -Djava.security.auth.login.config="$PART_CONFIG_DIR/jaas.conf" \
  -Dlog4j.configuration="file:$PART_CONFIG_DIR/log4j.properties" \
  -cp "$KAFKA_LIB_DIR/*" \
  org.apache.zookeeper.server.quorum.QuorumPeerMain "$PART_CONFIG_DIR/zoo.cfg"
