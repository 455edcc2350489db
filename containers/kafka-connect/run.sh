#!/bin/sh
# A Kafka Connect worker of the analytics cluster, with MirrorMaker 2 and the HDFS sink.
. "$(dirname "$0")/../base/part.sh"
require CONNECT_ADDRESS CONNECT_PORT CONNECT_ADVERTISED_HOST CONNECT_LIB_DIR CONNECT_PLUGIN_PATH \
  ANALYTICS_BOOTSTRAP_SERVERS ANALYTICS_PASSWORD_FILE \
  INBOUND_BOOTSTRAP_SERVERS INBOUND_PASSWORD_FILE KAFKA_CA HDFS_URL
prepare
metrics_agent kafka-connect

jaas=$(scram_jaas kafka-connect "$ANALYTICS_PASSWORD_FILE")
inbound_jaas=$(scram_jaas mirror "$INBOUND_PASSWORD_FILE")

# Connectors read these through a ConfigProvider, relative to the working folder.
cat >"$PART_CONFIG_DIR/connect-secrets.properties" <<PROPERTIES
inbound.bootstrap.servers=$INBOUND_BOOTSTRAP_SERVERS
inbound.sasl.jaas.config=$inbound_jaas
analytics.bootstrap.servers=$ANALYTICS_BOOTSTRAP_SERVERS
analytics.sasl.jaas.config=$jaas
ssl.truststore.location=$KAFKA_CA
hdfs.url=$HDFS_URL
PROPERTIES

client_settings() {
  cat <<PROPERTIES
$1security.protocol=SASL_SSL
$1sasl.mechanism=SCRAM-SHA-512
$1sasl.jaas.config=$jaas
$1ssl.truststore.type=PEM
$1ssl.truststore.location=$KAFKA_CA
PROPERTIES
}

cat >"$PART_CONFIG_DIR/worker.properties" <<PROPERTIES
bootstrap.servers=$ANALYTICS_BOOTSTRAP_SERVERS
group.id=goodsflow-connect
$(client_settings "")
$(client_settings producer.)
$(client_settings consumer.)
$(client_settings admin.)
listeners=http://$CONNECT_ADDRESS:$CONNECT_PORT
rest.advertised.host.name=$CONNECT_ADVERTISED_HOST
rest.advertised.port=$CONNECT_PORT
plugin.path=$CONNECT_PLUGIN_PATH
plugin.discovery=service_load
key.converter=org.apache.kafka.connect.converters.ByteArrayConverter
value.converter=org.apache.kafka.connect.converters.ByteArrayConverter
config.storage.topic=connect-configs
config.storage.replication.factor=2
offset.storage.topic=connect-offsets
offset.storage.replication.factor=2
offset.storage.partitions=5
status.storage.topic=connect-status
status.storage.replication.factor=2
status.storage.partitions=2
exactly.once.source.support=enabled
config.providers=file
config.providers.file.class=org.apache.kafka.common.config.provider.FileConfigProvider
offset.flush.interval.ms=10000
# How long the tasks of a lost worker stay unassigned; the default is five minutes.
scheduled.rebalance.max.delay.ms=5000
PROPERTIES
log4j_console "$PART_CONFIG_DIR/log4j.properties" WARN
cat >>"$PART_CONFIG_DIR/log4j.properties" <<PROPERTIES
log4j.logger.org.goodsflow=INFO
log4j.logger.org.apache.kafka.connect.runtime.rest.RestServer=INFO
PROPERTIES

if [ -n "${AWAIT_LOGIN:-}" ]; then
  await_login "$ANALYTICS_BOOTSTRAP_SERVERS" kafka-connect "$ANALYTICS_PASSWORD_FILE" "$KAFKA_CA"
  await_login "$INBOUND_BOOTSTRAP_SERVERS" mirror "$INBOUND_PASSWORD_FILE" "$KAFKA_CA"
fi
cd "$PART_CONFIG_DIR"
# shellcheck disable=SC2086 # the flags are meant to be split
exec "$JAVA" ${agent:+"$agent"} $JVM_FLAGS -Xms128m -Xmx${CONNECT_HEAP:-320m} \
  -Dlog4j.configuration="file:$PART_CONFIG_DIR/log4j.properties" \
  -cp "$CONNECT_LIB_DIR/*" \
  org.apache.kafka.connect.cli.ConnectDistributed "$PART_CONFIG_DIR/worker.properties"
