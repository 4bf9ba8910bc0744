#include "app/panels/routing_space/names.h"

#include <algorithm>

#include "app/panels/routing_space/labels.h"
#include "app/widgets/expert_words.h"
#include "app/widgets/fonts.h"

namespace hopscope::app {
namespace {

constexpr size_t kMostNames = 12, kMostTried = 60, kWordsOfAName = 2;
constexpr float kGap = 5;  ///< between a disc and its name, unscaled pixels

bool overlap(const Plate& a, const Plate& b) {
    return a.low.x < b.high.x && b.low.x < a.high.x && a.low.y < b.high.y && b.low.y < a.high.y;
}

bool covers(const Plate& plate, const NamedDisc& disc) {
    const float x = std::clamp(disc.middle.x, plate.low.x, plate.high.x) - disc.middle.x;
    const float y = std::clamp(disc.middle.y, plate.low.y, plate.high.y) - disc.middle.y;
    return x * x + y * y < disc.radius * disc.radius;
}

}  // namespace

std::vector<PlacedName> names_with_room(std::span<const NamedDisc> discs,
                                        std::span<const WantedName> names, const Plate& frame,
                                        std::vector<Plate> taken, size_t most) {
    std::vector<PlacedName> out;
    const auto fits = [&](const Plate& plate) {
        return plate.low.x >= frame.low.x && plate.high.x <= frame.high.x &&
               plate.low.y >= frame.low.y && plate.high.y <= frame.high.y &&
               std::none_of(taken.begin(), taken.end(),
                            [&](const Plate& other) { return overlap(plate, other); }) &&
               std::none_of(discs.begin(), discs.end(),
                            [&](const NamedDisc& disc) { return covers(plate, disc); });
    };
    for (size_t i = 0; i < names.size() && out.size() < most; ++i) {
        const NamedDisc& disc = discs[names[i].disc];
        const ImVec2 size = names[i].size;
        const float way = disc.radius + kGap;
        for (const float left : {disc.middle.x + way, disc.middle.x - way - size.x}) {
            const Plate plate = {ImVec2(left, disc.middle.y - size.y / 2),
                                 ImVec2(left + size.x, disc.middle.y + size.y / 2)};
            if (!fits(plate)) continue;
            taken.push_back(plate);
            out.push_back({i, ImVec2(left, disc.middle.y)});
            break;
        }
    }
    return out;
}

void draw_names(const SpaceScene& scene) {
    const AppState& state = scene.state;
    const auto& g = state.geometry->layers[static_cast<size_t>(state.selection.layer)];
    const auto experts = static_cast<size_t>(g.experts);
    if (scene.view.sizes.size() != experts || g.load.size() != experts) return;
    const auto hits = state.experts.hits(scene.view.layer, ImGui::GetFrameCount());
    const ImVec2 low = scene.camera.at(), size = scene.camera.size();
    const ImVec2 high(low.x + size.x, low.y + size.y);
    const float s = state.pixel_scale, font = kSmallSize * s;

    const auto plate_size = [&](const std::string& text) {
        const ImVec2 extent = text_extent(state.fonts.text, font, text);
        return ImVec2(extent.x + 10 * s, extent.y + 6 * s);
    };

    std::vector<NamedDisc> discs;
    std::vector<Plate> taken;
    std::vector<size_t> order;
    for (size_t e = 0; e < experts; ++e) {
        const auto index = static_cast<int64_t>(e);
        discs.push_back(
            {scene.camera.on_screen(scene.view.centroid(index)), scene.view.sizes[e] / 2});
        const ImVec2 at = discs.back().middle;
        const bool inside = at.x > low.x && at.x < high.x && at.y > low.y && at.y < high.y;
        const bool left_out = !(scene.view.sizes[e] > 0) || (e < hits.size() && hits[e] == 0);
        if (state.selection.experts.contains(index)) {
            const ImVec2 label = plate_size(selected_label(state, index));
            const float left = at.x + discs.back().radius + kLabelGap * s;
            taken.push_back(
                {ImVec2(left, at.y - label.y / 2), ImVec2(left + label.x, at.y + label.y / 2)});
        } else if (inside && !left_out) {
            order.push_back(e);
        }
    }
    std::stable_sort(order.begin(), order.end(),
                     [&](size_t a, size_t b) { return g.load[a] > g.load[b]; });
    if (order.size() > kMostTried) order.resize(kMostTried);
    std::vector<WantedName> wanted;
    std::vector<std::string> texts;
    for (const size_t e : order) {
        std::string text =
            expert_words(state, state.selection.layer, static_cast<int64_t>(e), kWordsOfAName);
        if (text.empty()) continue;
        texts.push_back(displayable(text, state.fonts.text));
        wanted.push_back({e, plate_size(texts.back())});
    }
    for (const PlacedName& name :
         names_with_room(discs, wanted, {low, high}, std::move(taken), kMostNames))
        draw_label(state, name.at, texts[name.wanted], packed(state.theme().chrome_dim));
}

}  // namespace hopscope::app
