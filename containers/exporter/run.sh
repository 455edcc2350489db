#!/bin/sh
# The service goodsflow.monitoring. Settings and the platform's folder come from variables.
set -eu
exec "${GOODSFLOW_PYTHON:-python3}" -m goodsflow.monitoring
