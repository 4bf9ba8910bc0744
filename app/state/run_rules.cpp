#include "app/state/run_rules.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "core/api/base.h"
#include "core/api/load_fade.h"

namespace hopscope::app {
namespace {

constexpr size_t kFindings = 50;     ///< that are kept
constexpr int64_t kQuiet = 20;       ///< updates below the threshold before a jump is a new one
constexpr size_t kExpertsNamed = 6;  ///< of a layer, in a sentence

std::string number(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.3g", value);
    return text;
}

std::string whole(int64_t value) {
    return core::in_thousands(std::to_string(value));
}

/// "batch 1,233", or the micro-batches of an update, by their place in the order of the data.
std::string batch_of(int64_t step, const core::TrainConfig& train) {
    const int64_t first = (step - 1) * train.grad_accum;
    return train.grad_accum == 1 ? "batch " + whole(first)
                                 : "micro-batches " + whole(first) + " \xE2\x80\xA6 " +
                                       whole(first + train.grad_accum - 1);
}

}  // namespace

const std::array<RuleRow, kRules>& run_rules() {
    static constexpr std::array<RuleRow, kRules> kRows = {{
        {Rule::loss_spike, "loss spike",
         "The training loss lies so many spreads above the median of the 128 updates before it; a "
         "spread is 1.4826 \xC3\x97 the median absolute deviation.",
         "spreads", 10, 1},
        {Rule::gradient_spike, "gradient spike",
         "The gradient norm before clipping lies so many spreads above the median of the 128 "
         "updates before it; a spread is 1.4826 \xC3\x97 the median absolute deviation.",
         "spreads", 20, 1},
        {Rule::not_finite, "loss is no number",
         "The recorded loss is NaN or infinite. In an update that is made here the trainer sees "
         "that first, and always pauses before the weights change.",
         "", 0, 0},
        {Rule::dead_experts, "dead experts",
         "Experts that certainly had no token for so many updates: their load has faded below what "
         "one token would have left. Read from each snapshot.",
         "updates", 200, 1},
    }};
    return kRows;
}

std::array<RuleSetting, kRules> first_rule_settings() {
    std::array<RuleSetting, kRules> out;
    for (const RuleRow& row : run_rules())
        out[static_cast<size_t>(row.rule)].threshold = row.threshold;
    return out;
}

int64_t idle_updates(double load, double choices, int64_t step) {
    if (!(load >= 0) || !(choices >= 1)) return 0;
    if (load == 0) return step;
    // One choice, `idle` updates ago, leaves (1 − kept) · keptⁱᵈˡᵉ / choices.
    const double one = (1 - core::kLoadKept) / choices;
    const double idle = std::floor(std::log(load / one) / std::log(core::kLoadKept));
    return std::clamp<int64_t>(static_cast<int64_t>(idle), 0, step);
}

void RunRules::forget() {
    const auto settings = settings_;
    *this = {};
    settings_ = settings;
}

bool RunRules::jumped(Watched& watched, Rule rule, const char* what, double value, int64_t step,
                      const core::TrainConfig& train, std::vector<Finding>& out) {
    const RuleSetting& set = setting(rule);
    if (!set.on || !std::isfinite(value)) return false;
    const Outlyingness found = watched.window.measure(value);
    if (found.score < set.threshold) return false;
    const bool goes_on = step - watched.last_broken <= kQuiet;
    watched.last_broken = step;
    if (goes_on) return true;
    out.push_back({rule, step,
                   std::string(what) + " of step " + whole(step) + " is " + number(value) + ", " +
                       number(found.score) + " spreads above the median " + number(found.median) +
                       " of the " + whole(static_cast<int64_t>(found.n)) + " updates before; " +
                       batch_of(step, train) + ".",
                   set.pauses});
    return true;
}

std::vector<Finding> RunRules::read(std::span<const core::ScalarRecord> records,
                                    const core::TrainConfig& train) {
    std::vector<Finding> out;
    for (const core::ScalarRecord& r : records) {
        if (began_) {
            jumped(loss_, Rule::loss_spike, "The loss", static_cast<double>(r.loss), r.step, train,
                   out);
            jumped(gradient_, Rule::gradient_spike, "The gradient norm",
                   static_cast<double>(r.grad_norm), r.step, train, out);
            const RuleSetting& set = setting(Rule::not_finite);
            if (set.on && finite_ && !std::isfinite(r.loss))
                out.push_back({Rule::not_finite, r.step,
                               "The loss of step " + whole(r.step) + " is no number; " +
                                   batch_of(r.step, train) + ".",
                               set.pauses});
        }
        loss_.window.add(static_cast<double>(r.loss));
        gradient_.window.add(static_cast<double>(r.grad_norm));
        finite_ = std::isfinite(r.loss);
    }
    began_ |= !records.empty();
    keep(out);
    return out;
}

std::vector<Finding> RunRules::read(const core::GeometrySnapshot& snapshot,
                                    const core::Config& config) {
    const RuleSetting& set = setting(Rule::dead_experts);
    std::vector<Finding> out;
    if (!set.on) return out;
    const auto longest = static_cast<int64_t>(set.threshold);
    std::string named;
    int64_t count = 0;
    for (size_t l = 0; l < snapshot.layers.size(); ++l) {
        const core::LayerGeometry& layer = snapshot.layers[l];
        const double choices = static_cast<double>(config.train.batch * config.train.seq_len) *
                               static_cast<double>(config.train.grad_accum * layer.hops) *
                               static_cast<double>(layer.top_k);
        // Of a layer that counts nothing nothing is known.
        const bool counted =
            std::any_of(layer.load.begin(), layer.load.end(), [](float load) { return load > 0; });
        if (!counted) continue;
        std::string experts;
        size_t fresh = 0;
        for (size_t e = 0; e < layer.load.size(); ++e) {
            const auto idle =
                idle_updates(static_cast<double>(layer.load[e]), choices, snapshot.step);
            if (idle < longest) {
                dead_.erase({l, e});
            } else if (dead_.insert({l, e}).second && ++fresh <= kExpertsNamed) {
                experts += " E" + std::to_string(e);
            }
        }
        if (fresh == 0) continue;
        count += static_cast<int64_t>(fresh);
        named += (named.empty() ? "" : ";") + std::string(" layer ") + std::to_string(l) + ":" +
                 experts + (fresh > kExpertsNamed ? " \xE2\x80\xA6" : "");
    }
    // What was dead when the run was opened is told, but is no reason to stop it.
    const bool pauses = set.pauses && seen_snapshot_;
    seen_snapshot_ = true;
    if (count > 0)
        out.push_back({Rule::dead_experts, snapshot.step,
                       whole(count) + (count == 1 ? " expert" : " experts") +
                           " without a token for " + whole(longest) + " updates or more at step " +
                           whole(snapshot.step) + ":" + named + ".",
                       pauses});
    keep(out);
    return out;
}

void RunRules::keep(const std::vector<Finding>& found) {
    findings_.insert(findings_.end(), found.begin(), found.end());
    if (findings_.size() > kFindings)
        findings_.erase(findings_.begin(), findings_.end() - static_cast<int64_t>(kFindings));
}

}  // namespace hopscope::app
