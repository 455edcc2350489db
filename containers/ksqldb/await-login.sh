#!/bin/sh
# Waits until ksqlDB's principal, which the bootstrap creates, can log in. The upstream
# image of ksqlDB, if started earlier, would stay up without ever getting ready.
. "$(dirname "$0")/../base/part.sh"
require PART_NAME PART_CONFIG_DIR KAFKA_BOOTSTRAP_SERVERS KAFKA_PASSWORD_FILE KAFKA_CA
await_login "$KAFKA_BOOTSTRAP_SERVERS" ksqldb "$KAFKA_PASSWORD_FILE" "$KAFKA_CA"
