# Shared by the scripts of the folder above (source it, do not run it): messages, folders, build and test steps.
# shellcheck shell=bash

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"

say() { printf '%s\n' "$*" >&2; }
fail() {
    printf 'error: %s\n' "$1" >&2
    shift
    local line
    for line in "$@"; do printf '       %s\n' "$line" >&2; done
    exit 1
}

# stage NAME COMMAND…: runs the command and prints the stage's name before it and its seconds after.
current_stage=""
stage() {
    local begin=$SECONDS
    current_stage=$1
    shift
    say "==> $current_stage"
    "$@"
    say "<== $current_stage: $((SECONDS - begin)) s"
    current_stage=""
}
trap '[[ -z $current_stage ]] || say "<== $current_stage: FAILED"' EXIT

# The folder that scripts/setup fills; cmake/deps_folder.cmake has the same rule.
deps_folder() {
    if [[ -n ${HOPSCOPE_DEPS:-} ]]; then
        printf '%s\n' "$HOPSCOPE_DEPS"
    elif [[ -d $root/.deps/stamps ]]; then
        printf '%s\n' "$root/.deps"
    else
        printf '%s\n' "$HOME/.cache/hopscope/deps"
    fi
}

# Tools that came with the set-up go first on PATH; those unpacked without root also need their libraries.
use_deps() {
    local deps=$1
    export HOPSCOPE_DEPS=$deps CCACHE_MAXSIZE=${CCACHE_MAXSIZE:-10G}
    [[ -x $deps/python/cmake/data/bin/cmake ]] && PATH="$deps/python/cmake/data/bin:$PATH"
    local tool
    for tool in ninja ccache mold; do
        if ! command -v "$tool" >/dev/null && [[ -x $deps/debian/usr/bin/$tool ]]; then
            PATH="$PATH:$deps/debian/usr/bin"
            # For the tools alone: programs built here carry a run path of their own.
            export LD_LIBRARY_PATH="${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$deps/debian/usr/lib/$(uname -m)-linux-gnu"
            break
        fi
    done
    export PATH
}

# As many compilers as there are cores, but no more than one for every 2 GiB of memory (a LibTorch file takes up to that).
build_jobs() {
    local cores memory
    cores=$(nproc)
    memory=$(awk '/^MemAvailable/ { print int($2 / 2097152) }' /proc/meminfo)
    ((memory < 1)) && memory=1
    echo "${HOPSCOPE_JOBS:-$((cores < memory ? cores : memory))}"
}

# build PRESET [--target T]… [-DNAME=VALUE]…: configures and builds; the compiler's words are kept in build/PRESET/build.log.
build() {
    local preset=$1 folder="$root/build/$1" targets=() defines=()
    shift
    while (($#)); do
        case $1 in
            --target) targets+=(--target "$2") && shift 2 ;;
            *) defines+=("$1") && shift ;;
        esac
    done
    # A file that is not compiled again would keep its warnings to itself; the compiler cache makes this cheap.
    [[ -z ${HOPSCOPE_FAIL_ON_WARNINGS:-} ]] || targets+=(--clean-first)
    mkdir -p "$folder"
    if ! (cd "$root" && cmake --preset "$preset" "-DHOPSCOPE_DEPS=$HOPSCOPE_DEPS" "${defines[@]}") >"$folder/configure.log" 2>&1; then
        tail -30 "$folder/configure.log" >&2
        fail "cmake could not configure build/$preset (its last words are above)." \
            "Run scripts/setup. If an older build folder is the cause: rm -rf build/$preset"
    fi
    if ! (cd "$root" && cmake --build --preset "$preset" -j "$(build_jobs)" "${targets[@]}") 2>&1 | tee "$folder/build.log" >&2; then
        fail "build/$preset did not build; the compiler's errors are above and in build/$preset/build.log."
    fi
    # Caught here rather than by -Werror, so that checked and plain builds share one compiler cache. -Wrestrict: g++ 12
    # raises it wrongly inside its own std::string operator+ (GCC bug 105651).
    if [[ -n ${HOPSCOPE_FAIL_ON_WARNINGS:-} ]] &&
        grep -nE '(^|[^A-Za-z])warning[: #]' "$folder/build.log" | grep -vE '/include/c\+\+/.*\[-Wrestrict\]' >&2; then
        fail "the compiler printed the warnings above (build/$preset/build.log)."
    fi
}

# fallen PRESET LOG: of each test that failed its name and the last 30 lines of what it said.
fallen() {
    awk -v preset="$1" '
        function tell(  i) {
            if (name == "") return
            print preset ": " name
            for (i = count > 30 ? count - 29 : 1; i <= count; ++i) print "    " said[i]
            name = ""
        }
        /^ *[0-9]+\/[0-9]+ Test +#[0-9]+:/ {
            tell()
            if (/\*\*\*/ && !/\*\*\*(Skipped|Not Run \(Disabled\))/) { name = $0; sub(/^[^:]*: */, "", name); gsub(/ \.\.\.+/, "", name); count = 0 }
            next
        }
        /^ +Start +[0-9]+: / || /^[0-9]+% tests passed/ { tell() }
        name != "" && NF { said[++count] = $0 }
        END { tell() }' "$2"
}

have_display() { [[ -n ${DISPLAY:-}${WAYLAND_DISPLAY:-} ]]; }

# run_tests PRESET LANES [ctest argument…]: runs the ctest lanes (labels, joined by |) of a built preset. Counts go to
# tests_passed, tests_failed and tests_skipped, which add up over calls; the words of failed ones to tests_fallen.
tests_passed=0 tests_failed=0 tests_skipped=0 tests_fallen=""
run_tests() {
    local preset=$1 lanes=$2 log="$root/build/$1/ctest.log" wrapper=() code=0
    shift 2
    if [[ "|$lanes|" == *"|gui|"* ]] && ! have_display; then
        command -v xvfb-run >/dev/null ||
            fail "the gui lane needs a display, or xvfb-run." "As root: apt-get install xvfb. Or leave the lane out: scripts/test unit train"
        # -noreset: a server that starts anew when its last window closes refuses the next one for a moment.
        wrapper=(xvfb-run -a -s "-screen 0 1600x1000x24 -noreset")
    fi
    "${wrapper[@]}" ctest --test-dir "$root/build/$preset" -L "^($lanes)\$" -j "$(nproc)" --output-on-failure \
        --no-tests=error "$@" 2>&1 | tee "$log" || code=$?
    local passed failed skipped words
    passed=$(grep -cE '^ *[0-9]+/[0-9]+ Test +#[0-9]+:.* Passed ' "$log" || true)
    skipped=$(grep -cE '^ *[0-9]+/[0-9]+ Test +#[0-9]+:.*\*\*\*(Skipped|Not Run \(Disabled\))' "$log" || true)
    failed=$(grep -cE '^ *[0-9]+/[0-9]+ Test +#[0-9]+:.*\*\*\*' "$log" || true)
    tests_passed=$((tests_passed + passed)) tests_skipped=$((tests_skipped + skipped))
    tests_failed=$((tests_failed + failed - skipped))
    words=$(fallen "$preset" "$log")
    tests_fallen+=${words:+$words$'\n'}
    # Nothing found, or ctest itself broke down.
    if ((code != 0 && failed == skipped)); then fail "ctest failed in build/$preset (exit $code); see build/$preset/ctest.log."; fi
}
# The last line is the counts; before it, since a log's end is read first, what failed.
tests_summary() {
    ((tests_failed == 0)) || printf '%s' "$tests_fallen"
    printf '%d passed, %d failed, %d skipped\n' "$tests_passed" "$tests_failed" "$tests_skipped"
}

# Real text would take the sanitizers many minutes; the release tests read it.
# The address and undefined-behaviour sanitizers over the core without the window.
address_lane() {
    build asan --target lane_unit
    ASAN_OPTIONS=detect_stack_use_after_return=1 UBSAN_OPTIONS=print_stacktrace=1 run_tests asan unit -LE "^data$"
}

# The thread sanitizer over everything that needs no LibTorch: queue, snapshots, a fake trainer, text, run folder.
thread_lane() {
    build tsan --target lane_unit
    TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1 run_tests tsan unit -LE "^data$"
}
