#!/bin/sh
# The proxy is ready when the engine answers through it on each of its networks.
. "$(dirname "$0")/../base/ready.sh"
for name in "$DOCKER_PROXY_READ" "$DOCKER_PROXY_STOP" "$DOCKER_PROXY_LAUNCH"; do
  expect OK "$(ask "http://$name:2375/_ping")" "the engine does not answer through $name"
done
