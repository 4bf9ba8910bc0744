#!/bin/bash
# The X server ends while a run trains in the window. Wrong if the program dies in the midst of an update, loses steps,
# leaves a run.json that does not say why, or a run that cannot be gone on with. Usage: display_lost.sh PROGRAM
set -u
program=$(realpath "$1")
config=$(dirname "$(realpath "$0")")/small_run.toml
folder=$(mktemp -d)
server= pid=
trap 'for p in $pid $server; do kill "$p" 2>/dev/null; done; rm -rf "$folder"' EXIT
fail() { echo "FAILED: $1"; cat "$folder/stderr" "$folder"/runs/*/run.json 2>/dev/null; exit 1; }
wait_for() { for _ in $(seq 240); do eval "$1" && return 0; sleep 0.25; done; fail "$2"; }
cd "$folder" || exit 1
export XDG_CONFIG_HOME=$folder/config
unset WAYLAND_DISPLAY GOMP_SPINCOUNT OMP_WAIT_POLICY

start_server() {
    : >display
    Xvfb -displayfd 3 -screen 0 1280x800x24 -noreset 3>display 2>/dev/null & server=$!
    wait_for '[ -s display ]' "Xvfb did not start"
    DISPLAY=:$(cat display)
    export DISPLAY
}
rows() { awk '!/^#/ && !/^step/' "$1"/metrics.csv 2>/dev/null | wc -l; }

start_server
"$program" --config "$config" --start 2>stderr & pid=$!
wait_for 'run=$(echo runs/*); [ "$(rows "$run")" -ge 40 ]' "the run did not begin"
# It started itself once more, under its own name, so that its threads do not spin for long.
tr '\0' '\n' <"/proc/$pid/environ" | grep -q '^GOMP_SPINCOUNT=' || fail "its threads wait by spinning for long"
[ "$(cat "/proc/$pid/comm")" = hopscope ] || fail "it runs as $(cat "/proc/$pid/comm")"
kill -9 "$server"
wait "$server" 2>/dev/null
wait_for '! kill -0 $pid 2>/dev/null' "the program did not end with its display"
wait "$pid"; code=$?
[ "$code" = 1 ] || fail "exit code $code, 1 expected"
grep -q -- "hopscope train --resume --out $run" stderr || fail "the message does not say how to go on"
grep -q '"state": "paused: the display was lost"' "$run/run.json" || fail "run.json does not tell why"
saved=$(ls "$run/checkpoints" | tail -1)
step=$((10#${saved#step_}))
[ "$step" -ge 40 ] || fail "no checkpoint of the last step: $saved"
[ "$(rows "$run")" = "$step" ] || fail "metrics.csv has $(rows "$run") rows, the checkpoint is of step $step"

"$program" train --resume --out "$run" --set train.steps=$((step + 20)) >/dev/null 2>stderr || fail "it cannot be gone on with"
grep -q '"state": "done"' "$run/run.json" || fail "the resumed run is not done"
[ "$(rows "$run")" = $((step + 20)) ] || fail "the resumed run has $(rows "$run") rows, $((step + 20)) expected"

# Without a run.
start_server
"$program" 2>stderr & pid=$!
wait_for '[ -n "$(DISPLAY=$DISPLAY xdotool search --onlyvisible --pid $pid --name hopscope 2>/dev/null)" ]' "no window"
kill -9 "$server"
wait "$server" 2>/dev/null
wait_for '! kill -0 $pid 2>/dev/null' "the start screen did not end with its display"
wait "$pid"; code=$?
[ "$code" = 1 ] || fail "exit code $code of the start screen, 1 expected"
echo "display lost: all passed"
