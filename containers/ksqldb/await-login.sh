#!/bin/sh
# Ends once ksqlDB's principal may log in, which the bootstrap brings about. The image of
# ksqlDB is upstream's: started before, it would stay up and never get ready.
. "$(dirname "$0")/../base/part.sh"
require PART_NAME PART_CONFIG_DIR KAFKA_BOOTSTRAP_SERVERS KAFKA_PASSWORD_FILE KAFKA_CA
await_login "$KAFKA_BOOTSTRAP_SERVERS" ksqldb "$KAFKA_PASSWORD_FILE" "$KAFKA_CA"
