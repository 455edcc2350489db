#!/bin/sh
# The service goodsflow.pipeline.filter. Settings and the platform's folder come from variables.
set -eu
# By default each of the clients' threads gets heaps of its own, which keep what is freed.
export MALLOC_ARENA_MAX="${MALLOC_ARENA_MAX:-2}"
exec "${GOODSFLOW_PYTHON:-python3}" -m goodsflow.pipeline.filter
