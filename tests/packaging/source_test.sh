#!/usr/bin/env bash
# Runs what docs/install.md says of an installation from source, but for the clone and the build, as
# it stands there: in a folder of its own, on a loopback of its own.
# shellcheck disable=SC2016  # What is in single quotes is for a later shell.
set -euo pipefail
# shellcheck source=scripts/lib/common.sh
. "$(dirname "$0")/../../scripts/lib/common.sh"
# shellcheck source=tests/packaging/lib.sh
. "$root/tests/packaging/lib.sh"

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
ln -s "$root/build" "$root/examples" .
{
  echo 'trap "kill \$(jobs -p); wait" EXIT'
  page_lines 'From source' | sed '/^git clone/d; /^scripts\/build/d'
  # Both answer: the page's lines have started them.
  cat <<'EOF'
ready() { exec 3<> "/dev/tcp/127.0.0.1/$1" && printf 'GET /-/ready HTTP/1.0\r\n\r\n' >&3 && grep -q ' 200 ' <&3; }
for port in 10380 10381; do
  for ((tries = 0; tries < 100; ++tries)); do
    if ready "$port" 2> /dev/null; then continue 2; fi
    sleep 0.1
  done
  exit 1
done
EOF
} > page.sh
step "the lines of docs/install.md for a look from source work" \
  unshare --net --map-root-user bash -euc 'ip link set lo up && bash -eux page.sh'
test -s lowbalance-rules.yml && test -s lowbalance-route.yml
