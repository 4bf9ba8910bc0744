#include "core/api/freeze_parts.h"

namespace hopscope::core {

std::optional<FreezePart> part_of(const Command& command) {
    if (command.kind != CommandKind::freeze && command.kind != CommandKind::unfreeze)
        return std::nullopt;
    return kind_of<FreezePart>(command.text("what", ""));
}

Command freeze_command(FreezePart part, bool on) {
    return {on ? CommandKind::freeze : CommandKind::unfreeze, {{"what", word(part)}}};
}

std::string nothing_to_freeze(FreezePart part, const Config& config) {
    const FreezeTraits& traits = traits_of(part);
    if (config.is_dense() && !traits.in_dense) return "a dense model has none";
    if (traits.need)
        if (auto why = missing(*traits.need, config)) return *why;
    const bool has_projection = config.moe.has_positions() && !config.moe.routes_in_model_space();
    if (part == FreezePart::projection && !has_projection) return "this model has no projection";
    return "";
}

}  // namespace hopscope::core
