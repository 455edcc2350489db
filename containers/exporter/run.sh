#!/bin/sh
# The service goodsflow.deploy.exporter. Its settings and the platform's folder are environment variables.
set -eu
exec "${GOODSFLOW_PYTHON:-python3}" -m goodsflow.deploy.exporter
