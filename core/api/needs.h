// What a view or an analysis asks of a run, and the one sentence that says why a run has not got
// it: a dense model has no experts, a hash router has no scores. Only the configuration is read
// (and what little is known of the run's files), so the question can be put before a run is opened
// and the window greys what it cannot have. Plain C++, pure functions, any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "core/api/config.h"

namespace hopscope::core {

enum class Need {
    experts,            ///< a mixture of experts
    hops,               ///< layers that hop
    several_hops,       ///< a layer with two hops or more
    several_choices,    ///< two experts or more a hop
    routing,            ///< tokens that are routed
    router,             ///< a router
    rows,               ///< a router with one row an expert (centroids, or a linear layer's rows)
    centroids,          ///< rows that are points of a routing space
    positions,          ///< tokens that have a place in a routing space
    scores,             ///< how well each expert suits a token
    score_scale,        ///< scores times a scale, tau
    learning_router,    ///< a router with something that can learn, or be frozen
    learning_rows,      ///< a router whose rows the loss moves
    changing_choices,   ///< choices that training may change
    choice_by_context,  ///< choices that depend on what surrounds a token
    reading_experts,    ///< experts that read a direction of the stream
    output_scale,       ///< a learned scale of what a layer adds
    model,              ///< weights: a checkpoint
    curve,              ///< a training curve
    two_snapshots,      ///< two saved snapshots of the geometry or more
    two_evaluations,    ///< two evaluations or more
    second_run          ///< another run to compare with
};

/// What an imported model has: its routers, and what was recorded of them.
struct ImportedHolds {
    bool choices = false, positions = false;
    bool experts = false;  ///< measured when it was imported, not kept
    int64_t top_k = 0;     ///< 0: unknown
};

/// What a run holds beside its configuration, as far as the asker knows it. What is not known is
/// not refused.
struct RunHolds {
    std::optional<int64_t> checkpoints = {}, updates = {}, snapshots = {}, evaluations = {};
    std::optional<bool> second_run = {};
    /// Of an imported model, of whose configuration only sizes are known.
    std::optional<ImportedHolds> imported = {};
};

/// Why the run has not got it, as a clause without capital and full stop: "a dense model has no
/// experts". Nothing: it has.
std::optional<std::string> missing(Need need, const Config& config, const RunHolds& holds = {});
/// The first of several that is missing.
std::optional<std::string> missing(std::span<const Need> needs, const Config& config,
                                   const RunHolds& holds = {});

/// "a hash router", for sentences about the router that this configuration has.
std::string router_in_words(const Config& config);
/// A clause as a sentence of its own: "A dense model has no experts."
std::string as_sentence(std::string clause);

}  // namespace hopscope::core
