#include "app/panels/trajectory/view.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/api/base.h"

namespace hopscope::app {
namespace {

constexpr double kEpsilonLow = 1e-3;

const core::TraceHop* hop_of(const core::TraceResult& trace, int64_t token, int64_t layer,
                             int64_t hop) {
    if (token < 0 || layer < 0 || hop < 0 || static_cast<size_t>(token) >= trace.tokens.size() ||
        static_cast<size_t>(layer) >= trace.layers.size())
        return nullptr;
    const auto& hops = trace.layers[static_cast<size_t>(layer)].hops;
    return static_cast<size_t>(hop) < hops.size() ? &hops[static_cast<size_t>(hop)] : nullptr;
}

bool ran(const core::TraceHop& hop, size_t token) {
    return token >= hop.executed.size() || hop.executed[token] != 0;
}

float at(const std::vector<float>& values, size_t i) {
    return i < values.size() ? values[i] : core::kNaN;
}

}  // namespace

const char* name_of(CellValue value) {
    switch (value) {
        case CellValue::expert:
            return "expert";
        case CellValue::weight:
            return "weight";
        case CellValue::entropy:
            return "entropy";
        case CellValue::update_norm:
            return "update norm";
        case CellValue::halt_ratio:
            return "halt ratio";
    }
    return "";
}

const char* definition_of(CellValue value) {
    switch (value) {
        case CellValue::expert:
            return "Colour of the place of the expert with the highest weight";
        case CellValue::weight:
            return "Weight of the first expert, 0 to 1";
        case CellValue::entropy:
            return "Entropy of the softmax over all experts, in nats; 0: one expert has all";
        case CellValue::update_norm:
            return "\xE2\x80\x96\xCE\x94h\xE2\x80\x96, length of what the hop adds";
        case CellValue::halt_ratio:
            return "\xE2\x80\x96\xCE\x94h\xE2\x80\x96 / (\xE2\x80\x96x + h_accum\xE2\x80\x96 + "
                   "1e-6); below the threshold "
                   "the token halts after this hop";
    }
    return "";
}

float HopCell::value(CellValue which) const {
    switch (which) {
        case CellValue::expert:
            return static_cast<float>(expert);
        case CellValue::weight:
            return weight;
        case CellValue::entropy:
            return entropy;
        case CellValue::update_norm:
            return update_norm;
        case CellValue::halt_ratio:
            return halt_ratio;
    }
    return core::kNaN;
}

CellLook look_of(const HopCell& cell, CellValue value) {
    if (!cell.known) return CellLook::nothing;
    if (!cell.executed) return CellLook::halted;
    const bool measured =
        value == CellValue::expert ? cell.expert >= 0 : std::isfinite(cell.value(value));
    return measured ? CellLook::filled : CellLook::unmeasured;
}

HopCell cell_of(const core::TraceResult& trace, int64_t token, int64_t layer, int64_t hop) {
    HopCell cell;
    const core::TraceHop* h = hop_of(trace, token, layer, hop);
    if (!h) return cell;
    const size_t t = static_cast<size_t>(token);
    cell.known = true;
    cell.executed = ran(*h, t);
    if (!cell.executed) return cell;
    const size_t row = t * static_cast<size_t>(std::max<int64_t>(h->top_k, 0));
    if (h->top_k > 0 && row < h->experts.size()) cell.expert = h->experts[row];
    if (h->top_k > 0) cell.weight = at(h->weights, row);
    cell.entropy = at(h->entropy, t);
    cell.max_prob = at(h->max_prob, t);
    cell.update_norm = at(h->update_norm, t);
    cell.halt_ratio = at(h->halt_ratio, t);
    return cell;
}

std::vector<ChosenExpert> choice_of(const core::TraceResult& trace, int64_t token, int64_t layer,
                                    int64_t hop) {
    std::vector<ChosenExpert> out;
    const core::TraceHop* h = hop_of(trace, token, layer, hop);
    if (!h || !ran(*h, static_cast<size_t>(token))) return out;
    for (int64_t j = 0; j < h->top_k; ++j) {
        const size_t i = static_cast<size_t>(token * h->top_k + j);
        if (i < h->experts.size()) out.push_back({h->experts[i], at(h->weights, i)});
    }
    return out;
}

float jaccard_of(const core::TraceResult& trace, int64_t token, int64_t layer) {
    if (layer < 0 || static_cast<size_t>(layer) >= trace.layers.size()) return core::kNaN;
    const int64_t hops = static_cast<int64_t>(trace.layers[static_cast<size_t>(layer)].hops.size());
    double sum = 0;
    int64_t pairs = 0;
    for (int64_t h = 0; h + 1 < hops; ++h) {
        const auto a = choice_of(trace, token, layer, h), b = choice_of(trace, token, layer, h + 1);
        if (a.empty() || b.empty()) continue;
        const auto both = std::count_if(a.begin(), a.end(), [&](const ChosenExpert& x) {
            return std::any_of(b.begin(), b.end(),
                               [&](const ChosenExpert& y) { return y.expert == x.expert; });
        });
        sum += core::jaccard_of(both, std::ssize(a), std::ssize(b));
        ++pairs;
    }
    return pairs ? static_cast<float>(sum / static_cast<double>(pairs)) : core::kNaN;
}

TraceView trace_view(const core::TraceResult& trace) {
    TraceView view;
    view.tokens = static_cast<int64_t>(trace.tokens.size());
    view.layers = static_cast<int64_t>(trace.layers.size());
    view.low.fill(std::numeric_limits<float>::max());
    view.high.fill(std::numeric_limits<float>::lowest());
    for (int64_t l = 0; l < view.layers; ++l) {
        const int64_t hops = static_cast<int64_t>(trace.layers[static_cast<size_t>(l)].hops.size());
        view.hops = std::max(view.hops, hops);
        for (int64_t h = 0; h < hops; ++h) view.columns.push_back({l, h});
    }
    view.depth.assign(static_cast<size_t>(view.hops) + 1, 0);
    int64_t executed = 0;
    for (int64_t t = 0; t < view.tokens; ++t)
        for (int64_t l = 0; l < view.layers; ++l) {
            const int64_t hops =
                static_cast<int64_t>(trace.layers[static_cast<size_t>(l)].hops.size());
            if (hops == 0) continue;
            int64_t depth = 0;
            for (int64_t h = 0; h < hops; ++h) {
                const HopCell cell = cell_of(trace, t, l, h);
                if (!cell.executed) {
                    view.halted = true;
                    continue;
                }
                ++depth;
                for (const CellValue v : kCellValues) {
                    const float x = cell.value(v);
                    if (!std::isfinite(x)) continue;
                    auto& low = view.low[static_cast<size_t>(v)];
                    auto& high = view.high[static_cast<size_t>(v)];
                    low = std::min(low, x);
                    high = std::max(high, x);
                }
            }
            ++view.depth[static_cast<size_t>(depth)];
            ++view.pairs;
            executed += depth;
        }
    if (view.pairs > 0)
        view.mean_hops = static_cast<double>(executed) / static_cast<double>(view.pairs);
    return view;
}

std::vector<NextRow> next_rows(const std::vector<core::NextToken>& base,
                               const std::vector<core::NextToken>& changed, size_t count) {
    std::vector<NextRow> rows;
    for (const auto& n : base) rows.push_back({n.piece, n.id, n.p, core::kNaN});
    for (const auto& n : changed) {
        const auto found =
            std::find_if(rows.begin(), rows.end(), [&](const NextRow& r) { return r.id == n.id; });
        if (found != rows.end())
            found->changed = n.p;
        else
            rows.push_back({n.piece, n.id, core::kNaN, n.p});
    }
    const auto height = [](const NextRow& r) {
        return std::max(std::isnan(r.base) ? 0.0f : r.base,
                        std::isnan(r.changed) ? 0.0f : r.changed);
    };
    std::stable_sort(rows.begin(), rows.end(),
                     [&](const NextRow& a, const NextRow& b) { return height(a) > height(b); });
    if (rows.size() > count) rows.resize(count);
    return rows;
}

double epsilon_at(float position) {
    if (!(position > 0)) return -1;
    const double p = std::min(static_cast<double>(position), 1.0);
    return std::pow(kEpsilonLow, 1 - p);
}

float position_of(double epsilon) {
    if (!(epsilon > 0)) return 0;
    return static_cast<float>(std::clamp(1 - std::log(epsilon) / std::log(kEpsilonLow), 1e-6, 1.0));
}

}  // namespace hopscope::app
