#!/bin/bash
# Runs the Node test; @grpc/proto-loader makes the stubs from proto/ as it starts.
set -euo pipefail
NODE_PATH=$TOOLS/node/node_modules exec timeout 120 node "$INTEROP/node/interop_test.js"
