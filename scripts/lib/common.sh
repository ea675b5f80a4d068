# Sourced by the scripts: where the project is, and how they speak.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# The release of Debian this machine runs: bookworm, trixie, …
# shellcheck source=/dev/null
codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-unknown}")
# Where the real Prometheus and Alertmanager are, or will be (scripts/fetch-tools).
tools_dir=$(realpath -m "${LOWBALANCE_TOOLS_DIR:-$root/build/tools/usr/bin}")
export root codename tools_dir

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
die() {
  say "$*"
  exit 1
}
