#!/usr/bin/env bash
# Builds the images, brings the whole platform up in containers, follows a card from a
# shop to search and recommendation, kills containers and sees the flow go on, restarts
# all and sees nothing lost, and removes everything again. Beside a platform that is up.
set -euo pipefail
cd "$(dirname "$0")/../.."

export COMPOSE_PROJECT_NAME=goodsflow-test
export GOODSFLOW_KAFKA_PORT_0=39092 GOODSFLOW_KAFKA_PORT_1=39093
export GOODSFLOW_KAFKA_PORT_2=39094 GOODSFLOW_KAFKA_PORT_3=39095
export GOODSFLOW_DAGSTER_PORT=33000 GOODSFLOW_SHOP_API_INTERVAL=1
max_up_seconds=${MAX_UP_SECONDS:-240}
max_memory_mib=10240

say() { printf '\n== %s (%d s)\n' "$*" "$SECONDS"; }
fail() {
  printf 'FAILED: %s\n' "$*" >&2
  docker compose ps --all >&2
  docker compose logs --tail 15 >&2
  exit 1
}

remove() { docker compose --profile tools down --volumes --remove-orphans --timeout 20 >/dev/null 2>&1; }
trap remove EXIT

goodsflow() { docker compose run --rm -T user-api "$@"; }

# prices: what search says now; it changes with every card that arrives.
prices() { goodsflow search --brand brand_ --json 2>/dev/null; }

await_new_prices() {
  local before=$1 deadline=$((SECONDS + 150))
  while [ "$(prices)" = "$before" ]; do
    [ $SECONDS -lt $deadline ] || fail "no new card reaches search within 150 s after $2"
  done
}

await_recommendation() {
  goodsflow recommendations --from-latest --max-messages 1 --timeout 240 --json |
    grep -q product_id || fail "no new recommendation within 240 s after $1"
}

# As a crash: `docker kill` would count as a stop by hand, which is not restarted.
crash() { docker compose exec -T "$1" sh -c 'kill -9 -1' || true; }

restarts() { docker inspect --format '{{.RestartCount}}' "$(docker compose ps --quiet "$1")"; }

remove || true
say "build"
docker compose --profile tools build --quiet

say "up"
started=$SECONDS
docker compose up --detach --wait --wait-timeout 600 || fail "the platform did not come up"
took=$((SECONDS - started))
printf 'up in %d s\n' "$took"
[ "$took" -le "$max_up_seconds" ] || fail "it took longer than $max_up_seconds s"

say "memory"
docker compose ps --quiet | xargs docker stats --no-stream --format '{{.Name}} {{.MemUsage}}' | sort |
  awk -v most="$max_memory_mib" '
    { used = $2; if (used ~ /GiB/) factor = 1024; else factor = (used ~ /MiB/) ? 1 : 1 / 1024
      sub(/[A-Za-z]+/, "", used); total += used * factor; print "  " $0 }
    END { printf "  in all %d MiB\n", total; exit total > most }' || fail "that is more than $max_memory_mib MiB"

say "a card is found"
await_new_prices "" "the start"
found=$(goodsflow search --name JKL)
printf '%s\n' "$found"
grep -q '12348 .*brand_JKL' <<<"$found" || fail "search does not find the card"
grep -q 12346 <<<"$(prices)" && fail "a blocked card reaches the users"

say "cards are recommended"
await_recommendation "the start"

for part in kafka-1 kafka-connect hdfs-dn-1 blocking; do
  say "crash of $part"
  before=$(prices)
  crashes=$(restarts "$part")
  crash "$part"
  await_new_prices "$before" "the crash of $part"
  await_recommendation "the crash of $part"
  docker compose up --detach --wait --no-recreate --wait-timeout 120 "$part" >/dev/null 2>&1 ||
    fail "$part is not healthy again"
  [ "$(restarts "$part")" -gt "$crashes" ] || fail "$part was not started again by itself"
done

say "stop and start of all"
docker compose stop shop-api >/dev/null 2>&1
before=$(prices)
docker compose --profile tools down --timeout 60 >/dev/null 2>&1
GOODSFLOW_SHOP_API_INTERVAL=3600 docker compose up --detach --wait --wait-timeout 600 || fail "the platform did not come up again"
after=$(prices)
[ -n "$after" ] || fail "nothing is found after the restart"
for product in 12345 12347 12348 12349; do
  grep -q "$product" <<<"$after" || fail "product $product is lost"
done

say "all is well"
