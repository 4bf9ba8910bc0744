// The table of the kinds of intervention: a row of core/api/commands.def is a file of this folder
// with a function NAME_intervention() that returns the one object of its class.
#include "core/probe/interventions/table.h"

#include <vector>

namespace hopscope::core {

#define INTERVENTION(name, ...) const InterventionKind& name##_intervention();
#include "core/api/commands.def"

namespace {

struct Row {
    CommandKind kind;
    const InterventionKind* object;
};

const std::vector<Row>& rows() {
    static const std::vector<Row> table = {
#define INTERVENTION(name, ...) {CommandKind::name, &name##_intervention()},
#include "core/api/commands.def"
    };
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
