#!/usr/bin/env bash
# Builds the container image with buildah, from a Debian that debootstrap makes in the place of the
# one a registry would have, looks at what is in it, and runs the smoke part of the end-to-end test
# with the programs from the image: its root file system read-only, as the image's user.
#
# buildah works here without a daemon and without overlay file systems, and enters the image by
# chroot. So what is not shown is a container engine's part: its namespaces, limits and seccomp.
set -euo pipefail
# shellcheck source=scripts/lib/common.sh
. "$(dirname "$0")/../../scripts/lib/common.sh"
# shellcheck source=tests/packaging/lib.sh
. "$root/tests/packaging/lib.sh"

# Of a base that has all of its manuals and languages; a registry's slim Debian has some 45 fewer.
largest_mib=170

# A registry is not asked for anything; the names are those of this storage alone.
build() {
  buildah --root "$work/containers/storage" --runroot "$work/containers/run" \
    --storage-driver vfs "$@"
}
not() { ! "$@"; }

base=localhost/debian:trixie image=localhost/lowbalance:test
if ! build inspect --type image "$base" > /dev/null 2>&1; then
  from=$(pristine trixie)
  container=$(build from scratch)
  build add --quiet "$container" "$from" / > /dev/null
  build commit --quiet "$container" "$base" > /dev/null
  build rm "$container" > /dev/null
fi
mkdir -p "$work/ccache"
# What is committed or about to be, and nothing that merely lies around.
context=$work/context
rm -rf "$context"
mkdir "$context"
git -C "$root" ls-files -z --cached --others --exclude-standard |
  tar -C "$root" --null --files-from - --ignore-failed-read -cf - | tar -C "$context" -xf -
say "building the image; all that is said is in $work/image.log"
build build --isolation chroot --network host --layers --build-arg DEBIAN="$base" \
  --volume "$work/ccache:/root/.cache/ccache" --tag "$image" "$context" > "$work/image.log" 2>&1 || {
  tail -n 15 "$work/image.log" >&2
  die "the image could not be built"
}

container=$(build from --pull-never "$image")
mounted=$(build mount "$container")
trap 'build rm "$container" > /dev/null' EXIT
in_image() { build run --isolation chroot --network host "$container" -- "$@"; }

step "it is for a user without a name or rights" test \
  "$(build inspect --type image --format '{{.OCIv1.Config.User}}' "$image")" = 65532:65532
for program in lowbalance lowbalance-exporter lowbalance-webhook; do
  step "$program runs there" in_image "$program" --version
done
step "the command does its work there" in_image lowbalance rules
step "that user writes to its own folder" in_image touch /var/lib/lowbalance/x
step "and nowhere else" in_image bash -c '! touch /etc/x /usr/bin/x /root/x 2> /dev/null'
step "certificate authorities and time zones are there" in_image test \
  -s /etc/ssl/certs/ca-certificates.crt -a -s /usr/share/zoneinfo/Asia/Shanghai
step "the compiler is not" in_image bash -c '! command -v g++ cmake ccache python3'
# The lines of docs/install.md that make a configuration for the image.
(
  rm -rf "$work/page"
  mkdir "$work/page"
  cd "$work/page"
  ln -s "$root/examples" examples
  page_lines 'The container image' | grep -E '^(mkdir|sed)' | bash -eux > "$work/page.log" 2>&1
)
step "the configuration of docs/install.md is good there" build run --isolation chroot \
  --volume "$work/page/etc:/etc/lowbalance:ro" "$container" -- \
  lowbalance check --config.file /etc/lowbalance/lowbalance.yml
size=$(du -sm --one-file-system "$mounted" | cut -f 1)
step "it is small: $size MiB, $largest_mib at most" test "$size" -le "$largest_mib"

say "the smoke test with the image's programs, its root read-only, as 65532"
smoke_in "$mounted" 65532:65532
step "nothing is mounted any more" not left_behind "$work/mount"
