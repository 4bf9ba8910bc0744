# Debian packages of scripts/setup: installed as root, or unpacked into the folder without. Sourced by it.
# shellcheck shell=bash

# Lines "name least-version use" of packages.txt whose use is one of the arguments.
wanted() {
    awk -v uses=" $* " '!/^#/ && NF == 3 && index(uses, " " $3 " ")' "$here/packages.txt"
}
installed_version() { dpkg-query -W -f '${db:Status-Abbrev} ${Version}\n' "$1" 2>/dev/null | sed -n 's/^ii *//p' | head -1; }
unpacked_version() { [[ -f $debian_dir/packages.list ]] && sed -n "s/^$1 //p" "$debian_dir/packages.list" | tail -1 || true; }
found_version() {
    local version
    version=$(unpacked_version "$1")
    [[ -n $version ]] || version=$(installed_version "$1")
    printf '%s' "$version"
}
# Debian versions carry an epoch ("1:") that the project's own version lacks.
new_enough() { dpkg --compare-versions "${1#*:}" ge "$2"; }
lacking() {
    local name least use version
    while read -r name least use; do
        version=$(found_version "$name")
        if [[ -z $version ]] || ! new_enough "$version" "$least"; then echo "$name"; fi
    done < <(wanted "$@")
}

explain_apt() {
    local log=$1
    if grep -qiE 'no space left' "$log"; then
        fail "the disk is full." "Free some space on the file systems of / and $prefix."
    elif grep -qiE 'could not resolve|temporary failure|connection (refused|timed out)|failed to fetch' "$log"; then
        fail "Debian packages could not be downloaded: no network, or the mirror does not answer." \
            "$(grep -iE 'could not resolve|temporary failure|connection|failed to fetch' "$log" | head -1)"
    elif grep -qiE 'could not get lock|unable to acquire' "$log"; then
        fail "another program holds apt's lock. Try again when it has finished."
    elif grep -qiE 'unable to locate package' "$log"; then
        fail "a package is unknown to this system: $(grep -i 'unable to locate' "$log" | sed 's/.*package //' | tr '\n' ' ')" \
            "Debian 12 (bookworm) or newer, or Ubuntu 24.04 or newer, is needed; elsewhere install the libraries of" \
            "scripts/packages.txt by other means and build with cmake --preset release."
    fi
    tail -20 "$log" >&2
    fail "apt failed; its last words are above."
}

need_apt() {
    command -v apt-get >/dev/null && command -v dpkg >/dev/null ||
        fail "this is not a Debian or Ubuntu system (no apt-get)." \
            "Install the libraries of scripts/packages.txt by other means, then: cmake --preset release -DHOPSCOPE_DEPS=$prefix"
}

install_packages() {
    local missing log
    mapfile -t missing < <(lacking compiler screen "${uses[@]}")
    if ! find_python >/dev/null; then missing+=(python3 python3-pip); fi
    ((${#missing[@]})) || return 0
    [[ -z $offline ]] || fail "missing Debian packages: ${missing[*]}" "Run without --offline."
    say "installing ${#missing[@]} Debian packages: ${missing[*]}"
    log=$(mktemp)
    {
        apt-get -o DPkg::Lock::Timeout=300 update &&
            DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "${missing[@]}"
    } >"$log" 2>&1 || explain_apt "$log"
    rm -f "$log"
}

# Packages that every machine has, or whose programs and drivers have fixed paths: never unpacked.
never_unpacked='^(libc6.*|libc-.*|linux-libc-dev|libcrypt.*|libgcc-s1|libstdc\+\+.*|g\+\+.*|gcc-.*|cpp-.*|libgcc-.*|libgomp1|.*mesa.*|libllvm.*|libdrm.*|libgbm.*|perl.*|dpkg.*|debconf.*|libpam.*|tzdata|python3.*|libpython3.*|init.*|install-info|sensible-utils|libdebconf.*)$'

# Lists of a package source may be absent (containers) or too old, and only root can renew the system's: keep our own.
private_apt() {
    mkdir -p "$prefix/apt/lists/partial" "$prefix/apt/cache/archives/partial"
    apt_options=(-o "Dir::State::lists=$prefix/apt/lists" -o "Dir::Cache=$prefix/apt/cache" -o APT::Sandbox::User=
        -o Debug::NoLocking=1)
    apt-get "${apt_options[@]}" update >"$prefix/apt/log" 2>&1 || explain_apt "$prefix/apt/log"
    grep -qE '^(E|W): (Failed|Some index)' "$prefix/apt/log" && explain_apt "$prefix/apt/log"
    return 0
}

# closure NAME…: the packages and what they need in turn, without those that are never unpacked.
closure() {
    local -A seen=()
    local frontier=("$@") next name
    while ((${#frontier[@]})); do
        for name in "${frontier[@]}"; do seen[$name]=1; done
        mapfile -t next < <(apt-cache "${apt_options[@]}" depends -i "${frontier[@]}" 2>/dev/null |
            awk '# Of alternatives, marked by a bar, the first is taken.
                { after_bar = bar; bar = /^ \|/ }
                / (Pre|\|)?Depends: |\|Depends: / && !after_bar { sub(/.*Depends: /, ""); sub(/:.*/, ""); if (!/</) print }' |
            sort -u | grep -vE "$never_unpacked")
        frontier=()
        for name in "${next[@]}"; do [[ -n ${seen[$name]:-} ]] || frontier+=("$name"); done
    done
    printf '%s\n' "${!seen[@]}" | sort
}

unpack_packages() {
    local names=() file key
    if [[ $packages == unpack ]]; then
        mapfile -t names < <(wanted "${uses[@]}" | awk '{ print $1 }')
    else
        mapfile -t names < <(lacking "${uses[@]}")
    fi
    ((${#names[@]})) || return 0
    key=$(printf '%s\n' "${names[@]}" "$(cat /etc/os-release)" | sha256sum | cut -d' ' -f1)
    stamp_is debian "$key" && [[ -d $debian_dir/usr ]] && return 0
    [[ -z $offline ]] || fail "missing Debian packages: ${names[*]}" "Run without --offline."
    need_apt
    say "unpacking Debian packages into $debian_dir: ${names[*]}"
    private_apt
    mapfile -t names < <(closure "${names[@]}")
    rm -rf "$prefix/apt/debs" "$debian_dir.new"
    mkdir -p "$prefix/apt/debs" "$debian_dir.new"
    (cd "$prefix/apt/debs" && apt-get "${apt_options[@]}" download "${names[@]}" >"$prefix/apt/log" 2>&1) ||
        explain_apt "$prefix/apt/log"
    for file in "$prefix"/apt/debs/*.deb; do
        dpkg -x "$file" "$debian_dir.new" || fail "could not unpack $file." "Is the disk full? Run scripts/setup again."
        dpkg-deb -f "$file" Package Version | awk '{ print $2 }' | paste -sd' ' >>"$debian_dir.new/packages.list"
    done
    relocate "$debian_dir.new"
    rm -rf "$debian_dir" && mv "$debian_dir.new" "$debian_dir"
    rm -rf "$prefix/apt"
    stamp debian "$key"
}

# Links to absolute paths would leave the folder.
relocate() {
    local link target
    while IFS= read -r link; do
        target=$(readlink "$link")
        [[ $target == /* && -e $1$target ]] && ln -sfn "$(realpath --relative-to="$(dirname "$link")" "$1$target")" "$link"
    done < <(find "$1" -type l)
    return 0
}
