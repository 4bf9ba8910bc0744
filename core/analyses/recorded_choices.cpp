#include "core/analyses/recorded_choices.h"

#include <algorithm>
#include <cmath>

#include "core/stats/bootstrap.h"

namespace hopscope::core::analysis {
namespace {

/// Fewer texts say little of how texts differ.
constexpr size_t kLeastTexts = 10;
/// Neighbouring tokens are alike, so an interval rests on stretches of them.
constexpr size_t kStretches = 50;

/// Of one router and trace; texts that hold no token are none.
void add_texts(Recorded& out, const RecordedRouting& trace, int32_t number,
               const RecordedLayer& layer) {
    const auto k = static_cast<size_t>(layer.top_k), length = static_cast<size_t>(trace.length);
    out.top_k = layer.top_k;
    for (size_t row = 0; row * k < layer.chosen.size(); ++row) {
        const int32_t* ids = layer.chosen.data() + row * k;
        const bool token = ids[0] >= 0;
        if (token) {
            ++out.tokens;
            out.sample.hops[0].experts.insert(out.sample.hops[0].experts.end(), ids, ids + k);
            for (size_t i = 0; i < k; ++i) {
                ++out.sample.counts[static_cast<size_t>(ids[i])];
                out.weights.push_back(layer.weights.empty() ? NAN : layer.weights[row * k + i]);
            }
            out.entropy.push_back(layer.entropy.empty() ? NAN : layer.entropy[row]);
            out.max_prob.push_back(layer.max_prob.empty() ? NAN : layer.max_prob[row]);
        }
        if ((row + 1) % length != 0) continue;
        if (out.tokens == (out.text_ends.empty() ? 0 : out.text_ends.back())) continue;
        out.text_ends.push_back(out.tokens);
        out.text_first.push_back(trace.skipped_of(row / length));
        out.text_trace.push_back(number);
    }
}

/// In traces [from, to); of the others there are no tokens.
std::vector<Recorded> recorded_from(const ImportedContext& context, size_t from, size_t to) {
    std::vector<Recorded> out;
    for (const ModelLayer& layer : context.run.layout().layers)
        for (const ModelRouter& router : layer.routers) {
            Recorded one;
            one.layer = layer.index;
            one.pool = router.pool;
            one.experts = router.experts;
            one.sample.counts.assign(static_cast<size_t>(router.experts), 0);
            one.sample.hops = {{0, router.experts, {}}};
            one.tokens_of.assign(context.traces.size(), 0);
            for (size_t i = from; i < to; ++i) {
                const RecordedRouting& trace = context.traces[i];
                const int64_t before = one.tokens;
                for (const RecordedLayer& part : trace.layers)
                    if (part.layer == one.layer && part.pool == one.pool)
                        add_texts(one, trace, static_cast<int32_t>(i), part);
                one.tokens_of[i] = one.tokens - before;
            }
            if (one.tokens > 0) out.push_back(std::move(one));
        }
    return out;
}

}  // namespace

std::span<const int32_t> Recorded::set(int64_t token) const {
    return std::span(sample.hops[0].experts)
        .subspan(static_cast<size_t>(token * top_k), static_cast<size_t>(top_k));
}

std::vector<int64_t> Recorded::positions() const {
    std::vector<int64_t> out;
    for (size_t t = 0; t < text_ends.size(); ++t) {
        const auto [from, to] = text(t);
        for (int64_t at = from; at < to; ++at) out.push_back(text_first[t] + at - from);
    }
    return out;
}

std::pair<int64_t, int64_t> Recorded::text(size_t number) const {
    return {number == 0 ? 0 : text_ends[number - 1], text_ends[number]};
}

bool Recorded::weighed() const {
    return std::any_of(weights.begin(), weights.end(), [](float w) { return std::isfinite(w); });
}

std::vector<Recorded> recorded(const ImportedContext& context) {
    return recorded_from(context, 0, context.traces.size());
}

std::vector<Recorded> recorded_in(const ImportedContext& context, size_t trace) {
    return recorded_from(context, trace, trace + 1);
}

std::vector<Recorded> recorded_own(const ImportedContext& context) {
    auto out = recorded(context);
    std::erase_if(out, [](const Recorded& one) { return one.pool != kOwnPool; });
    return out;
}

int64_t most_tokens(const std::vector<Recorded>& routers) {
    int64_t out = 0;
    for (const Recorded& one : routers) out = std::max(out, one.tokens);
    return out;
}

std::vector<int32_t> ids_of(const ImportedContext& context, const Recorded& one) {
    std::vector<int32_t> out;
    bool told = false;
    for (size_t i = 0; i < context.traces.size(); ++i) {
        if (one.tokens_of[i] == 0) continue;
        const RecordedRouting& trace = context.traces[i];
        // Texts end at one token in all layers of a trace.
        const RecordedLayer& layer = trace.layers[0];
        for (size_t row = 0; row * static_cast<size_t>(layer.top_k) < layer.chosen.size(); ++row) {
            if (layer.chosen[row * static_cast<size_t>(layer.top_k)] < 0) continue;
            out.push_back(trace.tokens.empty() ? -1 : trace.tokens[row]);
            told |= out.back() >= 0;
        }
    }
    if (!told) out.clear();
    return out;
}

std::string trace_name(const ImportedContext& context, size_t number) {
    const auto& names = context.run.traces();
    return number < names.size() ? names[number] : "trace " + std::to_string(number);
}

Fields placed(int64_t layer, const std::string& pool) {
    Fields out;
    out.count("layer", layer).text("router", pool);
    return out;
}

Fields& add_object(Fields& to, const Fields& more) {
    for (const auto& [name, value] : more.json().items()) to.json(name, value);
    return to;
}

Fields row_of(const Recorded& one) {
    Fields out;
    out.place("layer", one.layer).cell("router", one.pool);
    return out;
}

TokenParts parts_of(const Recorded& one) {
    if (one.text_ends.size() >= kLeastTexts) return {one.text_ends, "texts"};
    TokenParts out{{}, "stretches"};
    const int64_t parts = std::min(static_cast<int64_t>(kStretches), one.tokens);
    for (int64_t p = 1; p <= parts; ++p) out.ends.push_back(p * one.tokens / parts);
    return out;
}

namespace {

/// Σ of what `of` says of each value, part by part; those that are not finite count for nothing.
template <class Of>
std::vector<double> added(const std::vector<int64_t>& ends, std::span<const double> values,
                          const Of& of) {
    std::vector<double> out;
    size_t at = 0;
    for (const int64_t end : ends) {
        double sum = 0;
        for (; at < static_cast<size_t>(end); ++at)
            if (std::isfinite(values[at])) sum += of(values[at]);
        out.push_back(sum);
    }
    return out;
}

}  // namespace

std::vector<double> TokenParts::sums(std::span<const double> values) const {
    return added(ends, values, [](double value) { return value; });
}

std::vector<double> TokenParts::counts(std::span<const double> values) const {
    return added(ends, values, [](double) { return 1.0; });
}

Estimate ratio_over(std::vector<double> sums, std::vector<double> counts, const char* what,
                    uint64_t seed, int64_t resamples) {
    size_t kept = 0;
    for (size_t i = 0; i < counts.size(); ++i) {
        if (counts[i] == 0) continue;
        sums[kept] = sums[i];
        counts[kept++] = counts[i];
    }
    sums.resize(kept);
    counts.resize(kept);
    const auto drawn = stats::bootstrap_ratio({sums, counts}, {resamples, seed});
    return {drawn.estimate, drawn.interval(0.95), drawn.n, what};
}

Estimate mean_over_tokens(std::span<const double> values, const TokenParts& parts, uint64_t seed) {
    return ratio_over(parts.sums(values), parts.counts(values), parts.what, seed);
}

}  // namespace hopscope::core::analysis
