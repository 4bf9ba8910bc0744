#include "core/trainer/intervention_effect.h"

#include <algorithm>
#include <cmath>

#include "core/probe/effect.h"
#include "core/probe/trace.h"
#include "core/stats/descriptive.h"

namespace hopscope::core {
namespace {

Spread spread_of(const std::vector<double>& x) {
    if (x.empty()) return {};
    return {stats::mean(x), stats::sample_std(x)};
}

/// One value of each draw.
template <class Value>
std::vector<double> over_draws(const RandomControl& control, const Value& value) {
    std::vector<double> out;
    for (const Change& change : control.each) out.push_back(value(change));
    return out;
}

/// Answers one request; lives for it.
class Measurement {
  public:
    Measurement(const ModelCopy& copy, const InterventionRequest& request,
                const std::function<bool()>& cancelled,
                const std::function<void(const InterventionEffect&)>& publish)
        : copy_(copy), request_(request), cancelled_(cancelled), publish_(publish) {
        out_.request = request;
        out_.step = copy.step;
        const auto doses = static_cast<double>(request.doses.size());
        passes_ = 4 + static_cast<double>(request.controls) +
                  doses * (2 + static_cast<double>(request.dose_controls));
    }

    InterventionEffect run() {
        if (auto s = prepare(); !s) return failed(s.error());
        // The pair alone first: a person sees it at once, and these are two passes of many.
        for (const int64_t draws : {int64_t{0}, request_.controls}) {
            auto effect = measure(1.0, draws);
            if (!effect) return failed(effect.error());
            fill(*effect);
            publish_(out_);
            if (request_.controls == 0) break;
        }
        for (const double factor : request_.doses) {
            auto point = dose(factor);
            if (cancelled_()) return out_;
            out_.doses.push_back(std::move(point));
            publish_(out_);
        }
        out_.progress = 1;
        out_.whole = true;
        return std::move(out_);
    }

  private:
    InterventionEffect failed(const Error& error) {
        out_.error = error.message;
        return std::move(out_);
    }

    Status prepare() {
        if (request_.script.empty()) return usage_error("no intervention is active");
        auto pieces = prompt_pieces(copy_.model.config, copy_.tokenizer, request_.prompt, false);
        if (!pieces) {
            out_.too_long = too_long(copy_.model.config, copy_.tokenizer, request_.prompt);
            return pieces.error();
        }
        for (const auto& p : *pieces) question_.ids.push_back(p.id);
        out_.tokens = static_cast<int64_t>(question_.ids.size());
        question_.next_tokens = kNextTokens;
        if (!request_.target.empty()) {
            auto target = copy_.tokenizer.encode_line(request_.target);
            if (!target) return target.error();
            if (target->empty()) return usage_error("the target has no token");
            question_.target = target->front();
        }
        for (const auto& category : request_.categories) {
            question_.categories.push_back(category.name);
            categories_[category.name] = single_tokens(copy_.tokenizer, category.words);
        }
        return {};
    }

    Result<Effect> measure(double factor, int64_t draws) {
        auto plan = make_plan(copy_.model, scaled(request_.script, factor), request_.seed);
        if (!plan) return plan.error();
        const auto counted = [&] {
            out_.progress = std::min(done_++ / passes_, 1.0);
            if (out_.target.id >= 0) publish_(out_);
            return cancelled_();
        };
        return measure_effect(copy_.model, *plan, question_, categories_, draws, request_.seed,
                              counted);
    }

    DosePoint dose(double factor) {
        DosePoint out;
        out.factor = factor;
        auto effect = measure(factor, request_.dose_controls);
        if (!effect) {
            out.error = effect.error().message;
            return out;
        }
        out.kl = effect->changed.kl;
        out.p_target = effect->changed.outlook.p_target;
        out.nll = effect->changed.outlook.nll;
        out.token_changed = effect->changed.token_changed;
        out.control_kl =
            spread_of(over_draws(effect->control, [](const Change& c) { return c.kl; }));
        out.control_p_target = spread_of(
            over_draws(effect->control, [](const Change& c) { return c.outlook.p_target; }));
        return out;
    }

    std::string piece(int64_t id) const { return copy_.tokenizer.piece(static_cast<int32_t>(id)); }

    void fill(const Effect& e) {
        const RandomControl& c = e.control;
        out_.target = {
            piece(e.target),
            e.target,
            0,
            e.base.p_target,
            e.changed.outlook.p_target,
            spread_of(over_draws(c, [](const Change& d) { return d.outlook.p_target; }))};
        out_.nll_base = e.base.nll;
        out_.nll_changed = e.changed.outlook.nll;
        out_.kl = e.changed.kl;
        out_.token_changed = e.changed.token_changed;
        out_.mean_hops = e.changed.mean_hops;
        out_.jaccard = e.changed.jaccard;
        out_.next.clear();
        for (const NextOdds& n : e.next)
            out_.next.push_back(
                {piece(n.id), n.id, 0, n.base, n.changed, {n.control_mean, n.control_std}});
        out_.groups.clear();
        for (const auto& category : request_.categories) {
            const std::string& name = category.name;
            const auto words = static_cast<int64_t>(categories_.at(name).size());
            out_.groups.push_back(
                {name, -1, words, e.base.p_category.at(name), e.changed.outlook.p_category.at(name),
                 spread_of(over_draws(
                     c, [&](const Change& d) { return d.outlook.p_category.at(name); }))});
        }
        out_.control_draws = c.draws;
        out_.control_reason = c.reason;
        out_.control_kls = over_draws(c, [](const Change& d) { return d.kl; });
        out_.control_kl = spread_of(out_.control_kls);
        out_.control_nll = spread_of(over_draws(c, [](const Change& d) { return d.outlook.nll; }));
        out_.control_changed = c.draws > 0 ? c.changed_share : std::nan("");
        out_.control_jaccard.clear();
        for (size_t l = 0; l < e.changed.jaccard.size(); ++l)
            out_.control_jaccard.push_back(
                spread_of(over_draws(c, [&](const Change& d) { return d.jaccard[l]; })));
    }

    const ModelCopy& copy_;
    const InterventionRequest& request_;
    const std::function<bool()>& cancelled_;
    const std::function<void(const InterventionEffect&)>& publish_;
    PromptQuestion question_;
    Categories categories_;
    double passes_ = 1, done_ = 0;
    InterventionEffect out_;
};

}  // namespace

InterventionEffect measure_intervention(
    const ModelCopy& copy, const InterventionRequest& request,
    const std::function<bool()>& cancelled,
    const std::function<void(const InterventionEffect&)>& publish) {
    return Measurement(copy, request, cancelled, publish).run();
}

}  // namespace hopscope::core
