// What the numbers of a comparison do not carry, each derived from the input
// [def:comparison_warnings]: intervals at the margin, unfair baselines, gaps that one seed makes,
// figures that contradict each other.
#include "core/compare/warnings.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>

#include "core/compare/compare.h"

namespace hopscope::core {
namespace {

constexpr double kEnoughPower = 0.8;
/// A gap at one seed this many times the mean gap of the others is that seed's.
constexpr double kSeedGapFactor = 1.5;
/// Decimals at which losses are usually printed.
constexpr double kPrinted = 1e3;

std::string text(double x, const char* format = "%.4g") {
    char out[48];
    std::snprintf(out, sizeof out, format, x);
    return out;
}
std::string text(const stats::Interval& i) {
    return "[" + text(i.low, "%.5f") + ", " + text(i.high, "%.5f") + "]";
}

/// Collects warnings about one comparison.
class Collector {
  public:
    explicit Collector(const CompareResult& result) : result_(result) {}

    void input(const CompareInput& input);
    void pair(const PairResult& pair);
    void answers(const AnswerPair& pair);
    void fairness(size_t i, size_t j);
    void sizes(size_t i, size_t j);
    void groups();
    std::vector<Warning> take() { return std::move(out_); }

  private:
    void add(const char* code, std::string words, const std::string& a, const std::string& b = "") {
        out_.push_back({code, std::move(words), a, b});
    }
    const std::string& label(size_t i) const { return result_.inputs[i].label; }
    void bound(const stats::Interval& interval, const std::string& which, const PairResult& pair);
    void seed_gap(const SeedGroup& a, const SeedGroup& b);

    const CompareResult& result_;
    std::vector<Warning> out_;
};

void Collector::input(const CompareInput& input) {
    const EvalRecord& r = input.record;
    double mean = 0;
    for (const double loss : r.batches) mean += loss;
    mean /= static_cast<double>(r.batches.size());
    // Batches are equally large, so the mean over tokens is the mean over batches.
    if (std::isfinite(r.loss) && std::fabs(r.loss - mean) > 1e-4 * std::max(1.0, mean))
        add("loss_does_not_follow",
            "the file's loss " + text(r.loss, "%.6g") + " is not the mean of its batches, " +
                text(mean, "%.6g"),
            input.label);
    if (std::isfinite(r.perplexity) && std::fabs(r.perplexity / std::exp(r.loss) - 1) > 1e-4)
        add("perplexity_does_not_follow",
            "the file's perplexity " + text(r.perplexity, "%.6g") +
                " is not exp(loss) = " + text(std::exp(r.loss), "%.6g"),
            input.label);
    if (r.batches.size() < 10)
        add("few_batches",
            "only " + std::to_string(r.batches.size()) +
                " batches: intervals by resampling so few are too narrow",
            input.label);
    if (r.origin.data_hash.empty())
        add("unknown_batches",
            "the file does not say which text it evaluated; that both sides saw the same "
            "validation batches is taken on trust",
            input.label);
}

void Collector::bound(const stats::Interval& interval, const std::string& which,
                      const PairResult& pair) {
    const auto printed = [](double x) { return std::nearbyint(x * kPrinted); };
    const double margin = printed(result_.margin);
    if (printed(interval.low) != -margin && printed(interval.high) != margin) return;
    add("touches_bound",
        "the " + which + " 90 % interval " + text(interval) + " prints with an end at the margin " +
            text(result_.margin) + "; the verdict (" +
            (interval.within(result_.margin) ? "inside" : "outside") +
            ") rests on unrounded values",
        label(pair.a), label(pair.b));
}

void Collector::pair(const PairResult& pair) {
    const std::string &a = label(pair.a), &b = label(pair.b);
    const double margin = result_.margin;
    const auto& tost = pair.tost;
    bound(tost.ci90, "plain", pair);
    if (std::fabs(pair.mean) <= margin && !tost.equivalent && pair.n > 1)
        add("interval_outside_margin",
            "the mean difference " + text(pair.mean) + " is within the margin " + text(margin) +
                ", its 90 % interval " + text(tost.ci90) + " is not: not shown to be equivalent",
            a, b);
    if (tost.equivalent && !tost.ci95.contains(0))
        add("different_within_margin",
            "the difference " + text(pair.mean) + " is both significant (95 % interval " +
                text(tost.ci95) + ") and within the margin " + text(margin) +
                ": real, but smaller than what was declared to matter",
            a, b);
    if (!tost.equivalent && tost.power < kEnoughPower)
        add("low_power",
            "with these batches even equal models would be found equivalent in only " +
                text(100 * tost.power, "%.0f") + " % of cases: not equivalent says little",
            a, b);
    for (const BlockResult& block : pair.blocks) {
        const std::string which = "blocks-of-" + std::to_string(block.size);
        if (std::isnan(block.ci90.low)) {
            add("too_few_blocks",
                "blocks of " + std::to_string(block.size) + " need at least " +
                    std::to_string(2 * block.size) + " batches, there are " +
                    std::to_string(pair.n),
                a, b);
            continue;
        }
        bound(block.ci90, which, pair);
        if (block.equivalent != tost.equivalent)
            add("interval_outside_margin",
                "the " + which + " 90 % interval " + text(block.ci90) +
                    (block.equivalent ? " is within" : " leaves") + " the margin " + text(margin) +
                    ", the plain one " + text(tost.ci90) +
                    (tost.equivalent ? " is within" : " leaves") +
                    " it: the verdict depends on the dependence between batches",
                a, b);
    }
    const double of_losses =
        result_.inputs[pair.a].record.loss - result_.inputs[pair.b].record.loss;
    if (std::isfinite(of_losses) && of_losses * pair.mean < 0 &&
        std::max(std::fabs(of_losses), std::fabs(pair.mean)) * kPrinted >= 1)
        add("contradicting_order",
            "the batches say a - b = " + text(pair.mean) + ", the files' losses say " +
                text(of_losses) + ": not of the same validation text",
            a, b);
    fairness(pair.a, pair.b);
}

void Collector::fairness(size_t i, size_t j) {
    const EvalOrigin &a = result_.inputs[i].record.origin, &b = result_.inputs[j].record.origin;
    std::string fields;
    const auto note = [&](const char* name, bool known, const std::string& x,
                          const std::string& y) {
        if (known && x != y)
            fields += (fields.empty() ? "" : "; ") + std::string(name) + " " + x + " and " + y;
    };
    note("trained tokens", a.trained_tokens > 0 && b.trained_tokens > 0,
         std::to_string(a.trained_tokens), std::to_string(b.trained_tokens));
    note("training text", !a.train_hash.empty() && !b.train_hash.empty(), a.train_hash,
         b.train_hash);
    note("planned updates", a.planned_steps > 0 && b.planned_steps > 0,
         std::to_string(a.planned_steps), std::to_string(b.planned_steps));
    note("updates", a.trained_tokens > 0 && b.trained_tokens > 0,
         std::to_string(result_.inputs[i].record.step),
         std::to_string(result_.inputs[j].record.step));
    if (!fields.empty())
        add("unfair_baseline",
            "the two were not trained alike (" + fields +
                "): the difference is not that of the variants alone",
            label(i), label(j));
    sizes(i, j);
}

/// Sizes differ where live parameters do [def:parameters]: vectors that nothing reads make models
/// of different means look alike, as cosine d = 341 and linear, or a dense baseline of d_ff = 1120.
void Collector::sizes(size_t i, size_t j) {
    const EvalOrigin &a = result_.inputs[i].record.origin, &b = result_.inputs[j].record.origin;
    if (a.parameters <= 0 || b.parameters <= 0) return;
    const auto live = [](const EvalOrigin& o) { return o.parameters - o.routing + o.routing_live; };
    const bool both_route = a.routing_live > 0 && b.routing_live > 0;
    std::string fields;
    const auto note = [&](const char* name, int64_t x, int64_t y) {
        fields += (fields.empty() ? "" : "; ") + std::string(name) + " " + std::to_string(x) +
                  " and " + std::to_string(y);
    };
    if (live(a) != live(b)) note("live parameters", live(a), live(b));
    if (both_route && a.routing_live != b.routing_live)
        note("live routing parameters", a.routing_live, b.routing_live);
    if (fields.empty()) return;
    // What the counts with dead vectors would have one believe.
    if (a.parameters != live(a) || b.parameters != live(b)) {
        note("counted with vectors that nothing reads", a.parameters, b.parameters);
        if (both_route) note("of these in routing", a.routing, b.routing);
    }
    add("unequal_size",
        "the two are not of one size (" + fields +
            "): a gap may be that of size; cosine_d512 and dense_iso_param_live match live ones",
        label(i), label(j));
}

void Collector::answers(const AnswerPair& pair) {
    const std::string &a = label(pair.a), &b = label(pair.b);
    const auto discordant = pair.sum.mcnemar.only_a + pair.sum.mcnemar.only_b;
    if (discordant < 10)
        add("few_discordant",
            "only " + std::to_string(discordant) +
                " items are answered differently: the normal interval is not to be trusted",
            a, b);
    const auto& tost = pair.sum.tost;
    if (!tost.equivalent && std::fabs(tost.difference) <= result_.margin)
        add("interval_outside_margin",
            "the difference of accuracies " + text(tost.difference) + " is within the margin " +
                text(result_.margin) + ", its 90 % interval " + text(tost.ci90) +
                " is not: not shown to be equivalent",
            a, b);
    if (pair.sum.tost.difference * pair.norm.tost.difference < 0)
        add("scoring_decides",
            "summed and length-normalised scores disagree about which is better (" +
                text(pair.sum.tost.difference) + " and " + text(pair.norm.tost.difference) + ")",
            a, b);
}

void Collector::groups() {
    size_t members = 0;
    bool alone = false;
    for (const SeedGroup& group : result_.groups) {
        members += group.members.size();
        alone = alone || group.loss.n < 2;
    }
    if (members < result_.inputs.size())
        add("same_seed_twice",
            "some inputs are the same seed of the same variant at the same step; the first of "
            "them stands for the seed",
            "");
    if (alone && result_.groups.size() > 1)
        add("single_seed",
            "variants with one seed only: the pairs speak of these very runs, not of what another "
            "seed would give",
            "");
    for (size_t i = 0; i < result_.groups.size(); ++i)
        for (size_t j = i + 1; j < result_.groups.size(); ++j)
            seed_gap(result_.groups[i], result_.groups[j]);
}

void Collector::seed_gap(const SeedGroup& a, const SeedGroup& b) {
    std::map<uint64_t, double> of_a, gaps;
    const auto each = [&](const SeedGroup& group, auto&& use) {
        for (const size_t member : group.members) {
            const EvalRecord& r = result_.inputs[member].record;
            if (r.origin.seed) use(*r.origin.seed, std::exp(r.loss));
        }
    };
    each(a, [&](uint64_t seed, double ppl) { of_a[seed] = ppl; });
    each(b, [&](uint64_t seed, double ppl) {
        if (const auto found = of_a.find(seed); found != of_a.end())
            gaps[seed] = found->second - ppl;
    });
    if (gaps.size() < 2) return;
    double total = 0;
    for (const auto& [seed, gap] : gaps) total += gap;
    const auto widest = std::max_element(
        gaps.begin(), gaps.end(),
        [](const auto& x, const auto& y) { return std::fabs(x.second) < std::fabs(y.second); });
    const double gap = widest->second;
    const double others = (total - gap) / static_cast<double>(gaps.size() - 1);
    // Below what is printed there is no gap to speak of.
    if (std::fabs(gap) < 0.01) return;
    if (gap * others > 0 && std::fabs(gap) < kSeedGapFactor * std::fabs(others)) return;
    const double mean = total / static_cast<double>(gaps.size());
    add("seed_gap",
        "the gap in perplexity is " + text(gap) + " at seed " + std::to_string(widest->first) +
            " but " + text(others) + " over the other " + std::to_string(gaps.size() - 1) +
            " (mean of all " + text(mean) + "): one seed carries it",
        a.variant, b.variant);
}

}  // namespace

std::vector<Warning> warnings_of(const CompareResult& result) {
    Collector collector(result);
    for (const AnswerPair& pair : result.answers) collector.answers(pair);
    if (!result.answers.empty()) return collector.take();
    for (const CompareInput& input : result.inputs) collector.input(input);
    for (const PairResult& pair : result.pairs) collector.pair(pair);
    collector.groups();
    return collector.take();
}

OrderedJson warning_json(const Warning& warning) {
    OrderedJson w{{"code", warning.code}, {"text", warning.text}};
    if (!warning.a.empty()) w["a"] = warning.a;
    if (!warning.b.empty()) w["b"] = warning.b;
    return w;
}

}  // namespace hopscope::core
