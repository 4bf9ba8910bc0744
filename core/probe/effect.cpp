#include "core/probe/effect.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/_log_softmax.h>
#include <ATen/ops/exp.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/tensor.h>
#include <algorithm>
#include <c10/core/GradMode.h>
#include <cctype>
#include <cmath>
#include <functional>
#include <set>

#include "core/base/random.h"
#include "core/base/sets.h"
#include "core/model/forward.h"
#include "core/model/sound.h"
#include "core/probe/intervention_probe.h"
#include "core/probe/random_control.h"
#include "core/stats/descriptive.h"
#include "core/text/words.h"

namespace hopscope::core {
namespace {

/// Expert sets of every hop, over all pools; −1 rows where a token did not run.
class ChoiceProbe : public Probe {
  public:
    ChoiceProbe(int64_t layers, int64_t tokens) : tokens_(tokens), layers_(layers) {}
    void after_hop(int64_t layer, int64_t, const HopRecord& r) override {
        const auto idx = (r.route.idx + r.pool_offset).to(at::kCPU).contiguous();
        const auto rows = r.rows.defined() ? r.rows.to(at::kCPU).contiguous() : at::Tensor();
        const int64_t k = idx.size(1);
        std::vector<std::vector<int64_t>> hop(static_cast<size_t>(tokens_));
        for (int64_t a = 0; a < idx.size(0); ++a) {
            const int64_t t = rows.defined() ? rows.const_data_ptr<int64_t>()[a] : a;
            const auto* p = idx.const_data_ptr<int64_t>() + a * k;
            hop[static_cast<size_t>(t)].assign(p, p + k);
            std::sort(hop[static_cast<size_t>(t)].begin(), hop[static_cast<size_t>(t)].end());
        }
        layers_[static_cast<size_t>(layer)].push_back(std::move(hop));
    }

    /// [layer][hop][token] sorted experts
    const std::vector<std::vector<std::vector<std::vector<int64_t>>>>& layers() const {
        return layers_;
    }

    /// Hops each token ran, [layer][token].
    std::vector<std::vector<int64_t>> depths() const {
        std::vector<std::vector<int64_t>> out;
        for (const auto& hops : layers_) {
            out.emplace_back(static_cast<size_t>(tokens_), 0);
            for (const auto& hop : hops)
                for (size_t t = 0; t < hop.size(); ++t) out.back()[t] += !hop[t].empty();
        }
        return out;
    }

  private:
    int64_t tokens_;
    std::vector<std::vector<std::vector<std::vector<int64_t>>>> layers_;
};

std::vector<double> jaccard_of(const ChoiceProbe& a, const ChoiceProbe& b) {
    std::vector<double> out;
    for (size_t l = 0; l < a.layers().size(); ++l) {
        double sum = 0;
        int64_t n = 0;
        const auto &x = a.layers()[l], &y = b.layers()[l];
        for (size_t h = 0; h < std::min(x.size(), y.size()); ++h)
            for (size_t t = 0; t < x[h].size(); ++t) {
                if (x[h][t].empty() || y[h][t].empty()) continue;
                std::vector<int64_t> both;
                std::set_intersection(x[h][t].begin(), x[h][t].end(), y[h][t].begin(),
                                      y[h][t].end(), std::back_inserter(both));
                sum += core::jaccard_of(static_cast<int64_t>(both.size()),
                                        static_cast<int64_t>(x[h][t].size()),
                                        static_cast<int64_t>(y[h][t].size()));
                ++n;
            }
        out.push_back(n ? sum / static_cast<double>(n) : std::nan(""));
    }
    return out;
}

/// One pass of the prompt under a plan.
struct Pass {
    at::Tensor log_p;  ///< [V] at the last position
    ChoiceProbe choices;
};

Pass run_pass(const Model& model, const Plan& plan, const at::Tensor& ids) {
    const int64_t length = ids.size(1);
    Pass out{{}, ChoiceProbe(model.config.model.n_layers, length)};
    const auto edited = edited_model(model, plan);
    InterventionProbe changes(edited, plan, {length});
    ProbeChain chain({&changes, &out.choices});
    ForwardOptions options;
    options.changes = plan.changes;
    options.changes.keep_scores = true;  // base, changed and control in one form
    options.probe = &chain;
    const auto hidden = forward(edited, ids, options).hidden;
    // In fp64 from the logits on: a KL of 1e-7 would drown in the rounding of fp32 probabilities.
    const auto logits = at::linear(hidden.select(0, length - 1), edited.weights.embed);
    out.log_p = at::_log_softmax(logits.to(at::kCPU, at::kDouble), -1, false).contiguous();
    return out;
}

Outlook outlook_of(const at::Tensor& log_p, int64_t target, const PromptQuestion& question,
                   const Categories& categories) {
    const double* p = log_p.const_data_ptr<double>();
    Outlook out;
    out.top = std::max_element(p, p + log_p.numel()) - p;
    out.nll = -p[target];
    out.p_target = std::exp(p[target]);
    for (const auto& name : question.categories) {
        const auto found = categories.find(name);
        if (found == categories.end()) continue;
        double sum = 0;
        for (const int64_t id : found->second) sum += std::exp(p[id]);
        out.p_category[name] = sum;
    }
    return out;
}

Change compare(const Pass& base, const Pass& changed, const Outlook& before, int64_t target,
               const PromptQuestion& question, const Categories& categories, const Config& config) {
    Change out;
    out.outlook = outlook_of(changed.log_p, target, question, categories);
    out.kl = (at::exp(base.log_p) * (base.log_p - changed.log_p)).sum().item().toDouble();
    out.jaccard = jaccard_of(base.choices, changed.choices);
    out.token_changed = out.outlook.top != before.top;
    double ran = 0, tokens = 0;
    for (const auto& layer : changed.choices.depths())
        for (const int64_t d : layer) {
            ran += static_cast<double>(d);
            tokens += 1;
        }
    if (!config.is_dense()) out.mean_hops = ran / tokens;
    return out;
}

void summarise(const Outlook& base, RandomControl& c) {
    std::vector<double> kl, nll, target;
    std::map<std::string, std::vector<double>> category;
    std::vector<std::vector<double>> jaccard(c.each.front().jaccard.size());
    for (const auto& change : c.each) {
        kl.push_back(change.kl);
        nll.push_back(change.outlook.nll);
        for (size_t l = 0; l < jaccard.size(); ++l) jaccard[l].push_back(change.jaccard[l]);
        target.push_back(change.outlook.p_target - base.p_target);
        for (const auto& [name, p] : change.outlook.p_category)
            category[name].push_back(p - base.p_category.at(name));
        c.changed_share += change.token_changed ? 1.0 / static_cast<double>(c.each.size()) : 0.0;
    }
    c.kl_mean = stats::mean(kl);
    c.kl_std = stats::sample_std(kl);
    c.nll_mean = stats::mean(nll);
    c.nll_std = stats::sample_std(nll);
    for (const auto& layer : jaccard) {
        c.jaccard_mean.push_back(stats::mean(layer));
        c.jaccard_std.push_back(stats::sample_std(layer));
    }
    category["target"] = target;
    for (const auto& [name, values] : category) {
        c.delta_p_mean[name] = stats::mean(values);
        c.delta_p_std[name] = stats::sample_std(values);
    }
}

/// The likeliest tokens of both passes, falling P of the base, ties by lowest id.
std::vector<NextOdds> next_odds(const at::Tensor& base, const at::Tensor& changed, int64_t n) {
    std::set<int64_t> ids;
    for (const auto* log_p : {&base, &changed}) {
        const auto* p = log_p->const_data_ptr<double>();
        std::vector<int64_t> order(static_cast<size_t>(log_p->numel()));
        for (size_t i = 0; i < order.size(); ++i) order[i] = static_cast<int64_t>(i);
        const auto end = order.begin() + std::min<int64_t>(n, log_p->numel());
        std::partial_sort(order.begin(), end, order.end(),
                          [&](int64_t a, int64_t b) { return p[a] != p[b] ? p[a] > p[b] : a < b; });
        ids.insert(order.begin(), end);
    }
    std::vector<NextOdds> out;
    for (const int64_t id : ids)
        out.push_back({id, std::exp(base.const_data_ptr<double>()[id]),
                       std::exp(changed.const_data_ptr<double>()[id]), std::nan(""), std::nan("")});
    std::stable_sort(out.begin(), out.end(),
                     [](const NextOdds& a, const NextOdds& b) { return a.base > b.base; });
    return out;
}

bool only_halts(const Plan& plan) {
    return plan.changes.halts() && !plan.acts();
}

/// Whether exchanging the depths of tokens would change nothing. @param depths [layer][token]
bool halts_evenly(const std::vector<std::vector<int64_t>>& depths) {
    return std::all_of(depths.begin(), depths.end(), [](const auto& layer) {
        return std::adjacent_find(layer.begin(), layer.end(), std::not_equal_to<>()) == layer.end();
    });
}

}  // namespace

Result<Effect> measure_effect(const Model& model, const Plan& plan, const PromptQuestion& question,
                              const Categories& categories, int64_t draws, uint64_t seed,
                              const std::function<bool()>& cancelled) {
    const c10::AutoGradMode no_grad(false);
    if (auto s = check_tokens(plan, static_cast<int64_t>(question.ids.size())); !s)
        return s.error();
    const auto ids = at::tensor(at::ArrayRef<int64_t>(question.ids))
                         .view({1, static_cast<int64_t>(question.ids.size())})
                         .to(model.weights.embed.device());
    const Error stopped = stopped_on_request();
    if (cancelled()) return stopped;
    const auto base = run_pass(model, {}, ids);
    if (!is_finite(base.log_p)) return diverged("what the model says about the next token");
    Effect out;
    out.target = question.target ? *question.target : base.log_p.argmax().item().toLong();
    out.base = outlook_of(base.log_p, out.target, question, categories);
    if (cancelled()) return stopped;
    const auto changed = run_pass(model, plan, ids);
    if (!is_finite(changed.log_p))
        return diverged("what the model says about the next token under these interventions");
    out.changed = compare(base, changed, out.base, out.target, question, categories, model.config);
    out.control.reason = no_control(plan, model.config);
    if (out.control.reason.empty() && only_halts(plan) && halts_evenly(changed.choices.depths()))
        out.control.reason =
            "every token of a layer halts at the same depth: there is nothing to draw";
    if (!out.control.reason.empty()) draws = 0;
    out.control.draws = draws;
    out.control.seed = seed;
    if (question.next_tokens > 0)
        out.next = next_odds(base.log_p, changed.log_p, question.next_tokens);
    std::vector<std::vector<double>> drawn_p(out.next.size());
    Random random(seed);
    for (int64_t i = 0; i < draws; ++i) {
        if (cancelled()) return stopped;
        auto control = random_control(plan, model, random.next());
        if (plan.changes.halts()) {  // as many tokens of each depth, drawn anew in each layer
            control.changes = {};
            control.changes.depths = changed.choices.depths();
            for (auto& layer : control.changes.depths) random.shuffle(layer);
        }
        const auto drawn = run_pass(model, control, ids);
        out.control.each.push_back(
            compare(base, drawn, out.base, out.target, question, categories, model.config));
        for (size_t t = 0; t < out.next.size(); ++t)
            drawn_p[t].push_back(std::exp(drawn.log_p.const_data_ptr<double>()[out.next[t].id]));
    }
    if (draws > 0) summarise(out.base, out.control);
    for (size_t t = 0; draws > 0 && t < out.next.size(); ++t) {
        out.next[t].control_mean = stats::mean(drawn_p[t]);
        out.next[t].control_std = stats::sample_std(drawn_p[t]);
    }
    return out;
}

std::vector<int64_t> single_tokens(const Tokenizer& tokenizer,
                                   const std::vector<std::string>& words) {
    std::set<std::string> spellings;
    for (const auto& word : words) {
        if (word.empty()) continue;
        auto capital = word;
        capital[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(capital[0])));
        for (const auto& w : {word, capital}) {
            spellings.insert(w);
            spellings.insert(std::string(kSpaceMark) + w);
        }
    }
    std::vector<int64_t> out;
    for (int64_t id = 0; id < tokenizer.size(); ++id)
        if (spellings.count(tokenizer.piece(static_cast<int32_t>(id)))) out.push_back(id);
    return out;
}

}  // namespace hopscope::core
