#!/bin/sh
# Builds everything the browser loads that is not ours to commit: static/dist/ (belt.css, Inter, icons.svg, sortable).
#
#   ui/build.sh          build, or do nothing when nothing changed since the last build (about 0.05 s)
#   ui/build.sh watch    rebuild belt.css on every change of a template, until Ctrl-C
#
# NODE  the node binary                     (default: node)
# NPM   the words that run npm, node first  (default: npm), e.g. NPM="/x/node /x/npm/bin/npm-cli.js"
# Works from any folder; writes only ui/node_modules/ and static/dist/; prints one line; ends non-zero when a step fails.
set -eu
cd "$(dirname "$0")"
NODE=${NODE:-node}
NPM=${NPM:-npm}
dist=../static/dist

sum() { cat "$@" | cksum; }
# Words in templates, scripts and what Python draws decide which classes the sheet holds.
inputs() { find ../templates ../static/js ../pipeline_crm ../leads ../deals ../accounts -type f \( -name '*.html' -o -name '*.js' -o -path '*/templatetags/*.py' -o -path '*/conveyor/*.py' \) 2>/dev/null | LC_ALL=C sort; }

run_npm() { # The checkout may lie in a folder with a space in its name.
    case $NPM in "$NODE "*) "$NODE" "${NPM#"$NODE "}" "$@" ;; *) $NPM "$@" ;; esac
}

packages=$(sum package.json package-lock.json .npmrc)
if [ "$(cat node_modules/.installed 2>/dev/null || true)" != "$packages" ]; then
    run_npm ci --loglevel=error --no-progress >/dev/null
    echo "$packages" > node_modules/.installed
fi

sheet() { "$NODE" node_modules/@tailwindcss/cli/dist/index.mjs --input belt.css --output "$dist/belt.css" --minify "$@"; }
if [ "${1:-}" = watch ]; then
    "$NODE" build.mjs
    sheet --watch=always
    exit
fi

made=$({ inputs; inputs | tr '\n' '\0' | xargs -0 cat /dev/null; cat belt.css build.mjs build.sh icons.txt package-lock.json; } | cksum)
if [ -f "$dist/belt.css" ] && [ "$(cat "$dist/.made" 2>/dev/null || true)" = "$made" ]; then
    echo "The look is up to date."
    exit 0
fi
rm -f "$dist/.made"
"$NODE" build.mjs
sheet 2>node_modules/.belt/log || { cat node_modules/.belt/log >&2; exit 1; }
echo "$made" > "$dist/.made"
echo "The look is built: static/dist/."
