# LibTorch, CMake, Dear ImGui: hashed files of the Python package index, unpacked into the folder. Sourced by scripts/setup.
# shellcheck shell=bash

find_python() {
    local candidate
    for candidate in "${PYTHON:-python3}" /usr/bin/python3 python3.13 python3.12 python3.11; do
        if "$candidate" -c 'import pip, sys; sys.exit(tuple(map(int, pip.__version__.split(".")[:2])) < (20, 3))' 2>/dev/null; then
            command -v "$candidate"
            return 0
        fi
    done
    return 1
}

need_space() {
    local needed=$1 free
    free=$(df -Pk "$prefix" | awk 'NR == 2 { print int($4 / 1024) }')
    ((free >= needed)) || fail "not enough disk space at $prefix: $free MB free, $needed MB needed." \
        "Free some, or give a folder elsewhere: scripts/setup --prefix DIR"
}

explain_pip() {
    local log=$1
    if grep -qiE 'no space left' "$log"; then
        fail "the disk is full ($prefix)." "Free some space, or give a folder elsewhere: scripts/setup --prefix DIR"
    elif grep -qE 'DO NOT MATCH THE HASHES' "$log"; then
        grep -A8 'DO NOT MATCH' "$log" | head -12 >&2
        fail "a downloaded file is not the one pinned in scripts/requirements*.txt (see above); nothing was installed." \
            "If your pip uses a mirror, it serves another file; pip cache purge removes a damaged one."
    elif grep -qE 'CERTIFICATE_VERIFY_FAILED' "$log"; then
        fail "Python packages could not be downloaded: the package index's certificate is not trusted by this machine." \
            "If your network has its own certificate: PIP_CERT=/path/to/ca.crt scripts/setup"
    elif grep -qiE 'name resolution|NewConnectionError|ConnectTimeout|Max retries|Network is unreachable|Connection reset' "$log"; then
        fail "Python packages could not be downloaded: no network, or the package index does not answer." \
            "Behind a proxy set HTTPS_PROXY. On a machine without network copy a filled folder here: --prefix DIR --offline"
    fi
    tail -15 "$log" >&2
    fail "pip failed; its last words are above."
}

run_pip() {
    local python log
    [[ -z $offline ]] || fail "missing: $1" "Run without --offline, or copy a folder that another machine has filled."
    shift
    python=$(find_python) || fail "no Python 3 with pip (20.3 or newer) found; it unpacks LibTorch and CMake." \
        "Debian: apt-get install python3-pip. Or name one: PYTHON=/path/to/python3 scripts/setup"
    mkdir -p "$prefix/tmp"
    log="$prefix/tmp/pip.log"
    TMPDIR="$prefix/tmp" "$python" -m pip --disable-pip-version-check "$@" >"$log" 2>&1 || explain_pip "$log"
}

# One build of each wheel on every machine, whatever its Python.
platform=(--python-version 3.11 --implementation cp --abi cp311 --abi abi3 --abi none --only-binary=:all:)
for tag in manylinux_2_28 manylinux_2_27 manylinux_2_25 manylinux_2_18 manylinux_2_17 manylinux2014 manylinux_2_12 \
    manylinux2010 manylinux_2_5 manylinux1; do
    platform+=(--platform "${tag}_x86_64")
done

# A wheel counts as there if every file that its RECORD names is there with the recorded size.
wheel_complete() {
    local info=$1
    [[ -f $info/RECORD ]] || return 1
    (
        cd "$python_dir"
        sed -nE 's/^"?([^",]+)"?,[^,]*,([0-9]+)\r?$/\2 \1/p' "$info/RECORD" | grep -vE ' (\.\./|bin/|.*\.pyc$)' | LC_ALL=C sort >"$stamps/.want"
        cut -d' ' -f2- "$stamps/.want" | tr '\n' '\0' | xargs -0 stat -c '%s %n' 2>/dev/null | LC_ALL=C sort | cmp -s - "$stamps/.want"
    )
}

# wheels FILE NAME…: makes sure that these packages of a requirements file lie in PREFIX/python.
wheels() {
    local file=$1 name line version info todo=() staging
    shift
    mkdir -p "$stamps" "$python_dir"
    for name in "$@"; do
        line=$(grep -E "^$name==" "$here/$file") || fail "scripts/$file does not list $name."
        stamp_is "wheel-$name" "$line" && continue
        version=$(sed -E 's/^[^=]+==([^ ]+) .*/\1/' <<<"$line")
        info="$python_dir/${name//-/_}-$version.dist-info"
        if wheel_complete "$info"; then
            stamp "wheel-$name" "$line"
        else
            todo+=("$name")
        fi
    done
    ((${#todo[@]})) || return 0
    say "downloading ${todo[*]}"
    need_space $(($(printf '%s\n' "${todo[@]}" | grep -cE '^(torch|nvidia-(cublas|cudnn|nccl|cusparse|cusolver|cufft).*)$') * 1500 + 500))
    staging="$prefix/tmp/staging"
    rm -rf "$staging" && mkdir -p "$staging"
    for name in "${todo[@]}"; do grep -E "^$name==" "$here/$file"; done >"$prefix/tmp/requirements.txt"
    run_pip "${todo[*]}" install --no-deps --require-hashes --no-compile --target "$staging" "${platform[@]}" \
        -r "$prefix/tmp/requirements.txt"
    for name in "${todo[@]}"; do
        forget_wheel "$name"
        rm -f "$stamps/wheel-$name"
    done
    # Hard links: the staging folder lies on the same file system, and several wheels share the folder nvidia/.
    cp -al --remove-destination "$staging/." "$python_dir/" || fail "could not move the files to $python_dir."
    rm -rf "$staging"
    for name in "${todo[@]}"; do stamp "wheel-$name" "$(grep -E "^$name==" "$here/$file")"; done
}

# Removes the files of any version of a wheel, so that no header of an old one stays behind.
forget_wheel() {
    local info
    for info in "$python_dir/${1//-/_}"-[0-9]*.dist-info; do
        [[ -f $info/RECORD ]] || continue
        (cd "$python_dir" && sed -E 's/^"?([^",]+)"?,.*/\1/' "$info/RECORD" | grep -vE '^(\.\./|/)' | tr '\n' '\0' | xargs -0 rm -f)
        rm -rf "$info"
    done
}

# NumPy for the Python that setup itself runs on, and which Python that is: what the tests of python/ run with. Only tests need
# it, so a machine that cannot have it (no network, another processor, an older Python) gets a word instead of an error.
fetch_numpy() {
    local python version line
    line=$(grep -E '^numpy==' "$here/requirements-python.txt")
    python=$(find_python) || return 0
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    if stamp_is numpy "$version $line" && [[ -x $(<"$prefix/numpy/interpreter") ]]; then return 0; fi
    if [[ -n $offline || $(uname -m) != x86_64 || ! $version =~ ^3\.1[1-4]$ ]]; then
        say "note: no NumPy for Python $version ($(uname -m)${offline:+, offline}); the tests of python/ will be skipped"
        return 0
    fi
    say "downloading numpy"
    # A failure ends the subshell alone.
    if ! (
        need_space 200
        rm -rf "$prefix/tmp/numpy"
        PYTHON=$python run_pip numpy install --no-deps --require-hashes --no-compile --only-binary=:all: \
            --target "$prefix/tmp/numpy" -r "$here/requirements-python.txt"
    ); then
        say "note: no NumPy (the reason is above); the tests of python/ will be skipped"
        return 0
    fi
    "$python" -c 'import sys; print(sys.executable)' >"$prefix/tmp/numpy/interpreter"
    rm -rf "$prefix/numpy" && mv "$prefix/tmp/numpy" "$prefix/numpy"
    stamp numpy "$version $line"
}

# What `import torch` asks for beside the wheel, so that the operators' library can be tested in the Python that it is made for.
# Only that test needs it, so it is not an error if it cannot be had.
fetch_torch_python() {
    local names
    mapfile -t names < <(sed -nE 's/^([A-Za-z_]+)==.*/\1/p' "$here/requirements-torch-python.txt")
    # A failure ends the subshell alone.
    (wheels requirements-torch-python.txt "${names[@]}") ||
        say "note: no ${names[*]} (the reason is above); the test of python/hopscope_ops.py will be skipped"
}

fetch_imgui() {
    local line archive top="imgui_bundle-$imgui_version" library members=()
    line=$(grep -E '^imgui-bundle==' "$here/requirements-imgui.txt")
    stamp_is imgui "$line" && [[ -f $imgui_dir/external/imgui/imgui/imgui.h ]] && return 0
    say "downloading Dear ImGui, ImPlot and fonts (imgui-bundle $imgui_version)"
    need_space 300
    rm -rf "$prefix/tmp/imgui" && mkdir -p "$prefix/tmp/imgui/new"
    PYTHONPATH="$here/pip_stub" PYTHONDONTWRITEBYTECODE=1 run_pip "imgui-bundle $imgui_version" download --no-deps \
        --no-build-isolation --no-binary :all: --ignore-requires-python --require-hashes -r "$here/requirements-imgui.txt" \
        -d "$prefix/tmp/imgui"
    archive=$(ls "$prefix"/tmp/imgui/imgui_bundle-*.tar.gz)
    for library in imgui implot implot3d imgui_test_engine portable_file_dialogs imgui-command-palette ImGuiColorTextEdit; do
        members+=("$top/external/$library/$library")
    done
    tar -xzf "$archive" -C "$prefix/tmp/imgui/new" "$top/LICENSE" "$top/bindings/imgui_bundle/assets/fonts" "${members[@]}" ||
        fail "could not unpack $archive." "Is the disk full? Run scripts/setup again."
    rm -rf "$imgui_dir" && mv "$prefix/tmp/imgui/new/$top" "$imgui_dir"
    rm -rf "$prefix/tmp/imgui"
    stamp imgui "$line"
}
