// hopscope intervene: a script's effect on prompts, before and after and beside a random control
// (hopscope.intervene/1).
#include <cmath>
#include <map>

#include "core/api/lab.h"
#include "core/base/json.h"
#include "core/lab/interrupt.h"
#include "core/lab/prompts.h"
#include "core/probe/effect.h"
#include "core/run/document.h"
#include "core/stats/descriptive.h"
#include "core/stats/proportions.h"
#include "core/trainer/categories.h"
#include "core/trainer/device.h"
#include "core/trainer/open_run.h"

namespace hopscope::core::lab {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

ordered_json outlook_json(const Outlook& o) {
    return {{"nll", json_number(o.nll)},
            {"p_target", json_number(o.p_target)},
            {"p_category", o.p_category}};
}

ordered_json change_json(const Change& c, const Tokenizer& tokenizer) {
    auto j = outlook_json(c.outlook);
    j["top"] = tokenizer.piece(static_cast<int32_t>(c.outlook.top));
    j["token_changed"] = c.token_changed;
    j["mean_hops"] = json_number(c.mean_hops);
    return j;
}

ordered_json numbers(const std::vector<double>& values) {
    ordered_json out = ordered_json::array();
    for (const double x : values) out.push_back(json_number(x));
    return out;
}

ordered_json control_json(const RandomControl& c) {
    if (c.draws == 0) return {{"draws", 0}, {"reason", c.reason}};
    json mean = json::object(), deviation = json::object();
    for (const auto& [name, x] : c.delta_p_mean) mean[name] = json_number(x);
    for (const auto& [name, x] : c.delta_p_std) deviation[name] = json_number(x);
    return {{"draws", c.draws},
            {"seed", c.seed},
            {"kl_mean", json_number(c.kl_mean)},
            {"kl_std", json_number(c.kl_std)},
            {"nll_mean", json_number(c.nll_mean)},
            {"nll_std", json_number(c.nll_std)},
            {"jaccard_mean", numbers(c.jaccard_mean)},
            {"jaccard_std", numbers(c.jaccard_std)},
            {"token_changed_share", json_number(c.changed_share)},
            {"delta_p_mean", mean},
            {"delta_p_std", deviation}};
}

/// Median and quartiles of one quantity over the prompts.
ordered_json spread_json(const std::vector<double>& x) {
    return {{"n", x.size()},
            {"mean", json_number(stats::mean(x))},
            {"median", json_number(stats::median(x))},
            {"q25", json_number(stats::quantile(x, 0.25))},
            {"q75", json_number(stats::quantile(x, 0.75))}};
}

/// 95 % Clopper–Pearson interval of k of n.
json ci95_json(int64_t k, size_t n) {
    const auto ci95 = stats::share_ci95(k, static_cast<int64_t>(n));
    return {json_number(ci95.low), json_number(ci95.high)};
}

double share_of(int64_t k, size_t n) {
    return static_cast<double>(k) / static_cast<double>(n);
}

/// The same of a change, with the share of prompts on which it is a rise [def:effect]: of all
/// prompts, those without a change included. The sign test leaves these out and says how many stay.
ordered_json rise_json(const std::vector<double>& x) {
    const auto sign = stats::sign_test(x);
    auto j = spread_json(x);
    j["share_positive"] = json_number(share_of(sign.positive, x.size()));
    j["share_positive_ci95"] = ci95_json(sign.positive, x.size());
    j["sign_test_p"] = json_number(sign.p);
    j["sign_test_n"] = sign.positive + sign.negative;
    return j;
}

ordered_json summary_json(const std::vector<Effect>& effects) {
    std::vector<double> kl, control_kl, target;
    std::map<std::string, std::vector<double>> relative;
    int64_t changed = 0, beyond = 0;
    for (const auto& e : effects) {
        kl.push_back(e.changed.kl);
        target.push_back(e.changed.outlook.p_target - e.base.p_target);
        if (e.control.draws > 0) {
            control_kl.push_back(e.control.kl_mean);
            std::vector<double> draws;
            for (const auto& c : e.control.each) draws.push_back(c.kl);
            beyond += e.changed.kl > stats::quantile(draws, 0.95);
        }
        changed += e.changed.token_changed;
        for (const auto& [name, p] : e.base.p_category)
            if (p > 0) relative[name].push_back(e.changed.outlook.p_category.at(name) / p - 1);
    }
    const size_t n = effects.size();
    ordered_json j = {{"prompts", n},
                      {"kl", spread_json(kl)},
                      {"delta_p_target", rise_json(target)},
                      {"token_changed_share", json_number(share_of(changed, n))},
                      {"token_changed_ci95", ci95_json(changed, n)}};
    if (!control_kl.empty()) {
        j["control_kl"] = spread_json(control_kl);
        j["share_kl_above_control_95"] = json_number(share_of(beyond, control_kl.size()));
        j["share_kl_above_control_ci95"] = ci95_json(beyond, control_kl.size());
    }
    j["relative_p_category"] = ordered_json::object();
    for (const auto& [name, values] : relative) j["relative_p_category"][name] = rise_json(values);
    return j;
}

Status check(const InterveneOptions& o) {
    if (o.script.empty()) return usage_error("--script: holds no command");
    if (o.controls < 0)
        return usage_error("--controls: found " + std::to_string(o.controls) +
                           ", allowed 0 or more");
    for (const double factor : o.doses)
        if (!std::isfinite(factor))
            return usage_error("--doses: found " + std::to_string(factor) +
                               ", allowed finite numbers");
    return {};
}

/// Measures the script on each of the prompts, for one dose after another.
class DoseMeter {
  public:
    DoseMeter(const InterveneOptions& options, const OpenRun& run,
              const std::vector<Prompt>& prompts, const Categories& categories)
        : options_(options), run_(run), prompts_(prompts), categories_(categories) {}

    /// The effect on each prompt with lambda and strength times `factor`.
    Result<std::vector<Effect>> measure(double factor) {
        auto plan = make_plan(run_.model, scaled(options_.script, factor), options_.seed);
        if (!plan) return plan.error();
        const auto passes = static_cast<double>(prompts_.size() * (options_.doses.size() + 1));
        std::vector<Effect> effects;
        for (const auto& p : prompts_) {
            if (options_.on_progress) options_.on_progress("measuring prompts", done_++ / passes);
            auto effect = measure_effect(run_.model, *plan, p.question, categories_,
                                         options_.controls, options_.seed, interrupted);
            if (!effect) return effect.error();
            effects.push_back(std::move(*effect));
        }
        return effects;
    }

  private:
    const InterveneOptions& options_;
    const OpenRun& run_;
    const std::vector<Prompt>& prompts_;
    const Categories& categories_;
    double done_ = 0;
};

ordered_json prompt_json(const std::string& text, const Effect& e, const Tokenizer& tokenizer,
                         bool controlled) {
    ordered_json out = {{"text", text},
                        {"target", tokenizer.piece(static_cast<int32_t>(e.target))},
                        {"base", outlook_json(e.base)},
                        {"changed", change_json(e.changed, tokenizer)},
                        {"kl", json_number(e.changed.kl)},
                        {"jaccard", numbers(e.changed.jaccard)}};
    if (controlled) out["control"] = control_json(e.control);
    return out;
}

}  // namespace

Result<std::string> intervene(const InterveneOptions& o) {
    try {
        auto run = open_run(o.run, o.precision);
        if (!run) return run.error();
        if (auto s = check(o); !s) return s.error();
        auto lists = word_lists_for(run->folder, o.category_dirs);
        if (!lists) return lists.error();
        const Categories categories = token_lists(*lists, run->tokenizer);
        auto prompts = o.prompts.empty() ? sample_prompts(*run, categories)
                                         : read_prompts(o.prompts, *run, categories);
        if (!prompts) return prompts.error();
        DoseMeter meter(o, *run, *prompts, categories);
        auto effects = meter.measure(1.0);
        if (!effects) return effects.error();

        auto j = document("hopscope.intervene/1", run->folder, run->step, run->model.config);
        j["definition"] =
            "at the last position: KL(base || changed) of the next-token distribution in nats; "
            "Jaccard of the expert sets of base and changed, mean over tokens and hops, per layer; "
            "control: the same script on as many experts drawn at random from the same layer "
            "[def:effect]";
        j["script"] = script_json(o.script);
        j["prompts"] = json::array();
        for (size_t i = 0; i < effects->size(); ++i)
            j["prompts"].push_back(
                prompt_json((*prompts)[i].text, (*effects)[i], run->tokenizer, o.controls > 0));
        j["summary"] = summary_json(*effects);
        if (!o.doses.empty()) {
            j["doses"] = json::array();
            for (const double factor : o.doses) {
                auto dose = meter.measure(factor);
                if (!dose) return dose.error();
                j["doses"].push_back(
                    ordered_json{{"factor", factor}, {"summary", summary_json(*dose)}});
            }
        }
        return dump_pretty(j);
    } catch (const std::exception& e) {
        return torch_error(e);
    }
}

}  // namespace hopscope::core::lab
