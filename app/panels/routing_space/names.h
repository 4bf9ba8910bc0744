// The words of experts beside their centroids, as many as have room: no name lies over another, nor
// over a centroid. Window thread only, inside an ImGui window.
#pragma once

#include <cstdint>
#include <imgui.h>
#include <span>
#include <vector>

#include "app/panels/routing_space/overlay.h"

namespace hopscope::app {

/// A centroid on the screen.
struct NamedDisc {
    ImVec2 middle;
    float radius = 0;
};
/// A name that wants to stand beside a disc.
struct WantedName {
    size_t disc = 0;
    ImVec2 size;  ///< of its plate
};
struct PlacedName {
    size_t wanted = 0;  ///< index of the name
    ImVec2 at;          ///< middle of its left edge
};
/// A rectangle on the screen.
struct Plate {
    ImVec2 low, high;
};
/// In the order given each name that has room right or left of its disc, at most `most`: inside the
/// frame, and over nothing that is taken.
std::vector<PlacedName> names_with_room(std::span<const NamedDisc> discs,
                                        std::span<const WantedName> names, const Plate& frame,
                                        std::vector<Plate> taken, size_t most);

/// Those of most load first; of the hits alone where a filter acts. What is selected has its own.
void draw_names(const SpaceScene& scene);

}  // namespace hopscope::app
