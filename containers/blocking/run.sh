#!/bin/sh
# The service goodsflow.pipeline.filter. Its settings and the platform's folder are environment variables.
set -eu
# By default, glibc creates heaps for each thread, which keep freed memory.
export MALLOC_ARENA_MAX="${MALLOC_ARENA_MAX:-2}"
exec "${GOODSFLOW_PYTHON:-python3}" -m goodsflow.pipeline.filter
