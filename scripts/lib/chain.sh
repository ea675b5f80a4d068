# Sourced after common.sh: starts the four programs on loopback, looks after them and stops them.
#
# `state` is the folder of what is generated, stored and logged. A program that dies takes the rest
# with it, and says why; none outlives this shell, even if it is killed.
# shellcheck shell=bash disable=SC2154

declare -A pid_of=()
started=()  # Names, in the order they were started.

# start NAME COMMAND...
start() {
  local name=$1
  shift
  : > "$state/log/$name.log"  # Before anybody takes what the last run wrote for this one's.
  setpriv --pdeathsig TERM "$@" >> "$state/log/$name.log" 2>&1 9>&- &
  pid_of[$name]=$!
  started+=("$name")
}

is_running() { kill -0 "${pid_of[$1]}" 2> /dev/null; }

# Ends everything, with the reason, if a program has ended by itself.
look_after() {
  local name
  for name in "${started[@]}"; do
    is_running "$name" || {
      tail -n 8 "$state/log/$name.log" | sed 's/^/    /' >&2
      die "$name has stopped by itself; above are its last words, all of them are in" \
        "$state/log/$name.log"
    }
  done
}

# Stops what was started, the last first. Nothing is left when this returns.
stop_chain() {
  local index name deadline
  trap '' INT TERM  # A second Ctrl-C is no reason to leave half of it behind.
  for ((index = ${#started[@]} - 1; index >= 0; --index)); do
    name=${started[index]}
    kill -TERM "${pid_of[$name]}" 2> /dev/null || continue
    deadline=$((SECONDS + 15))
    while is_running "$name" && [ $SECONDS -lt $deadline ]; do sleep 0.1; done
    if is_running "$name"; then
      say "$name does not stop; killing it"
      kill -KILL "${pid_of[$name]}" 2> /dev/null || continue
    fi
    wait "${pid_of[$name]}" 2> /dev/null || continue
  done
  started=()
}

# wait_until WHAT SECONDS COMMAND...
wait_until() {
  local what=$1 deadline=$((SECONDS + $2))
  shift 2
  until "$@"; do
    look_after
    [ $SECONDS -lt $deadline ] || die "waited in vain for $what; the logs are in $state/log"
    sleep 0.1
  done
}

# Does anything on this machine listen at PORT, on whatever address?
port_in_use() {
  local tables=(/proc/net/tcp)
  [ ! -r /proc/net/tcp6 ] || tables+=(/proc/net/tcp6)
  # 0A is the state LISTEN.
  awk -v port="$(printf ':%04X' "$1")" '
    substr($2, length($2) - 4) == port && $4 == "0A" { found = 1 } END { exit !found }' \
    "${tables[@]}"
}

# The first port from PORT on that nobody listens at.
free_port() {
  local port=$1
  while port_in_use "$port"; do port=$((port + 1)); done
  echo "$port"
}

# get ADDRESS PATH: the body, if there is one to get; fails otherwise.
get() {
  local status
  exec 8<> "/dev/tcp/${1%:*}/${1##*:}" || return
  printf 'GET %s HTTP/1.0\r\nHost: %s\r\n\r\n' "$2" "$1" >&8
  read -r -t 5 status <&8 || status=""
  timeout 5 sed '1,/^\r*$/d' <&8
  exec 8>&-
  [[ $status == HTTP/*\ 200\ * ]]
} 2> /dev/null
is_ready() { get "$1" /-/ready > /dev/null; }

# The address a program of ours says it listens at, as one reaches it from here; empty until then.
listening_address() {
  local address
  address=$(sed -n 's/.* msg="listening" .*address="\{0,1\}\([^" ]*\).*/\1/p' \
    "$state/log/$1.log" | tail -n 1)
  case $address in
    0.0.0.0:* | '[::]:'* | :*) echo "127.0.0.1:${address##*:}" ;;
    *) echo "$address" ;;
  esac
}
is_listening() { [ -n "$(listening_address "$1")" ]; }
