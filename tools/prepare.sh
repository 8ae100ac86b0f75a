#!/bin/sh
# Makes a checkout ready to run: host packages, node_modules, dist. Does only what is missing or out of date.
# Arguments are those of setup.sh.
set -eu
cd "${0%/*}/.."

# npm writes this file last: without it an installation was cut short.
installed=node_modules/.package-lock.json
if [ -e "$installed" ] && [ -z "$(find package-lock.json -newer "$installed")" ]; then
  sh tools/setup.sh "$@"
else
  sh tools/setup.sh --with build "$@"
  npm ci --include=dev --no-audit --no-fund
fi

# npm leaves install scripts out where its configuration says so; a console needs what node-pty's makes.
node -e 'require("node-pty")' 2>/dev/null || {
  sh tools/setup.sh --with build
  npm rebuild node-pty --ignore-scripts=false
}

sh tools/build.sh
