#!/usr/bin/env python3
"""Holds analysis documents of format 1 against those of format 2, number by number, and reports what differs.

usage: bench/compare_documents.py OLD NEW

OLD, NEW: what `hopscope analyze --json` printed, or folders of `--out` (the CSV tables are compared, too). Both must be
of the same stored run. A number of format 1 is looked for where format 2 has it: an interval, which had four shapes, is
{"value", "ci95", "n", "over"} there, under the name of its number or, beside a plain number, under NAME_interval. Ends
with 1 where a number is missing, differs, or has appeared without a counterpart.
"""
import csv
import json
import pathlib
import re
import sys

UNITS = ("batches", "words", "experts", "tokens", "n")
# Where numbers of format 1 stand in format 2, by analysis: paths after `estimates` below, first match.
LIST = [(r"^(.*\.)?intervals\.([\d.]+)\.largest$", r"\1largest.\2"),
        (r"^(.*\.)?intervals\.(.*)$", r"\1per_layer.\2"),
        (r"^(.*\.)?per_layer\.([\d.]+)$", r"\1per_layer.\2.value"),
        (r"^(.*\.)?mean$", r"\1mean.value"), (r"^(.*\.)?mean_ci95\.", r"\1mean.ci95."),
        (r"^(.*\.)?batches$", r"\1mean.n")]
PLAIN = [(r"^intervals\.", "per_layer_interval."), (r"^mean_ci95\.", "mean_interval.ci95."),
         (r"^batches$", "mean_interval.n")]
LOSS = [(r"^(.*\.)?loss_difference$", r"\1loss_difference.value"), (r"^(first_hop_alone\.)?ci95\.", r"\1loss_difference.ci95."),
        (r"^(first_hop_alone\.)?batches$", r"\1loss_difference.n")]
STEP = [(r"^(.*)\.step$", r"\1.step.value"), (r"^(.*\.\d+)\.ci95\.", r"\1.step.ci95.")]
SUFFIX = [(r"^(.*)_ci95\.([01])$", r"\1.ci95.\2")]
RULES = {
    "phases": [(r"^(.*changes\.\d+)\.step$", r"\1.step.value"), (r"^(.*changes\.\d+)\.ci95\.", r"\1.step.ci95.")],
    "crossings": STEP,
    "convergence": [(r"^(by_batch\.)?slope$", r"\1slope.value"), (r"^(by_batch\.)?ci95\.", r"\1slope.ci95."),
                    (r"^by_batch\.n$", "by_batch.slope.n"), (r"^train_valid\.gap$", "train_valid.gap.value"),
                    (r"^train_valid\.ci95\.", "train_valid.gap.ci95.")],
    "saturation": [(r"^(snapshots\.\d+)\.(value|n|ci95\..)$", r"\1.mean.\2")],
    "jaccard": PLAIN + [(r"^(between_layers\.\d+)\.(value|n|ci95\..)$", r"\1.jaccard.\2"),
                        (r"^(between_steps\.\d+\.per_layer)\.(\d+)$", r"\1.\2.value"),
                        (r"^(between_steps\.\d+\.per_layer)_ci95\.(\d+)\.", r"\1.\2.ci95."),
                        (r"^(between_steps\.\d+)\.n$", r"\1.per_layer.0.n")],
    "echo": PLAIN, "norms": PLAIN, "hop_divergence": LIST, "displacement": LIST,
    "identity": [(r"^ci95\.", "mean_interval.ci95."), (r"^(share.*)_ci95\.", r"\1_interval.ci95.")],
    "coupling": [(r"^(.*spearman)\.median$", r"\1.median.value"), (r"^(.*spearman)\.ci95\.", r"\1.median.ci95."),
                 (r"^(.*)\.share_positive$", r"\1.share_positive.value"), (r"^(.*)\.share_ci95\.", r"\1.share_positive.ci95."),
                 (r"^(.*\.)(cosine|specificity)$", r"\1\2.value")] + SUFFIX,
    "amplification": [(r"^(layers\.\d+\.(a|r2))$", r"\1.value"), (r"^(layers\.\d+)\.batches$", r"\1.a.n")] + SUFFIX + LOSS,
    "drift": [(r"^(.*\.(angle_degrees|choices_changed))\.(\d+)$", r"\1.\3.value"),
              (r"^(.*\.(angle_degrees|choices_changed))_ci95\.(\d+)\.", r"\1.\3.ci95."),
              (r"^(.*)\.experts\.(\d+)$", r"\1.angle_degrees.\2.n"), (r"^(.*)\.tokens\.(\d+)$", r"\1.choices_changed.\2.n")],
    "grad_norms": [(r"^(.*\.)?clipped_share$", r"\1clipped_share.value"), (r"^(.*\.)?clipped_ci95\.", r"\1clipped_share.ci95."),
                   (r"^(.*\.)?updates$", r"\1clipped_share.n")],
    "zeroing": LOSS, "frozen_routing": LOSS,
    "hop_knockout": [(r"^experts\.n$", "experts.per_layer.0.n"),
                     (r"^experts\.per_hop\.(\d+\.\d+)\.largest$", r"experts.per_hop_largest.\1")] + LIST,
    "clusters": [(r"^unclustered_share\.", "unclustered_interval.")],
    "category_search": [(r"^(.*\.precision)$", r"\1.value")] + SUFFIX,
    "grammar": [(r"^(.*)\.odds_ratio$", r"\1.odds_ratio.value"), (r"^(.*top\.\d+)\.ci95\.", r"\1.odds_ratio.ci95.")],
    "silhouette": [(r"^(layers\.\d+)\.difference\.p$", r"\1.difference_p"),
                   (r"^(layers\.\d+\.(?!control)\w+)\.silhouette$", r"\1.silhouette.value"),
                   (r"^(layers\.\d+\.(?:syntax|freq\w+))\.(n|ci95\..)$", r"\1.silhouette.\2"),
                   (r"^depth_trend\.spearman$", "depth_trend.spearman.value"),
                   (r"^depth_trend\.(n|ci95\..)$", r"depth_trend.spearman.\1")],
    "logit_lens": [(r"^(.*)\.rise_per_hop\.(\d+)\.relative$", r"\1.relative_rise_per_hop.\2"),
                   (r"^(.*)\.(rise|rank_change)\.relative$", r"\1.relative_\2")],
    "polysemy": [(r"^(.*)\.difference\.(p|null95\..)$", r"\1.\2")],
    "coactivation": [(r"^(.*pairs\.\d+)\.(value|ci95\..)$", r"\1.share.\2"), (r"^(.*pairs\.\d+)\.count$", r"\1.together")],
}
COLUMNS = {  # of the tables: analysis, or all → column
    "phases": {"step_low": "step_ci95_low", "step_high": "step_ci95_high"},
    "drift": {"angle_ci95_low": "angle_degrees_ci95_low", "angle_ci95_high": "angle_degrees_ci95_high",
              "changed_ci95_low": "choices_changed_ci95_low", "changed_ci95_high": "choices_changed_ci95_high"},
    "density": {"angle_margin": "angle_margin_degrees", "angle_margin_ci95_low": "angle_margin_degrees_ci95_low",
                "angle_margin_ci95_high": "angle_margin_degrees_ci95_high"},
}


def estimates(node, root=True):
    """The shapes {mean or share, ci95, number of units} as {value, ci95, n}; what else stands beside them stays."""
    if isinstance(node, list):
        return [estimates(x, False) for x in node]
    if not isinstance(node, dict):
        return node
    out = {key: estimates(value, False) for key, value in node.items()}
    what = "mean" if "mean" in out else "share"
    if not root and "ci95" in out and what in out:
        out["value"] = out.pop(what)
        for unit in UNITS:
            if isinstance(out.get(unit), int):
                out["n"] = out.pop(unit)
        if isinstance(out.get("count"), int) and "expert" not in out:
            count, n = out.pop("count"), out.get("n")
            if n and out["value"] != count / n:
                raise SystemExit(f"{count} of {n} is not {out['value']}")
    return out


def leaves(node, path=""):
    if isinstance(node, dict):
        for key, value in node.items():
            yield from leaves(value, f"{path}.{key}" if path else key)
    elif isinstance(node, list):
        for i, value in enumerate(node):
            yield from leaves(value, f"{path}.{i}" if path else str(i))
    else:
        yield path, node


def renamed(name, path):
    for pattern, to in RULES.get(name, []):
        if re.search(pattern, path):
            return re.sub(pattern, to, path)
    return path


def compare_results(name, old, new):
    """Differences as lines; how many values were equal."""
    was, now, found = {}, dict(leaves(new)), []
    for path, value in leaves(estimates(old)):
        to = renamed(name, path)
        if was.setdefault(to, value) != value:
            found.append(f"{name}: {path} = {value!r} and another, {was[to]!r}, are both looked for at {to}")
    for path, value in was.items():
        if path not in now:
            found.append(f"{name}: {path} = {value!r} is gone")
        elif now[path] != value:
            found.append(f"{name}: {path} was {value!r}, is {now[path]!r}")
    for path, value in now.items():
        # New beside what was: the unit, the number of units, and the form with the interval of a plain number.
        plain = re.sub(r"_interval(\.[\d.]+)?\.value$", r"\1", path)
        if path in was or path.endswith(".over") or path.endswith(".n") or (plain != path and now.get(plain) == value):
            continue
        found.append(f"{name}: {path} = {value!r} is new")
    return found, sum(path in now and now[path] == value for path, value in was.items())


def documents(source):
    if source.is_dir():
        return {p.stem: json.loads(p.read_text()) for p in sorted(source.glob("*.json"))}
    j = json.loads(source.read_text())
    return {d["name"]: d for d in j.get("analyses", [j])}


def compare_documents(old, new):
    found, equal = [], 0
    for name in {**old, **new}:
        if name not in old or name not in new:
            found.append(f"{name}: only in one of the two")
            continue
        a, b = old[name], new[name]
        for key in (set(a) | set(b)) - {"format", "result", "skipped"}:
            if a.get(key) != b.get(key):
                found.append(f"{name}: {key} was {a.get(key)!r}, is {b.get(key)!r}")
        if "skipped" in a or "skipped" in b:
            if a.get("skipped") != b.get("skipped"):
                print(f"{name}: skipped, in other words: {a.get('skipped')!r}, now {b.get('skipped')!r}")
            if ("skipped" in a) != ("skipped" in b):
                found.append(f"{name}: skipped in one of the two")
            continue
        more, same = compare_results(name, a["result"], b["result"])
        found, equal = found + more, equal + same
    return found, equal


def table(path):
    lines = path.read_text().splitlines(keepends=True)
    while lines and lines[0].startswith("# "):
        lines.pop(0)
    rows = list(csv.reader(lines))
    return rows[0] if rows else [], rows[1:]


def compare_tables(old, new):
    found, equal = [], 0
    for path in sorted(old.glob("*.csv")):
        name = path.name.split(".")[0]
        if not (new / path.name).is_file():
            found.append(f"{path.name} is gone")
            continue
        (columns, rows), (now, now_rows) = table(path), table(new / path.name)
        if len(rows) != len(now_rows):
            found.append(f"{path.name}: had {len(rows)} rows, has {len(now_rows)}")
            continue
        for c, column in enumerate(columns):
            # An interval without a name is that of the number before it.
            to = COLUMNS.get(name, {}).get(column, column)
            if column.startswith("ci95_"):
                to = f"{columns[c - (1 if column == 'ci95_low' else 2)]}_{column}"
            if to not in now:
                found.append(f"{path.name}: column {column} is gone")
                continue
            at = now.index(to)
            for r, (a, b) in enumerate(zip(rows, now_rows)):
                if a[c] != b[at]:
                    found.append(f"{path.name}: row {r}, {column} was {a[c]!r}, {to} is {b[at]!r}")
                else:
                    equal += 1
    found += [f"{p.name} is new" for p in sorted(new.glob("*.csv")) if not (old / p.name).is_file()]
    return found, equal


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    old, new = map(pathlib.Path, sys.argv[1:])
    found, equal = compare_documents(documents(old), documents(new))
    print(f"{equal} values of the documents are equal")
    if old.is_dir() and new.is_dir():
        more, cells = compare_tables(old, new)
        found += more
        print(f"{cells} cells of the tables are equal")
    for line in found[:200]:
        print(line)
    print(f"{len(found)} differences")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
