// The families of published mixtures: what their tensors are called and by which rule they choose,
// one row of a table each. A new family is a row, and where it chooses as none here does, a rule in
// routing_rule.cpp. Constant values, any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/imported/routing_rule.h"

namespace hopscope::core {

/// Names of tensors of a layer, without "….layers.{l}."; the first that is there counts.
using TensorNames = std::vector<std::string_view>;

/// The pool of experts in place of a layer's feed-forward network, which each mixture has.
inline constexpr const char* kOwnPool = "mlp";

/// How the matrices of a pool's experts lie in a layer's tensors. A name with {} stands for one
/// tensor an expert, [rows, columns]; one without for all of them, [experts, rows, columns]. Gate
/// and up under the same name lie in one matrix. Tensors that end with _blocks are packed fp4.
struct ExpertForm {
    std::string_view gate, up;  ///< read what enters, [inner, d] where a row is what one reads
    std::string_view down;      ///< writes, [d, inner]
    bool transposed = false;    ///< all of them have columns in place of rows
    bool in_turn = false;       ///< gate and up in one matrix take turns, else gate stands first
};

/// A router of a layer, and what belongs to it.
struct RouterNames {
    std::string_view pool;        ///< kOwnPool, or what else it chooses for
    TensorNames weight;           ///< [experts, d]
    TensorNames bias = {};        ///< [experts] on the logits
    TensorNames correction = {};  ///< [experts] or [1, experts], on the choice alone
    std::string_view norm = "";   ///< gain [d] of the norm before the router; "": none stands there
    std::vector<ExpertForm> experts = {};  ///< the first whose tensors are there counts
};

struct Family {
    std::string_view model_type;
    RoutingRule rule;
    std::vector<RouterNames> routers;
    /// @name Where config.json does not say it, as the library's configuration has it
    ///@{
    bool normalise = false;
    bool always_divides = false;  ///< and it has no say in that
    int64_t groups = 1, kept_groups = 1;
    float scale = 1, jitter = 0, least_sum = 0;
    ///@}
    bool gain_from_one = false;  ///< the norm multiplies by 1 + its weight
    /// A layer behind the hidden ones predicts tokens beyond the next, where config.json does not
    /// say how many do.
    bool predicts = false;
};

const std::vector<Family>& families();
/// nullptr: not in the table.
const Family* find_family(std::string_view model_type);

/// Of a model whose family is not in the table: whether the name of a matrix of a layer says that
/// it is a router.
bool sounds_like_router(std::string_view name);

}  // namespace hopscope::core
