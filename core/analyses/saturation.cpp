// Analysis `saturation`: how early do tokens choose the experts that they choose in the end? Reads
// the geometry snapshots of the run (OLMoE, arXiv 2409.02060).
#include <algorithm>
#include <cmath>
#include <optional>
#include <set>

#include "core/analyses/analysis.h"
#include "core/analyses/saved_snapshots.h"
#include "core/base/sets.h"
#include "core/config/arithmetic.h"
#include "core/stats/descriptive.h"

namespace hopscope::core::analysis {

namespace {

constexpr size_t kMostSnapshots = 40;

/// Steps to look at: all, or those nearest to an even division of the logarithm.
std::vector<int64_t> chosen_steps(const std::vector<GeometryEntry>& entries) {
    std::vector<int64_t> steps;
    for (const auto& entry : entries) steps.push_back(entry.step);
    if (steps.size() <= kMostSnapshots) return steps;
    const double low = std::log1p(static_cast<double>(steps.front())),
                 high = std::log1p(static_cast<double>(steps.back()));
    std::set<int64_t> out;
    for (size_t i = 0; i < kMostSnapshots; ++i) {
        const double at =
            low + (high - low) * static_cast<double>(i) / static_cast<double>(kMostSnapshots - 1);
        out.insert(*std::min_element(steps.begin(), steps.end(), [&](int64_t a, int64_t b) {
            return std::abs(std::log1p(static_cast<double>(a)) - at) <
                   std::abs(std::log1p(static_cast<double>(b)) - at);
        }));
    }
    return {out.begin(), out.end()};
}

/// Of each token, over the hops of one layer.
struct Overlap {
    std::vector<double> sets, first;
};

Overlap overlap_of(const LayerGeometry& now, const LayerGeometry& last, size_t tokens) {
    const auto hops = static_cast<size_t>(last.hops), k = static_cast<size_t>(last.top_k);
    Overlap out{std::vector<double>(tokens, 0.0), std::vector<double>(tokens, 0.0)};
    for (size_t h = 0; h < hops; ++h)
        for (size_t t = 0; t < tokens; ++t) {
            const auto* a = now.choices.data() + (h * tokens + t) * k;
            const auto* b = last.choices.data() + (h * tokens + t) * k;
            const int64_t both = common_items({a, k}, {b, k});
            out.sets[t] += static_cast<double>(both) / static_cast<double>(k * hops);
            out.first[t] += (a[0] == b[0] ? 1.0 : 0.0) / static_cast<double>(hops);
        }
    return out;
}

/// Overlap of sets drawn evenly from each hop's own pool.
double chance_of(const MoeConfig& moe, int64_t hops, int64_t top_k) {
    std::vector<double> shares;
    for (const int64_t size : pool_sizes(moe, hops))
        shares.push_back(static_cast<double>(top_k) / static_cast<double>(size));
    return stats::mean(shares);
}

bool comparable(const GeometrySnapshot& a, const GeometrySnapshot& b) {
    if (a.token_ids != b.token_ids || a.layers.size() != b.layers.size()) return false;
    for (size_t l = 0; l < a.layers.size(); ++l)
        if (a.layers[l].choices.size() != b.layers[l].choices.size() ||
            a.layers[l].top_k != b.layers[l].top_k)
            return false;
    return true;
}

/// One snapshot against the last: each layer, and all of them together.
Fields snapshot_fields(const GeometrySnapshot& now, const GeometrySnapshot& last, uint64_t seed,
                       Table& table) {
    const size_t tokens = last.token_ids.size(), n = last.layers.size();
    std::vector<double> all(tokens, 0.0);
    Fields out;
    for (size_t l = 0; l < n; ++l) {
        const auto overlap = overlap_of(now.layers[l], last.layers[l], tokens);
        for (size_t t = 0; t < tokens; ++t) all[t] += overlap.sets[t] / static_cast<double>(n);
        Fields layer;
        layer.place("step", now.step)
            .place("layer", static_cast<int64_t>(l))
            .number("saturation", stats::mean(overlap.sets))
            .number("first", stats::mean(overlap.first));
        out.add("layers", layer);
        table.add(layer);
    }
    out.count("step", now.step).estimate("mean", mean_over(all, "tokens", seed));
    return out;
}

Result<AnalysisOutput> saturation(const AnalysisContext& context) {
    const auto entries = context.folder.geometry();
    SavedSnapshots saved(context.folder);
    std::optional<GeometrySnapshot> last;
    for (size_t i = entries.size(); i-- > 0 && !last;) last = saved.read(entries[i].step);
    if (!last)
        return usage_error(context.folder.dir() + "/geometry: none of the snapshots can be read" +
                           (saved.damaged().empty() ? "" : ": " + saved.damaged().front().reason));
    AnalysisOutput out;
    out.n = static_cast<int64_t>(last->token_ids.size());
    out.result.count("last_step", last->step).list("snapshots");
    for (const int64_t step : chosen_steps(entries)) {
        if (context.progress.cancelled()) return stopped_on_request();
        if (step > last->step) continue;  // cannot be read
        context.progress.report("snapshot of step " + std::to_string(step), -1);
        const auto now = saved.read(step);
        if (!now) continue;
        if (!comparable(*now, *last))
            return usage_error(context.folder.geometry_path(step) +
                               " has other tokens or other hops than " +
                               context.folder.geometry_path(last->step) +
                               "; snapshots of one run and one probe sample are needed");
        out.result.add("snapshots", snapshot_fields(*now, *last, context.seed, out.table()));
    }
    std::vector<double> chances;
    for (const LayerGeometry& layer : last->layers)
        chances.push_back(chance_of(context.config.moe, layer.hops, layer.top_k));
    out.result.number("chance", stats::mean(chances))
        .json("chance_per_layer", chances)
        .json("damaged", damaged_json(saved.damaged()));
    return out;
}

}  // namespace

extern const Analysis kSaturation{
    "saturation",
    {Need::changing_choices, Need::two_snapshots},
    "|chosen at step t ∩ chosen in the last snapshot| / k for each token of the fixed probe sample "
    "and hop, mean over hops and tokens; first: share of tokens whose first-ranked expert is the "
    "same; chance: k / size of the pool of each hop, mean over hops, and over layers (OLMoE's "
    "router saturation). At most 40 snapshots, evenly over the logarithm of the step; damaged: "
    "those that cannot be read. 95 % bootstrap interval over tokens. n: tokens.",
    saturation};

}  // namespace hopscope::core::analysis
