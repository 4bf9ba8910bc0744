// What lies over the points of the routing-space panel: selection, paths, legend, captions,
// tooltips.
#include <algorithm>
#include <cmath>
#include <imgui.h>

#include "app/panels/routing_space_marks.h"
#include "app/panels/routing_space_panel.h"
#include "app/panels/trajectory_text.h"
#include "app/window/fonts.h"
#include "app/window/format.h"
#include "app/window/widgets.h"

namespace hopscope::app {
namespace {

constexpr size_t kNearest = 5;

std::string share_text(double share) {
    return percent(share, share < 0.0995 ? 1 : 0);
}

/// A veil of the panel's colour, so that text over points stays readable.
void veil(const AppState& state, ImVec2 low, ImVec2 high) {
    const float pad = 3 * state.pixel_scale;
    ImGui::GetWindowDrawList()->AddRectFilled(ImVec2(low.x - pad, low.y - pad),
                                              ImVec2(high.x + pad, high.y + pad),
                                              packed(faded(state.theme().panel, 0.82f)), 2 * pad);
}

void text_at(ImDrawList* list, ImFont* font, float size, ImVec2 at, ImU32 color,
             const std::string& text) {
    list->AddText(font, size, at, color, text.c_str());
}

ImVec2 measure(ImFont* font, float size, const std::string& text) {
    return font->CalcTextSizeA(size, 1e9f, 0, text.c_str());
}

}  // namespace

ImVec2 RoutingSpacePanel::on_screen(ImVec2 at, viz::Vec2 world) const {
    const viz::Vec2 p = camera_.to_screen(world);
    return {at.x + p.x, at.y + p.y};
}

ImVec2 RoutingSpacePanel::screen_of_expert(int64_t expert) const {
    const size_t i = static_cast<size_t>(3 * expert);
    if (expert < 0 || i + 1 >= picture_.coords.size()) return {-1, -1};
    return on_screen(picture_at_, {picture_.coords[i], picture_.coords[i + 1]});
}

void RoutingSpacePanel::label(const AppState& state, ImVec2 at, const std::string& text,
                              ImU32 color) const {
    const float s = state.pixel_scale, size = kSmallSize * s;
    const ImVec2 extent = measure(state.fonts.text, size, text);
    ImDrawList* list = ImGui::GetWindowDrawList();
    list->AddRectFilled(ImVec2(at.x, at.y - extent.y / 2 - 3 * s),
                        ImVec2(at.x + extent.x + 10 * s, at.y + extent.y / 2 + 3 * s),
                        packed(faded(state.theme().raised, 0.88f)), 3 * s);
    text_at(list, state.fonts.text, size, ImVec2(at.x + 5 * s, at.y - extent.y / 2), color, text);
}

void RoutingSpacePanel::draw_path(const AppState& state, ImVec2 at, const TokenPath& path,
                                  ImU32 color) const {
    ImDrawList* list = ImGui::GetWindowDrawList();
    const float s = state.pixel_scale, radius = 8.5f * s;
    std::vector<ImVec2> points;
    for (const auto& p : path.at) points.push_back(on_screen(at, p));
    if (points.size() > 1) {
        list->AddPolyline(points.data(), static_cast<int>(points.size()),
                          packed(faded(state.theme().panel, 0.7f)), 0, 5 * s);
        list->AddPolyline(points.data(), static_cast<int>(points.size()), color, 0, 2.2f * s);
    }
    const float size = kSmallSize * s;
    for (size_t i = points.size(); i-- > 0;) {  // hop 0 in front: there the way begins
        list->AddCircleFilled(points[i], radius, packed(state.theme().panel));
        list->AddCircle(points[i], radius, color, 0, 2 * s);
        const std::string number = std::to_string(path.hops[i]);
        const ImVec2 extent = measure(state.fonts.mono, size, number);
        text_at(list, state.fonts.mono, size,
                ImVec2(points[i].x - extent.x / 2, points[i].y - extent.y / 2),
                packed(state.theme().text), number);
    }
}

void RoutingSpacePanel::draw_paths(const AppState& state, ImVec2 at) const {
    const Theme& theme = state.theme();
    const float s = state.pixel_scale;
    const auto color_of = [&](size_t i) {
        return packed(paths_[i].prompt ? faded(theme.accent, i == 0 ? 1.0f : 0.7f)
                                       : faded(theme.text, 0.85f));
    };
    for (size_t i = 0; i < paths_.size() && i < 12; ++i) {
        const TokenPath& path = paths_[i];
        const ImVec2 end = on_screen(at, path.at.back());
        const std::string piece = displayable(piece_text(path.label), state.fonts.text);
        label(state, ImVec2(end.x + 12 * s, end.y), piece + (path.prompt ? ", prompt" : ", sample"),
              color_of(i));
    }
    for (size_t i = paths_.size(); i-- > 0;) draw_path(state, at, paths_[i], color_of(i));
}

void RoutingSpacePanel::draw_selected(const AppState& state, ImVec2 at) const {
    ImDrawList* list = ImGui::GetWindowDrawList();
    const float s = state.pixel_scale;
    const auto& g = state.geometry->layers[static_cast<size_t>(state.selection.layer)];
    const auto ring = [&](const viz::Point& point, ImU32 color) {
        const ImVec2 p = on_screen(at, {point.x, point.y});
        list->AddCircle(p, point.size / 2 + 4 * s, color, 0, 1.6f * s);
    };
    if (hovered_ >= 0 && static_cast<size_t>(hovered_) < picture_.points.size())
        ring(picture_.points[static_cast<size_t>(hovered_)], packed(state.theme().dim));
    const size_t first = picture_.points.size() - static_cast<size_t>(g.experts);
    const bool named = state.selection.experts.size() <= 12;
    for (const int64_t e : state.selection.experts) {
        const size_t i = first + static_cast<size_t>(e);
        if (e < 0 || e >= g.experts || i >= picture_.points.size()) continue;
        const auto& point = picture_.points[i];
        ring(point, packed(state.theme().text));
        if (!named || static_cast<size_t>(e) >= g.load.size()) continue;
        const ImVec2 p = on_screen(at, {point.x, point.y});
        const double load = g.load[static_cast<size_t>(e)] * static_cast<double>(g.experts);
        label(state, ImVec2(p.x + point.size / 2 + 9 * s, p.y),
              "E" + std::to_string(e) + "  " + rounded(load, 2) + " \xC3\x97 uniform",
              packed(state.theme().text));
    }
}

void RoutingSpacePanel::draw_legend(AppState& state, ImVec2 at) {
    const float s = state.pixel_scale, size = kSmallSize * s, line = size + 4 * s;
    ImDrawList* list = ImGui::GetWindowDrawList();
    const ImU32 dim = packed(state.theme().dim), text = packed(state.theme().text);
    ImVec2 p = ImVec2(at.x + 2 * s, at.y + 6 * s);
    if (color_ == SpaceColor::load) {
        const float width = 120 * s, height = 8 * s;
        const std::string most = rounded(picture_.load_max, 2) + " \xC3\x97 uniform load";
        const float most_width = measure(state.fonts.text, size, most).x;
        veil(state, p, ImVec2(p.x + width - 20 * s + most_width, p.y + height + 2 * s + size));
        for (int i = 0; i < 60; ++i) {
            const viz::Rgb c = viz::ramp_color(viz::Ramp::spectrum, (float(i) + 0.5f) / 60.0f);
            list->AddRectFilled(ImVec2(p.x + width * float(i) / 60, p.y),
                                ImVec2(p.x + width * float(i + 1) / 60, p.y + height),
                                viz::packed(c));
        }
        text_at(list, state.fonts.text, size, ImVec2(p.x, p.y + height + 2 * s), dim, "0");
        text_at(list, state.fonts.text, size, ImVec2(p.x + width - 20 * s, p.y + height + 2 * s),
                dim, most);
        return;
    }
    const auto& g = state.geometry->layers[static_cast<size_t>(state.selection.layer)];
    if (color_ == SpaceColor::hop) {
        veil(state, p, ImVec2(p.x + 60 * s, p.y + line * static_cast<float>(g.hops)));
        for (int64_t h = 0; h < g.hops; ++h) {
            const float t = g.hops > 1 ? float(h) / float(g.hops - 1) : 0.5f;
            list->AddCircleFilled(
                ImVec2(p.x + 5 * s, p.y + line / 2), 4 * s,
                viz::packed(viz::ramp_color(viz::Ramp::spectrum, 0.3f + 0.6f * t)));
            text_at(list, state.fonts.text, size, ImVec2(p.x + 14 * s, p.y), text,
                    "hop " + std::to_string(h));
            p.y += line;
        }
        return;
    }
    if (color_ != SpaceColor::token_class) return;
    if (picture_.classes.empty()) {
        text_at(list, state.fonts.text, size, p, dim,
                "no classes: only the synthetic text has labels");
        return;
    }
    const size_t shown = std::min<size_t>(picture_.classes.size(), 24);
    float widest = 0;
    for (size_t i = 0; i < shown; ++i)
        widest = std::max(widest, measure(state.fonts.text, size, picture_.classes[i]).x);
    veil(state, p, ImVec2(p.x + widest + 14 * s, p.y + line * static_cast<float>(shown)));
    // Each entry is a button that hides or shows its class.
    for (size_t i = 0; i < shown; ++i) {
        const std::string& name = picture_.classes[i];
        const auto found = std::find(hidden_classes_.begin(), hidden_classes_.end(), name);
        const bool hidden = found != hidden_classes_.end();
        ImGui::SetCursorScreenPos(p);
        ImGui::PushID(static_cast<int>(i));
        const float width = measure(state.fonts.text, size, name).x + 20 * s;
        if (ImGui::InvisibleButton("class", ImVec2(width, line))) {
            if (hidden)
                hidden_classes_.erase(found);
            else
                hidden_classes_.push_back(name);
            state.keep_drawing();
        }
        tooltip(hidden ? "Click shows this class" : "Click hides this class");
        ImGui::PopID();
        const ImU32 color = viz::packed(viz::category_color(static_cast<int64_t>(i)));
        const ImVec2 dot = ImVec2(p.x + 5 * s, p.y + line / 2);
        if (hidden)
            list->AddCircle(dot, 4 * s, color, 0, 1.2f * s);
        else
            list->AddCircleFilled(dot, 4 * s, color);
        text_at(list, state.fonts.text, size, ImVec2(p.x + 14 * s, p.y + 2 * s),
                hidden ? dim : text, name);
        p.y += line;
    }
}

void RoutingSpacePanel::draw_captions(const AppState& state, ImVec2 at, ImVec2 size) const {
    const viz::LayerPlace& place = state.places.layer(state.selection.layer);
    const float s = state.pixel_scale, font = kTextSize * s, small = kSmallSize * s;
    ImDrawList* list = ImGui::GetWindowDrawList();
    const ImU32 dim = packed(state.theme().dim);
    const float bottom = at.y + size.y - small - 2 * s, upper = bottom - font - 3 * s;

    const std::string axes = "principal axis 1 \xE2\x86\x92 " + share_text(place.basis.share[0]) +
                             "   axis 2 \xE2\x86\x91 " + share_text(place.basis.share[1]) +
                             " of variance";
    std::string basis = place.provisional ? "provisional basis, step " : "basis from step ";
    basis += with_thousands(place.basis.step);
    if (picture_.low.x <= picture_.high.x) basis += "   circle: unit sphere";
    const float axes_width = measure(state.fonts.text, font, axes).x;
    veil(state, ImVec2(at.x, upper), ImVec2(at.x + axes_width, bottom + small));
    text_at(list, state.fonts.text, font, ImVec2(at.x, upper), dim, axes);
    text_at(list, state.fonts.text, small, ImVec2(at.x, bottom), dim, basis);

    std::string reading = std::string("size = load, colour = ") + name_of(color_);
    const int64_t first = history_.first_step(static_cast<size_t>(trail_));
    if (trail_ > 0 && first >= 0 && first < state.geometry->step)
        reading += ", tail = last " + with_thousands(state.geometry->step - first) + " steps";
    const double age = std::max(0.0, state.unix_now - state.geometry->seconds);
    std::string when = "snapshot of step " + with_thousands(state.geometry->step);
    if (state.geometry->seconds > 0 && state.unix_now > 0)
        when += ", " + (age < 10 ? rounded(age, 1) + " s" : duration(age)) + " old";
    const auto right = [&](const std::string& text, float height, float y, float left_width) {
        const float width = measure(state.fonts.text, height, text).x;
        if (left_width + width + 24 * s > size.x) return;
        veil(state, ImVec2(at.x + size.x - width, y), ImVec2(at.x + size.x, y + height));
        text_at(list, state.fonts.text, height, ImVec2(at.x + size.x - width, y), dim, text);
    };
    right(reading, font, upper, axes_width);
    right(when, small, bottom, measure(state.fonts.text, small, basis).x);
}

void RoutingSpacePanel::draw_tooltip(const AppState& state) {
    if (hovered_ < 0 || static_cast<size_t>(hovered_) >= picture_.items.size()) return;
    if (!ImGui::BeginTooltip()) return;
    const SpaceItem& item = picture_.items[static_cast<size_t>(hovered_)];
    if (item.expert)
        expert_tooltip(state, item.index);
    else
        token_tooltip(state, item);
    ImGui::EndTooltip();
}

void RoutingSpacePanel::expert_tooltip(const AppState& state, int64_t expert) {
    const auto& g = state.geometry->layers[static_cast<size_t>(state.selection.layer)];
    const size_t i = static_cast<size_t>(expert), dim = static_cast<size_t>(g.d_space);
    swatch(
        viz::packed(state.places.expert_color(state.selection.layer, expert, state.theme().dark)),
        state.pixel_scale);
    ImGui::Text("E%lld", static_cast<long long>(expert));
    ImGui::SameLine();
    ImGui::TextColored(state.theme().dim, "layer %lld, step %s",
                       static_cast<long long>(state.selection.layer),
                       with_thousands(state.geometry->step).c_str());
    if (i < g.load.size()) {
        const double times = g.load[i] * static_cast<double>(g.experts);
        ImGui::Text("load %s \xC3\x97 uniform", rounded(times, 2).c_str());
        ImGui::SameLine();
        ImGui::TextColored(state.theme().dim, "%s of all choices in recent batches",
                           share_text(g.load[i]).c_str());
    }
    ImGui::TextColored(state.theme().dim,
                       "%s of %s choices of the sample (tokens \xC3\x97 hops \xC3\x97 top-k)",
                       with_thousands(choices_of(g, expert)).c_str(),
                       with_thousands(static_cast<int64_t>(g.choices.size())).c_str());
    ImGui::TextColored(state.theme().dim, "nearest centroids, cosine");
    ImGui::PushFont(state.fonts.mono, kMonoSize);
    for (const auto& near :
         nearest_experts(g, std::span(g.centroids).subspan(i * dim, dim), kNearest, expert)) {
        swatch(viz::packed(state.places.expert_color(state.selection.layer, near.expert,
                                                     state.theme().dark)),
               state.pixel_scale);
        ImGui::Text("E%-5lld %6.3f", static_cast<long long>(near.expert),
                    static_cast<double>(near.cosine));
    }
    ImGui::PopFont();
    ImGui::TextColored(state.theme().dim, "click selects, shift adds, F focuses");
}

void RoutingSpacePanel::token_tooltip(const AppState& state, const SpaceItem& item) {
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
    ImGui::TextColored(state.theme().dim, "click shows its way through the hops");
}

}  // namespace hopscope::app
