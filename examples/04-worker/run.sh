#!/bin/sh
# A worker has no port and no traffic: old instances end when new ones are ready, batch by batch.
set -eu
cd "$(dirname "$0")"
export SEAWAY_HOME="${SEAWAY_HOME:-$(mktemp -d)}"
trap 'seaway down --yes' EXIT

seaway serve --detach
seaway deploy production
sed 's/VERSION: v1/VERSION: v2/' seaway.yaml > .v2.yaml
seaway deploy production --file .v2.yaml
seaway logs production
rm .v2.yaml
