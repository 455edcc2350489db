#!/bin/sh
# The service goodsflow.blocking. Settings and the platform's folder come from variables.
set -eu
exec "${GOODSFLOW_PYTHON:-python3}" -m goodsflow.blocking
