// A router decides which experts of a layer a token goes to. Each kind is one name in the list
// below, one row of traits beside it, and one file, core/model/routers/NAME.cpp, with what it
// computes. The traits are what the rest of the program asks: what can be drawn, measured, balanced
// or changed follows from them, and nobody else names a router. Plain C++, any thread.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "core/api/kinds.h"

namespace hopscope::core {

/// Every router by its word in moe.router: expanded for the enum and its words, and for the table
/// of what each one computes (core/model/router.cpp).
#define HOPSCOPE_ROUTERS(X) \
    X(cosine)               \
    X(linear)               \
    X(hash)                 \
    X(random_fixed)         \
    X(kmeans)

#define HOPSCOPE_ROUTER_KIND(name) name,
enum class RouterKind { HOPSCOPE_ROUTERS(HOPSCOPE_ROUTER_KIND) };
#undef HOPSCOPE_ROUTER_KIND

#define HOPSCOPE_ROUTER_WORD(name) #name,
constexpr auto words_of(RouterKind) {
    return std::to_array<std::string_view>({HOPSCOPE_ROUTERS(HOPSCOPE_ROUTER_WORD)});
}
#undef HOPSCOPE_ROUTER_WORD

/// What a router compares a token with, one row an expert.
enum class RouterRows {
    none,      ///< nothing: it has no scores
    linear,    ///< weights of a linear layer over the stream
    centroids  ///< points of a routing space, in which a token has a position, too
};

/// What moves its rows while a model learns.
enum class RowsMove {
    never,        ///< nothing, nor the projection before them
    by_gradient,  ///< the loss
    by_counting   ///< the mean of the tokens that chose them (K-Means; the keys moe.kmeans*)
};

struct RouterTraits {
    RouterKind kind;
    RouterRows rows = RouterRows::centroids;
    RowsMove move = RowsMove::by_gradient;
    /// What it looks at instead of a token's context: "a hash router chooses by …"; "" for context.
    std::string_view chooses_by = "";
    /// The same token at the same place always goes to the same experts.
    bool constant = false;

    /// Whether a score is the cosine to the expert's one centroid, whatever else is configured:
    /// what the fused operator makes.
    constexpr bool scores_by_cosine() const {
        return rows == RouterRows::centroids && move != RowsMove::by_counting;
    }
};

inline constexpr std::array kRouters = {
    RouterTraits{.kind = RouterKind::cosine},
    RouterTraits{.kind = RouterKind::linear, .rows = RouterRows::linear},
    RouterTraits{.kind = RouterKind::hash,
                 .rows = RouterRows::none,
                 .move = RowsMove::never,
                 .chooses_by = "position or token id",
                 .constant = true},
    RouterTraits{.kind = RouterKind::random_fixed, .move = RowsMove::never},
    RouterTraits{.kind = RouterKind::kmeans, .move = RowsMove::by_counting},
};

constexpr bool routers_in_order() {
    for (size_t i = 0; i < kRouters.size(); ++i)
        if (static_cast<size_t>(kRouters[i].kind) != i) return false;
    return kRouters.size() == all_words<RouterKind>().size();
}
static_assert(routers_in_order(), "each name of the list has its row, at the same place");

constexpr const RouterTraits& traits_of(RouterKind kind) {
    return kRouters[static_cast<size_t>(kind)];
}

}  // namespace hopscope::core
