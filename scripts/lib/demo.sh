# Sourced after timeline.sh: the demo's accounts, and what becomes of them (examples/demo.story).
# shellcheck shell=bash disable=SC2154

# What a run of the demo leaves in its folder, and the next one takes away.
demo_leavings=(alertmanager alertmanager.yml balances.csv exporter.db{,-shm,-wal,.lock} log
  lowbalance.yml outbox password prometheus prometheus.yml rules.yml session-key token web.yml
  webhook.db{,-shm,-wal,.lock})

# When, and of which account, the alert is switched on with the command line.
demo_enable_at=5
demo_enable_account=1003
demo_enable_threshold=50

demo_prepare() {
  (cd "$state" && rm -rf "${demo_leavings[@]}")
  mkdir "$state/log" "$state/outbox"
  cp "$root/examples/demo.yml" "$state/lowbalance.yml"
  cp "$root/examples/demo.csv" "$state/balances.csv"
  # The consoles link to each other by the ports that stand in the configuration.
  sed -i "s/:10380\"/:${port[exporter]:-10380}\"/; s/:10381\"/:${port[webhook]:-10381}\"/" \
    "$state/lowbalance.yml"
  head -c 24 /dev/urandom | base64 > "$state/token"
  head -c 24 /dev/urandom | base64 > "$state/session-key"
  mapfile -t demo_story < <(grep -v '^#' "$root/examples/demo.story")
  demo_next=0      # The row that comes next,
  demo_started=0   # and the second of the timeline at which the story began.
  demo_enabled=""
}

# demo_set ACCOUNT AMOUNT: the file is replaced by a rename, so that the exporter never sees half of
# it, and the other accounts keep what somebody may have written there meanwhile.
demo_set() {
  local new=$state/balances.csv.new
  awk -F , -v OFS=, -v account="$1" -v amount="$2" '$1 == account { $4 = amount } { print }' \
    "$state/balances.csv" > "$new"
  mv "$new" "$state/balances.csv"
}

# Tells the story as far as the time has come.
demo_advance() {
  local at account amount remark now
  now=$(($(elapsed) - demo_started))
  while read -r at account amount remark <<< "${demo_story[demo_next]}" && [ "$at" -le "$now" ]; do
    demo_set "$account" "$amount"
    report "balance" "account $account has $amount USD${remark:+: $remark}"
    demo_next=$((demo_next + 1))
    if [ "$demo_next" -eq ${#demo_story[@]} ]; then
      demo_next=0
      demo_started=$(elapsed)
      break
    fi
  done
  if [ -z "$demo_enabled" ] && [ "$now" -ge "$demo_enable_at" ]; then
    demo_enabled=yes
    report "setting" "$(lowbalance_exporter accounts enable "demo/$demo_enable_account" \
      --threshold "$demo_enable_threshold" 2>&1)"
    report "" "it is below that already, so nothing is sent until its balance changes"
  fi
}
