#include "app/panels/routing_space/quantity_cache.h"

namespace hopscope::app {

LookValues QuantityCache::values(AppState& state, const SpaceLook& look) {
    return {values(state, look.color), values(state, look.size), values(state, look.alpha)};
}

SharedValues QuantityCache::values(AppState& state, const viz::Quantity* quantity) {
    if (!quantity || !state.geometry) return nullptr;
    Entry& entry = entries_[quantity];
    const Snapshot& snapshot = state.geometry;
    const int64_t layer = state.selection.layer;
    if (auto come = entry.pending.take()) {
        // One that has thrown has no values, and is not asked for again.
        entry.values = *come ? *come : std::make_shared<const viz::QuantityValues>();
        entry.snapshot = entry.asked;
        entry.layer = entry.asked_layer;
    }
    if (entry.snapshot == snapshot->version && entry.layer == layer) return entry.values;
    const auto at = static_cast<size_t>(layer);
    const auto compute = [quantity, snapshot, at]() -> SharedValues {
        return std::make_shared<viz::QuantityValues>(quantity->of(*snapshot, at));
    };
    if (!quantity->costly() && !has_many_points(*snapshot, at)) {
        entry.values = compute();
        entry.snapshot = snapshot->version;
        entry.layer = layer;
        return entry.values;
    }
    if (!entry.pending.waits()) {
        entry.asked = snapshot->version;
        entry.asked_layer = layer;
        entry.pending = state.aside(compute);
    }
    // Those of another sample speak of other tokens.
    const bool fits = entry.layer == layer && at < snapshot->layers.size() && entry.values &&
                      entry.values->sample == viz::tokens_of(snapshot->layers[at]);
    return fits ? entry.values : nullptr;
}

}  // namespace hopscope::app
