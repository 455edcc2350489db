# shellcheck shell=sh disable=SC2034
# Shared by every part's run.sh, which sources it. POSIX sh.
#
# A run.sh renders its part's configuration into PART_CONFIG_DIR from environment
# variables and then becomes the part's process. Secrets come as files, never in the
# environment or on a command line; what is rendered from them is for the owner alone.

set -eu
umask 077

part_fail() {
  printf '%s: %s\n' "${PART_NAME:-part}" "$*" >&2
  exit 1
}

# require NAME...: stop with one message that names every variable that is missing.
require() {
  missing=
  for name in "$@"; do
    eval "value=\${$name:-}"
    [ -n "$value" ] || missing="$missing $name"
  done
  [ -z "$missing" ] || part_fail "these environment variables must be set:$missing"
}

# What makes certificates and secrets, for messages; an image says its own.
made_by=${PART_PREPARED_BY:-goodsflow up}

# secret FILE: print a secret, or stop saying which file is missing. Use it in an
# assignment of its own: within a here-document or an argument a failure would go unheard
# and the part would start with no password.
secret() {
  [ -f "$1" ] && [ -r "$1" ] || part_fail "cannot read the secret file $1; '$made_by' makes it"
  [ -s "$1" ] || part_fail "the secret file $1 is empty; remove it, and '$made_by' makes another"
  tr -d '\r\n' <"$1"
}

# certificate FILE: stop unless it holds a certificate, and one that is valid now.
certificate() {
  [ -f "$1" ] && [ -r "$1" ] || part_fail "cannot read the certificate $1; '$made_by' makes it"
  openssl x509 -in "$1" -noout 2>/dev/null ||
    part_fail "$1 holds no certificate; remove it, and '$made_by' makes another"
  openssl x509 -in "$1" -noout -checkend 0 >/dev/null ||
    part_fail "the certificate $1 has ended ($(openssl x509 -in "$1" -noout -enddate)); '$made_by' makes another"
  # openssl x509 asks for the end alone.
  case $(openssl verify -partial_chain -CAfile "$1" "$1" 2>&1) in
    *"not yet valid"*)
      part_fail "the certificate $1 is not valid yet ($(openssl x509 -in "$1" -noout -startdate)); is the clock right? If so, '$made_by' makes another"
      ;;
  esac
}

# Below this a part would die of a full disk soon, halfway through a write.
min_free_kib=${PART_MIN_FREE_KIB:-32768}

# prepare: make the folders for configuration and data, and see that there is room; say so
# where that fails.
prepare() {
  require PART_NAME PART_CONFIG_DIR PART_DATA_DIR
  for folder in "$PART_CONFIG_DIR" "$PART_DATA_DIR"; do
    mkdir -p "$folder" || part_fail "cannot make the folder $folder"
    [ -w "$folder" ] || part_fail "cannot write to the folder $folder"
  done
  free_kib=$(df -Pk "$PART_DATA_DIR" | awk 'NR == 2 { print $4 }')
  [ "$free_kib" -ge "$min_free_kib" ] ||
    part_fail "$((free_kib / 1024)) MiB are left in $PART_DATA_DIR, it needs $((min_free_kib / 1024)) to start: make room on its disk"
}

# scram_jaas USER PASSWORD_FILE: the JAAS line of a SCRAM client; use it as `secret`.
scram_jaas() {
  password=$(secret "$2") || exit 1
  printf 'org.apache.kafka.common.security.scram.ScramLoginModule required username="%s" password="%s";' \
    "$1" "$password"
}

# await_login BOOTSTRAP_SERVERS USER PASSWORD_FILE CA: wait until the user may log in to
# the cluster. In containers nobody else does: a principal of the bootstrap's making comes
# into being while its part already starts.
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
    # Said at once, and again each minute or so with the reason.
    if [ "$tries" -eq 0 ]; then
      printf '%s: waits until %s may log in to %s\n' "$PART_NAME" "$2" "$1"
    elif [ $((tries % 30)) -eq 0 ]; then
      printf '%s: still waits until %s may log in to %s with the password in %s: %s\n' \
        "$PART_NAME" "$2" "$1" "$3" "$(grep -m 1 -i 'authentication\|fail\|refused' "$PART_CONFIG_DIR/login.log")"
    fi
    tries=$((tries + 1))
    sleep 1
  done
  rm "$PART_CONFIG_DIR/login.conf" "$PART_CONFIG_DIR/login.log"
}

# log4j_console FILE LEVEL: send everything to the standard output, one line an event.
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

# Beside other programs a JVM keeps its files to the part's own folder; a container's /tmp
# is its own anyway. (What jps and jcmd list is always in /tmp.)
TEMP_FLAGS=${GOODSFLOW_TEMP_DIR:+-Djava.io.tmpdir=$GOODSFLOW_TEMP_DIR -XX:-UsePerfData}
JVM_FLAGS="$JVM_FLAGS $TEMP_FLAGS"

# metrics_agent RULES: the flag with which a JVM serves what jmx-exporter/rules/RULES.yml
# names, for Prometheus, where PART_METRICS_PORT asks for it; nothing otherwise. Sets
# `agent`; pass it on as ${agent:+"$agent"}, or the path could not hold a space.
metrics_agent() {
  agent=
  [ -n "${PART_METRICS_PORT:-}" ] || return 0
  require PART_METRICS_ADDRESS JMX_EXPORTER_JAR
  [ -r "$JMX_EXPORTER_JAR" ] || part_fail "cannot read the JMX exporter $JMX_EXPORTER_JAR"
  rules=$(cd "$(dirname "$0")/../jmx-exporter/rules" && pwd)/$1.yml
  [ -r "$rules" ] || part_fail "cannot read the JMX exporter's rules $rules"
  agent="-javaagent:$JMX_EXPORTER_JAR=$PART_METRICS_ADDRESS:$PART_METRICS_PORT:$rules"
}
