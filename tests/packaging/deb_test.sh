#!/usr/bin/env bash
# Installs, upgrades, removes and purges the Debian package in a bare Debian of this machine's
# release, looks at what each leaves, has systemd-analyze judge the units, runs what they start by
# hand, and runs the smoke part of the end-to-end test with the programs from the package.
# shellcheck disable=SC2016  # What is in single quotes is for the shell within.
set -euo pipefail
# shellcheck source=scripts/lib/common.sh
. "$(dirname "$0")/../../scripts/lib/common.sh"
# shellcheck source=tests/packaging/lib.sh
. "$root/tests/packaging/lib.sh"

# What systemd-analyze may find wanting of a unit, in tenths of its scale to 10.
exposure_at_most=15

debian=$work/deb
first=$("$root/scripts/build-deb" 1)
second=$("$root/scripts/build-deb" 2)
from=$(pristine "$codename")
rm -rf --one-file-system "$debian"
cp -a --reflink=auto "$from" "$debian"
mkdir "$debian/packages"
cp "$first" "$second" "$root/tests/packaging/run_unit.sh" "$debian/packages"

in_debian() { inside "$debian" "$1"; }
not() { ! "$@"; }

apt='export DEBIAN_FRONTEND=noninteractive; apt-get -q -y --no-install-recommends'
in_debian "apt-get -q update && $apt install systemd man-db groff-base" > "$work/apt.log" 2>&1 || {
  tail "$work/apt.log" >&2
  die "systemd could not be installed"
}
step "it installs" in_debian "$apt install /packages/${first##*/}"
step "there is a user" in_debian 'getent passwd lowbalance | grep -q :/usr/sbin/nologin'
step "only that user reads the configuration" in_debian '
  [ "$(stat -c "%U:%G %a" /etc/lowbalance /etc/lowbalance/lowbalance.yml | xargs)" = \
    "root:lowbalance 750 root:lowbalance 640" ]'
step "the configuration it comes with has no mistakes" in_debian '
  lowbalance check --config.file /etc/lowbalance/lowbalance.yml'
step "the services are enabled" in_debian '
  systemctl is-enabled lowbalance-exporter lowbalance-webhook'
step "the manual pages are whole" in_debian '
  for page in man1/lowbalance.1 man8/lowbalance-exporter.8 man8/lowbalance-webhook.8; do
    said=$(man --warnings -E UTF-8 -l "/usr/share/man/$page.gz" 2>&1 > /dev/null)
    [ -z "$said" ] || { echo "$said"; exit 1; }
  done'
for unit in lowbalance-exporter lowbalance-webhook; do
  step "systemd-analyze verify finds nothing in $unit" in_debian "
    said=\$(systemd-analyze verify --man=no $unit.service 2>&1) && [ -z \"\$said\" ] ||
      { echo \"\$said\"; exit 1; }"
  step "systemd-analyze security rates $unit $exposure_at_most or better" in_debian "
    SYSTEMD_COLORS=0 SYSTEMD_URLIFY=0 systemd-analyze security --offline=true --threshold=$exposure_at_most --no-pager \
      /usr/lib/systemd/system/$unit.service"
  say "    $(grep -o 'Overall exposure.*' "$work/step.log")"
  step "what $unit starts runs by hand, reloads and stops" in_debian "/packages/run_unit.sh $unit"
done

mkdir -p "$debian/packages/build/packages"
cp "$first" "$debian/packages/build/packages"
cp -r "$root/examples" "$debian/packages"
page_lines 'The Debian package' | grep -v '^scripts/build-deb$' > "$debian/packages/page.sh"
step "the lines of docs/install.md work" in_debian '
  cd /packages && SYSTEMD_OFFLINE=1 bash -eux page.sh
  test -s /etc/prometheus/rules/lowbalance.yml && test -s lowbalance-route.yml'
step "and the services start with what they leave" in_debian '
  /packages/run_unit.sh lowbalance-exporter && /packages/run_unit.sh lowbalance-webhook'

step "an edited configuration and a disabled service" in_debian '
  echo "# by hand" >> /etc/lowbalance/lowbalance.yml
  systemctl disable lowbalance-webhook'
step "it upgrades" in_debian "$apt install /packages/${second##*/}"
step "the new one is there" in_debian '
  dpkg-query -W -f "\${Version}" lowbalance | grep -q -- "-2$"'
step "the edit is kept" in_debian 'grep -qxF "# by hand" /etc/lowbalance/lowbalance.yml'
step "the store is kept" in_debian 'test -s /var/lib/lowbalance-webhook/webhook.db'
step "what was disabled stays so, the other not" in_debian '
  systemctl is-enabled lowbalance-exporter && ! systemctl is-enabled lowbalance-webhook'

owner=$(in_debian 'echo "$(id -u lowbalance):$(id -g lowbalance)"')
say "the smoke test with the package's programs, as $owner"
smoke_in "$debian" "$owner"

step "it is removed" in_debian "$apt remove lowbalance"
step "the programs are gone" in_debian '! command -v lowbalance-webhook'
step "configuration and stores are kept" in_debian '
  test -s /etc/lowbalance/lowbalance.yml && test -s /var/lib/lowbalance-webhook/webhook.db'
step "it is installed again" in_debian "$apt install /packages/${second##*/}"
step "and finds its configuration" in_debian '
  grep -qxF "# by hand" /etc/lowbalance/lowbalance.yml && systemctl is-enabled lowbalance-exporter'
step "it is purged" in_debian "$apt purge lowbalance"
step "nothing of it is left" in_debian '
  rm /etc/prometheus/rules/lowbalance.yml  # That was a line of docs/install.md.
  left=$(find /etc /usr /var/lib -path /var/lib/dpkg -prune -o -name "*lowbalance*" -print)
  echo "$left"
  [ -z "$left" ]'
step "nothing is mounted any more" not left_behind "$debian"
rm -rf --one-file-system "$debian"
