#!/bin/sh
# Apicurio Registry, which stores its schemas in Kafka.
. "$(dirname "$0")/../base/part.sh"
require REGISTRY_ADDRESS REGISTRY_PORT REGISTRY_DIR KAFKA_BOOTSTRAP_SERVERS KAFKA_PASSWORD_FILE KAFKA_CA
prepare
jaas=$(scram_jaas schema-registry "$KAFKA_PASSWORD_FILE")

cat >"$PART_CONFIG_DIR/application.properties" <<PROPERTIES
quarkus.http.host=$REGISTRY_ADDRESS
quarkus.http.port=$REGISTRY_PORT
quarkus.log.level=WARN
quarkus.log.category."io.apicurio".level=WARN
quarkus.http.access-log.enabled=false
quarkus.log.console.json=false
# Apicurio's default pattern prints the time zone instead of the day of the month.
quarkus.log.console.format=%d{yyyy-MM-dd HH:mm:ss,SSS} %p %c (%t) %s%e%n
quarkus.banner.enabled=false
apicurio.storage.kind=kafkasql
apicurio.kafka.common.bootstrap.servers=$KAFKA_BOOTSTRAP_SERVERS
apicurio.kafka.common.security.protocol=SASL_SSL
apicurio.kafka.common.sasl.mechanism=SCRAM-SHA-512
apicurio.kafka.common.sasl.jaas.config=$jaas
apicurio.kafka.common.ssl.truststore.type=PEM
apicurio.kafka.common.ssl.truststore.location=$KAFKA_CA
apicurio.kafkasql.security.sasl.enabled=true
apicurio.kafkasql.security.sasl.mechanism=SCRAM-SHA-512
# The registry's default handler is for OAuth.
apicurio.kafkasql.security.sasl.login.callback.handler.class=org.apache.kafka.common.security.authenticator.AbstractLogin\$DefaultLoginCallbackHandler
PROPERTIES

if [ -n "${AWAIT_LOGIN:-}" ]; then
  await_login "$KAFKA_BOOTSTRAP_SERVERS" schema-registry "$KAFKA_PASSWORD_FILE" "$KAFKA_CA"
fi
cd "$PART_DATA_DIR"
# shellcheck disable=SC2086 # the flags are meant to be split
exec "$JAVA" $JVM_FLAGS -Xms64m -Xmx${REGISTRY_HEAP:-192m} -XX:TieredStopAtLevel=1 \
  -Dquarkus.config.locations="$PART_CONFIG_DIR/application.properties" \
  -jar "$REGISTRY_DIR"/apicurio-registry-app-*-runner.jar
