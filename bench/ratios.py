"""Ratios of times, and whether they may be printed: of forms that were held against each other and agree [def:timing].

Plain Python, no PyTorch. A document hopscope.peers/1 is what bench/compare writes: cases, each with forms of ours and of stock
PyTorch that were timed in the same rounds.
"""
import math
import statistics

FORMAT = "hopscope.peers/1"

# What results may differ by (bench/peers.py: differences). fp32: sums of some thousand products in another order, 1e-6 of their
# length each, times what a chain of layers makes of it. tf32: GPUs multiply fp32 with 10 bits of mantissa, 5e-4 a product. bf16: 8
# bits, 4e-3 a rounding; an operator rounds its inputs, products and results, so its lengths differ by about 1e-2. A wrong form is
# wrong by tenths. Losses are nats, of eight updates: small ones, so that they differ by 1e-6 (fp32) and 1e-4 (bf16). grad_norm: PyTorch
# adds up its squares in fp32. choices: tokens whose k-th and next score are as close as rounding.
TOLERANCES = {
    "fp32": {"operator": 2e-5, "choices": 1e-2, "loss": 2e-5, "balance_loss": 1e-3, "grad_norm": 1e-3},
    "tf32": {"operator": 5e-3, "choices": 5e-2, "loss": 1e-3, "balance_loss": 3e-2, "grad_norm": 5e-3},
    "bf16": {"operator": 2e-2, "choices": 5e-2, "loss": 2e-3, "balance_loss": 5e-2, "grad_norm": 1e-2},
}
FEWEST_ROUNDS = 6  # below, even the extremes cover less than 95 %


def rounding(device, *precisions):
    """Which of TOLERANCES holds between forms of these precisions."""
    return "bf16" if "bf16" in precisions else "tf32" if device == "cuda" else "fp32"


def disagreement(device, ours, stock):
    """Why no ratio of the two may be printed; "" where it may."""
    found = stock.get("differences", {}).get(ours["precision"])
    if not found:
        return "was not held against ours"
    allowed = TOLERANCES[rounding(device, ours["precision"], stock["precision"])]
    for name, value in found.items():
        limit = allowed.get(name, allowed["operator"])
        if value is None or not value <= limit:  # a NaN too
            return f"{name} differs by {value if value is None else format(value, '.2g')}, allowed {limit:g}"
    return ""


def with_interval(values):
    """{median, ci95} of one number a round: 95 % by order statistics, None under FEWEST_ROUNDS."""
    ordered, n = sorted(values), len(values)
    half = 1.96 * math.sqrt(n) / 2
    interval = None
    if n >= FEWEST_ROUNDS:
        interval = [ordered[max(0, math.floor(n / 2 - half))], ordered[min(n - 1, math.ceil(n / 2 + half))]]
    return {"value": statistics.median(ordered), "ci95": interval, "n": n}


def ratio(over, under):
    """Of times in the same rounds, {value, ci95, n}; None where no round has both."""
    pairs = [a / b for a, b in zip(over["rounds_ms"], under["rounds_ms"]) if a is not None and b is not None]
    return with_interval(pairs) if pairs else None


def timed(form):
    return any(ms is not None for ms in form.get("rounds_ms", []))


def median_ms(form):
    return statistics.median(ms for ms in form["rounds_ms"] if ms is not None)


def ours_of(case):
    return [f for f in case["forms"] if f["side"] == "ours" and timed(f)]


def stock_of(case):
    return [f for f in case["forms"] if f["side"] == "stock"]


def best(forms):
    return min(forms, key=median_ms, default=None)


def may_be_compared(case, device, ours):
    """The stock forms that were timed and agree with one of ours."""
    return [f for f in stock_of(case) if timed(f) and not disagreement(device, ours, f)]


def summary(document):
    """A row a case: our best form against the best stock form that agrees with it; and against our own dense twins."""
    rows = []
    for case in document["cases"]:
        for ours in ours_of(case):
            if ours["form"] != "fused":
                continue
            agreeing = may_be_compared(case, document["device"], ours)
            stock = best(agreeing)
            row = {"case": case["name"], "ours": ours["precision"], "ours_ms": median_ms(ours),
                   "compared": len(agreeing), "forms": len(stock_of(case)),
                   "against": None, "against_ms": None, "times_as_fast": None, "memory": None}
            if stock:
                row |= {"against": name_of(stock), "against_ms": median_ms(stock), "times_as_fast": ratio(stock, ours)}
            gather = next((f for f in stock_of(case) if (f["form"], f["mode"]) == ("gather", "eager") and timed(f) and
                           f["precision"] == ours["precision"] and not disagreement(document["device"], ours, f)), None)
            if gather and gather.get("peak_bytes") and ours.get("peak_bytes"):
                row["memory"] = ours["peak_bytes"] / gather["peak_bytes"]
            rows.append(row)
    return rows


def twins(document):
    """Steps of the mixture over steps of our own dense models, each in its best precision."""
    rows = []
    for case in document["cases"]:
        own = best([f for f in ours_of(case) if f["form"] == "fused"])
        for form in sorted({f["form"] for f in ours_of(case)} - {"fused"}):
            twin = best([f for f in ours_of(case) if f["form"] == form])
            rows.append({"case": case["name"], "over": form, "ours": own["precision"], "dense": twin["precision"],
                         "ratio": ratio(own, twin)})
    return rows


def refused(document):
    """(case, form, why) of each form that has no ratio."""
    out = []
    for case in document["cases"]:
        for form in case["forms"]:
            if form.get("failed"):
                out.append((case["name"], name_of(form), form["failed"]))
        for form in stock_of(case):
            for ours in ours_of(case):
                if ours["form"] == "fused" and timed(form) and (why := disagreement(document["device"], ours, form)):
                    out.append((case["name"], f"{name_of(form)} against ours {ours['precision']}", why))
    return out


def disagrees(document):
    return any(disagreement(document["device"], ours, form) for case in document["cases"] for form in stock_of(case) if timed(form)
               for ours in ours_of(case) if ours["form"] == "fused")


# ---- text --------------------------------------------------------------------------------------------------------------
def name_of(form):
    return " ".join([form["form"], form["precision"]] + ([form["mode"]] if form["side"] == "stock" else []))


def of_all(row):
    """The best stock form, and of how many where some have no time or disagree: the best may be among those."""
    if row["compared"] == row["forms"]:
        return row["against"]
    return f"{row['against'] or 'none that agrees'} (of {row['compared']}, {row['forms']} tried)"


def printed(value, pattern=".2f"):
    """"1.43 [1.40, 1.47]" of {value, ci95}; "-" of None."""
    if value is None:
        return "-"
    text = format(value["value"], pattern)
    return text + (" [{}]".format(", ".join(format(x, pattern) for x in value["ci95"])) if value["ci95"] else "")


def lines_of(rows):
    """Columns as wide as their widest cell, the first two to the left."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return ["  ".join(cell.ljust(w) if i < 2 else cell.rjust(w) for i, (cell, w) in enumerate(zip(row, widths))).rstrip() for row in rows]


def table(document):
    """Everything that was found, as text: each form of each case, then the summary; a ratio only where results agree."""
    device = document["device"]
    out = [f"{document['name']}, {document['threads']} threads", "ratio: a form's time over that of ours, in the same rounds", ""]
    for case in document["cases"]:
        measured = case["measured"]
        ours = [f for f in ours_of(case) if f["form"] == "fused"]
        out.append(f"{case['name']} ({measured['date']}, {measured['commit']}, {measured['rounds']} rounds)")
        rows = [["", "form", "ms", "peak MiB"] + [f"/ ours {f['precision']}" for f in ours]]
        for form in case["forms"]:
            if not timed(form):
                rows.append([form["side"], name_of(form), "-", "-"] + ["-"] * len(ours))
                continue
            peak = form.get("peak_bytes")
            cells = [form["side"], name_of(form), printed(with_interval([x for x in form["rounds_ms"] if x is not None])),
                     format(peak / 2**20, ".1f") if peak is not None else "-"]
            for own in ours:
                differ = form["side"] == "stock" and disagreement(device, own, form)
                cells.append("refused" if differ else printed(ratio(form, own)))
            rows.append(cells)
        out += ["  " + line for line in lines_of(rows)] + [""]
    rows = [["case", "ours", "ms", "best stock form", "ms", "times as fast", "memory / eager gather"]]
    for row in summary(document):
        rows.append([row["case"], row["ours"], format(row["ours_ms"], ".2f"), of_all(row),
                     "-" if row["against_ms"] is None else format(row["against_ms"], ".2f"), printed(row["times_as_fast"]),
                     "-" if row["memory"] is None else format(row["memory"], ".2f")])
    out += lines_of(rows)
    if found := twins(document):
        out += [""] + lines_of([["case", "over our dense twin", "ratio"]] +
                               [[r["case"], f"{r['over']} ({r['ours']} / {r['dense']})", printed(r["ratio"])] for r in found])
    if found := refused(document):
        out += ["", "without a ratio:"] + [f"  {case}: {form}: {why}" for case, form, why in found]
    return "\n".join(out) + "\n"


def merged(old, new):
    """The cases of both, those of `new` in place of its own of the same name. Raises ValueError for documents of two machines."""
    for key in ("format", "device", "name", "threads"):
        if old.get(key) != new[key]:
            raise ValueError(f"{key}: found {old.get(key)!r}, allowed {new[key]!r}; a file holds what one machine measured")
    fresh = {case["name"] for case in new["cases"]}
    return new | {"cases": [case for case in old["cases"] if case["name"] not in fresh] + new["cases"]}
