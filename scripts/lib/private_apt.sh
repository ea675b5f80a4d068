# Sourced after common.sh: apt with sources, lists and cache of its own, under a folder of ours, so
# that the machine's own stay as they are and no root is needed.
# shellcheck shell=bash disable=SC2154

# private_apt_init FOLDER: prepares it. What the machine's configuration says about getting to
# a mirror (proxies, certificates) is kept; its hooks and pins are not, they are about installing.
private_apt_init() {
  local folder=$1
  mkdir -p "$folder/lists/partial" "$folder/cache/archives/partial"
  {
    apt-config dump | grep '^Acquire::'
    cat <<EOF
Acquire::AllowInsecureRepositories "false";
Acquire::AllowDowngradeToInsecureRepositories "false";
Acquire::Languages "none";
Dir::Etc::main "/dev/null";
Dir::Etc::parts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::State "$folder";
Dir::State::lists "$folder/lists";
Dir::State::status "/var/lib/dpkg/status";
Dir::Cache "$folder/cache";
EOF
    # Root's downloads go to a user who could not write into our folder.
    [ "$(id -u)" -ne 0 ] || echo 'APT::Sandbox::User "root";'
  } > "$folder/apt.conf"
  private_apt_folder=$folder
  private_apt_options=()
  private_apt_log=$folder/log
  : > "$private_apt_log"
}

# private_apt_sources LINE...: from now on these are read instead of the machine's sources.
private_apt_sources() {
  printf '%s\n' "$@" > "$private_apt_folder/sources.list"
  private_apt_options=(-o Dir::Etc::sourcelist="$private_apt_folder/sources.list"
    -o Dir::Etc::sourceparts=/dev/null)
}

# private_apt ARGUMENT...: apt-get, quietly; what it says is added to the log.
private_apt() {
  APT_CONFIG=$private_apt_folder/apt.conf apt-get -q "${private_apt_options[@]}" "$@" \
    >> "$private_apt_log" 2>&1
}

# The mirrors this machine gets Debian from, likeliest first, one a line.
debian_mirrors() {
  if [ -n "${LOWBALANCE_DEBIAN_MIRROR:-}" ]; then
    echo "$LOWBALANCE_DEBIAN_MIRROR"
    return
  fi
  # Other vendors may name their repositories alike; Debian's signature tells them apart later.
  # shellcheck disable=SC2016  # apt fills in the fields.
  apt-get indextargets --format '$(RELEASE) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' |
    awk -v own="$codename" '
      ($1 == own || $1 ~ /^(oldstable|stable|testing|unstable|sid|forky)$/) && $2 == "main" &&
      !seen[$3]++ { print $3 }'
}
