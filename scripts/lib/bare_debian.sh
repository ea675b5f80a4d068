# Sourced after common.sh and private_apt.sh: the smallest Debian there is, in a folder, and commands
# within it. Needs root and debootstrap.
# shellcheck shell=bash disable=SC2154

# make_bare_debian RELEASE FOLDER LOG
make_bare_debian() {
  local release=$1 folder=$2 log=$3 mirror
  [ "$(id -u)" -eq 0 ] || die "this needs root, to make a Debian in a folder and enter it"
  [ -n "$(command -v debootstrap)" ] || die "debootstrap is missing (package debootstrap)"
  mirror=$(debian_mirrors | head -n 1)
  debootstrap --variant=minbase "$release" "$folder" "$mirror" > "$log" 2>&1 ||
    die "debootstrap failed; see $log"
  # How this machine gets to the mirrors (proxies, authorities it trusts besides Debian's), and
  # nothing else of its own.
  apt-config dump | grep '^Acquire::' > "$folder/etc/apt/apt.conf.d/99host"
  mkdir -p "$folder/usr/local/share/ca-certificates"
  find /usr/local/share/ca-certificates -name '*.crt' \
    -exec cp --dereference -t "$folder/usr/local/share/ca-certificates" {} +
}

# inside FOLDER COMMAND [BOUND-FOLDER...]: runs a shell command within. What is named after it is
# there too, at the same place. Mounts and processes are in namespaces of their own, so that none is
# left behind however this ends.
inside() {
  cp --dereference /etc/resolv.conf /etc/hosts "$1/etc/"
  # shellcheck disable=SC2016  # The inner shell expands it.
  unshare --mount --pid --fork --kill-child bash -euc '
    folder=$1 command=$2
    shift 2
    mount -t proc proc "$folder/proc"
    mount --rbind /dev "$folder/dev"
    for bound; do
      mkdir -p "$folder$bound"
      mount --bind "$bound" "$folder$bound"
    done
    exec chroot "$folder" env -i HOME=/root LANG=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin \
      TERM="${TERM:-dumb}" bash -c "$command"' - "$@"
}

# left_behind FOLDER: prints what is still mounted there; fails if nothing is.
left_behind() { findmnt --noheadings --output TARGET | grep -F "$1/"; }
