#!/bin/sh
# Compiles src/ to build/ and joins that to dist/, which is shipped; unless dist/ is up to date.
set -eu
cd "${0%/*}/.."

built=dist/.built
if ! [ -e dist/main.js ] || ! [ -e "$built" ] ||
  [ -n "$(find src tsconfig.json package.json tools/bundle.mjs tools/ascii-width.mjs tools/build.sh -newer "$built")" ]; then
  mkdir -p dist
  : >"$built.new" # dated before the build: what is saved meanwhile is built next time
  rm -rf build # what has no source any more would be shipped
  node_modules/.bin/tsc -p .
  node tools/bundle.mjs dist
  chmod +x dist/main.js
  mv "$built.new" "$built"
fi
