#!/usr/bin/env bash
# Says what stands against `docker compose up` on this machine, and what to do about it:
# no Docker or an old Compose, host ports that are taken, too little memory or disk.
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

# setting NAME DEFAULT: as Compose finds it: the environment, then .env, where quotes or a
# comment may stand around it.
setting() {
  local value=${!1-}
  [ -n "$value" ] || [ ! -f .env ] ||
    value=$(sed -nE "s/^(export +)?$1 *= *[\"']?([^\"'#[:space:]]*).*/\2/p" .env | tail -n 1)
  printf '%s' "${value:-$2}"
}

check_compose() {
  local version
  if ! version=$(docker compose version --short 2>/dev/null); then
    problem "There is no Docker Compose v2 ('docker compose'); the old docker-compose cannot read this file." \
      "Install it: https://docs.docker.com/compose/install/linux/"
  elif ! at_least "${version#v}" "$min_compose"; then
    problem "Docker Compose is $version; at least $min_compose is needed." \
      "Update it: https://docs.docker.com/compose/install/linux/"
  fi
}

check_engine() {
  local answer
  if ! answer=$(docker info --format '{{.MemTotal}} {{.DockerRootDir}}' 2>&1); then
    case $answer in
      *"permission denied"*) problem "You may not use the Docker engine." "sudo usermod -aG docker $(id -un), and log in anew" ;;
      *) problem "The Docker engine does not answer: ${answer##*$'\n'}" "Start it: sudo systemctl start docker" ;;
    esac
    return
  fi
  local memory=$((${answer%% *} / 1048576)) root=${answer#* } free
  [ "$memory" -ge "$min_memory_mib" ] ||
    problem "The engine has $memory MiB of memory; all containers together need about $min_memory_mib." \
      "Give its machine more, or start fewer parts."
  # Of an engine elsewhere, or in a virtual machine, the folder is not here.
  free=$(df -Pm "$root" 2>/dev/null | awk 'NR == 2 { print $4 }') || free=
  [ -z "$free" ] || [ "$free" -ge "$min_disk_mib" ] ||
    problem "$free MiB are left in $root; images and data need about $min_disk_mib." \
      "Make room: docker system df shows what can go."
}

check_ports() {
  local own mappings mapping name port
  # Those that containers of the project publish are its own.
  own=$(docker compose ps --format json 2>/dev/null | grep -o '"PublishedPort": *[0-9]*' | sed 's/.*[^0-9]//') || own=
  # shellcheck disable=SC2016 # the variables of the file, not of this script
  mappings=$(grep -o '127\.0\.0\.1:\${[A-Z0-9_]*:-[0-9]*' docker-compose.yml | sed 's/.*{//' | sort -u)
  while IFS= read -r mapping; do
    name=${mapping%%:-*}
    port=$(setting "$name" "${mapping##*:-}")
    ! grep -qxF "$port" <<<"$own" || continue
    if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
      problem "Port $port of the host is taken." "End what listens there, or set $name to a free one."
    fi
  done <<<"$mappings"
}

if ! command -v docker >/dev/null; then
  problem "There is no Docker." "Install it: https://docs.docker.com/engine/install/"
else
  check_compose
  check_engine
  check_ports
fi
[ "$problems" -eq 0 ] || {
  printf 'The containers would not come up: %d to mend.\n' "$problems" >&2
  exit 1
}
echo "Ready for docker compose up -d --wait"
