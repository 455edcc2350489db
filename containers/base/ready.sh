# shellcheck shell=sh
# Shared by every part's ready.sh, which is the container's health check. Like the probes in
# goodsflow/deploy/native/probes.py, it asks the part itself, and prints the reason if the
# part is not ready (`docker inspect` shows it).

set -eu

# To standard error, so that it is also visible from within $(…).
not_ready() {
  printf '%s\n' "$*" >&2
  exit 1
}

# ask URL [CURL-OPTION...]: print the answer; not ready if the request fails.
ask() {
  url=$1
  shift
  curl --silent --show-error --fail --noproxy '*' --max-time 4 "$@" "$url" ||
    not_ready "the request to $url failed"
}

# expect TEXT ANSWER REASON: not ready, for this reason, unless the answer contains the text.
expect() {
  case $2 in
    *"$1"*) ;;
    *) not_ready "$3" ;;
  esac
}

# grpc HOST:PORT METHOD: call a gRPC method with an empty message; not ready if the call
# fails.
grpc() {
  answer=$(printf '\0\0\0\0\0' | curl --silent --show-error --noproxy '*' --max-time 4 \
    --http2-prior-knowledge --header 'Content-Type: application/grpc' --header 'TE: trailers' \
    --data-binary @- --output /dev/null --dump-header - "http://$1/$2" 2>&1) ||
    not_ready "$1 does not accept calls: $answer"
  expect 'grpc-status: 0' "$answer" "calling $2 on $1 failed: $answer"
}
