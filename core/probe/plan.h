// An intervention script (docs/formats.md#commands-and-scripts), checked against one model and
// resolved into plain actions: neighbours found, random directions drawn, scopes filled in. Values;
// any thread.
#pragma once

#include <any>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/api/command.h"
#include "core/api/config.h"
#include "core/base/result.h"
#include "core/model/hooks.h"
#include "core/model/model.h"
#include "core/model/weights.h"

namespace hopscope::core {

/// Where an action takes part; an empty list is everywhere.
struct Scope {
    std::vector<int64_t> hops;
    std::optional<std::pair<int64_t, int64_t>> tokens;  ///< from … to, both included
    bool at_hop(int64_t hop) const;
    bool operator==(const Scope&) const = default;
};

/// One action in one layer, made and carried out by the intervention of its kind
/// (core/probe/intervention_kind.h), which alone knows what its fields mean.
struct LayerAction {
    CommandKind kind = CommandKind::zero_experts;
    int64_t layer = 0;
    std::vector<int64_t> experts;  ///< over all pools of the layer
    double value = 0;              ///< how much
    uint64_t seed = 0;             ///< of what it draws
    Scope scope;
    std::any own = {};  ///< whatever else its kind keeps, of a type that is declared in its file
};

struct Plan {
    std::vector<LayerAction> actions;  ///< at the hops of a pass
    std::vector<LayerAction> edits;    ///< of the weights that it reads
    PassChanges changes;               ///< halting; keep_scores where anything is done

    bool acts() const { return !actions.empty() || !edits.empty(); }
    bool empty() const { return !acts() && !changes.halts(); }
};

/// Errors (usage): a command that does not act on prompts, a layer, expert or hop that does not
/// exist, suppressing more experts than can be spared, an action the router has no means for.
/// @param seed of everything random in the script itself (surgery with "random")
Result<Plan> make_plan(const Model& model, const std::vector<Command>& commands, uint64_t seed);

/// Errors (usage): a token scope that begins behind a prompt of `length` tokens.
Status check_tokens(const Plan& plan, int64_t length);

/// Why no random control of equal size can be drawn; "" where one can.
std::string no_control(const Plan& plan, const Config& config);

/// The model with its edits; shares every tensor that is not changed.
Model edited_model(const Model& model, const Plan& plan);

/// The N experts nearest to `expert` by cosine of centroids (linear router: of rows), itself first
/// [def:suppress]; of its own pool.
std::vector<int64_t> neighbours_of(const Config& config, const LayerWeights& weights, int64_t layer,
                                   int64_t expert, int64_t n);

/// Unit rows by which experts of a layer are compared, [M, s] or [M, d]; undefined for hash.
at::Tensor router_rows(const LayerWeights& weights);

}  // namespace hopscope::core
