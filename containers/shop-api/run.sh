#!/bin/sh
# The service goodsflow.pipeline.shop_api. Settings and the platform's folder come from variables.
set -eu
exec "${GOODSFLOW_PYTHON:-python3}" -m goodsflow.pipeline.shop_api
