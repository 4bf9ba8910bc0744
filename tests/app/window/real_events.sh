#!/bin/bash
# Real X events, which the Test Engine jumps over: the window opens, takes keys and a resize, asks before it closes, and
# ends with 0. Usage: real_events.sh PROGRAM, inside a display.
set -u
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export XDG_CONFIG_HOME=$folder
fail() { echo "FAILED: $1"; kill "$pid" 2>/dev/null; exit 1; }
wait_for() { for _ in $(seq 80); do eval "$1" && return 0; sleep 0.25; done; fail "$2"; }
scale() { grep -o '"scale": [0-9.]*' "$folder/hopscope/settings.json" 2>/dev/null; }

"$1" --settings --still & pid=$!
window=
wait_for 'window=$(xdotool search --onlyvisible --pid $pid --name hopscope 2>/dev/null | head -1); [ -n "$window" ]' "no window"
focus() {
    wait_for 'xdotool windowfocus "$window" 2>/dev/null; [ "$(xdotool getwindowfocus 2>/dev/null)" = "$window" ]' "it takes no focus"
    sleep 0.3
}
sleep 2
focus
xdotool key ctrl+equal
wait_for '[ "$(scale)" = "\"scale\": 1.125" ]' "a quick Ctrl+= did not enlarge the text"
xdotool windowsize "$window" 1100 700; sleep 1
xdotool key ctrl+0
wait_for '[ "$(scale)" = "\"scale\": 1.0" ]' "keys are lost after a resize"
# Minimised and back: still answers. (Without a window manager this only unmaps it.)
xdotool windowunmap "$window"; sleep 0.5; xdotool windowmap "$window"; sleep 0.5
focus
xdotool key ctrl+q; sleep 1
kill -0 "$pid" 2>/dev/null || fail "closed without a question while a run was open"
# Again, in case the question was not drawn yet.
wait_for 'xdotool key Return; ! kill -0 $pid 2>/dev/null' "did not close after the question was answered"
wait "$pid"; code=$?
[ "$code" = 0 ] || fail "exit code $code"
echo "real events: all passed"
