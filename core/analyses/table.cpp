#include "core/analyses/table.h"

// An analysis is one file that ends with its row `const Analysis kNAME{…}`, and one line here, in
// the order of --help and of `--what all`.
#define HOPSCOPE_ANALYSES(ROW) \
    ROW(Phases)                \
    ROW(Convergence)           \
    ROW(Crossings)             \
    ROW(Saturation)            \
    ROW(Jaccard)               \
    ROW(HopDivergence)         \
    ROW(Echo)                  \
    ROW(Displacement)          \
    ROW(Load)                  \
    ROW(Confidence)            \
    ROW(Norms)                 \
    ROW(Collinearity)          \
    ROW(Density)               \
    ROW(Identity)              \
    ROW(Coupling)              \
    ROW(Amplification)         \
    ROW(Drift)                 \
    ROW(GradNorms)             \
    ROW(RouterGradient)        \
    ROW(Zeroing)               \
    ROW(FrozenRouting)         \
    ROW(HopKnockout)           \
    ROW(Dictionary)            \
    ROW(Clusters)              \
    ROW(CategorySearch)        \
    ROW(CrossSeed)             \
    ROW(Grammar)               \
    ROW(Silhouette)            \
    ROW(LogitLens)             \
    ROW(Polysemy)              \
    ROW(Contexts)              \
    ROW(Coactivation)          \
    ROW(Specialisation)

namespace hopscope::core::analysis {

#define HOPSCOPE_DECLARE(NAME) extern const Analysis k##NAME;
HOPSCOPE_ANALYSES(HOPSCOPE_DECLARE)
#undef HOPSCOPE_DECLARE

std::span<const Analysis* const> analysis_table() {
#define HOPSCOPE_ENTRY(NAME) &k##NAME,
    static constexpr const Analysis* kTable[] = {HOPSCOPE_ANALYSES(HOPSCOPE_ENTRY)};
#undef HOPSCOPE_ENTRY
    return kTable;
}

}  // namespace hopscope::core::analysis
