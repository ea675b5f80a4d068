# Sourced after chain.sh: what the four programs are started with. Uses config, state, bin, port,
# user and password_file of ./quickstart.
# shellcheck shell=bash disable=SC2154

# A login and a web configuration of our own, for the demo and for a configuration without one.
make_login() {
  local password hash
  user='admin'
  password_file=$state/password
  web_config=$state/web.yml
  password=$(head -c 15 /dev/urandom | base64 | tr '+/' 'xy')
  printf '%s' "$password" > "$password_file"
  # Perl is on every Debian, and its crypt knows bcrypt. The password is read, not passed: arguments
  # can be seen by every user of the machine.
  # shellcheck disable=SC2016  # Perl's variables.
  hash=$(perl -e '
    open(my $random, "<", "/dev/urandom") or die; read($random, my $bytes, 22) == 22 or die;
    my @letters = ("a".."z", "A".."Z", 0..9, ".", "/");
    my $salt = join("", map { $letters[ord($_) % 64] } split(//, $bytes));
    print crypt(<STDIN>, "\$2b\$10\$$salt")' < "$password_file")
  [[ $hash == ?2b?10?* ]] || die "this Perl's crypt does not know bcrypt"
  printf 'basic_auth_users:\n  %s: "%s"\n' "$user" "$hash" > "$web_config"
}

# Does the configuration file name a web configuration of its own?
names_web_config() { grep -qE '^[^#]*web_config_file:' "$config"; }

need_free_port() {
  port_in_use "$2" || return 0
  die "port $2, for $1, is in use by another program. End that one, or choose another port with" \
    "--$1-port"
}

# start_service NAME: ours, with the configuration file and what overrides it.
start_service() {
  local name=$1 options=(--config.file "$config_file")
  if [ -n "${port[$name]:-}" ]; then
    need_free_port "$name" "${port[$name]}"
    options+=(--web.listen-address "127.0.0.1:${port[$name]}")
  fi
  [ -z "$web_config" ] || options+=(--web.config.file "$web_config")
  start "$name" "$bin/lowbalance-$name" "${options[@]}"
}

write_prometheus_config() {
  cat > "$state/prometheus.yml" <<EOF
# Written by ./quickstart.
global:
  scrape_interval: $evaluation
  evaluation_interval: $evaluation
rule_files: [rules.yml]
alerting:
  alertmanagers:
    - static_configs:
        - targets: ["${address[alertmanager]}"]
scrape_configs:
EOF
  local name
  for name in exporter webhook; do
    cat >> "$state/prometheus.yml" <<EOF
  - job_name: lowbalance-$name
    basic_auth: {username: "$user", password_file: "$password_file"}
    static_configs:
      - targets: ["${address[$name]}"]
EOF
  done
}

# Starts all four and returns when they are ready; `address` then says where each is.
start_stack() {
  declare -gA address=()
  web_config=""
  config_file=${config:-$state/lowbalance.yml}
  if [ -z "$config" ]; then
    make_login
    : "${port[exporter]:=10380}" "${port[webhook]:=10381}"
  elif ! names_web_config; then
    make_login
  elif [ -z "$user" ] || [ -z "$password_file" ]; then
    die "$config names a web_config_file; give a login of it with --user and --password-file, for" \
      "Prometheus to read the metrics with, and for this script to read the messages"
  fi
  "$bin/lowbalance" check --config.file "$config_file" > "$state/log/check.log" 2>&1 || {
    cat "$state/log/check.log" >&2
    die "the configuration has mistakes, see above"
  }

  start_service webhook
  start_service exporter
  local name
  for name in webhook exporter; do
    wait_until "lowbalance-$name to listen" 30 is_listening "$name"
    address[$name]=$(listening_address "$name")
    wait_until "lowbalance-$name to answer over plain HTTP (./quickstart knows no TLS)" 30 \
      is_ready "${address[$name]}"
  done
  address[alertmanager]=127.0.0.1:${port[alertmanager]:-$(free_port 9093)}
  address[prometheus]=127.0.0.1:${port[prometheus]:-$(free_port 9090)}
  for name in alertmanager prometheus; do need_free_port "$name" "${address[$name]##*:}"; done

  "$bin/lowbalance" rules --config.file "$config_file" > "$state/rules.yml"
  "$bin/lowbalance" route --complete --config.file "$config_file" \
    --url "http://${address[webhook]}/api/v1/alerts" > "$state/alertmanager.yml"
  # What the rules are looked at by is what all else in Prometheus goes by.
  evaluation=$(sed -n '/^ *interval: */{s///p;q}' "$state/rules.yml")
  write_prometheus_config

  start alertmanager "$tools_dir/prometheus-alertmanager" --log.level=warn \
    --config.file="$state/alertmanager.yml" --storage.path="$state/alertmanager" \
    --cluster.listen-address= --web.listen-address="${address[alertmanager]}"
  # By default Prometheus repeats an alert once a minute; in a demo of seconds the facts it carries
  # would be too old to decide on.
  start prometheus "$tools_dir/prometheus" --log.level=warn \
    --config.file="$state/prometheus.yml" --storage.tsdb.path="$state/prometheus" \
    --web.listen-address="${address[prometheus]}" --rules.alert.resend-delay="$evaluation"
  for name in alertmanager prometheus; do
    wait_until "$name to be ready" 60 is_ready "${address[$name]}"
  done
}

# Debian's builds have their pages elsewhere than others; the first that is there counts.
prometheus_page() {
  local page
  for page in /classic/alerts /alerts; do
    if get "${address[prometheus]}" "$page" > /dev/null; then
      echo "http://${address[prometheus]}$page"
      return
    fi
  done
}

# A path as one would type it here.
short() { echo "${1#"$PWD/"}"; }

print_where_to_look() {
  local login mails="" credentials
  [ -n "$config" ] || mails="mails in outbox/, "
  if [ "$password_file" = "$state/password" ]; then
    login="password $(cat "$password_file")"
  else
    login="password in $(short "$password_file")"
  fi
  credentials="--user $user --password-file $(short "$password_file")"
  cat <<EOF

  accounts      http://${address[exporter]}/accounts
  messages      http://${address[webhook]}/messages
                both: user $user, $login
  Prometheus    $(prometheus_page)
  Alertmanager  http://${address[alertmanager]}/
  files         $(short "$state")/ (${mails}logs in log/)

Ask them yourself from another terminal:
  $(short "$bin")/lowbalance accounts list --url http://${address[exporter]} $credentials
  $(short "$bin")/lowbalance messages list --url http://${address[webhook]} $credentials
  $(short "$tools_dir")/amtool --alertmanager.url=http://${address[alertmanager]} alert

Ctrl-C ends it.

EOF
}
