#!/bin/sh
# Prometheus, scraping the services that SCRAPE_TARGETS names (host:port, by spaces).
. "$(dirname "$0")/../base/part.sh"
require PROMETHEUS_ADDRESS PROMETHEUS_PORT SCRAPE_TARGETS
prepare

{
  printf 'global:\n  scrape_interval: 15s\nscrape_configs:\n'
  printf '  - job_name: goodsflow\n    static_configs:\n      - targets:\n'
  for target in $SCRAPE_TARGETS; do
    printf '          - "%s"\n' "$target"
  done
} >"$PART_CONFIG_DIR/prometheus.yml"

exec prometheus --config.file="$PART_CONFIG_DIR/prometheus.yml" \
  --storage.tsdb.path="$PART_DATA_DIR" --storage.tsdb.retention.time=7d \
  --web.listen-address="$PROMETHEUS_ADDRESS:$PROMETHEUS_PORT" --log.level=warn
