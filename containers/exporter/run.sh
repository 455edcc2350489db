#!/bin/sh
# The service goodsflow.deploy.exporter. Settings and the platform's folder come from variables.
set -eu
exec "${GOODSFLOW_PYTHON:-python3}" -m goodsflow.deploy.exporter
