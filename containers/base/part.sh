# shellcheck shell=sh disable=SC2034
# Shared by every part's run.sh, which sources it. POSIX sh.
#
# A run.sh renders its part's configuration into PART_CONFIG_DIR from environment
# variables and then becomes the part's process. Secrets are read from files, never from
# the environment or a command line, and only the owner can read the rendered files.

set -eu
umask 077

part_fail() {
  printf '%s: %s\n' "${PART_NAME:-part}" "$*" >&2
  exit 1
}

# require NAME...: fail with one message that names all missing variables.
require() {
  missing=
  for name in "$@"; do
    eval "value=\${$name:-}"
    [ -n "$value" ] || missing="$missing $name"
  done
  [ -z "$missing" ] || part_fail "these environment variables must be set:$missing"
}

# The command that creates certificates and secrets, for messages. Images set their own.
prepared_by=${PART_PREPARED_BY:-goodsflow up}

# secret FILE: print a secret, or fail and name the file. Use it in an assignment of its
# own: within a here-document or an argument, a failure would be ignored, and the part
# would start without a password.
secret() {
  [ -f "$1" ] && [ -r "$1" ] || part_fail "cannot read the secret file $1; run '$prepared_by', which creates it"
  [ -s "$1" ] || part_fail "the secret file $1 is empty; delete it and run '$prepared_by', which creates another"
  tr -d '\r\n' <"$1"
}

# certificate FILE: fail unless the file has a certificate that is valid now.
certificate() {
  [ -f "$1" ] && [ -r "$1" ] || part_fail "cannot read the certificate $1; run '$prepared_by', which creates it"
  openssl x509 -in "$1" -noout 2>/dev/null ||
    part_fail "$1 is not a certificate; delete it and run '$prepared_by', which creates another"
  openssl x509 -in "$1" -noout -checkend 0 >/dev/null ||
    part_fail "the certificate $1 has expired ($(openssl x509 -in "$1" -noout -enddate)); run '$prepared_by', which creates another"
  # openssl x509 can only check the end.
  case $(openssl verify -partial_chain -CAfile "$1" "$1" 2>&1) in
    *"not yet valid"*)
      part_fail "the certificate $1 is not valid yet ($(openssl x509 -in "$1" -noout -startdate)); if the clock is right, run '$prepared_by', which creates another"
      ;;
  esac
}

# With less space, a part would soon die of a full disk, in the middle of a write.
min_free_kib=${PART_MIN_FREE_KIB:-32768}

# prepare: create the folders for configuration and data, and check the free space.
prepare() {
  require PART_NAME PART_CONFIG_DIR PART_DATA_DIR
  for folder in "$PART_CONFIG_DIR" "$PART_DATA_DIR"; do
    mkdir -p "$folder" || part_fail "cannot create the folder $folder"
    [ -w "$folder" ] || part_fail "cannot write to the folder $folder"
  done
  free_kib=$(df -Pk "$PART_DATA_DIR" | awk 'NR == 2 { print $4 }')
  [ "$free_kib" -ge "$min_free_kib" ] ||
    part_fail "only $((free_kib / 1024)) MiB are free in $PART_DATA_DIR, but $((min_free_kib / 1024)) MiB are needed: free some disk space"
}

# scram_jaas USER PASSWORD_FILE: print the JAAS line of a SCRAM client; use it like `secret`.
scram_jaas() {
  password=$(secret "$2") || exit 1
  printf 'org.apache.kafka.common.security.scram.ScramLoginModule required username="%s" password="%s";' \
    "$1" "$password"
}

# await_login BOOTSTRAP_SERVERS USER PASSWORD_FILE CA: wait until the user can log in to
# the cluster. In containers, a part may start before the bootstrap has created its
# principal.
await_login() {
  password=$(secret "$3") || exit 1
  cat >"$PART_CONFIG_DIR/login.conf" <<PROPERTIES
bootstrap.servers=$1
security.protocol=SASL_SSL
ssl.ca.location=$4
sasl.mechanism=SCRAM-SHA-512
sasl.username=$2
sasl.password=$password
PROPERTIES
  tries=0
  until kcat -F "$PART_CONFIG_DIR/login.conf" -L -m 5 >"$PART_CONFIG_DIR/login.log" 2>&1; do
    # Reported immediately, and then about once a minute with the reason.
    if [ "$tries" -eq 0 ]; then
      printf '%s: waiting until %s can log in to %s\n' "$PART_NAME" "$2" "$1"
    elif [ $((tries % 30)) -eq 0 ]; then
      printf '%s: still waiting until %s can log in to %s with the password in %s: %s\n' \
        "$PART_NAME" "$2" "$1" "$3" "$(grep -m 1 -i 'authentication\|fail\|refused' "$PART_CONFIG_DIR/login.log")"
    fi
    tries=$((tries + 1))
    sleep 1
  done
  rm "$PART_CONFIG_DIR/login.conf" "$PART_CONFIG_DIR/login.log"
}

# log4j_console FILE LEVEL: log to standard output, with one line per event.
log4j_console() {
  cat >"$1" <<PROPERTIES
log4j.rootLogger=$2, console
log4j.appender.console=org.apache.log4j.ConsoleAppender
log4j.appender.console.layout=org.apache.log4j.PatternLayout
log4j.appender.console.layout.ConversionPattern=%d{ISO8601} %p %c{2}: %m%n
PROPERTIES
}

JAVA=${JAVA_HOME:+$JAVA_HOME/bin/}java
# One collector thread and a small stack: a dozen JVMs share the machine.
JVM_FLAGS="-XX:+UseSerialGC -XX:+ExitOnOutOfMemoryError -Djava.net.preferIPv4Stack=true"

# A native JVM keeps temporary files in the part's own folder; a container has its own /tmp
# anyway. (The files of jps and jcmd are always in /tmp, so they are turned off.)
TEMP_FLAGS=${GOODSFLOW_TEMP_DIR:+-Djava.io.tmpdir=$GOODSFLOW_TEMP_DIR -XX:-UsePerfData}
JVM_FLAGS="$JVM_FLAGS $TEMP_FLAGS"

# metrics_agent RULES: if PART_METRICS_PORT is set, set `agent` to the JVM flag that serves
# the metrics of jmx-exporter/rules/RULES.yml to Prometheus. Pass it on as
# ${agent:+"$agent"}, because the path may contain a space.
metrics_agent() {
  agent=
  [ -n "${PART_METRICS_PORT:-}" ] || return 0
  require PART_METRICS_ADDRESS JMX_EXPORTER_JAR
  [ -r "$JMX_EXPORTER_JAR" ] || part_fail "cannot read the JMX exporter $JMX_EXPORTER_JAR"
  rules=$(cd "$(dirname "$0")/../jmx-exporter/rules" && pwd)/$1.yml
  [ -r "$rules" ] || part_fail "cannot read the JMX exporter's rules $rules"
  agent="-javaagent:$JMX_EXPORTER_JAR=$PART_METRICS_ADDRESS:$PART_METRICS_PORT:$rules"
}
