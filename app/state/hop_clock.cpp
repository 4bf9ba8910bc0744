#include "app/state/hop_clock.h"

#include <algorithm>

#include "app/state/app_state.h"

namespace hopscope::app {
namespace {

/// The first hop of the selected layer, or its last; nothing where it has none.
std::optional<HopPlace> end_of_layer(const AppState& state, bool first) {
    std::optional<HopPlace> out;
    for (const HopPlace& place : hop_places(state))
        if (place.layer == state.selection.layer && (!first || !out)) out = place;
    return out;
}

}  // namespace

std::vector<HopPlace> hop_places(const AppState& state) {
    std::vector<int64_t> hops;
    if (state.geometry)
        for (const auto& layer : state.geometry->layers)
            hops.push_back(layer.experts > 0 ? layer.hops : 0);
    else if (state.trace)
        for (const auto& layer : state.trace->layers)
            hops.push_back(static_cast<int64_t>(layer.hops.size()));
    std::vector<HopPlace> out;
    for (size_t layer = 0; layer < hops.size(); ++layer)
        for (int64_t hop = 0; hop < hops[layer]; ++hop)
            out.push_back({static_cast<int64_t>(layer), hop});
    return out;
}

std::optional<size_t> hop_place(const AppState& state) {
    const auto places = hop_places(state);
    const HopPlace chosen{state.selection.layer, state.selection.hop};
    const auto found = std::find(places.begin(), places.end(), chosen);
    if (found == places.end()) return {};
    return static_cast<size_t>(found - places.begin());
}

void go_to_hop(AppState& state, const HopPlace& place) {
    state.selection.set_layer(place.layer);
    state.selection.set_hop(place.hop);
    state.keep_drawing();
}

void step_hops(AppState& state, int direction) {
    const auto at = hop_place(state);
    const auto places = hop_places(state);
    if (!at) {
        if (const auto end = end_of_layer(state, direction > 0)) go_to_hop(state, *end);
    } else if (direction < 0) {
        if (*at > 0) go_to_hop(state, places[*at - 1]);
    } else if (*at + 1 < places.size()) {
        go_to_hop(state, places[*at + 1]);
    } else {
        state.selection.set_hop(kAllHops);
        state.keep_drawing();
    }
}

void play_hops(AppState& state) {
    Playback& playback = state.playback;
    if (!playback.plays(Clock::hops)) return;
    state.keep_drawing(2);
    const auto first = end_of_layer(state, true);
    if (!first) {
        playback.playing = false;
        return;
    }
    if (!playback.due(state.now)) return;
    const auto last = end_of_layer(state, false);
    if (playback.loop && state.selection.hop == last->hop) return go_to_hop(state, *first);
    step_hops(state, +1);
    if (state.selection.hop == kAllHops) playback.playing = false;
}

}  // namespace hopscope::app
