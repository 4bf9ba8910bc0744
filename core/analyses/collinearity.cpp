// Analysis `collinearity`: how alike are the rows of a router [def:coupling] [def:model_space]?
#include "core/analyses/collinearity.h"

#include "core/analyses/measured.h"
#include "core/measure/model_space.h"
#include "core/model/pools.h"
#include "core/probe/plan.h"

namespace hopscope::core::analysis {
namespace {

/// The rows of one part of a layer; `space` is what they are rows of, for the table.
Fields part_fields(size_t layer, const char* space, int64_t hop, const Collinearity& c) {
    Fields out;
    out.place("layer", static_cast<int64_t>(layer))
        .cell("space", std::string(space))
        .cell("hop", hop < 0 ? std::string() : std::to_string(hop))
        .place("rows", c.n);
    return add_collinearity(out, c);
}

Result<AnalysisOutput> collinearity(const AnalysisContext& context) {
    const auto& run = context.measured->run();
    AnalysisOutput out;
    for (size_t l = 0; l < run.model.weights.layers.size(); ++l) {
        const auto& w = run.model.weights.layers[l];
        const auto rows = router_rows(w);
        const auto all = collinearity_of(rows);
        out.n += all.n;
        Fields layer = part_fields(l, "routing", -1, all);
        out.table().add(layer);
        const auto add_part = [&](const char* list, const char* space, int64_t hop,
                                  const Collinearity& c) {
            Fields part = part_fields(l, space, hop, c);
            out.table().add(part);
            part.json("hop", hop < 0 ? OrderedJson(nullptr) : OrderedJson(hop)).json("n", c.n);
            layer.add(list, part);
        };
        const auto pools = pools_of(run.model.config, static_cast<int64_t>(l));
        for (size_t p = 0; p < pools.size() && pools.size() > 1; ++p)
            add_part("pools", "routing", static_cast<int64_t>(p),
                     collinearity_of(rows.narrow(0, pools[p].offset, pools[p].size)));
        if (w.proj.defined())
            for (const auto& part :
                 in_model_space(run.model.config, w, static_cast<int64_t>(l), rows))
                add_part("model_space", "model", part.hop, collinearity_of(part.rows));
        out.result.add("layers", layer);
    }
    return out;
}

}  // namespace

Fields& add_collinearity(Fields& to, const Collinearity& found) {
    return to.number("mean_cosine", found.mean_cosine)
        .number("nearest_cosine", found.nearest_cosine)
        .number("effective_rank", found.effective_rank)
        .number("coherence", found.coherence)
        .number("mean_squared_cosine", found.mean_squared)
        .number("random_squared_cosine", found.random_squared);
}

extern const Analysis kCollinearity{
    "collinearity",
    {Need::model, Need::rows},
    "cosines of all pairs of router rows (centroids; linear: weight rows): mean, mean of each "
    "row's nearest, effective rank exp(H(sigma^2)), largest |cos|. pools: of each hop's own pool "
    "(unrolled). model_space: the same of the rows W_proj^T c_i [def:model_space], for each "
    "projection and pool. n: rows.",
    collinearity};

}  // namespace hopscope::core::analysis
