#!/bin/sh
# Compiles src/ to dist/, unless dist/ is up to date.
set -eu
cd "${0%/*}/.."

built=dist/.built
if ! [ -e dist/main.js ] || ! [ -e "$built" ] || [ -n "$(find src tsconfig.json package.json -newer "$built")" ]; then
  mkdir -p dist
  : >"$built.new" # dated before the build: what is saved meanwhile is built next time
  node_modules/.bin/tsc -p .
  chmod +x dist/main.js
  mv "$built.new" "$built"
fi
