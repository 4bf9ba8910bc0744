// What `freeze` and `unfreeze` name: routing, which a pass then takes from its first hop, or
// parameters, which then stay bit-equal in training. A part is one row of the list below; its word
// is read once, where a command or a checkpoint comes in. Plain C++, any thread.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "core/api/command.h"
#include "core/api/config.h"
#include "core/api/groups.h"
#include "core/api/kinds.h"
#include "core/api/needs.h"

namespace hopscope::core {

/// Every part by its word, and what it is: expanded for the enum, its words and the table.
#define HOPSCOPE_FREEZE_PARTS(PART)                                                              \
    PART(routing, .of_routing = true, .label = "routing (hop 0 reused)",                         \
         .help = "The choice and weights of hop 0 serve all hops.")                              \
    PART(choices, .of_routing = true)                                                            \
    PART(router, .groups = {Group::router_projection, Group::centroids, Group::router_other},    \
         .need = Need::learning_router, .label = "router",                                       \
         .help = "Projection and centroids stay as they are.")                                   \
    PART(centroids, .groups = {Group::centroids}, .need = Need::centroids, .label = "centroids", \
         .help = "Only the centroids stay; the projection goes on.")                             \
    PART(projection, .groups = {Group::router_projection})                                       \
    PART(experts, .groups = {Group::experts}, .label = "experts",                                \
         .help = "All experts' weights stay as they are.")                                       \
    PART(attention, .groups = {Group::attention}, .in_dense = true, .label = "attention",        \
         .help = "All attention weights stay as they are.")                                      \
    PART(embedding, .groups = {Group::embedding}, .in_dense = true, .label = "embedding",        \
         .help = "The token embedding, shared with the head, stays.")

#define HOPSCOPE_FREEZE_PART(name, ...) name,
enum class FreezePart { HOPSCOPE_FREEZE_PARTS(HOPSCOPE_FREEZE_PART) };
#undef HOPSCOPE_FREEZE_PART

#define HOPSCOPE_FREEZE_WORD(name, ...) #name,
constexpr auto words_of(FreezePart) {
    return std::to_array<std::string_view>({HOPSCOPE_FREEZE_PARTS(HOPSCOPE_FREEZE_WORD)});
}
#undef HOPSCOPE_FREEZE_WORD

struct FreezeTraits {
    FreezePart part;
    bool of_routing = false;  ///< of a pass, on prompts too; else parameters in training
    Groups groups = {};       ///< the parameters
    bool in_dense = false;    ///< a dense model has it, too
    std::optional<Need> need = std::nullopt;  ///< what a model must have besides
    const char* label = "";                   ///< of its box in a form; "": it has none there
    const char* help = "";                    ///< one sentence
};

#define HOPSCOPE_FREEZE_ROW(name, ...) FreezeTraits{.part = FreezePart::name, __VA_ARGS__},
inline constexpr std::array kFreezeParts = {HOPSCOPE_FREEZE_PARTS(HOPSCOPE_FREEZE_ROW)};
#undef HOPSCOPE_FREEZE_ROW

constexpr const FreezeTraits& traits_of(FreezePart part) {
    return kFreezeParts[static_cast<size_t>(part)];
}

/// Parts in the order of their words, as lists of what is frozen have them.
struct ByWord {
    bool operator()(FreezePart a, FreezePart b) const { return word(a) < word(b); }
};

/// What a `freeze` or `unfreeze` names; nothing for other commands.
std::optional<FreezePart> part_of(const Command& command);
/// The command that freezes a part, or lets it go.
Command freeze_command(FreezePart part, bool on = true);
/// Why a model has no such part, as a clause; "" where it has.
std::string nothing_to_freeze(FreezePart part, const Config& config);

}  // namespace hopscope::core
