#!/bin/sh
# Builds the playground into ../dist from exactly what package-lock.json names.
set -eu
cd "$(dirname "$0")"
npm ci --ignore-scripts --no-fund --no-audit
npm run build
