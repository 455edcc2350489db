#!/bin/sh
# The service goodsflow.pipeline.shop_api. Its settings and the platform's folder are environment variables.
set -eu
exec "${GOODSFLOW_PYTHON:-python3}" -m goodsflow.pipeline.shop_api
