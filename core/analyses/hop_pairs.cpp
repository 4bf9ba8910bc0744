#include "core/analyses/hop_pairs.h"

#include "core/analyses/batch_means.h"

namespace hopscope::core::analysis {

namespace {

Fields pair_row(size_t layer, size_t hop, const std::string& column, const Estimate& found) {
    Fields row;
    row.place("layer", static_cast<int64_t>(layer))
        .place("hop", static_cast<int64_t>(hop))
        .place("next_hop", static_cast<int64_t>(hop) + 1)
        .estimate(column, found);
    return row;
}

}  // namespace

HopPairs hop_pairs(const RoutingSample& sample, bool divergence, const std::string& column,
                   uint64_t seed, Table& table) {
    HopPairs out;
    table.declare(pair_row(0, 0, column, {}));
    std::vector<BatchMean> all;
    for (size_t l = 0; l < sample.layers.size(); ++l) {
        Estimates pairs;
        const auto& jaccards = sample.layers[l].jaccard;
        for (size_t p = 0; p < jaccards.size(); ++p) {
            BatchMean m = jaccards[p];
            if (divergence)
                for (double& x : m.batches) x = 1 - x;
            const Estimate found = over_batches(m, seed);
            pairs.add(found);
            table.add(pair_row(l, p, column, found));
            all.push_back(std::move(m));
        }
        out.per_layer.add(pairs);
    }
    out.mean = over_batches(mean_over_parts(all), seed);
    return out;
}

}  // namespace hopscope::core::analysis
