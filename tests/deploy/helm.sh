#!/bin/bash
# Checks the chart helm/kvick: helm lint, golden files, and what chart_test.py says.
#   tests/deploy/helm.sh [--refresh]
# --refresh writes the golden files anew. KVICK_BIN_DIR holds kvick-server and kvick; default
# build/release/bin.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
. deploy/lib/packages.sh
. tests/setup/go.sh

HELM_VERSION=v3.12.3
GRPCURL_VERSION=v1.8.9

go_tool helm "helm.sh/helm/v3/cmd/helm@$HELM_VERSION"
go_tool grpcurl "github.com/fullstorydev/grpcurl/cmd/grpcurl@$GRPCURL_VERSION"
for values in tests/deploy/values/*.yaml; do
  "$GO_TOOLS/helm" lint --strict --kube-version 1.29 --values "$values" helm/kvick ||
    fail "helm lint does not like the chart with $values: see above"
done
exec python3 -B tests/deploy/chart_test.py "$@"
