#!/bin/sh
# Two releases: the first takes all traffic, the second gets it step by step. Then back, by one word.
set -eu
cd "$(dirname "$0")"
export SEAWAY_HOME="${SEAWAY_HOME:-$(mktemp -d)}"
trap 'seaway down --yes' EXIT

seaway serve --detach
seaway deploy production
curl -s http://127.0.0.1:18081/

sed 's/VERSION: v1/VERSION: v2/' seaway.yaml > .v2.yaml
seaway deploy production --file .v2.yaml
curl -s http://127.0.0.1:18081/

seaway rollout undo production
curl -s http://127.0.0.1:18081/
rm .v2.yaml
