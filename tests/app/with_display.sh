#!/bin/sh
# Runs a command on the present display, or on a virtual one where there is none; never longer than five minutes.
if [ -n "$DISPLAY" ]; then
    exec timeout 300 "$@"
fi
# -noreset: a server that starts anew when its last window closes refuses the next one for a moment.
exec timeout 300 xvfb-run -a -s "-screen 0 1600x900x24 -noreset" "$@"
