#!/usr/bin/env bash
# Within the Debian of the test: does by hand what systemd would do with a unit. Its ExecStart as its
# user in its state directory, until it is ready; ExecReload; SIGTERM.
set -euo pipefail

unit=$1
value() { sed -n "s/^$1=//p" "/usr/lib/systemd/system/$unit.service"; }

user=$(value User)
state=/var/lib/$(value StateDirectory)
install -d -m "$(value StateDirectoryMode)" -o "$user" -g "$(value Group)" "$state"
cd "$(value WorkingDirectory)"
umask "$(value UMask)"
start=$(value ExecStart)
# ARGS, which /etc/default may set, is empty.
# shellcheck disable=SC2016,SC2086  # As it stands in the unit; words, as systemd splits them.
setpriv --reuid="$user" --regid="$(value Group)" --clear-groups --no-new-privs \
  --bounding-set=-all --inh-caps=-all ${start%'$ARGS'} > /tmp/log 2>&1 &
MAINPID=$!
export MAINPID

port=10380
[ "$unit" = lowbalance-exporter ] || port=10381
# get PATH: asks it, and prints the answer.
get() {
  exec 3<> "/dev/tcp/127.0.0.1/$port" || return
  printf 'GET %s HTTP/1.0\r\n\r\n' "$1" >&3
  timeout 5 cat <&3
}
# eventually COMMAND...
eventually() {
  local tries
  for ((tries = 0; tries < 100; ++tries)); do
    if "$@" 2> /dev/null; then return; fi
    sleep 0.1
  done
  cat /tmp/log
  echo "waited in vain for: $*"
  return 1
}
is_ready() { get /-/ready | grep -q '^HTTP/1.. 200 '; }
reload_instant() { get /metrics | sed -n 's/^[a-z_]*_reload_success_timestamp_seconds //p'; }
has_reloaded() { [ "$(reload_instant)" != "$before" ]; }

eventually is_ready
before=$(reload_instant)
[ -n "$before" ]
sleep 0.1
eval "$(value ExecReload)"
eventually has_reloaded
kill "$MAINPID"
wait "$MAINPID"
[ -n "$(find "$state" -name '*.db')" ]
[ -z "$(find "$state" ! -user "$user")" ]
