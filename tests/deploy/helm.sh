#!/bin/bash
# Checks the chart helm/kvick: helm lint, golden files, and what chart_test.py says.
#   tests/deploy/helm.sh [--refresh]
# --refresh writes the golden files anew. KVICK_BIN_DIR holds kvick-server and kvick; default
# build/release/bin.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
. deploy/lib/packages.sh
. tests/setup/go.sh

go_tool helm "$HELM"
go_tool grpcurl "$GRPCURL"
for values in tests/deploy/values/*.yaml; do
  "$GO_TOOLS/helm" lint --strict --values "$values" helm/kvick ||
    fail "helm lint does not like the chart with $values: see above"
done
exec python3 -B tests/deploy/chart_test.py "$@"
