# Sourced after stack.sh: tells on the terminal what happens, as it happens.
# shellcheck shell=bash disable=SC2154

# Our command line, as the user that is printed.
lowbalance_exporter() {
  "$bin/lowbalance" "$@" --url "http://${address[exporter]}" --user "$user" \
    --password-file "$password_file" --timeout 5s
}
lowbalance_webhook() {
  "$bin/lowbalance" "$@" --url "http://${address[webhook]}" --user "$user" \
    --password-file "$password_file" --timeout 5s
}

begin_timeline() {
  timeline_began=$SECONDS
  firing_seen="" held_seen="" inbox_seen=0 mails_seen=0 first_mail_at=""
  declare -gA mail_seen=() outcome_seen=()
}
elapsed() { echo $((SECONDS - timeline_began)); }

# report WHAT TEXT: one line of the timeline. WHAT is empty where the text goes on.
report() { printf '%5s  %-12s  %s\n' "${1:+$(elapsed) s}" "$1" "$2"; }

# Each change of a list of names, one a line: report_change WHAT SEEN NOW COME GONE
report_change() {
  local name
  while read -r name; do
    [ -z "$name" ] || report "$1" "$4 $name"
  done < <(comm -13 <(echo "$2") <(echo "$3"))
  while read -r name; do
    [ -z "$name" ] || report "$1" "$5 $name"
  done < <(comm -23 <(echo "$2") <(echo "$3"))
}

# From the labels of alerts, one a line, in JSON or as amtool prints them: "demo/17, level warning".
who_is_low() {
  local value='"?[:=]"([^"]*)".*'
  sed -nE "s/.*account_id${value}level${value}provider$value/\\3\\/\\1, level \\2/p" | sort -u
}

# Prometheus is asked what fires now; the series ALERTS would still tell of the run before.
firing_in_prometheus() {
  local alerts
  alerts=$(get "${address[prometheus]}" /api/v1/alerts) || return
  { grep -oE '"labels":\{[^}]*"alertname":"LowBalance"[^}]*\}' <<< "$alerts" || [ $? -eq 1 ]; } |
    who_is_low
}
held_by_alertmanager() {
  "$tools_dir/amtool" --alertmanager.url="http://${address[alertmanager]}" \
    alert query --output=extended alertname=LowBalance | who_is_low
}

# The later in the chain is asked first and told of last, so that the story is told in its order.
show_alerts() {
  local held firing
  held=$(held_by_alertmanager 2> /dev/null) || held=$held_seen
  firing=$(firing_in_prometheus 2> /dev/null) || firing=$firing_seen
  report_change Prometheus "$firing_seen" "$firing" "LowBalance is firing for" \
    "LowBalance no longer fires for"
  report_change Alertmanager "$held_seen" "$held" "has it and tells the webhook:" \
    "no longer has it:"
  firing_seen=$firing held_seen=$held
}

show_mails() {
  local file
  for file in "$state"/outbox/*.eml; do
    if [ ! -e "$file" ] || [ -n "${mail_seen[$file]:-}" ]; then continue; fi
    mail_seen[$file]=yes
    mails_seen=$((mails_seen + 1))
    : "${first_mail_at:=$(elapsed)}"
    report "e-mail" "${file#"$state/"}"
    "$root/scripts/show-mail" "$file" 5 | sed 's/^/                     /'
  done
}

# Of a configuration with a mail server, what became of each message.
show_outcomes() {
  local id rest
  while read -r id rest; do
    if [[ ! $id =~ ^[0-9]+$ || ${outcome_seen[$id]:-} == "$rest" ]]; then continue; fi
    outcome_seen[$id]=$rest
    report "message" "$id  $rest"
  done < <(lowbalance_webhook messages list --limit 20 2> /dev/null | tr -s ' ' | tac)
}

show_inbox() {
  local id recipient title
  while read -r id recipient title; do
    [ "$id" -gt "$inbox_seen" ] || continue
    inbox_seen=$id
    report "inbox" "to $recipient: $title"
  done < <(lowbalance_webhook messages inbox --limit 50 2> /dev/null |
    awk '/^[0-9]+  .*  to / { id = $1; recipient = $4; getline; print id, recipient, $0 }' |
    sort -n)
}

# Everything that is new since the last time.
show_news() {
  show_alerts
  if [ -z "$config" ]; then show_mails; else show_outcomes; fi
  show_inbox
}

# What it came to, when it ends by itself.
print_summary() {
  echo
  if [ -z "$config" ]; then echo "$mails_seen mails, the first after ${first_mail_at:-–} s"; fi
  echo "$inbox_seen internal messages"
  # Long enough for the demo's alert, whatever the machine.
  if [ -z "$config" ] && [ "$run_for" -ge 60 ] && [ $((mails_seen * inbox_seen)) -eq 0 ]; then
    die "the demo's alert has not arrived; the logs are in $state/log"
  fi
}
