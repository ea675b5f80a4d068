#!/usr/bin/env bash
# Makes the Debian package and reads it without installing it: what is in it, with which rights, and
# what it depends on.
set -euo pipefail
# shellcheck source=scripts/lib/common.sh
. "$(dirname "$0")/../../scripts/lib/common.sh"

package=$("$root/scripts/build-deb" 0)
trap 'rm -f "$package"' EXIT

# MODE OWNER PATH of every file.
files=$(dpkg -c "$package" | awk '$1 !~ /^d/ { print $1, $2, $6 }')
expected='
-rw-r----- root/root ./etc/lowbalance/lowbalance.yml
-rwxr-xr-x root/root ./usr/bin/lowbalance
-rwxr-xr-x root/root ./usr/bin/lowbalance-exporter
-rwxr-xr-x root/root ./usr/bin/lowbalance-webhook
-rw-r--r-- root/root ./usr/lib/systemd/system/lowbalance-exporter.service
-rw-r--r-- root/root ./usr/lib/systemd/system/lowbalance-webhook.service
-rw-r--r-- root/root ./usr/share/doc/lowbalance/changelog.gz
-rw-r--r-- root/root ./usr/share/doc/lowbalance/copyright
-rw-r--r-- root/root ./usr/share/doc/lowbalance/examples/lowbalance.yml
-rw-r--r-- root/root ./usr/share/lowbalance/dashboards/lowbalance-account.json
-rw-r--r-- root/root ./usr/share/lowbalance/dashboards/lowbalance-accounts.json
-rw-r--r-- root/root ./usr/share/lowbalance/dashboards/lowbalance-pipeline.json
-rw-r--r-- root/root ./usr/share/man/man1/lowbalance.1.gz
-rw-r--r-- root/root ./usr/share/man/man8/lowbalance-exporter.8.gz
-rw-r--r-- root/root ./usr/share/man/man8/lowbalance-webhook.8.gz'
diff <(sort <<< "${expected#?}") <(sort <<< "$files") || die "the package holds other files"

control=$(mktemp -d)
trap 'rm -rf "$package" "$control"' EXIT
dpkg -e "$package" "$control"
[ "$(cat "$control/conffiles")" = /etc/lowbalance/lowbalance.yml ] || die "conffiles are others"
for script in postinst prerm postrm; do
  [ -x "$control/$script" ] || die "$script is missing or cannot be run"
done
depends=$(dpkg -f "$package" Depends)
for library in libsoci-core libcurl libssl adduser ca-certificates tzdata; do
  [[ $depends == *$library* ]] || die "it does not depend on $library: $depends"
done
dpkg -x "$package" "$control/root"
"$root/build/release/bin/lowbalance" check \
  --config.file "$control/root/etc/lowbalance/lowbalance.yml" > /dev/null 2>&1 ||
  die "the configuration it comes with has mistakes"
if file "$control/root/usr/bin/lowbalance" | grep -q 'not stripped'; then
  die "the programs are not stripped"
fi
say "the package is as it should be: ${package##*/}, $(du -k "$package" | cut -f 1) kB"
