// A router decides which experts of a layer a token goes to. Each kind is one row in the list
// below, its name and its traits, and one file, core/model/routers/NAME.cpp, with what it computes.
// The traits are what the rest of the program asks: what can be drawn, measured, balanced or
// changed follows from them, and nobody else names a router. Plain C++, any thread.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "core/api/kinds.h"

namespace hopscope::core {

/// Every router by its word in moe.router, and how its traits differ from those of cosine:
/// expanded for the enum, its words and the traits, and for the table of what each one computes
/// (core/model/routers/form.h).
#define HOPSCOPE_ROUTERS(ROUTER)                                    \
    ROUTER(cosine)                                                  \
    ROUTER(linear, .rows = RouterRows::linear)                      \
    ROUTER(hash, .rows = RouterRows::none, .move = RowsMove::never, \
           .chooses_by = "position or token id", .constant = true)  \
    ROUTER(random_fixed, .move = RowsMove::never)                   \
    ROUTER(kmeans, .move = RowsMove::by_counting)

#define HOPSCOPE_ROUTER_KIND(name, ...) name,
enum class RouterKind { HOPSCOPE_ROUTERS(HOPSCOPE_ROUTER_KIND) };
#undef HOPSCOPE_ROUTER_KIND

#define HOPSCOPE_ROUTER_WORD(name, ...) #name,
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

#define HOPSCOPE_ROUTER_TRAITS(name, ...) \
    RouterTraits{.kind = RouterKind::name __VA_OPT__(, ) __VA_ARGS__},
inline constexpr std::array kRouters = {HOPSCOPE_ROUTERS(HOPSCOPE_ROUTER_TRAITS)};
#undef HOPSCOPE_ROUTER_TRAITS

constexpr const RouterTraits& traits_of(RouterKind kind) {
    return kRouters[static_cast<size_t>(kind)];
}

}  // namespace hopscope::core
