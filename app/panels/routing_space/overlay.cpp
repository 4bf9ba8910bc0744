#include "app/panels/routing_space/overlay.h"

#include <algorithm>
#include <cmath>
#include <imgui.h>
#include <span>
#include <string_view>

#include "app/panels/routing_space/labels.h"
#include "app/panels/routing_space/neighbours.h"
#include "app/widgets/expert_words.h"
#include "app/widgets/fonts.h"
#include "app/widgets/format.h"
#include "app/widgets/line_style.h"
#include "app/widgets/marks.h"
#include "app/widgets/number.h"
#include "app/widgets/piece_text.h"
#include "app/widgets/run_words.h"

namespace hopscope::app {
namespace {

constexpr size_t kNearest = 5;
constexpr size_t kMostLabels = 12;  ///< of selected experts
constexpr const char* kMaking = "the points are being laid out\xE2\x80\xA6";
constexpr size_t kNamedWords = 3, kTooltipWords = 6;  ///< of an expert, beside its point

std::string share_text(double share) {
    return percent(share, share < 0.0995 ? 1 : 0);
}

/// The line of one path with a dot at each hop; numbers and names come over all lines. Of many only
/// a thin line.
void draw_way(const SpaceScene& scene, const std::vector<ImVec2>& points, ImU32 color, bool thin) {
    const Theme& theme = scene.state.theme();
    const float s = scene.state.pixel_scale;
    const auto n = static_cast<int>(points.size());
    ImDrawList* list = ImGui::GetWindowDrawList();
    if (thin) return list->AddPolyline(points.data(), n, color, 0, 1.2f * s);
    if (n > 1) {
        list->AddPolyline(points.data(), n, packed(faded(theme.panel, 0.7f)), 0, 5 * s);
        list->AddPolyline(points.data(), n, color, 0, 2.2f * s);
    }
    for (const ImVec2& at : points) list->AddCircleFilled(at, 3 * s, color);
}

/// The number of a hop in a circle; a thin line leads to its point where it was moved away.
void draw_hop(const AppState& state, ImVec2 at, ImVec2 point, float radius, int64_t hop,
              ImU32 color) {
    ImDrawList* list = ImGui::GetWindowDrawList();
    const float s = state.pixel_scale, size = kSmallSize * s;
    list->AddLine(point, at, color, s);
    const bool chosen = hop == state.selection.hop;
    list->AddCircleFilled(at, radius, chosen ? color : packed(state.theme().panel));
    list->AddCircle(at, radius, color, 0, 2 * s);
    const std::string number = std::to_string(hop);
    const ImVec2 extent = text_extent(state.fonts.mono, size, number);
    text_at(list, state.fonts.mono, size, ImVec2(at.x - extent.x / 2, at.y - extent.y / 2),
            packed(chosen ? state.theme().panel : state.theme().text), number);
}

/// What the axes rest on.
std::string basis_text(const SpaceScene& scene) {
    const viz::LayerPlace& place = scene.state.places.layer(scene.view.layer);
    std::string text;
    switch (scene.view.axes.kind) {
        case viz::AxesKind::principal:
            text = step_text(scene.state, place.provisional ? "provisional basis, " : "basis from ",
                             place.basis.step);
            if (text.empty()) text = "principal axes of the rows";
            break;
        case viz::AxesKind::centroids:
            text = "two centroids, the second without its part along the first";
            break;
        case viz::AxesKind::raw:
            text = "dimensions of the routing space as they are";
            break;
        case viz::AxesKind::random:
            text = "random directions, seed " + std::to_string(scene.view.axes.seed);
            break;
    }
    if (scene.view.low.x <= scene.view.high.x)
        text += scene.view.solid ? "   circles: unit sphere" : "   circle: unit sphere";
    if (scene.regions != RegionShow::none && !scene.view.solid)
        text += std::string("   ") + name_of(scene.regions) + ": as this plane cuts them";
    return text;
}

void near_rows(const AppState& state, const std::vector<NearExpert>& nearest) {
    ImGui::TextColored(state.theme().dim, "nearest centroids, cosine");
    ImGui::PushFont(state.fonts.mono, kMonoSize);
    for (const NearExpert& near : nearest) {
        swatch(viz::packed(state.places.expert_color(state.selection.layer, near.expert,
                                                     state.theme().dark)),
               state.pixel_scale);
        ImGui::Text("E%-5lld %6.3f", static_cast<long long>(near.expert),
                    static_cast<double>(near.cosine));
    }
    ImGui::PopFont();
}

void expert_tooltip(const AppState& state, int64_t expert) {
    const auto& g = state.geometry->layers[static_cast<size_t>(state.selection.layer)];
    const size_t i = static_cast<size_t>(expert), dim = static_cast<size_t>(g.d_space);
    swatch(
        viz::packed(state.places.expert_color(state.selection.layer, expert, state.theme().dark)),
        state.pixel_scale);
    ImGui::Text("E%lld", static_cast<long long>(expert));
    ImGui::SameLine();
    ImGui::TextColored(state.theme().dim, "%s%s", state.layer_name(state.selection.layer).c_str(),
                       step_text(state, ", ", state.geometry->step).c_str());
    const std::string words = expert_words(state, state.selection.layer, expert, kTooltipWords);
    if (!words.empty()) ImGui::TextUnformatted(displayable(words, state.fonts.text).c_str());
    if (i < g.load.size()) {
        const double times = g.load[i] * static_cast<double>(g.experts);
        ImGui::Text("load %s \xC3\x97 uniform", rounded(times, 2).c_str());
        ImGui::SameLine();
        ImGui::TextColored(state.theme().dim, "%s of all choices of %s",
                           share_text(g.load[i]).c_str(), choices_counted(state).c_str());
    }
    ImGui::TextColored(state.theme().dim,
                       "%s of %s choices of the sample (tokens \xC3\x97 hops \xC3\x97 top-k)",
                       with_thousands(choices_of(g, expert)).c_str(),
                       with_thousands(static_cast<int64_t>(g.choices.size())).c_str());
    near_rows(state,
              nearest_experts(g, std::span(g.centroids).subspan(i * dim, dim), kNearest, expert));
    ImGui::TextColored(state.theme().dim, "click selects, shift adds, %s focuses", kFocusKeys);
}

void space_token_tooltip(const AppState& state, const SpaceItem& item) {
    const auto& snapshot = *state.geometry;
    const auto& g = snapshot.layers[static_cast<size_t>(state.selection.layer)];
    const size_t t = static_cast<size_t>(item.index);
    const size_t tokens = snapshot.pieces.size();
    if (t < tokens) {
        ImGui::PushFont(state.fonts.mono, kMonoSize);
        ImGui::TextUnformatted(
            displayable(piece_text(snapshot.pieces[t]), state.fonts.mono).c_str());
        ImGui::PopFont();
        ImGui::SameLine();
    }
    ImGui::TextColored(state.theme().dim, "token %lld of the sample of %s, hop %lld",
                       static_cast<long long>(item.index),
                       with_thousands(static_cast<int64_t>(tokens)).c_str(),
                       static_cast<long long>(item.hop));
    if (t < snapshot.classes.size() && !snapshot.classes[t].empty())
        ImGui::Text("class %s", snapshot.classes[t].c_str());
    const size_t k = static_cast<size_t>(g.top_k);
    const size_t row = (static_cast<size_t>(item.hop) * tokens + t) * k;
    if (k > 0 && row + k <= g.choices.size() && row + k <= g.weights.size()) {
        ImGui::TextColored(state.theme().dim, "experts, weight (top-%s)",
                           std::to_string(k).c_str());
        ImGui::PushFont(state.fonts.mono, kMonoSize);
        for (size_t j = 0; j < std::min<size_t>(k, 12); ++j) {
            swatch(viz::packed(state.places.expert_color(state.selection.layer, g.choices[row + j],
                                                         state.theme().dark)),
                   state.pixel_scale);
            ImGui::Text("E%-5d %6.3f", g.choices[row + j], static_cast<double>(g.weights[row + j]));
        }
        ImGui::PopFont();
    }
    const auto nearest = nearest_experts(g, position_of(g, item), 2);
    if (!nearest.empty()) near_rows(state, nearest);
    if (const float margin = margin_of(nearest); std::isfinite(margin)) {
        ImGui::Text("margin %s", rounded(margin, 3).c_str());
        ImGui::SameLine();
        ImGui::TextColored(state.theme().dim, "the first less the second, 0 on their border");
    }
    ImGui::TextColored(state.theme().dim, "click shows its way through the hops");
}

}  // namespace

void draw_paths(const SpaceScene& scene) {
    constexpr size_t kNamed = 12;  ///< paths that are told apart: as many as there are colours
    const AppState& state = scene.state;
    const float s = state.pixel_scale, radius = 8.5f * s, size = kSmallSize * s;
    // Many lie over each other: the more, the clearer each, and none is named.
    const bool many = scene.paths.size() > kNamed;
    const float clear =
        many ? std::clamp(8.0f / static_cast<float>(scene.paths.size()), 0.08f, 0.6f) : 1.0f;
    const auto color_of = [&](size_t i) { return packed(faded(line_color(state, i), clear)); };
    std::vector<std::vector<ImVec2>> points;
    for (const TokenPath& path : scene.paths) {
        auto& way = points.emplace_back();
        for (const auto& p : path.at) way.push_back(scene.camera.on_screen(p));
    }
    for (size_t i = points.size(); i-- > 0;) draw_way(scene, points[i], color_of(i), many);

    // All numbers and names keep apart, whatever path they are of.
    const size_t named = many ? 0 : scene.paths.size();
    std::vector<Box> boxes;
    std::vector<std::string> names;
    for (size_t i = 0; i < named; ++i)
        for (const ImVec2& at : points[i]) boxes.push_back({at, ImVec2(2 * radius, 2 * radius)});
    for (size_t i = 0; i < named; ++i) {
        const TokenPath& path = scene.paths[i];
        names.push_back(displayable(piece_text(path.label), state.fonts.text) +
                        (path.prompt ? ", prompt" : ", sample"));
        const ImVec2 extent = text_extent(state.fonts.text, size, names.back());
        const ImVec2 end = points[i].back();
        const ImVec2 box(extent.x + 12 * s, extent.y + 8 * s);
        // Beside the end of the way, to its left where the picture ends.
        const float aside = 11 * s + box.x / 2;
        const bool fits = end.x + aside + box.x / 2 <= scene.camera.at().x + scene.camera.size().x;
        boxes.push_back({ImVec2(fits ? end.x + aside : end.x - aside, end.y), box});
    }
    const std::vector<ImVec2> at = kept_apart(boxes);
    size_t box = 0;
    for (size_t i = 0; i < named; ++i)
        for (size_t k = 0; k < points[i].size(); ++k, ++box)
            draw_hop(state, at[box], points[i][k], radius, scene.paths[i].hops[k], color_of(i));
    for (size_t i = 0; i < named; ++i, ++box)
        draw_label(state, ImVec2(at[box].x - boxes[box].size.x / 2 + s, at[box].y), names[i],
                   color_of(i));
}

std::string selected_label(const AppState& state, int64_t expert) {
    const auto& g = state.geometry->layers[static_cast<size_t>(state.selection.layer)];
    if (state.selection.experts.size() > kMostLabels || expert < 0 || expert >= std::ssize(g.load))
        return {};
    const double load = g.load[static_cast<size_t>(expert)] * static_cast<double>(g.experts);
    const std::string words = expert_words(state, state.selection.layer, expert, kNamedWords);
    return "E" + std::to_string(expert) + "  " +
           (words.empty() ? rounded(load, 2) + " \xC3\x97 uniform"
                          : displayable(words, state.fonts.text));
}

void draw_outline(const SpaceScene& scene) {
    if (!scene.view.solid) return;
    ImGui::GetWindowDrawList()->AddCircle(
        scene.camera.on_screen(scene.view.origin), scene.camera.camera().zoom,
        packed(scene.state.theme().border), 160, 1.4f * scene.state.pixel_scale);
}

void draw_selected(const SpaceScene& scene) {
    const AppState& state = scene.state;
    const SpaceView& view = scene.view;
    const int64_t hovered = scene.hovered;
    ImDrawList* list = ImGui::GetWindowDrawList();
    const float s = state.pixel_scale;
    if (hovered >= 0 && static_cast<size_t>(hovered) < view.points.size()) {
        const viz::Point& point = view.points[static_cast<size_t>(hovered)];
        list->AddCircle(scene.camera.on_screen({point.x, point.y, point.z}), point.size / 2 + 4 * s,
                        packed(state.theme().dim), 0, 1.6f * s);
    }
    const float size = kSmallSize * s;
    const float right = scene.camera.at().x + scene.camera.size().x;
    std::vector<Box> boxes;
    std::vector<std::string> names;
    for (const int64_t e : state.selection.experts) {
        const size_t i = static_cast<size_t>(e);
        if (e < 0 || i >= view.sizes.size() || !(view.sizes[i] > 0)) continue;
        const ImVec2 p = scene.camera.on_screen(view.centroid(e));
        const float radius = view.sizes[i] / 2;
        list->AddCircle(p, radius + 4 * s, packed(state.theme().text), 0, 1.6f * s);
        const std::string label = selected_label(state, e);
        if (label.empty()) continue;
        names.push_back(label);
        const ImVec2 extent = text_extent(state.fonts.text, size, names.back());
        const ImVec2 box(extent.x + 10 * s, extent.y + 8 * s);
        // Beside the centroid, to its left where the picture ends.
        const float aside = radius + kLabelGap * s + box.x / 2;
        boxes.push_back(
            {ImVec2(p.x + aside + box.x / 2 > right ? p.x - aside : p.x + aside, p.y), box});
    }
    const std::vector<ImVec2> at = kept_apart(boxes);
    for (size_t i = 0; i < at.size(); ++i)
        draw_label(state, ImVec2(at[i].x - boxes[i].size.x / 2, at[i].y), names[i],
                   packed(state.theme().text));
}

/// The shares of the variance as numbers: each axis has its part of the line.
void explain_shares(const SpaceScene& scene, ImVec2 at, ImVec2 size) {
    const AppState& state = scene.state;
    const ImVec2 mouse = ImGui::GetIO().MousePos;
    if (!ImGui::IsWindowHovered() ||
        !ImGui::IsMouseHoveringRect(at, ImVec2(at.x + size.x, at.y + size.y)))
        return;
    const int axes = scene.view.solid ? 3 : 2;
    const int axis = std::clamp(
        static_cast<int>((mouse.x - at.x) / size.x * static_cast<float>(axes)), 0, axes - 1);
    const auto place = static_cast<size_t>(axis);
    const Number number = {
        .label = "share of the variance along " + scene.view.axis_names[place] + ", layer " +
                 std::to_string(scene.view.layer),
        .value = static_cast<double>(scene.view.variance[place]),
        .shown = share_text(static_cast<double>(scene.view.variance[place])),
        .definition =
            "Variance of centroids and tokens along the axis / their whole variance, at "
            "this step; the axis itself is that of the frozen basis",
        .n = std::ssize(scene.view.items),
        .over = "points",
        .step = state.geometry->step,
        .no_command = "The panel projects by itself; no command does."};
    ImGui::SetTooltip("%s", explanation(number, state.geometry->step).c_str());
    if (right_click()) ask(state, number);
}

void draw_captions(const SpaceScene& scene, const SpaceLook& look) {
    const AppState& state = scene.state;
    const ImVec2 at = scene.camera.at(), size = scene.camera.size();
    const float s = state.pixel_scale, font = kTextSize * s, small = kSmallSize * s;
    ImDrawList* list = ImGui::GetWindowDrawList();
    const ImU32 dim = packed(state.theme().dim);
    const float bottom = at.y + size.y - small - 2 * s, upper = bottom - font - 3 * s;

    const SpaceView& view = scene.view;
    std::string axes = view.axis_names[0] + (view.solid ? " " : " \xE2\x86\x92 ") +
                       share_text(view.variance[0]) + "   " + view.axis_names[1] +
                       (view.solid ? " " : " \xE2\x86\x91 ") + share_text(view.variance[1]);
    if (view.solid) axes += "   " + view.axis_names[2] + " " + share_text(view.variance[2]);
    // As much of it as there is room for, never half a word.
    for (const char* more : {" of the variance at this step", " of the variance"})
        if (!(state.is_imported() && std::string_view(more).ends_with("step")) &&
            text_extent(state.fonts.text, font, axes + more).x <= size.x) {
            axes += more;
            break;
        }
    const std::string basis = basis_text(scene);
    const float shares_width = text_extent(state.fonts.text, font, axes).x;
    explain_shares(scene, ImVec2(at.x, upper), ImVec2(shares_width, font));
    const float axes_width = text_extent(state.fonts.text, font, axes).x;
    draw_veil(state, ImVec2(at.x, upper), ImVec2(at.x + axes_width, bottom + small));
    text_at(list, state.fonts.text, font, ImVec2(at.x, upper), dim, axes);
    text_at(list, state.fonts.text, small, ImVec2(at.x, bottom), dim, basis);

    std::string reading;
    if (look.size) reading += std::string("size = ") + look.size->name() + ", ";
    reading += std::string("colour = ") + (look.color ? look.color->name() : "place");
    if (look.alpha) reading += std::string(", opacity = ") + look.alpha->name();
    const int64_t tail_from = scene.view.tail_from;
    if (tail_from >= 0)
        reading += ", tail = last " + with_thousands(state.geometry->step - tail_from) + " steps";
    // What must not be left out comes in place of what may be.
    if (!state.experts.hits(scene.view.layer, ImGui::GetFrameCount()).empty())
        reading = std::string("colour = ") + (look.color ? look.color->name() : "place") +
                  ", faint = outside the filter";
    if (scene.every > 1) reading = "one of " + std::to_string(scene.every) + " tokens is drawn";
    if (scene.making) reading = kMaking;
    const double age = std::max(0.0, state.unix_now - state.geometry->seconds);
    std::string when =
        step_text(state,
                  (state.sample.shown()
                       ? with_thousands(std::ssize(state.geometry->token_ids)) + " tokens of "
                       : std::string("snapshot of "))
                      .c_str(),
                  state.geometry->step);
    if (!when.empty() && state.geometry->seconds > 0 && state.unix_now > 0)
        when += ", " + (age < 10 ? rounded(age, 1) + " s" : duration(age)) +
                (state.training() && state.time.live() ? " old" : " ago");
    const auto right = [&](const std::string& text, float height, float y, float left_width) {
        const float width = text_extent(state.fonts.text, height, text).x;
        if (left_width + width + 24 * s > size.x) return;
        draw_veil(state, ImVec2(at.x + size.x - width, y), ImVec2(at.x + size.x, y + height));
        text_at(list, state.fonts.text, height, ImVec2(at.x + size.x - width, y), dim, text);
    };
    right(reading, font, upper, axes_width);
    right(when, small, bottom, text_extent(state.fonts.text, small, basis).x);
}

void draw_making(const AppState& state, ImVec2 at, ImVec2 size) {
    const float s = state.pixel_scale, font = kTextSize * s;
    const ImVec2 extent = text_extent(state.fonts.text, font, kMaking);
    const ImVec2 corner(at.x + size.x, at.y + size.y - 2 * s);
    const ImVec2 begin(corner.x - extent.x, corner.y - extent.y);
    draw_veil(state, begin, corner);
    text_at(ImGui::GetWindowDrawList(), state.fonts.text, font, begin, packed(state.theme().dim),
            kMaking);
}

void draw_tooltip(const SpaceScene& scene) {
    const auto& items = scene.view.items;
    if (scene.hovered < 0 || static_cast<size_t>(scene.hovered) >= items.size()) return;
    if (!ImGui::BeginTooltip()) return;
    const SpaceItem& item = items[static_cast<size_t>(scene.hovered)];
    if (item.expert)
        expert_tooltip(scene.state, item.index);
    else
        space_token_tooltip(scene.state, item);
    ImGui::EndTooltip();
}

}  // namespace hopscope::app
