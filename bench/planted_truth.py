#!/usr/bin/env python3
"""Holds what hopscope finds in trained models against the known truth of the synthetic corpus.

usage: bench/planted_truth.py [--program P] --out DIR [--seeds 42,137,7] [--set k=v]... [--prompts 20] [--controls 20]

Trains OUT/seedS (a run that is done there is taken as it is). For every planted class two experts are chosen: the best
of category_search, and the one whose choice before words of the class stands out most in traces of one half of the
validation documents. Both are suppressed and steered towards on prompts from the other half, beside random experts of
the same layer. Words of two meanings: expert sets within and between meanings, beside words of one meaning. Writes
OUT/planted_truth.json and OUT/planted_truth.md.
"""
import argparse
import json
import os
import pathlib
import random
import re
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
# first_look with a vocabulary in which most words of the closed classes are single tokens.
SIZE = ["model.vocab_size=2048", "moe.experts=128", "train.steps=2000", "train.threads=1"]
SEPARATOR = "<|endoftext|>"
CHUNK = 180        # characters: within the 64 tokens that the models were trained on
KINDS = ("suppress", "steer")
METHODS = ("words", "routing")


class Program:
    def __init__(self, path):
        self.path = path

    def call(self, *arguments, stdin=None):
        done = subprocess.run([self.path, *map(str, arguments)], input=stdin, capture_output=True, text=True,
                              env=dict(os.environ, OMP_NUM_THREADS="1"))
        if done.returncode:
            sys.exit(f"{' '.join(map(str, arguments))}: {done.stderr.strip()}")
        return done.stdout


def mean(values):
    values = list(values)
    return statistics.fmean(values) if values else float("nan")


def interval(values, draw, resamples=2000):
    """95 % percentile bootstrap of the mean."""
    if len(values) < 2:
        return [None, None]
    means = sorted(mean(draw.choices(values, k=len(values))) for _ in range(resamples))
    return [means[int(0.025 * resamples)], means[int(0.975 * resamples) - 1]]


# ---- the corpus and its truth

def words_of(text):
    return [(m.group(), m.start(), m.end()) for m in re.finditer(r"[A-Za-z]+", text)]


def chunks_of(path):
    """[(document, text)]: sentences of one paragraph together while they stay short."""
    chunks, document = [], 0
    for line in path.read_text().splitlines():
        if line == SEPARATOR:
            document += 1
            continue
        held = ""
        for sentence in re.split(r"(?<=[.!?]) ", line):
            if held and len(held) + 1 + len(sentence) > CHUNK:
                chunks.append((document, held))
                held = ""
            held = f"{held} {sentence}" if held else sentence
        if held:
            chunks.append((document, held))
    return [(d, text) for d, text in chunks if len(text) <= CHUNK]


class Truth:
    def __init__(self, run):
        j = json.loads((run / "data/truth.json").read_text())
        self.classes = j["classes"]
        self.of = {entry["word"]: entry["classes"] for entry in j["words"]}
        self.two = {entry["word"]: entry for entry in j["two_meanings"]}

    def class_of(self, word):
        """The class of a word that has one only."""
        classes = self.of.get(word.lower(), [])
        return classes[0] if len(classes) == 1 else None

    def meaning(self, words, i, text):
        """Which of its two classes the word at i has, by the rule the truth file states."""
        entry = self.two[words[i][0].lower()]
        rule = entry["class_a_if"]
        before = words[i - 1] if i > 0 and text[words[i - 1][2]:words[i][1]] == " " else None
        after = words[i + 1] if i + 1 < len(words) and text[words[i][2]:words[i + 1][1]] == " " else None
        holds = (before and (before[0].lower() in rule["preceded_by"] or
                             set(self.of.get(before[0].lower(), [])) & set(rule["preceded_by_class"]))
                 or after and (after[0].lower() in rule["followed_by"] or
                               set(self.of.get(after[0].lower(), [])) & set(rule["followed_by_class"])))
        return entry["class_a"] if holds else entry["class_b"]


def single_tokens(program, run, truth):
    """Words of each class that are one token after a blank, as written in the truth file or with a capital letter."""
    spelled = [s for word in truth.of for s in (word, word.capitalize())]
    lines = program.call("tokenizer", "encode", "--model", run / "tokenizer.model", "--pieces",
                         stdin="\n".join(spelled) + "\n").splitlines()
    return {word for word, line in zip(spelled, lines) if len(line.split()) == 1}


# ---- routing

class Traces:
    """Traces of texts, each made once."""

    def __init__(self, program, run):
        self.program, self.run, self.known = program, run, {}

    def of(self, text):
        if text not in self.known:
            self.known[text] = json.loads(self.program.call("trace", self.run, "--text", text, "--json"))
        return self.known[text]

    def sets(self, text, token):
        """[(layer, hop) → set of experts] of one token."""
        return [set(hop["experts"][token]) for layer in self.of(text)["layers"] for hop in layer["hops"]]

    def token_at(self, text, byte):
        """The token that holds the byte."""
        return next(i for i, t in enumerate(self.of(text)["tokens"]) if t["end"] > byte)


def places(chunks, truth, single):
    """[(chunk index, begin of the word, word, class)] of words that are single tokens of one class, with text before."""
    out = []
    for c, (_, text) in enumerate(chunks):
        for word, begin, _ in words_of(text):
            kind = truth.class_of(word)
            if kind and word in single and begin > 0:
                out.append((c, begin, word, kind))
    return out


def choose_by_routing(chunks, found, classes, traces, wanted, draw):
    """{class: (layer, expert, share before the class, share elsewhere)} from traces of the choosing half."""
    by_chunk = {}
    for place in found:
        by_chunk.setdefault(place[0], []).append(place)
    order = list(by_chunk)
    draw.shuffle(order)
    seen, taken = dict.fromkeys(classes, 0), []
    for c in order:
        if any(seen[place[3]] < wanted for place in by_chunk[c]):
            taken += by_chunk[c]
            for place in by_chunk[c]:
                seen[place[3]] += 1
    uses = {kind: {} for kind in classes}
    for c, begin, _, kind in taken:
        text = chunks[c][1]
        last = traces.token_at(text, begin) - 1
        for l, layer in enumerate(traces.of(text)["layers"]):
            for expert in {e for hop in layer["hops"] for e in hop["experts"][last]}:
                uses[kind][l, expert] = uses[kind].get((l, expert), 0) + 1
    best = {}
    for kind in classes:
        others = sum(seen.values()) - seen[kind]
        if not seen[kind]:
            continue
        lifts = [(count / seen[kind] - sum(uses[k].get(key, 0) for k in classes if k != kind) / others, key, count)
                 for key, count in uses[kind].items()]
        lift, key, count = max(lifts, key=lambda x: (x[0], x[1]))
        best[kind] = {"layer": key[0], "expert": key[1], "share": count / seen[kind],
                      "share_elsewhere": count / seen[kind] - lift, "places": seen[kind]}
    return best


# ---- interventions

def prompts_for(kind, chunks, found, args, draw):
    def prompt(place):
        return {"text": chunks[place[0]][1][:place[1]].rstrip(), "target": place[2], "categories": [f"class:{kind}"]}

    def draw_some(places, n):
        by_chunk = {}
        for place in draw.sample(places, len(places)):
            by_chunk.setdefault(place[0], place)
        return [prompt(place) for place in list(by_chunk.values())[:n]]

    before = draw_some([p for p in found if p[3] == kind], args.prompts)
    return before, draw_some([p for p in found if p[3] != kind], args.others)


def summary(prompts, name, draw):
    """Change of P(class), mean over prompts, against the random experts of the same layer.

    The same draws serve all prompts, so that the standard deviation of their mean is at most the mean of the standard
    deviations: the band is no narrower than that of the draws' means.
    """
    delta = [p["changed"]["p_category"][name] - p["base"]["p_category"][name] for p in prompts]
    control = [p["control"]["delta_p_mean"][name] for p in prompts]
    centre = mean(control)
    spread = 1.96 * mean(p["control"]["delta_p_std"][name] for p in prompts)
    base = mean(p["base"]["p_category"][name] for p in prompts)
    return {"n": len(prompts), "base": base, "delta": mean(delta), "relative": mean(delta) / base,
            "control": centre, "band": [centre - spread, centre + spread],
            "over_control_ci95": interval([d - c for d, c in zip(delta, control)], draw),
            "kl": mean(p["kl"] for p in prompts), "control_kl": mean(p["control"]["kl_mean"] for p in prompts)}


def intervene(program, run, command, prompts, args):
    script, file = (args.out / f"{run.name}.{name}.jsonl" for name in ("script", "prompts"))
    script.write_text(json.dumps(command) + "\n")
    file.write_text("".join(json.dumps(p) + "\n" for p in prompts))
    return json.loads(program.call("intervene", run, "--script", script, "--prompts", file, "--controls",
                                   args.controls, "--json"))["prompts"]


def test_class(program, run, kind, expert, before, others, args, draw):
    out = {}
    for what in KINDS:
        command = {"command": what, "layer": expert["layer"], "expert": expert["expert"]}
        command |= {"lambda": 1.0} if what == "steer" else {"neighbours": 1}
        got = intervene(program, run, command, before + others, args)
        out[what] = summary(got[:len(before)], f"class:{kind}", draw)
        if others:
            out[what + "_others"] = summary(got[len(before):], f"class:{kind}", draw)
    return out


# ---- words of two meanings

def jaccard(a, b):
    return mean(len(x & y) / len(x | y) for x, y in zip(a, b))


def separation(groups):
    """Mean Jaccard of pairs within and between two groups of expert sets."""
    a, b = groups
    within = [jaccard(g[i], g[j]) for g in groups for i in range(len(g)) for j in range(i)]
    return mean(within), mean(jaccard(x, y) for x in a for y in b)


def two_meanings(chunks, truth, single, traces, args, draw):
    """Each word of two meanings and one of a single meaning that is about as frequent: [{word, groups, within, between}]."""
    uses = {}
    for c, (_, text) in enumerate(chunks):
        words = words_of(text)
        for i, (word, begin, end) in enumerate(words):
            uses.setdefault(word.lower(), []).append((c, begin, end, words, i))
    rows, taken = [], set(truth.two)

    def row(word, groups, meanings):
        if min(map(len, groups)) < 2:
            return {"word": word, "meanings": meanings, "contexts": [len(g) for g in groups], "reason": "too few contexts"}
        sets = [[traces.sets(chunks[c][1], traces.token_at(chunks[c][1], end - 1)) for c, _, end, _, _ in group]
                for group in groups]
        within, between = separation(sets)
        return {"word": word, "meanings": meanings, "contexts": [len(g) for g in groups], "within": within,
                "between": between, "separation": within - between}

    for word, entry in truth.two.items():
        found = uses.get(word, [])
        groups = {entry["class_a"]: [], entry["class_b"]: []}
        for use in draw.sample(found, len(found)):
            group = groups[truth.meaning(use[3], use[4], chunks[use[0]][1])]
            if len(group) < args.contexts:
                group.append(use)
        two = row(word, list(groups.values()), list(groups))
        if "reason" in two:
            rows.append({"two": two, "one": None})
            continue
        # Of its classes, so that the control differs in the number of meanings only.
        candidates = [w for w, u in uses.items() if w not in taken and truth.class_of(w) in groups and
                      len(u) >= sum(two["contexts"]) and (w in single or w.capitalize() in single)]
        if not candidates:
            rows.append({"two": two, "one": None})
            continue
        control = min(candidates, key=lambda w: (abs(len(uses[w]) - len(found)), w))
        taken.add(control)
        some = draw.sample(uses[control], sum(two["contexts"]))
        one = row(control, [some[:two["contexts"][0]], some[two["contexts"][0]:]], [truth.class_of(control)])
        rows.append({"two": two, "one": one})
    return rows


# ---- one run

def trained(program, args, seed):
    run = args.out / f"seed{seed}"
    state = json.loads((run / "run.json").read_text())["state"] if (run / "run.json").exists() else ""
    if state != "done":
        settings = [part for item in [*SIZE, *args.set, f"train.seed={seed}"] for part in ("--set", item)]
        program.call("train", "--config", ROOT / "configs/first_look.toml", "--out", run, *settings,
                     *(["--resume"] if state else []))
    return run


def measure(program, args, seed):
    run = trained(program, args, seed)
    draw, truth, traces = random.Random(seed), Truth(run), Traces(program, run)
    single = single_tokens(program, run, truth)
    chunks = chunks_of(run / "data/valid.txt")
    found = places(chunks, truth, single)
    choosing = [p for p in found if chunks[p[0]][0] % 2 == 0]
    testing = [p for p in found if chunks[p[0]][0] % 2 == 1]
    loss = json.loads(program.call("eval", run, "--json"))["loss"]
    searched = json.loads(program.call("analyze", run, "--what", "category_search", "--json"))["result"]["categories"]
    by_words = {c["name"].removeprefix("class:"): c for c in searched if c["name"].startswith("class:")}
    by_routing = choose_by_routing(chunks, choosing, truth.classes, traces, args.places, draw)
    classes = []
    for kind in truth.classes:
        before, others = prompts_for(kind, chunks, testing, args, draw)
        search = by_words.get(kind, {})
        entry = {"class": kind, "single_tokens": search.get("single_tokens", 0), "prompts": len(before), "search": search}
        chosen = {"words": next(iter(search.get("best", [])), None), "routing": by_routing.get(kind)}
        for method, expert in chosen.items():
            if expert is None or not before:
                entry[method] = {"reason": "no expert found" if before else "no prompt"}
                continue
            entry[method] = {"expert": expert} | test_class(program, run, kind, expert, before, others, args, draw)
        classes.append(entry)
        print(f"seed {seed}  {kind}: " + ", ".join(
            f"{m} {k} {entry[m][k]['relative']:+.1%}{' *' if beyond(entry[m], k) else ''}"
            for m in METHODS if "reason" not in entry[m] for k in KINDS), flush=True)
    pairs = two_meanings(chunks, truth, single, traces, args, draw)
    return {"seed": seed, "loss": loss, "classes": classes, "two_meanings": pairs}


# ---- the table

def percent(x):
    return f"{100 * x:+.1f} %"


def beyond(entry, what):
    """Whether P fell (suppressed) or rose (steered towards), and by more than with random experts."""
    if "reason" in entry:
        return False
    s = entry[what]
    return s["delta"] < min(0, s["band"][0]) if what == "suppress" else s["delta"] > max(0, s["band"][1])


def cell(entries, what):
    """Relative change, mean over seeds with the lowest and the highest, and in how many seeds it left the band."""
    got = [e[what] for e in entries if "reason" not in e]
    if not got:
        return entries[0]["reason"]
    relative = [g["relative"] for g in got]
    return f"{percent(mean(relative))} ({percent(min(relative))} … {percent(max(relative))}), {sum(beyond(e, what) for e in entries)}/{len(entries)}"


def markdown(seeds, args):
    lines = ["## Classes", "",
             "| class | single tokens | prompts a seed | P before | words found: precision beyond seeds / chance "
             "| words: suppress | words: steer | routing: suppress | routing: steer |", "|" + "---|" * 9]
    for i, first in enumerate(seeds[0]["classes"]):
        rows = [s["classes"][i] for s in seeds]
        truth = [r["search"].get("truth", {}) for r in rows]
        hits, new = (sum(t.get(k, 0) for t in truth) for k in ("hits", "found_beyond_seeds"))
        base = [r[m]["suppress"]["base"] for r in rows for m in METHODS if "reason" not in r[m]]
        precision = f"{hits}/{new} = {hits / new:.2f} / {truth[0].get('chance', 0):.3f}" if new else "none found"
        cells = [cell([r[m] for r in rows], k) for m in METHODS for k in KINDS]
        lines.append(f"| {first['class']} | {first['single_tokens']} | {', '.join(str(r['prompts']) for r in rows)} "
                     f"| {mean(base):.3f} | {precision} | {' | '.join(cells)} |")
    for m in METHODS:
        for k in KINDS:
            entries = [c[m] for s in seeds for c in s["classes"]]
            held = sum(beyond(e, k) for e in entries)
            lines += ["", f"Chosen by {m}, {k}: as expected and beyond the band in {held} of {len(entries)} (class, seed) pairs."]
    lines += ["", "## Experts", "", "| class | seed | chosen by | layer, expert | suppress: change of P, band of random experts "
              "| steer: change of P, band | steer on other prompts |", "|" + "---|" * 7]
    for i, first in enumerate(seeds[0]["classes"]):
        for s in seeds:
            for m in METHODS:
                e = s["classes"][i][m]
                if "reason" in e:
                    lines.append(f"| {first['class']} | {s['seed']} | {m} | {e['reason']} | - | - | - |")
                    continue
                parts = [f"{e[k]['delta']:+.4f}, [{e[k]['band'][0]:+.4f}, {e[k]['band'][1]:+.4f}]"
                         f"{' *' if beyond(e, k) else ''}" for k in KINDS]
                lines.append(f"| {first['class']} | {s['seed']} | {m} | {e['expert']['layer']}, {e['expert']['expert']} "
                             f"| {' | '.join(parts)} | {percent(e['steer_others']['relative']) if 'steer_others' in e else '-'} |")
    draw = random.Random(1)
    lines += ["", "## Words of two meanings", "", "| word (meanings) | contexts | Jaccard within / between meanings, by seed "
              "| control word | within / between |", "|" + "---|" * 5]
    separations = {"two": [], "one": []}
    for i, first in enumerate(seeds[0]["two_meanings"]):
        shown = {}
        for which in ("two", "one"):
            got = [s["two_meanings"][i][which] for s in seeds]
            got = [g for g in got if g and "reason" not in g]
            shown[which] = ", ".join(f"{g['within']:.3f} / {g['between']:.3f}" for g in got) or "too few contexts"
            if got:
                separations[which].append(mean(g["separation"] for g in got))
        two = first["two"]
        controls = ", ".join(sorted({s["two_meanings"][i]["one"]["word"] for s in seeds if s["two_meanings"][i]["one"]}))
        lines.append(f"| {two['word']} ({', '.join(two['meanings'])}) | {' + '.join(map(str, two['contexts']))} | {shown['two']} "
                     f"| {controls or '-'} | {shown['one']} |")
    for which, text in (("two", "two meanings"), ("one", "one meaning")):
        low, high = interval(separations[which], draw)
        shown = f"[{low:+.3f}, {high:+.3f}]" if low is not None else ""
        lines.append(f"\nWithin − between, {text}: {mean(separations[which]):+.3f} {shown}, n = {len(separations[which])} words "
                     "(bootstrap over words of their means over seeds).")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(formatter_class=argparse.RawDescriptionHelpFormatter, description=__doc__)
    parser.add_argument("--program", default=str(ROOT / "build/release/hopscope"))
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--seeds", default="42,137,7")
    parser.add_argument("--set", action="append", default=[], help="overrides a key of the configuration")
    parser.add_argument("--prompts", type=int, default=20, help="before words of a class, a seed")
    parser.add_argument("--others", type=int, default=10, help="prompts whose next word is of another class")
    parser.add_argument("--places", type=int, default=15, help="before words of a class, that experts are chosen by")
    parser.add_argument("--controls", type=int, default=20, help="random experts of the same layer")
    parser.add_argument("--contexts", type=int, default=6, help="of each meaning")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    program, seeds = Program(args.program), []
    for seed in map(int, args.seeds.split(",")):
        kept = args.out / f"seed{seed}.json"
        if not kept.exists():
            kept.write_text(json.dumps(measure(program, args, seed)))
        seeds.append(json.loads(kept.read_text()))
    report = {"format": "hopscope.planted_truth/1", "prompts": args.prompts, "controls": args.controls, "contexts": args.contexts, "places": args.places, "seeds": seeds}
    (args.out / "planted_truth.json").write_text(json.dumps(report, indent=1))
    losses = ", ".join(f"{s['seed']}: {s['loss']:.3f}" for s in seeds)
    (args.out / "planted_truth.md").write_text(f"Validation loss by seed: {losses} nats a token.\n\n{markdown(seeds, args)}")
    print((args.out / "planted_truth.md").read_text())


if __name__ == "__main__":
    main()
