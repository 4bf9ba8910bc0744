#include "core/api/needs.h"

#include <algorithm>
#include <cctype>

namespace hopscope::core {
namespace {

/// What a dense model lacks, by need; nullptr: the need has nothing to do with routing.
const char* lost_in_dense(Need need) {
    switch (need) {
        case Need::experts:
        case Need::several_choices:
        case Need::reading_experts:
        case Need::output_scale:
            return "experts";
        case Need::hops:
        case Need::several_hops:
            return "hops";
        case Need::routing:
        case Need::scores:
        case Need::changing_choices:
        case Need::choice_by_context:
            return "routing";
        case Need::router:
        case Need::rows:
        case Need::score_scale:
        case Need::learning_router:
        case Need::learning_rows:
            return "router";
        case Need::centroids:
            return "centroids";
        case Need::positions:
            return "routing positions";
        case Need::model:
        case Need::curve:
        case Need::two_snapshots:
        case Need::two_evaluations:
        case Need::second_run:
            break;
    }
    return nullptr;
}

/// The predicate of a sentence about a router that does not meet the need; "" where it does.
std::string lost_with_router(Need need, const MoeConfig& moe) {
    const RouterTraits& traits = moe.traits();
    switch (need) {
        case Need::rows:
            return moe.has_rows() ? "" : "has no rows";
        case Need::scores:
            return moe.has_rows() ? "" : "has no scores";
        case Need::score_scale:
            return moe.has_positions() ? "" : "has no scale of its scores";
        case Need::learning_router:
            return moe.has_rows() ? "" : "has nothing that learns";
        case Need::learning_rows:
            if (!moe.has_rows()) return "has no rows";
            if (traits.move == RowsMove::never) return "never moves its rows";
            return traits.move == RowsMove::by_gradient ? "" : "moves its rows without gradients";
        case Need::centroids:
            return moe.has_positions() ? "" : "has no centroids";
        case Need::positions:
            return moe.has_positions() ? "" : "has no routing positions";
        case Need::changing_choices:
            return traits.constant ? "never changes its choices" : "";
        case Need::choice_by_context:
            if (traits.chooses_by.empty()) return "";
            return "chooses by " + std::string(traits.chooses_by) + ", never by context";
        default:
            return "";
    }
}

/// Why an imported model has not got it; "" where it has.
std::string lost_in_imported(Need need, const ImportedHolds& holds) {
    switch (need) {
        case Need::experts:
        case Need::hops:  // one a layer
        case Need::router:
        case Need::rows:
        case Need::centroids:  // its rows as directions
        case Need::choice_by_context:
            return "";
        case Need::several_hops:
            return "an imported model has one hop a layer";
        case Need::routing:
            return holds.choices ? ""
                                 : "no trace was imported with the model, so no choices are known";
        case Need::several_choices:
            if (!holds.choices) return lost_in_imported(Need::routing, holds);
            return holds.top_k == 1 ? "this model sends each token to one expert a layer" : "";
        case Need::changing_choices:
        case Need::two_snapshots:
            return "an imported model is one moment of a training that was elsewhere";
        case Need::positions:
            return holds.positions ? ""
                                   : "what entered the routers was not recorded, so tokens have no "
                                     "place among the rows";
        case Need::reading_experts:
            return holds.experts ? ""
                                 : "its experts were not read, only its routers; import the model "
                                   "again with --experts";
        case Need::scores:
        case Need::score_scale:
        case Need::learning_router:
        case Need::learning_rows:
        case Need::output_scale:
        case Need::model:
            return "an imported model is looked at: it has router rows and recorded choices, "
                   "nothing to run";
        case Need::curve:
        case Need::two_evaluations:
            return "an imported model was trained elsewhere and has no curves here";
        case Need::second_run:
            return "an imported model is not compared with a run";
    }
    return "";
}

std::optional<std::string> too_few(std::optional<int64_t> found, const char* what,
                                   const char* key) {
    if (!found || *found >= 2) return std::nullopt;
    return "found " + std::to_string(*found) + " " + what + ", needs two or more (" + key + ")";
}

}  // namespace

std::string router_in_words(const Config& config) {
    return "a " + word(config.moe.router) + " router";
}

std::optional<std::string> missing(Need need, const Config& config, const RunHolds& holds) {
    const MoeConfig& moe = config.moe;
    if (holds.imported) {
        std::string lost = lost_in_imported(need, *holds.imported);
        return lost.empty() ? std::nullopt : std::optional(std::move(lost));
    }
    if (const char* lost = lost_in_dense(need); lost && config.is_dense())
        return std::string("a dense model has no ") + lost;
    if (const std::string lost = lost_with_router(need, moe); !lost.empty())
        return router_in_words(config) + " " + lost;
    if (need == Need::reading_experts && moe.expert == ExpertKind::fixed)
        return "static experts read nothing";
    if (need == Need::output_scale && moe.output_scale == OutputScale::none)
        return "moe.output_scale = \"none\": a layer's output is not scaled";
    if (need == Need::several_hops && *std::max_element(moe.hops.begin(), moe.hops.end()) < 2)
        return "every layer has one hop";
    if (need == Need::several_choices && moe.top_k < 2)
        return "moe.top_k = 1: no two experts are ever chosen in the same hop";
    if (need == Need::model && holds.checkpoints && *holds.checkpoints == 0)
        return "no checkpoint is saved yet (train.checkpoint_every)";
    if (need == Need::curve && holds.updates && *holds.updates == 0)
        return "no update is recorded yet: there is no training curve";
    if (need == Need::two_snapshots)
        return too_few(holds.snapshots, "snapshots", "train.snapshot_every");
    if (need == Need::two_evaluations)
        return too_few(holds.evaluations, "evaluations", "train.eval_every");
    if (need == Need::second_run && holds.second_run && !*holds.second_run)
        return "needs a second run to compare with";
    return std::nullopt;
}

std::optional<std::string> missing(std::span<const Need> needs, const Config& config,
                                   const RunHolds& holds) {
    for (const Need need : needs)
        if (auto why = missing(need, config, holds)) return why;
    return std::nullopt;
}

std::string as_sentence(std::string clause) {
    if (clause.empty()) return clause;
    clause[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(clause[0])));
    return clause + ".";
}

}  // namespace hopscope::core
