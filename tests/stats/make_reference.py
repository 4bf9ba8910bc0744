"""Writes reference.json: what SciPy, scikit-learn, statsmodels and NumPy say about random data.

    python3 -m pip install numpy scipy scikit-learn statsmodels
    python3 tests/stats/make_reference.py

The data are drawn here with fixed seeds and rounded, so that they read back exactly from the file.
"""

import json
import pathlib

import numpy
import scipy
import sklearn
import statsmodels
from scipy import integrate, stats
from sklearn.cluster import HDBSCAN
from sklearn.cluster._hdbscan import hdbscan as sklearn_hdbscan
from sklearn.cluster._hdbscan._linkage import make_single_linkage
from sklearn.datasets import make_blobs, make_moons
from sklearn.metrics import silhouette_samples, silhouette_score
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint
from statsmodels.stats.weightstats import ttost_ind, ttost_paired

SETS = 24
MARGIN = 0.03
RESAMPLES = 40_000


def draws(topic, index):
    return numpy.random.default_rng([sum(map(ord, topic)), index])


def rounded(x, digits=4):
    return numpy.round(x, digits)


def descriptive(i):
    rng = draws("descriptive", i)
    x = rounded(rng.normal(rng.uniform(-3, 3), rng.uniform(0.1, 4), rng.integers(2, 60)))
    counts = rng.poisson(rng.uniform(0.3, 8), rng.integers(2, 64))
    counts[0] += 1
    probabilities = rounded(rng.uniform(0, 1, 5))
    singular = numpy.linalg.svd(rng.normal(size=(9, 6)) * rng.uniform(0, 1, 6), compute_uv=False)
    pairs = numpy.abs(counts[:, None] - counts[None, :]).mean()
    return {
        "x": x, "counts": counts, "probabilities": probabilities, "singular": singular,
        "mean": x.mean(), "std": x.std(ddof=1), "quantiles": numpy.quantile(x, probabilities),
        "ranks": stats.rankdata(rounded(x, 0)), "cv": stats.variation(x),
        "gini": pairs / (2 * counts.mean()), "entropy": stats.entropy(counts),
        "effective_number": numpy.exp(stats.entropy(counts)),
        "effective_rank": numpy.exp(stats.entropy(singular**2)),
    }


def distributions(i):
    rng = draws("distributions", i)
    df, df2 = rounded(rng.uniform(1, 60, 2), 2)
    a, b = rounded(rng.uniform(0.3, 20, 2), 2)
    p, f, chi, t = *rounded(rng.uniform(0.001, 0.999, 1)), *rounded(rng.gamma(2, 2, 2)), rounded(rng.normal() * 3)
    n = int(rng.integers(1, 400))
    k = int(rng.integers(0, n + 1))
    return {
        "df": df, "a": a, "b": b, "p": p, "chi": chi, "t": t, "n": n, "k": k,
        "normal_cdf": stats.norm.cdf(t), "normal_quantile": stats.norm.ppf(p), "t_cdf": stats.t.cdf(t, df),
        "t_quantile": stats.t.ppf(p, df),
        "chi_square_pdf": stats.chi2.pdf(chi, df),
        "beta_quantile": stats.beta.ppf(p, a, b), "binomial_cdf": stats.binom.cdf(k, n, p),
    }


def power(error, df, margin):
    """P(|estimate| <= margin - t(0.95) * estimated error), the estimated error being error * sqrt(chi2 / df)."""
    critical = stats.t.ppf(0.95, df)
    most = df * (margin / (critical * error)) ** 2

    def f(x):
        return (2 * stats.norm.cdf(margin / error - critical * numpy.sqrt(x / df)) - 1) * stats.chi2.pdf(x, df)

    middle = min(df, most)
    return integrate.quad(f, 0, middle, limit=500)[0] + integrate.quad(f, middle, min(most, df + 60 * df**0.5 + 200), limit=500)[0]


def means(i):
    rng = draws("means", i)
    n = int(rng.integers(3, 40))
    # Paired by a difficulty that both share, as losses of validation batches are.
    shared = rng.normal(3.5, 0.1, n)
    a = rounded(shared + rng.normal(0, 0.03, n))
    b = rounded(shared + rng.normal(rng.uniform(-0.04, 0.04), 0.05, n))
    c = rounded(rng.normal(3.5, 0.05, int(rng.integers(2, 12))))
    welch = stats.ttest_ind(a, c, equal_var=False)
    paired = stats.ttest_rel(a, b)
    p, low, high = ttost_ind(a, c, -MARGIN, MARGIN, usevar="unequal")
    paired_p, paired_low, paired_high = ttost_paired(a, b, -MARGIN, MARGIN)
    difference = a - b
    error = difference.std(ddof=1) / n**0.5
    return {
        "a": a, "b": b, "c": c, "margin": MARGIN,
        "welch": {"t": welch.statistic, "p": welch.pvalue, "df": welch.df, "ci95": list(welch.confidence_interval(0.95)),
                  "tost_p": p, "p_low": low[1], "p_high": high[1], "ci90": list(welch.confidence_interval(0.90))},
        "paired": {"t": paired.statistic, "p": paired.pvalue, "df": paired.df, "ci95": list(paired.confidence_interval(0.95)),
                   "tost_p": paired_p, "p_low": paired_low[1], "p_high": paired_high[1],
                   "ci90": list(paired.confidence_interval(0.90)), "power": power(error, n - 1, MARGIN)},
    }


def proportions(i):
    rng = draws("proportions", i)
    only_a, only_b = (int(x) for x in rng.integers(0, 60, 2))
    n = only_a + only_b + int(rng.integers(1, 300))
    margin = 0.02 if i % 2 else 0.1
    answers = numpy.array([1] * only_a + [-1] * only_b + [0] * (n - only_a - only_b))
    error = answers.std() / n**0.5
    p_low, p_high = stats.norm.sf((answers.mean() + margin) / error), stats.norm.cdf((answers.mean() - margin) / error)
    table = rng.integers(0, [3, 30, 300][i % 3], (2, 2))
    table[0, 0] += 1
    table[1, 1] += 1
    haldane = table + 0.5
    log_ratio = numpy.log(haldane[0, 0] * haldane[1, 1] / haldane[0, 1] / haldane[1, 0])
    half = stats.norm.ppf(0.975) * numpy.sqrt((1 / haldane).sum())
    signs = stats.binomtest(only_a, only_a + only_b, 0.5)
    return {
        "only_a": only_a, "only_b": only_b, "n": n, "margin": margin,
        "mcnemar": mcnemar([[0, only_a], [only_b, 0]], exact=True).pvalue,
        "tost": {"difference": answers.mean(), "p": max(p_low, p_high),
                 "ci90": list(stats.norm.interval(0.90, answers.mean(), error)),
                 "ci95": list(stats.norm.interval(0.95, answers.mean(), error))},
        "table": table, "fisher": stats.fisher_exact(table).pvalue,
        "odds": numpy.exp(log_ratio), "odds_ci95": numpy.exp([log_ratio - half, log_ratio + half]),
        "sign": {"p": signs.pvalue, "ci95": proportion_confint(only_a, only_a + only_b, 0.05, "beta")},
    }


def ranks(i):
    rng = draws("ranks", i)
    n = int(rng.integers(5, 80))
    x = rng.normal(size=n)
    y = rng.uniform(-1, 1) * x + rng.normal(size=n)
    # Every other set has many ties.
    x, y = rounded(x, i % 2 * 3), rounded(y, i % 2 * 3)
    rank = stats.spearmanr(x, y)
    return {"x": x, "y": y, "spearman": {"r": rank.statistic, "p": rank.pvalue}}


def multiple(i):
    rng = draws("multiple", i)
    p = rounded(rng.beta(rng.uniform(0.2, 1), 1, rng.integers(1, 50)), 5)
    return {"p": p, "benjamini_hochberg": multipletests(p, method="fdr_bh")[1]}


def permutation(i):
    rng = draws("permutation", i)
    small = i % 2 == 0
    a = rounded(rng.normal(rng.uniform(-1, 1), 1, rng.integers(3, 7) if small else 20), 3)
    b = rounded(rng.normal(0, 1, rng.integers(3, 7) if small else 25), 3)

    def difference(u, v, axis=-1):
        return u.mean(axis=axis) - v.mean(axis=axis)

    out = {"a": a, "b": b}
    for alternative in ["greater", "less"]:
        result = stats.permutation_test((a, b), difference, permutation_type="independent", alternative=alternative, vectorized=True,
                                        n_resamples=numpy.inf if small else RESAMPLES, rng=i)
        out[f"groups_{alternative}"] = result.pvalue
    return out


def silhouettes(i):
    rng = draws("silhouette", i)
    n, dim = int(rng.integers(12, 40)), int(rng.integers(2, 7))
    x = rounded(rng.normal(size=(n, dim)) + rng.integers(0, 3, (n, 1)), 3)
    labels = rng.integers(0, rng.integers(2, 6), n)
    labels[:2] = [0, 1]
    labels[2] = 9  # alone in its group
    return {"x": x, "labels": labels,
            **{metric: {"mean": silhouette_score(x, labels, metric=metric), "values": silhouette_samples(x, labels, metric=metric)}
               for metric in ["euclidean", "cosine"]}}


def hdbscan(i):
    rng = draws("hdbscan", i)
    if i % 4 == 0:
        x, _ = make_moons(90, noise=0.08, random_state=i)
    elif i % 4 == 1:
        x = rng.normal(size=(80, 3))
    else:
        x, _ = make_blobs(100, n_features=2 + i % 3, centers=3 + i % 4, cluster_std=rng.uniform(0.4, 2.2), random_state=i)
        x = numpy.vstack([x, rng.uniform(-10, 10, (20, x.shape[1]))])
    if i % 4 == 3:
        x /= numpy.linalg.norm(x, axis=1, keepdims=True)
    x = rounded(x, 6)
    size, samples = [(5, 5), (7, 3), (4, 8), (10, 5), (5, 1)][i % 5]
    model = HDBSCAN(min_cluster_size=size, min_samples=samples, metric="euclidean", copy=True)
    labels = model.fit(x).labels_
    # Mutual reachability makes equal distances by nature (several edges as long as one core distance). The order in
    # which NumPy's default sort leaves them differs between processors; a stable sort is the same everywhere.
    unstable = sklearn_hdbscan._process_mst
    sklearn_hdbscan._process_mst = lambda tree: make_single_linkage(tree[numpy.argsort(tree["distance"], kind="stable")])
    stable = model.fit(x).labels_
    sklearn_hdbscan._process_mst = unstable
    return {"x": x, "min_cluster_size": size, "min_samples": samples, "labels": labels, "stable": stable}


def resampled(rng, x, block):
    n = len(x)
    out = numpy.empty(RESAMPLES)
    for first in range(0, RESAMPLES, 2000):
        if block == 1:
            index = rng.integers(0, n, (2000, n))
        else:
            starts = rng.integers(0, n - block + 1, (2000, -(-n // block)))
            index = (starts[:, :, None] + numpy.arange(block)).reshape(2000, -1)[:, :n]
        out[first:first + 2000] = x[index].mean(axis=1)
    return out


def bootstrap(i):
    rng = draws("bootstrap", i)
    n = 50
    shared = rng.normal(3.5, 0.15, n)
    # Neighbouring batches come from one document: their differences hang together.
    noise = numpy.convolve(rng.normal(0, 0.03, n + 4), numpy.ones(5) / 5**0.5, "valid")
    a = rounded(shared + noise + rng.uniform(-0.03, 0.03))
    b = rounded(shared + rng.normal(0, 0.02, n))
    x = a - b
    plain = resampled(rng, x, 1)
    low, high = numpy.quantile(plain, [0.05, 0.95]) - x.mean()
    centred = plain - x.mean()
    seeds = [rounded(rng.normal(3.5, 0.02) + shared - 3.5 + rng.normal(0, 0.03, n)) for _ in range(5)]
    nested = numpy.empty(RESAMPLES)
    group_a, group_b = numpy.array(seeds[:3]), numpy.array(seeds[3:])
    for r in range(RESAMPLES):
        batches = rng.integers(0, n, n)
        nested[r] = group_a[rng.integers(0, 3, 3)][:, batches].mean() - group_b[rng.integers(0, 2, 2)][:, batches].mean()
    spread = resampled(rng, a, 1) - resampled(rng, b, 1)
    out = {"a": a, "b": b, "seeds": seeds, "margin": MARGIN, "mean": x.mean(), "error": plain.std(),
           "p": max((plain <= -MARGIN).mean(), (plain >= MARGIN).mean()),
           "p_difference": min(1, 2 * min((plain <= 0).mean(), (plain >= 0).mean())),
           "power": ((centred + low >= -MARGIN) & (centred + high <= MARGIN)).mean()}
    for name, values in [("paired", plain), ("block5", resampled(rng, x, 5)), ("block10", resampled(rng, x, 10)),
                         ("unpaired", spread), ("hierarchical", nested)]:
        out[name] = {"error": values.std(), "ci90": numpy.quantile(values, [0.05, 0.95]), "ci95": numpy.quantile(values, [0.025, 0.975])}
    return out


def plain(x):
    if isinstance(x, dict):
        return {k: plain(v) for k, v in x.items()}
    if isinstance(x, (list, tuple, numpy.ndarray)):
        return [plain(v) for v in x]
    if isinstance(x, (bool, numpy.bool_)):
        return bool(x)
    return int(x) if isinstance(x, (int, numpy.integer)) else float(x)


def main():
    topics = [descriptive, distributions, means, proportions, ranks, multiple, permutation, silhouettes, hdbscan, bootstrap]
    document = {"made_with": {m.__name__: m.__version__ for m in (numpy, scipy, sklearn, statsmodels)},
                "resamples": RESAMPLES}
    for topic in topics:
        document[topic.__name__] = [plain(topic(i)) for i in range(SETS)]
    path = pathlib.Path(__file__).with_name("reference.json")
    path.write_text(json.dumps(document, separators=(",", ":")).replace('},{"', '},\n{"') + "\n")
    print(path, path.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
