#!/bin/bash
# Panels of a trained run as pictures and numbers, where there is no display. Wrong if one is blank, has another size than was
# asked for, shows another step, changes the run, or a refusal does not say what is allowed. Usage: export.sh PROGRAM
set -u
program=$(realpath "$1")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
fail() { echo "FAILED: $1"; cat "$folder/stderr" 2>/dev/null; exit 1; }
cd "$folder" || exit 1
unset DISPLAY WAYLAND_DISPLAY
export XDG_CONFIG_HOME=$folder/config

cat >tiny.toml <<'TOML'
[model]
d_model = 32
n_layers = 2
n_heads = 2
vocab_size = 400
max_seq_len = 64
[moe]
experts = 16
top_k = 2
hops = 2
d_space = 8
[train]
steps = 40
threads = 1
batch = 4
seq_len = 32
warmup = 5
eval_every = 20
checkpoint_every = 20
snapshot_every = 10
TOML
"$program" train --config tiny.toml --out run >/dev/null 2>stderr || fail "the run was not trained"
state() { find run -type f -printf '%p %s %T@\n' | sort; }
before=$(state)

export_panel() { "$program" export run --panel "$@" >stdout 2>stderr || fail "export $*"; }
# Width and height stand in bytes 16 to 23 of a PNG file.
size_of() { od -An -tu1 -j16 -N8 "$1" | awk '{ print $3 * 256 + $4 "x" $7 * 256 + $8 }'; }
# picture PANEL OPTIONS…; a blank one of this size takes about 2 kB.
picture() {
    export_panel "$@" --png "$1.png" --width 640 --height 400
    [ "$(size_of "$1.png")" = 640x400 ] || fail "$1.png has $(size_of "$1.png")"
    [ "$(stat -c %s "$1.png")" -gt 6000 ] || fail "$1.png is blank: $(stat -c %s "$1.png") bytes"
}
for panel in run routing_space curves statistics log model coupling experts analyses halting; do picture $panel; done
echo '{"command": "suppress", "layer": 0, "expert": 0}' >good.jsonl
picture intervene --text "the muddy river" --script good.jsonl
export_panel routing_space --png again.png --width 640 --height 400
cmp -s routing_space.png again.png || fail "the same call gives another picture"
export_panel routing_space --png early.png --width 640 --height 400 --step 15
cmp -s routing_space.png early.png && fail "step 15 is shown as the newest"
export_panel curves --png large.png --width 640 --height 400 --scale 2 --light
[ "$(size_of large.png)" = 1280x800 ] || fail "scale 2 has $(size_of large.png)"

export_panel curves --csv curves.csv
[ "$(head -1 curves.csv)" = "# Curves of run, steps 1 … 40" ] || fail "curves.csv begins with $(head -1 curves.csv)"
sed -n 2p curves.csv | grep -q '^series,' || fail "curves.csv names its columns $(sed -n 2p curves.csv)"
[ "$(grep -c '^loss\|^train' curves.csv)" -ge 40 ] || fail "curves.csv lacks updates: $(cut -d, -f1 curves.csv | sort | uniq -c)"
for panel in run routing_space experts; do
    export_panel $panel --csv $panel.csv
    head -1 $panel.csv | grep -q '^# .* of run, step 40' || fail "$panel.csv begins with $(head -1 $panel.csv)"
    [ "$(grep -vc '^#' $panel.csv)" -ge 10 ] || fail "$panel.csv has $(wc -l <$panel.csv) lines"
done
grep -q '^quantity,value,unit$' run.csv && grep -q '^step,40,updates$' run.csv || fail "run.csv does not say the step"
[ "$(grep -c '^expert,' routing_space.csv)" = 16 ] || fail "routing_space.csv has not every expert"

# The same numbers as JSON, whose tables are those of the CSV.
same_numbers() {
    export_panel "$@" --csv same.csv --json same.json
    python3 - "$1" <<'PYTHON' || fail "$1 as JSON is not what it is as CSV"
import csv, json, sys
document, lines = json.load(open("same.json")), open("same.csv").read().splitlines()
assert document["format"] == "hopscope.panel/1" and document["panel"] == sys.argv[1] and document["run"] == "run", document
assert lines[0] in (f"# {document['title']} {document['origin']}", f"# {document['origin']}"), (lines[0], document["origin"])
assert document["steps"][1] == 40, document["steps"]
tables = [document] + document.get("further", [])
parts, names = [], False
for line in lines:
    if not line or line.startswith("# "):
        names = False
    elif names:
        parts[-1].append(line)
    else:
        parts.append([line])
        names = True
assert len(parts) == len(tables), (len(parts), len(tables))
shown = lambda value: "" if value is None else value if isinstance(value, str) else float(value)
for part, table in zip(parts, tables):
    head, *rows = csv.reader(part)
    assert head == table["columns"] and len(rows) == len(table["rows"]), (head, table["columns"], len(rows))
    for row, values in zip(rows, table["rows"]):
        for cell, value in zip(row, values, strict=True):
            assert (float(cell) if isinstance(value, (int, float)) else cell) == shown(value), (cell, value)
assert any(isinstance(value, (int, float)) for row in document["rows"] for value in row), "no number"
PYTHON
}
for panel in run routing_space curves statistics experts model; do same_numbers $panel; done
same_numbers trajectory --text "the muddy river 3 nan"
grep -q '"further":' <(export_panel statistics --json two.json; cat two.json) || fail "statistics has one table"

"$program" train --config tiny.toml --set moe.top_k=4 --out other >/dev/null 2>stderr || fail "the second run was not trained"
export_panel sweep --beside other --view x=moe.top_k --view y=valid_loss/final --csv sweep.csv --png sweep.png
[ "$(grep -c ',run,1,2,\|,other,1,4,' sweep.csv)" = 2 ] || fail "sweep.csv has not both runs: $(cat sweep.csv)"
for panel in compared_runs settings differences equivalence matches; do
    picture $panel --beside other --csv $panel.csv
    grep -v '^#' $panel.csv | grep -q '[0-9]'  || fail "$panel.csv has no number"
done
[ "$(md5sum ./*.png | cut -d' ' -f1 | sort -u | wc -l)" -ge 19 ] || fail "two panels are one picture: $(md5sum ./*.png)"
export_panel trajectory --text "the muddy river" --csv path.csv --png path.png
[ "$(head -1 path.csv)" = "# Trajectory of run, step 40" ] || fail "path.csv begins with $(head -1 path.csv)"
[ "$(sed -n 2p path.csv | cut -d, -f1-6)" = token,piece,layer,hop,rank,expert ] || fail "path.csv names its columns $(sed -n 2p path.csv)"
[ "$(wc -l <path.csv)" -ge 10 ] || fail "path.csv has $(wc -l <path.csv) lines"

# Every parameter stands once: the sum is what info counts.
export_panel model --csv model.csv
total=$("$program" info run --json | grep -m1 '"total"' | tr -dc 0-9)
[ "$(awk -F, 'NR > 2 { sum += $3 } END { printf "%d", sum }' model.csv)" = "$total" ] || fail "model.csv holds other parameters than $total"

# The whole window: nothing in it is of this call alone, each layout is another picture, and so is what is asked in it.
whole() { "$program" export run --layout "$@" >stdout 2>stderr || fail "export --layout $*"; }
for layout in train inspect intervene; do
    whole $layout --png $layout.png --width 1000 --height 640
    [ "$(size_of $layout.png)" = 1000x640 ] || fail "$layout.png has $(size_of $layout.png)"
    [ "$(stat -c %s $layout.png)" -gt 25000 ] || fail "$layout.png is blank: $(stat -c %s $layout.png) bytes"
done
whole train --png again.png --width 1000 --height 640
cmp -s train.png again.png || fail "the same call gives another picture of the window"
whole train --png early.png --width 1000 --height 640 --step 15
cmp -s train.png early.png && fail "the window shows step 15 as the newest"
whole intervene --text "the muddy river" --script good.jsonl --png asked.png --width 1000 --height 640
cmp -s intervene.png asked.png && fail "the window shows no intervention"
whole train --front model --png front.png --width 1000 --height 640
cmp -s train.png front.png && fail "Model was not brought to the front"
whole compare --beside other --png compare.png --scale 2 --width 1000 --height 640 --light
[ "$(size_of compare.png)" = 2000x1280 ] || fail "scale 2 has $(size_of compare.png)"
[ "$(md5sum train.png inspect.png intervene.png early.png asked.png | cut -d' ' -f1 | sort -u | wc -l)" = 5 ] || fail "two layouts are one picture"

refused() { "$program" export run "${@:2}" >stdout 2>stderr; [ $? = 2 ] || fail "not refused: ${*:2}"; grep -q -- "$1" stderr || fail "no '$1' in the refusal"; }
refused "allowed are run, " --panel none --png a.png
refused "allowed are train, inspect, intervene, compare" --layout Train --png a.png
refused "this layout has run, " --layout train --front equivalence --png a.png
refused "the panel curves has " --layout train --view curves.none=1 --png a.png
refused "PANEL.NAME=VALUE, of run, " --layout train --view none=1 --png a.png
refused "no numbers" --panel log --csv a.csv
refused "^hopscope: --json: run/run.json belongs to the run" --panel run --json run/run.json
refused "belongs to the run" --panel curves --csv run/metrics.csv
refused "written as JSON" --panel log --json a.json
refused "where --csv writes" --panel curves --csv a.csv --json ./a.csv
refused "draws at most" --panel curves --png a.png --width 8192 --height 8192 --scale 4
refused "the panel sweep has better_x" --panel sweep --csv a.csv --view axis=1
refused "no run lies here" --panel sweep --csv a.csv --beside run/eval
refused "no numbers" --panel coupling --csv a.csv  # it was not measured
refused "first kept snapshot" --panel routing_space --step 0 --png a.png
mv run/checkpoints aside && mkdir run/checkpoints
refused "no checkpoint" --panel trajectory --text river --png a.png
rmdir run/checkpoints && mv aside run/checkpoints
echo '{"command": "suppress", "layer": 7, "expert": 0}' >bad.jsonl
refused "layer" --panel intervene --text river --script bad.jsonl --png a.png
[ ! -e a.png ] && [ ! -e a.csv ] && [ ! -e a.json ] || fail "a refused call left a file"
cp -r run failed && sed -i 's/"state": "done"/"state": "failed: no room"/' failed/run.json
"$program" export failed --panel run --png failed.png >stdout 2>stderr || fail "a failed run cannot be shown"
cp -r run damaged && for file in damaged/geometry/*; do truncate -s 100 "$file"; done
"$program" export damaged --panel routing_space --png a.png >stdout 2>stderr; code=$?
[ $code = 2 ] && grep -q geometry stderr || fail "damaged snapshots end with $code"
cp -r run weights && for file in weights/checkpoints/*/*; do truncate -s 50 "$file"; done
timeout 120 "$program" export weights --panel trajectory --text river --png a.png >stdout 2>stderr; code=$?
[ $code = 2 ] && grep -q checkpoints stderr || fail "damaged weights end with $code"

# Of a run that is trained meanwhile, a snapshot with each update, and of one beside it.
"$program" train --config tiny.toml --set train.steps=1000000 --set train.snapshot_every=1 --out live >/dev/null 2>live.log &
live=$!
for _ in $(seq 100); do [ "$(ls live/geometry 2>/dev/null | wc -l)" -ge 3 ] && break; sleep 0.2; done
timeout 120 "$program" export live --panel curves --beside other --csv live.csv >stdout 2>stderr; code=$?
timeout 120 "$program" export live --panel routing_space --csv space.csv >stdout 2>stderr; space=$?
kill -INT $live; wait $live
[ $code = 0 ] && [ $space = 0 ] || fail "a run that is trained cannot be exported: $code, $space"
grep -q other live.csv || fail "the run beside it has no curve: $(head -3 live.csv)"
[ "$(grep -c '^expert,' space.csv)" = 16 ] || fail "space.csv has not every expert: $(head -3 space.csv)"
[ "$(state)" = "$before" ] || { diff <(echo "$before") <(state); fail "an export changed the run"; }
echo "export: all passed"
