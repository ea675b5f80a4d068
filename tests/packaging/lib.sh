# Sourced by the tests of the package and the image, after scripts/lib/common.sh.
# shellcheck shell=bash disable=SC2154

# shellcheck source=scripts/lib/private_apt.sh
. "$root/scripts/lib/private_apt.sh"
# shellcheck source=scripts/lib/bare_debian.sh
. "$root/scripts/lib/bare_debian.sh"

work=$root/build/packaging
mkdir -p "$work"

# A bare Debian to copy from, made once: pristine RELEASE prints its folder.
pristine() {
  local folder=$work/debian-$1
  if [ ! -f "$folder.made" ]; then
    say "making a bare $1 (once)"
    rm -rf --one-file-system "$folder"
    make_bare_debian "$1" "$folder" "$work/debootstrap-$1.log"
    touch "$folder.made"
  fi
  echo "$folder"
}

# step WHAT COMMAND...: says what was seen to hold, or ends the test.
step() {
  local what=$1
  shift
  if "$@" > "$work/step.log" 2>&1; then
    say "ok: $what"
  else
    cat "$work/step.log" >&2
    die "does not hold: $what"
  fi
}

# page_lines HEADING: the commands below that heading of docs/install.md, as they stand there.
page_lines() {
  sed -n "/^## $1/,/^## /{s/^    //p}" "$root/docs/install.md"
}

# smoke_in ROOT UID:GID: the smoke part of the end-to-end test, with the programs that are in ROOT.
# Each is started there with nothing but a read-only root file system, /proc, /dev and the test's
# folder in /tmp to write to, as that user and without any capability.
smoke_in() {
  local program
  export smoke_root=$1 smoke_bin=$work/bin smoke_mount=$work/mount
  export smoke_test=$root/tests/e2e/smoke.py tools_dir
  rm -rf "$smoke_bin"
  mkdir -p "$smoke_bin" "$smoke_mount"
  for program in lowbalance lowbalance-exporter lowbalance-webhook; do
    cat > "$smoke_bin/$program" <<EOF
#!/bin/sh
chown -R $2 .
exec chroot "$smoke_mount" /usr/bin/setpriv --reuid=${2%:*} --regid=${2#*:} --clear-groups \\
  --no-new-privs --inh-caps=-all --bounding-set=-all --pdeathsig=KILL \\
  /usr/bin/env -C "\$PWD" /usr/bin/$program "\$@"
EOF
    chmod +x "$smoke_bin/$program"
  done
  # shellcheck disable=SC2016  # The inner shell expands it.
  unshare --mount bash -euc '
    mount --bind "$smoke_root" "$smoke_mount"
    mount -o remount,bind,ro "$smoke_mount"
    mount -t proc proc "$smoke_mount/proc"
    mount --rbind /dev "$smoke_mount/dev"
    mount --bind /tmp "$smoke_mount/tmp"
    exec /usr/bin/python3 "$smoke_test" --bin "$smoke_bin" --tools "$tools_dir"'
}
