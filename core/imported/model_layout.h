// Where the routers of a published model are and by which rule they choose: read from the names and
// shapes of its tensors and from config.json, of which the tensors are believed. No tensor is
// opened. Plain values, any thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/imported/families.h"
#include "core/imported/model_folder.h"

namespace hopscope::core {

/// A router of one layer.
struct ModelRouter {
    std::string pool = kOwnPool;
    int64_t experts = 0, width = 0;
    std::string weight;            ///< name of its tensor, [experts, width]
    std::string bias, correction;  ///< likewise, [experts]; "": none
    std::string gain;              ///< of the norm before it, [width]; "": none found
    /// Of an import that read the experts: which of their matrices, with how many hidden units
    /// each, and how many directions of each counted. Empty: it did not.
    std::vector<std::string> expert_matrices = {};
    int64_t inner = 0, directions = 0;
    bool operator==(const ModelRouter&) const = default;
};

struct ModelLayer {
    int64_t index = 0;        ///< the model's own number
    bool prediction = false;  ///< of multi-token prediction, beside the hidden layers
    std::vector<ModelRouter> routers;
    bool operator==(const ModelLayer&) const = default;
};

struct ModelLayout {
    std::string family;      ///< of the table, or "unknown"
    std::string model_type;  ///< as config.json has it
    RuleSettings rule;
    bool gain_from_one = false;      ///< Family::gain_from_one
    int64_t hidden_layers = 0;       ///< without those of multi-token prediction
    std::vector<ModelLayer> layers;  ///< those with a router, rising
    std::vector<int64_t> dense;      ///< hidden layers without one, rising
    std::vector<std::string> warnings;

    /// nullptr: the layer has no such router.
    const ModelRouter* find(int64_t layer, const std::string& pool) const;
    /// Hidden layers with a router of the layer's own, rising: those that a server's trace has.
    std::vector<int64_t> mixture_layers() const;
};

/// Errors (usage): no router is found, or one of no possible shape; numbers of config.json that are
/// of another type, or out of range.
Result<ModelLayout> layout_of(const ModelFolder& model);

/// Hidden layers without a router, rising.
std::vector<int64_t> dense_layers(const ModelLayout& layout);

/// What the tensors of a router are called in files of this program, before ".rows" and the like:
/// "layers.7", "layers.7.attention".
std::string router_prefix(int64_t layer, const std::string& pool);

}  // namespace hopscope::core
