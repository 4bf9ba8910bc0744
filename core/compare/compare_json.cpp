// The document hopscope.compare/1 and the definitions of its numbers.
#include "core/compare/compare_json.h"

#include "core/compare/warnings.h"

namespace hopscope::core {
namespace {

OrderedJson pair_of(const stats::Interval& interval) {
    return OrderedJson::array({json_number(interval.low), json_number(interval.high)});
}

OrderedJson loss_pair(const CompareResult& result, const PairResult& pair) {
    OrderedJson j;
    j["a"] = result.inputs[pair.a].label;
    j["b"] = result.inputs[pair.b].label;
    j["n"] = pair.n;
    j["mean"] = json_number(pair.mean);
    j["ci95"] = pair_of(pair.tost.ci95);
    j["ci90"] = pair_of(pair.tost.ci90);
    j["unpaired_ci95"] = pair_of(pair.unpaired_ci95);
    j["p"] = json_number(pair.tost.p);
    j["p_difference"] = json_number(pair.tost.p_difference);
    j["power"] = json_number(pair.tost.power);
    j["equivalent"] = pair.tost.equivalent;
    j["blocks"] = OrderedJson::array();
    for (const BlockResult& block : pair.blocks)
        j["blocks"].push_back({{"size", block.size},
                               {"ci90", pair_of(block.ci90)},
                               {"equivalent", block.equivalent},
                               {"width_ratio", json_number(block.width_ratio)}});
    return j;
}

OrderedJson answers(const AnswerResult& r, double margin) {
    OrderedJson j;
    j["accuracy_a"] = json_number(r.accuracy_a);
    j["accuracy_b"] = json_number(r.accuracy_b);
    j["mcnemar"] = {{"only_a", r.mcnemar.only_a},
                    {"only_b", r.mcnemar.only_b},
                    {"p", json_number(r.mcnemar.p)}};
    j["tost"] = {{"diff", json_number(r.tost.difference)},
                 {"margin", margin},
                 {"ci90", pair_of(r.tost.ci90)},
                 {"ci95", pair_of(r.tost.ci95)},
                 {"p", json_number(r.tost.p)},
                 {"equivalent", r.tost.equivalent}};
    return j;
}

OrderedJson answer_pair(const CompareResult& result, const AnswerPair& pair) {
    OrderedJson j;
    j["a"] = result.inputs[pair.a].label;
    j["b"] = result.inputs[pair.b].label;
    j["task"] = result.inputs[pair.a].task;
    j["n"] = pair.sum.tost.n;
    j.update(answers(pair.sum, result.margin));
    j["norm"] = answers(pair.norm, result.margin);
    return j;
}

OrderedJson group_json(const CompareResult& result, const SeedGroup& group) {
    OrderedJson j;
    j["variant"] = group.variant;
    j["seeds"] = OrderedJson::array();
    j["inputs"] = OrderedJson::array();
    for (const size_t member : group.members) {
        const auto& seed = result.inputs[member].record.origin.seed;
        j["seeds"].push_back(seed ? OrderedJson(*seed) : OrderedJson(nullptr));
        j["inputs"].push_back(result.inputs[member].label);
    }
    j["mean_ppl"] = json_number(group.perplexity.mean);
    j["std"] = json_number(group.perplexity.std);
    j["n"] = group.perplexity.n;
    return j;
}

OrderedJson seed_tost_json(const CompareResult& result, const SeedTost& tost) {
    OrderedJson j;
    j["a"] = result.groups[tost.a].variant;
    j["b"] = result.groups[tost.b].variant;
    j["n"] = {result.groups[tost.a].loss.n, result.groups[tost.b].loss.n};
    j["diff"] = json_number(tost.welch.difference);
    j["p"] = json_number(tost.welch.p);
    j["equivalent"] = tost.welch.equivalent;
    j["ci90"] = pair_of(tost.welch.ci90);
    j["df"] = json_number(tost.welch.df);
    j["power"] = json_number(tost.welch.power);
    j["hierarchical"] = {{"ci90", pair_of(tost.hierarchical.ci90)},
                         {"ci95", pair_of(tost.hierarchical.ci95)},
                         {"p", json_number(tost.hierarchical.p)},
                         {"equivalent", tost.hierarchical.equivalent}};
    return j;
}

void add_inputs(OrderedJson& j, const CompareResult& result) {
    j["inputs"] = OrderedJson::array();
    for (const CompareInput& input : result.inputs) {
        OrderedJson entry{{"label", input.label}, {"file", input.path}};
        if (!input.record.run.empty()) entry["run"] = input.record.run;
        if (!input.zeroshot) {
            entry["step"] = input.record.step;
            if (!input.record.config_hash.empty()) entry["config_hash"] = input.record.config_hash;
            entry["loss"] = json_number(input.record.loss);
            add_origin(entry, input.record.origin);
        }
        j["inputs"].push_back(std::move(entry));
    }
}

}  // namespace

const std::vector<std::pair<std::string, std::string>>& compare_definitions() {
    static const std::vector<std::pair<std::string, std::string>> kDefinitions = {
        {"difference",
         "a - b of the mean loss (nats per token) of each validation batch, both on "
         "the same batches; n = batches"},
        {"ci95, ci90",
         "percentile bootstrap of the mean difference: batches drawn with "
         "replacement, the 2.5/97.5 and 5/95 % quantiles of the resampled means"},
        {"unpaired_ci95",
         "the same with the batches of a and of b drawn apart: what forgetting "
         "the pairing would cost"},
        {"equivalent",
         "the whole 90 % interval lies in the closed [-margin, +margin], decided on "
         "unrounded numbers"},
        {"p",
         "the larger one-sided p of TOST: share of resampled means at or beyond the margin, "
         "(count + 1) / (resamples + 1)"},
        {"p_difference",
         "two-sided p of no difference: twice the smaller share of resampled means "
         "at or beyond 0"},
        {"power",
         "probability that the rule would find equivalence were the true difference 0: "
         "share of resampled means, moved to mean 0, whose interval fits the margin"},
        {"blocks",
         "moving-block bootstrap: runs of `size` neighbouring batches from random starts, "
         "cut to n; needs two blocks. width_ratio = width of its 90 % interval / of the "
         "plain one"},
        {"groups",
         "runs of one configuration apart from train.seed, equally long trained; "
         "mean_ppl and std (n - 1) over seeds of exp(loss)"},
        {"spread_of_means", "largest - smallest mean_ppl of the groups"},
        {"mean_within_std", "mean of the groups' std, over groups of two seeds or more"},
        {"ratio", "spread_of_means / mean_within_std"},
        {"seed_tost",
         "TOST by Welch's t on the seeds' mean losses (difference a - b, margin in "
         "nats); hierarchical: bootstrap that draws seeds, then batches shared by all "
         "seeds"},
        {"mcnemar", "items that only a, or only b, answers right; exact two-sided binomial p"},
        {"tost",
         "difference of accuracies on the same items; normal 90 % interval with the "
         "variance of the paired differences, in the closed margin"},
        {"printed",
         "claims of --printed FILE, one JSON object a line: \"check\" with its inputs, \"printed\" "
         "and perhaps \"label\", numbers in quotes as printed. percent {from, to}: 100 (to / from "
         "- 1); ratio {numerator, denominator}; difference {a, b}: a - b; saving {mean_hops, "
         "hops}: 100 (1 - mean_hops / hops); std {values}: n - 1; interval {low, high, margin}: "
         "printed \"inside\" or \"outside\" the closed margin. follows: yes (the inputs taken as "
         "exact give it), within_rounding (some values that print so do), no (none does)"},
    };
    return kDefinitions;
}

OrderedJson compare_json(const CompareResult& result) {
    // Without inputs there are printed claims alone.
    const bool zeroshot = !result.inputs.empty() && result.inputs.front().zeroshot;
    OrderedJson j;
    j["format"] = "hopscope.compare/1";
    j["margin"] = result.margin;
    j["resamples"] = result.options.resamples;
    j["seed"] = result.options.seed;
    j["pairs"] = OrderedJson::array();
    for (const PairResult& pair : result.pairs) j["pairs"].push_back(loss_pair(result, pair));
    for (const AnswerPair& pair : result.answers) j["pairs"].push_back(answer_pair(result, pair));
    if (zeroshot) {
        // A single pair also stands at the top.
        if (result.answers.size() == 1) j.update(answers(result.answers[0].sum, result.margin));
    } else {
        j["groups"] = OrderedJson::array();
        for (const SeedGroup& group : result.groups)
            j["groups"].push_back(group_json(result, group));
        j["spread_of_means"] = json_number(result.spread_of_means);
        j["mean_within_std"] = json_number(result.mean_within_std);
        j["largest_within_std"] = json_number(result.largest_within_std);
        j["ratio"] = json_number(result.ratio);
        j["seed_tost"] = OrderedJson::array();
        for (const SeedTost& tost : result.seed_tost)
            j["seed_tost"].push_back(seed_tost_json(result, tost));
    }
    j["warnings"] = OrderedJson::array();
    for (const Warning& warning : result.warnings) j["warnings"].push_back(warning_json(warning));
    j["definitions"] = OrderedJson::object();
    for (const auto& [term, definition] : compare_definitions())
        j["definitions"][term] = definition;
    add_inputs(j, result);
    return j;
}

}  // namespace hopscope::core
