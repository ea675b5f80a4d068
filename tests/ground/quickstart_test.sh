#!/usr/bin/env bash
# ./quickstart as a newcomer meets it: the alert and reminders arrive as mail and as internal
# message, it ends by itself, and nothing is left running. In a folder and on ports of its own.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
folder=$(mktemp -d)
# What a failed test leaves running has the folder on its command line.
clean_up() {
  local pids
  mapfile -t pids < <(pgrep -f -- "$folder/state/")
  [ ${#pids[@]} -eq 0 ] || kill "${pids[@]}"
  rm -rf "$folder"
}
trap clean_up EXIT
output=$folder/output

fail() {
  sed 's/^/    /' "$output"
  for log in "$folder"/state/log/*.log; do tail -n 5 "$log" | sed "s|^|    ${log##*/}: |"; done
  echo "FAILED: $*"
  exit 1
}

expect() { grep -qE -- "$1" "$output" || fail "the output has no line like: $1"; }

# 0 lets the programs find a free port themselves.
ports=(--exporter-port 0 --webhook-port 0)

# left_running FOLDER: processes that have it on their command line, other than this test's.
left_running() { pgrep -af -- "$1/" | grep -vF "$0"; }

"$root/quickstart" --for 60s --state-dir "$folder/state" "${ports[@]}" > "$output" 2>&1 ||
  fail "it ended with exit code $?"

expect 'balance +account 1001 has 96.40 USD'
expect 'Prometheus +LowBalance is firing for demo/1001'
expect 'Alertmanager +has it .*demo/1001'
expect 'To: +finance@example.com'
expect 'inbox +to finance: Low balance: '
expect 'inbox +to finance: Reminder 1 of 5'
# Account 1003 is low from the start; its first change comes 40 seconds into the story.
expect 'inbox +to ana: Low balance: '
if grep -qE 'finance: .*(1002|1003)' "$output"; then fail "somebody was told of the wrong account"; fi

mails=("$folder"/state/outbox/*.eml)
[ ${#mails[@]} -ge 3 ] || fail "only ${#mails[@]} mails in the outbox"
grep -q '^Message-ID: ' "${mails[0]}" || fail "${mails[0]} is not a mail"

if left=$(left_running "$folder/state"); then fail "left running: $left"; fi

# Told to end, it ends soon, cleanly, and takes everything with it; even if it is killed.
for signal in INT TERM KILL; do
  # A process group of its own, to which Ctrl-C can be sent as a terminal does; a script's background
  # jobs ignore it otherwise.
  setsid env --default-signal=INT \
    "$root/quickstart" --state-dir "$folder/state" "${ports[@]}" > "$output" 2>&1 &
  pid=$!
  target=$pid
  [ "$signal" != INT ] || target=-$pid
  until grep -q 'Ctrl-C ends it' "$output"; do
    kill -0 "$pid" 2> /dev/null || fail "it did not start"
    sleep 0.1
  done
  kill -s "$signal" -- "$target"
  code=0
  wait "$pid" || code=$?
  [ "$signal" = KILL ] || [ "$code" -eq 0 ] || fail "SIG$signal ended it with exit code $code"
  for ((tries = 0; tries < 100; ++tries)); do
    left=$(left_running "$folder/state") || break
    sleep 0.1
  done
  [ "$tries" -lt 100 ] || fail "left running after SIG$signal: $left"
done

# A port that is in use is named, with what to do about it.
exec {listener}< <(exec python3 -c '
import socket, sys, time
with socket.create_server(("127.0.0.1", 0)) as server:
    print(server.getsockname()[1], flush=True)
    time.sleep(60)')
listener_pid=$!
read -r taken <&"$listener"
if "$root/quickstart" --for 1s --state-dir "$folder/state" --exporter-port "$taken" \
  --webhook-port 0 > "$output" 2>&1; then
  kill "$listener_pid"
  fail "it started although port $taken was taken"
fi
kill "$listener_pid"
expect "port $taken.* in use"
expect '--exporter-port'
if left=$(left_running "$folder/state"); then fail "left running: $left"; fi
echo "passed"
