#!/bin/sh
# A Kafka broker, with TLS and SCRAM on every listener; what no ACL allows is denied.
#
# KAFKA_EXTERNAL_HOST and KAFKA_EXTERNAL_PORT, if set, define a second listener for clients
# outside the containers' networks.
. "$(dirname "$0")/../base/part.sh"
require KAFKA_BROKER_ID KAFKA_LISTEN_ADDRESS KAFKA_PORT KAFKA_ADVERTISED_HOST \
  KAFKA_SUPER_USERS KAFKA_SECRETS_DIR KAFKA_CERTIFICATE KAFKA_CA KAFKA_LIB_DIR \
  ZOOKEEPER_CONNECT ZOOKEEPER_PASSWORD_FILE
prepare
broker_password=$(secret "$KAFKA_SECRETS_DIR/broker.password")
broker_jaas=$(scram_jaas broker "$KAFKA_SECRETS_DIR/broker.password")
zookeeper_password=$(secret "$ZOOKEEPER_PASSWORD_FILE")
certificate "$KAFKA_CERTIFICATE"
certificate "$KAFKA_CA"
metrics_agent kafka

super_users=
for user in $KAFKA_SUPER_USERS; do
  super_users="$super_users${super_users:+;}User:$user"
done

external_listener=
external_advertised=
if [ -n "${KAFKA_EXTERNAL_PORT:-}" ]; then
  require KAFKA_EXTERNAL_HOST
  external_listener=",EXTERNAL://$KAFKA_LISTEN_ADDRESS:$KAFKA_EXTERNAL_PORT"
  # shellcheck disable=SC2153 # not a misspelt KAFKA_EXTERNAL_PORT
  external_advertised=",EXTERNAL://$KAFKA_EXTERNAL_HOST:$KAFKA_EXTERNAL_PORT"
fi

cat >"$PART_CONFIG_DIR/server.properties" <<PROPERTIES
broker.id=$KAFKA_BROKER_ID
log.dirs=$PART_DATA_DIR/log
zookeeper.connect=$ZOOKEEPER_CONNECT
zookeeper.set.acl=true
zookeeper.connection.timeout.ms=30000

listeners=SASL_SSL://$KAFKA_LISTEN_ADDRESS:$KAFKA_PORT$external_listener
advertised.listeners=SASL_SSL://$KAFKA_ADVERTISED_HOST:$KAFKA_PORT$external_advertised
listener.security.protocol.map=SASL_SSL:SASL_SSL,EXTERNAL:SASL_SSL
listener.name.external.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
inter.broker.listener.name=SASL_SSL
sasl.enabled.mechanisms=SCRAM-SHA-512
sasl.mechanism.inter.broker.protocol=SCRAM-SHA-512
listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config=$broker_jaas
ssl.keystore.type=PEM
ssl.keystore.location=$KAFKA_CERTIFICATE
ssl.truststore.type=PEM
ssl.truststore.location=$KAFKA_CA
ssl.client.auth=none

authorizer.class.name=kafka.security.authorizer.AclAuthorizer
allow.everyone.if.no.acl.found=false
super.users=$super_users

auto.create.topics.enable=false
default.replication.factor=2
num.partitions=2
min.insync.replicas=1
offsets.topic.replication.factor=2
offsets.topic.num.partitions=8
# By default, offsets expire after a week without a commit if a group has no members. The
# recommender's group never has any, and its offsets are its only position.
offsets.retention.minutes=2147483647
transaction.state.log.replication.factor=2
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=8
group.initial.rebalance.delay.ms=500
# The cleaner's buffer is allocated on the heap at start; the default is 128 MiB.
log.cleaner.dedupe.buffer.size=16777216
# When all brokers stop together, the last one cannot hand over its partitions.
controlled.shutdown.retry.backoff.ms=1000
num.network.threads=2
num.io.threads=4
background.threads=4
PROPERTIES
# The login of ready.sh.
cat >"$PART_CONFIG_DIR/ready.conf" <<PROPERTIES
bootstrap.servers=localhost:$KAFKA_PORT
security.protocol=SASL_SSL
ssl.ca.location=$KAFKA_CA
sasl.mechanism=SCRAM-SHA-512
sasl.username=broker
sasl.password=$broker_password
PROPERTIES
cat >"$PART_CONFIG_DIR/jaas.conf" <<JAAS
Client {
  org.apache.zookeeper.server.auth.DigestLoginModule required
  username="kafka"
  password="$zookeeper_password";
};
JAAS
log4j_console "$PART_CONFIG_DIR/log4j.properties" WARN

java_flags="$JVM_FLAGS -Djava.security.auth.login.config=$PART_CONFIG_DIR/jaas.conf
  -Dlog4j.configuration=file:$PART_CONFIG_DIR/log4j.properties"

# The brokers log in to each other, so their user must exist before the first one starts.
# It is set again when passwords have changed: otherwise nobody could log in to fix the
# others.
users_made=$PART_DATA_DIR/users-made
passwords=
for user in ${KAFKA_BOOTSTRAP_USERS:-}; do
  passwords="$passwords $user $(secret "$KAFKA_SECRETS_DIR/$user.password")" || exit 1
done
digest=$(printf '%s' "$passwords" | openssl dgst -sha256 -r | cut -d ' ' -f 1)
if [ -n "${KAFKA_BOOTSTRAP_USERS:-}" ] && [ "$digest" != "$(cat "$users_made" 2>/dev/null)" ]; then
  # shellcheck disable=SC2086 # the flags and the users are meant to be split
  "$JAVA" $java_flags -Xmx96m -XX:TieredStopAtLevel=1 -Djava.io.tmpdir="$PART_CONFIG_DIR" \
    -cp "$KAFKA_LIB_DIR/*" \
    org.goodsflow.kafka.BootstrapUsers "$ZOOKEEPER_CONNECT" "$KAFKA_SECRETS_DIR" \
    $KAFKA_BOOTSTRAP_USERS 2>"$PART_CONFIG_DIR/users.log" || {
    cat "$PART_CONFIG_DIR/users.log" >&2
    ! grep -q AuthFailed "$PART_CONFIG_DIR/users.log" ||
      part_fail "ZooKeeper rejects the password in $ZOOKEEPER_PASSWORD_FILE: run '$prepared_by', then restart ZooKeeper and its brokers"
    part_fail "could not create the users $KAFKA_BOOTSTRAP_USERS"
  }
  printf '%s\n' "$digest" >"$users_made"
fi

# shellcheck disable=SC2086 # the flags are meant to be split
exec "$JAVA" ${agent:+"$agent"} $java_flags -Xms128m -Xmx${KAFKA_HEAP:-320m} \
  -cp "$KAFKA_LIB_DIR/*" kafka.Kafka "$PART_CONFIG_DIR/server.properties"
