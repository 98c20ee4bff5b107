#!/bin/sh
# The new side is looked at on a host of its own before anybody else sees it; then one switch.
set -eu
cd "$(dirname "$0")"
export SEAWAY_HOME="${SEAWAY_HOME:-$(mktemp -d)}"
trap 'seaway down --yes' EXIT

seaway serve --detach
seaway deploy production

sed 's/VERSION: v1/VERSION: v2/' seaway.yaml > .v2.yaml
seaway deploy production --file .v2.yaml || test $? = 4 # held: a person is needed
seaway rollout why production
curl -s -H 'Host: preview.localhost' http://127.0.0.1:18082/
curl -s http://127.0.0.1:18082/

seaway rollout promote production
seaway rollout status production
curl -s http://127.0.0.1:18082/
rm .v2.yaml
