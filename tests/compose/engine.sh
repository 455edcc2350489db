#!/usr/bin/env bash
# Provides a Docker engine for the tests of the containers, on a machine without one.
#
#   tests/compose/engine.sh start   # provides engine, Compose and base image, if missing
#   tests/compose/engine.sh stop    # stops the engine if `start` started it
#
# On Debian and Ubuntu, as root, it installs what is missing; elsewhere, it names it. If no
# image registry can be reached, debootstrap creates the base image.
set -euo pipefail
cd "$(dirname "$0")/../.."

readonly base_image=debian:bookworm-slim
readonly compose_version=v2.40.3 # built if the distribution has none
readonly state=$PWD/.goodsflow-engine
readonly pid_file=$state/dockerd.pid

say() { printf 'engine: %s\n' "$*" >&2; }
fail() {
  say "$*"
  exit 1
}
answers() { timeout 20 docker info >/dev/null 2>&1; }

# install WHY PACKAGE...: install packages with apt-get, or fail and name them.
install() {
  local why=$1
  shift
  if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    fail "$why. Install it (Debian and Ubuntu: apt-get install $*) and try again."
  fi
  say "installing $*"
  {
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"
  } >"$state/apt.log" 2>&1 || fail "apt-get failed: $(tail -n 3 "$state/apt.log")"
}

start_engine() {
  answers && return
  command -v dockerd >/dev/null ||
    install "The Docker engine is missing" docker.io iptables ca-certificates
  [ "$(id -u)" -eq 0 ] ||
    fail "The Docker engine does not answer. Start it (systemctl start docker), and make sure that you are in the group docker."
  say "starting dockerd"
  setsid dockerd --pidfile "$pid_file" >"$state/dockerd.log" 2>&1 </dev/null &
  local engine=$! tries=0
  until answers; do
    kill -0 "$engine" 2>/dev/null || fail "dockerd ended: $(tail -n 3 "$state/dockerd.log")"
    [ $((tries += 1)) -le 60 ] || fail "dockerd does not answer; its log is $state/dockerd.log"
    sleep 1
  done
}

install_compose() {
  docker compose version >/dev/null 2>&1 && return
  local package
  for package in docker-compose-plugin docker-compose-v2; do
    if [ "$(id -u)" -eq 0 ] && [ -n "$(apt-cache show "$package" 2>/dev/null)" ]; then
      install "Docker Compose is missing" "$package"
      return
    fi
  done
  command -v go >/dev/null || fail "Docker Compose v2 is missing, has no package here, and cannot be built without Go. See https://docs.docker.com/compose/install/linux/"
  say "building Compose $compose_version (takes some minutes)"
  local plugins=${DOCKER_CONFIG:-$HOME/.docker}/cli-plugins build=$state/compose
  mkdir -p "$plugins" "$build"
  (
    cd "$build"
    [ -f go.mod ] || go mod init compose-plugin
    export GOFLAGS=-mod=mod
    go get "github.com/docker/compose/v2@$compose_version"
    go build -ldflags "-X github.com/docker/compose/v2/internal.Version=$compose_version" \
      -o "$plugins/docker-compose" github.com/docker/compose/v2/cmd
  ) >"$state/compose.log" 2>&1 || fail "building Compose failed: $(tail -n 3 "$state/compose.log")"
}

make_base_image() {
  docker image inspect "$base_image" >/dev/null 2>&1 && return
  timeout 60 docker pull --quiet "$base_image" >/dev/null 2>&1 && return
  say "no image registry answers: creating $base_image with debootstrap"
  command -v debootstrap >/dev/null || install "debootstrap is missing" debootstrap
  local root=$state/rootfs
  rm -rf "$root"
  debootstrap --variant=minbase bookworm "$root" >"$state/debootstrap.log" 2>&1 ||
    fail "debootstrap failed: $(tail -n 3 "$state/debootstrap.log")"
  rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/*
  tar -C "$root" -c . | docker import - "$base_image" >/dev/null
  rm -rf "$root"
}

stop_engine() {
  [ -f "$pid_file" ] || return 0
  local engine tries=0
  engine=$(cat "$pid_file")
  rm -f "$pid_file"
  # The file may be stale, and another program may have the ID.
  [ "$(cat "/proc/$engine/comm" 2>/dev/null)" = dockerd ] || return 0
  say "stopping dockerd"
  kill "$engine"
  while kill -0 "$engine" 2>/dev/null; do
    [ $((tries += 1)) -le 60 ] || fail "dockerd ($engine) does not end"
    sleep 1
  done
}

case ${1:-} in
  start)
    mkdir -p "$state"
    start_engine
    install_compose
    make_base_image
    say "ready: engine $(docker version --format '{{.Server.Version}}'), Compose $(docker compose version --short)"
    ;;
  stop) stop_engine ;;
  *) fail "usage: tests/compose/engine.sh start|stop" ;;
esac
