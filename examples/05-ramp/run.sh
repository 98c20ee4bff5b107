#!/bin/sh
# Under traffic the judge lets the share follow its evidence: a good release is proven, one that fails a tenth is sent back.
set -eu
cd "$(dirname "$0")"
export SEAWAY_HOME="${SEAWAY_HOME:-$(mktemp -d)}"

seaway serve --detach
seaway deploy production
python3 users.py 18085 &
trap 'kill $!; rm -f .next.yaml; seaway down --yes' EXIT

sed 's/VERSION: v1/VERSION: v2/' seaway.yaml > .next.yaml
seaway plan production --file .next.yaml
seaway deploy production --file .next.yaml
curl -s http://127.0.0.1:18085/

sed 's/VERSION: v1, FAIL: "0"/VERSION: v3, FAIL: "10"/' seaway.yaml > .next.yaml
seaway deploy production --file .next.yaml || echo "exit code $?: rolled back"
curl -s http://127.0.0.1:18085/
seaway judge show production
