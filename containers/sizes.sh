#!/usr/bin/env bash
# Prints what each container of the stack that is up takes and may take of memory, their
# sum, and the size of each image.
set -euo pipefail
cd "$(dirname "$0")/.."

printf '%-36s %10s %10s\n' CONTAINER 'USED (MiB)' LIMIT
# One that ends in between, as a run of Dagster's does, is left out.
docker compose ps --quiet | xargs docker stats --no-stream --format '{{.Name}} {{.MemUsage}}' | sort | awk '
  function mib(text,   value) {
    value = text; sub(/[A-Za-z]+$/, "", value)
    if (text ~ /GiB$/) return value * 1024
    if (text ~ /MiB$/) return value + 0
    if (text ~ /KiB$/) return value / 1024
    return value / 1048576
  }
  { printf "%-36s %10d %10d\n", $1, mib($2), mib($4); used += mib($2); limit += mib($4) }
  END { printf "%-36s %10d %10d\n", "in all", used, limit }'
printf '\n%-36s %10s\n' IMAGE SIZE
for image in $(docker compose config --images | sort -u); do
  # Layers that images share count in each.
  printf '%-36s %7d MB\n' "$image" $(($(docker image inspect --format '{{.Size}}' "$image") / 1000000))
done
