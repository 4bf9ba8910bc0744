// Which kinds of intervention there are. Each file of this folder defines one function
// NAME_intervention() that returns the one object of its class.
#include <algorithm>
#include <array>

#include "core/probe/intervention_kind.h"

// One line a kind, in the order of the registry.
#define HOPSCOPE_INTERVENTIONS(KIND) \
    KIND(steer)                      \
    KIND(suppress)                   \
    KIND(force)                      \
    KIND(boost)                      \
    KIND(knock_out)                  \
    KIND(surgery)                    \
    KIND(move_centroid)              \
    KIND(freeze)                     \
    KIND(unfreeze)                   \
    KIND(halt)                       \
    KIND(zero_experts)

namespace hopscope::core {

#define HOPSCOPE_DECLARE(name) const InterventionKind& name##_intervention();
HOPSCOPE_INTERVENTIONS(HOPSCOPE_DECLARE)
#undef HOPSCOPE_DECLARE

namespace {

struct Row {
    CommandKind kind;
    const InterventionKind* object;
};

const std::vector<Row>& rows() {
#define HOPSCOPE_ROW(name) {CommandKind::name, &name##_intervention()},
    static const std::vector<Row> table = {HOPSCOPE_INTERVENTIONS(HOPSCOPE_ROW)};
#undef HOPSCOPE_ROW
    return table;
}

}  // namespace

const InterventionKind* find_intervention(CommandKind kind) {
    for (const Row& row : rows())
        if (row.kind == kind) return row.object;
    return nullptr;
}

const InterventionKind& kind_of(const LayerAction& action) {
    return *find_intervention(action.kind);
}

std::span<const InterventionKind* const> intervention_kinds() {
    static const std::vector<const InterventionKind*> kinds = [] {
        std::vector<const InterventionKind*> out;
        for (const Row& row : rows()) out.push_back(row.object);
        return out;
    }();
    return kinds;
}

}  // namespace hopscope::core
