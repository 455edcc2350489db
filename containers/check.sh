#!/usr/bin/env bash
# Checks whether `docker compose up` can work on this machine, and says what to do if not:
# Docker is missing or Compose is old, host ports are in use, memory or disk are too small.
#
#   containers/check.sh && docker compose up -d --wait
set -euo pipefail
cd "$(dirname "$0")/.."

readonly min_compose=2.20.0 # depends_on.required
readonly min_memory_mib=6144 min_disk_mib=10240
problems=0

problem() {
  printf '  %s\n    -> %s\n' "$1" "$2" >&2
  problems=$((problems + 1))
}

# at_least VERSION MINIMUM
at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }

# setting NAME DEFAULT: print a setting as Compose reads it, from the environment or from
# .env, where it may have quotes or a comment.
setting() {
  local value=${!1-}
  [ -n "$value" ] || [ ! -f .env ] ||
    value=$(sed -nE "s/^(export +)?$1 *= *[\"']?([^\"'#[:space:]]*).*/\2/p" .env | tail -n 1)
  printf '%s' "${value:-$2}"
}

check_compose() {
  local version
  if ! version=$(docker compose version --short 2>/dev/null); then
    problem "Docker Compose v2 ('docker compose') is not installed; the old docker-compose cannot read docker-compose.yml." \
      "Install it: https://docs.docker.com/compose/install/linux/"
  elif ! at_least "${version#v}" "$min_compose"; then
    problem "Docker Compose is $version, but at least $min_compose is needed." \
      "Update it: https://docs.docker.com/compose/install/linux/"
  fi
}

check_engine() {
  local answer
  if ! answer=$(docker info --format '{{.MemTotal}} {{.DockerRootDir}}' 2>&1); then
    case $answer in
      *"permission denied"*) problem "You don't have permission to use the Docker engine." "Run: sudo usermod -aG docker $(id -un), then log out and in again." ;;
      *) problem "The Docker engine does not answer: ${answer##*$'\n'}" "Start it: sudo systemctl start docker" ;;
    esac
    return
  fi
  local memory=$((${answer%% *} / 1048576)) root=${answer#* } free
  [ "$memory" -ge "$min_memory_mib" ] ||
    problem "The engine has $memory MiB of memory, but the containers need about $min_memory_mib MiB in total." \
      "Give its machine more memory, or start fewer parts."
  # The folder is not here if the engine runs elsewhere or in a virtual machine.
  free=$(df -Pm "$root" 2>/dev/null | awk 'NR == 2 { print $4 }') || free=
  [ -z "$free" ] || [ "$free" -ge "$min_disk_mib" ] ||
    problem "Only $free MiB are free in $root, but images and data need about $min_disk_mib MiB." \
      "Free some disk space; docker system df shows what can be deleted."
}

check_ports() {
  local own mappings mapping name port
  # Ports that the project's own containers publish are fine.
  own=$(docker compose ps --format json 2>/dev/null | grep -o '"PublishedPort": *[0-9]*' | sed 's/.*[^0-9]//') || own=
  # shellcheck disable=SC2016 # variables of the file, not of this script
  mappings=$(grep -o '127\.0\.0\.1:\${[A-Z0-9_]*:-[0-9]*' docker-compose.yml | sed 's/.*{//' | sort -u)
  while IFS= read -r mapping; do
    name=${mapping%%:-*}
    port=$(setting "$name" "${mapping##*:-}")
    ! grep -qxF "$port" <<<"$own" || continue
    if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
      problem "Port $port of the host is in use." "Stop the program that uses it, or set $name to a free port."
    fi
  done <<<"$mappings"
}

if ! command -v docker >/dev/null; then
  problem "Docker is not installed." "Install it: https://docs.docker.com/engine/install/"
else
  check_compose
  check_engine
  check_ports
fi
[ "$problems" -eq 0 ] || {
  if [ "$problems" -eq 1 ]; then noun=problem; else noun=problems; fi
  printf 'The containers cannot start: %d %s to fix.\n' "$problems" "$noun" >&2
  exit 1
}
echo "Ready to run: docker compose up -d --wait"
