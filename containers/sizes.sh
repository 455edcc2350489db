#!/usr/bin/env bash
# Prints the memory use and limit of each running container, their sums, and the size of
# each image.
set -euo pipefail
cd "$(dirname "$0")/.."

printf '%-36s %10s %10s\n' CONTAINER 'USED (MiB)' LIMIT
# A container that ends meanwhile, such as a Dagster run, is omitted.
docker compose ps --quiet | xargs docker stats --no-stream --format '{{.Name}} {{.MemUsage}}' | sort | awk '
  function mib(text,   value) {
    value = text; sub(/[A-Za-z]+$/, "", value)
    if (text ~ /GiB$/) return value * 1024
    if (text ~ /MiB$/) return value + 0
    if (text ~ /KiB$/) return value / 1024
    return value / 1048576
  }
  { printf "%-36s %10d %10d\n", $1, mib($2), mib($4); used += mib($2); limit += mib($4) }
  END { printf "%-36s %10d %10d\n", "total", used, limit }'
printf '\n%-36s %10s\n' IMAGE SIZE
for image in $(docker compose config --images | sort -u); do
  # Shared layers count for each image.
  printf '%-36s %7d MB\n' "$image" $(($(docker image inspect --format '{{.Size}}' "$image") / 1000000))
done
