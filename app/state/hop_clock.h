// The clock of hops: the layers' hops in the order in which a token passes them, and which of them
// the panels show (Selection::layer and hop). Like the clock of steps it can be stepped, dragged
// and played; where no hop is chosen, all are shown. Window thread only.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace hopscope::app {

struct AppState;

struct HopPlace {
    int64_t layer = 0, hop = 0;
    bool operator==(const HopPlace&) const = default;
};

/// Of the snapshot that is shown; of the traced prompt where there is none. Empty: the run does
/// not route, or nothing has come yet.
std::vector<HopPlace> hop_places(const AppState& state);
/// The chosen one as an index into hop_places; nothing while all hops are shown.
std::optional<size_t> hop_place(const AppState& state);
void go_to_hop(AppState& state, const HopPlace& place);
/// One hop on (+1), behind the last of all the layer's hops together; or back (−1). From all hops
/// into the selected layer.
void step_hops(AppState& state, int direction);
/// Goes on playing: from layer to layer, or with `loop` around in the selected one. Once a frame.
void play_hops(AppState& state);

}  // namespace hopscope::app
