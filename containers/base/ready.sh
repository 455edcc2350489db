# shellcheck shell=sh
# Shared by every part's ready.sh, which a container's health check runs: like the probes
# of goodsflow/deploy/native/probes.py, they ask the part itself, and the reason why it is not
# ready is their output (`docker inspect` shows it).

set -eu

# To the standard error, so that it is seen from within $(…) as well.
not_ready() {
  printf '%s\n' "$*" >&2
  exit 1
}

# ask URL [CURL-OPTION...]: print an answer, or say that there is none.
ask() {
  url=$1
  shift
  curl --silent --show-error --fail --noproxy '*' --max-time 4 "$@" "$url" ||
    not_ready "$url does not answer as it should"
}

# expect TEXT ANSWER REASON: not ready for that reason unless the answer holds the text.
expect() {
  case $2 in
    *"$1"*) ;;
    *) not_ready "$3" ;;
  esac
}

# grpc HOST:PORT METHOD: call a gRPC method with an empty message; not ready unless it
# answers without an error.
grpc() {
  answer=$(printf '\0\0\0\0\0' | curl --silent --show-error --noproxy '*' --max-time 4 \
    --http2-prior-knowledge --header 'Content-Type: application/grpc' --header 'TE: trailers' \
    --data-binary @- --output /dev/null --dump-header - "http://$1/$2" 2>&1) ||
    not_ready "$1 takes no calls: $answer"
  expect 'grpc-status: 0' "$answer" "$1 refuses $2: $answer"
}
