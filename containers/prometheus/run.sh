#!/bin/sh
# Prometheus. SCRAPE_TARGETS lists its targets, separated by spaces: JOB/PART=HOST:PORT/PATH
. "$(dirname "$0")/../base/part.sh"
require PROMETHEUS_ADDRESS PROMETHEUS_PORT SCRAPE_TARGETS
prepare

# The configuration is copied, because paths in it are relative to it.
rm -rf "$PART_CONFIG_DIR/rules"
cp -R "$(dirname "$0")/prometheus.yml" "$(dirname "$0")/rules" "$PART_CONFIG_DIR/"
{
  separator='['
  for target in $SCRAPE_TARGETS; do
    name=${target%%=*} url=${target#*=}
    printf '%s\n{"targets": ["%s"], "labels": {"job": "%s", "part": "%s", "__metrics_path__": "/%s"}}' \
      "$separator" "${url%%/*}" "${name%%/*}" "${name#*/}" "${url#*/}"
    separator=,
  done
  printf '\n]\n'
} >"$PART_CONFIG_DIR/targets.json"

exec prometheus --config.file="$PART_CONFIG_DIR/prometheus.yml" \
  --storage.tsdb.path="$PART_DATA_DIR" --storage.tsdb.retention.time=7d \
  --web.listen-address="$PROMETHEUS_ADDRESS:$PROMETHEUS_PORT" --log.level=warn
