#!/bin/sh
# A migration runs once, before the new revision starts. One that fails ends the release, and nothing has changed for users.
set -eu
cd "$(dirname "$0")"
export SEAWAY_HOME="${SEAWAY_HOME:-$(mktemp -d)}"
trap 'seaway down --yes' EXIT

seaway serve --detach
seaway deploy production
sed 's/VERSION: v1/VERSION: v2/' seaway.yaml > .v2.yaml
seaway deploy production --file .v2.yaml

sed 's/VERSION: v1/VERSION: broken/' seaway.yaml > .v3.yaml
seaway deploy production --file .v3.yaml || test $? = 3 # rolled back
seaway rollout why production
curl -s http://127.0.0.1:18083/
rm .v2.yaml .v3.yaml
