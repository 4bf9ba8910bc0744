#include "app/panels/trajectory/strip.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <imgui.h>

#include "app/panels/trajectory/cells.h"
#include "app/widgets/fonts.h"
#include "app/widgets/format.h"
#include "app/widgets/marks.h"
#include "app/widgets/piece_text.h"
#include "app/widgets/widgets.h"

namespace hopscope::app {
namespace {

constexpr float kPadding = 8, kGapX = 4, kGapY = 3, kCellHeight = 7, kChipGap = 6;

struct CellLayout {
    float width, pitch_x, pitch_y;
};

CellLayout cells(const TraceView& view, float chip_width, float s) {
    const float n = static_cast<float>(std::max<int64_t>(view.layers, 1));
    const float gap = n > 8 ? 2 * s : kGapX * s;
    const float width = std::max((chip_width - 2 * kPadding * s - (n - 1) * gap) / n, 2.0f);
    return {width, width + gap, (kCellHeight + kGapY) * s};
}

ImVec2 chip_size(const TraceView& view, float s) {
    const float layers = static_cast<float>(std::max<int64_t>(view.layers, 1));
    const float width = std::clamp(layers * 20.0f + 2 * kPadding, 88.0f, 200.0f);
    const float rows = static_cast<float>(view.hops);
    const float cells_height = rows > 0 ? 6 + rows * (kCellHeight + kGapY) : 0;
    return {width * s, (2 * 7 + kTextSize + cells_height) * s};
}

}  // namespace

void TokenStrip::follow(const AppState& state) {
    if (of_ == state.trace) return;
    of_ = state.trace;
    depths_ = token_depths(*of_);
    texts_.assign(of_->tokens.size(), {});
    if (depth_layer_ >= depths_.layers) depth_layer_ = -1;
}

const std::string& TokenStrip::text_of(const AppState& state, int64_t token) {
    const auto t = static_cast<size_t>(token);
    if (texts_[t].empty())
        texts_[t] = displayable(piece_text(of_->tokens[t].piece), state.fonts.text);
    return texts_[t];
}

void TokenStrip::draw(AppState& state, const TraceView& view) {
    follow(state);
    const float s = state.pixel_scale;
    const ImVec2 chip = chip_size(view, s);
    const float bar = ImGui::GetStyle().ScrollbarSize;
    const float total = (chip.x + kChipGap * s) * static_cast<float>(view.tokens);
    const bool scrolls = total > ImGui::GetContentRegionAvail().x;
    ImGui::BeginChild("strip", ImVec2(0, chip.y + 4 * s + (scrolls ? bar : 0)),
                      ImGuiChildFlags_None,
                      ImGuiWindowFlags_HorizontalScrollbar | ImGuiWindowFlags_NoScrollWithMouse);
    draw_chips(state, view, chip);
    ImGui::EndChild();
    state.spots.note_item("trajectory.strip");
    draw_options(state, view);
}

/// Lays out those that can be seen alone, in a child window that scrolls over all.
void TokenStrip::draw_chips(AppState& state, const TraceView& view, ImVec2 chip) {
    const float s = state.pixel_scale, gap = kChipGap * s, pitch = chip.x + gap;
    const float total = pitch * static_cast<float>(view.tokens);
    const ImGuiIO& io = ImGui::GetIO();
    if (ImGui::IsWindowHovered() && ImGui::GetScrollMaxX() > 0 && io.MouseWheel != 0)
        ImGui::SetScrollX(ImGui::GetScrollX() - io.MouseWheel * pitch);
    const float seen = ImGui::GetWindowWidth(), scroll = ImGui::GetScrollX();
    if (scroll_to_ >= 0) {
        const float left = scroll_to_ * pitch;
        if (left < scroll) ImGui::SetScrollX(left);
        if (left + chip.x > scroll + seen) ImGui::SetScrollX(left + chip.x - seen + gap);
        scroll_to_ = -1;
    }
    const ImVec2 origin = ImGui::GetCursorScreenPos();
    const int64_t first = std::max<int64_t>(0, static_cast<int64_t>(scroll / pitch));
    const int64_t last =
        std::min<int64_t>(view.tokens, static_cast<int64_t>((scroll + seen) / pitch) + 1);
    for (int64_t t = first; t < last; ++t)
        draw_chip(state, view, t,
                  ImVec2(origin.x + static_cast<float>(t) * pitch, origin.y + 2 * s), chip);
    ImGui::SetCursorScreenPos(origin);
    ImGui::Dummy(ImVec2(std::max(total - gap, 1.0f), chip.y));
}

PanelView TokenStrip::view() const {
    PanelView out;
    out["colour"] = colour_ == Colour::depth ? "depth" : "place";
    if (depth_layer_ >= 0) out["depth of layer"] = std::to_string(depth_layer_);
    return out;
}

void TokenStrip::restore(const PanelView& view) {
    if (const auto colour = view.find("colour"); colour != view.end())
        colour_ = colour->second == "depth" ? Colour::depth : Colour::place;
    const auto layer = view.find("depth of layer");
    // One that this run has not got is given up when a prompt is traced.
    depth_layer_ = layer == view.end() ? -1 : std::atoll(layer->second.c_str());
}

/// What colours the cells, and what the colours mean.
void TokenStrip::draw_options(AppState& state, const TraceView& view) {
    const float s = state.pixel_scale;
    const bool depth = colour_ == Colour::depth;
    std::string caption = "columns: layers 0\xE2\x80\x93" + std::to_string(view.layers - 1);
    if (view.hops > 1) caption += ", rows: hops 0\xE2\x80\x93" + std::to_string(view.hops - 1);
    if (view.hops == 0) caption += ", no layer routes";
    if (view.hops > 0 && !depth) caption += ", colour: place of the first expert";
    if (view.halted) caption += ", hollow: halted";
    if (view.hops > 0) {
        if (button(state, "Place", nullptr, "Colours each hop by the place of its first expert", 0,
                   !depth))
            colour_ = Colour::place;
        ImGui::SameLine(0, 4 * s);
        if (button(state, "Depth", nullptr,
                   "Colours each layer by the hops that the token ran in it: halting leaves out "
                   "the rest",
                   0, depth))
            colour_ = Colour::depth;
        ImGui::SameLine(0, 12 * s);
    }
    if (view.hops > 0 && depth) {
        const auto name = [](int64_t layer) {
            return layer < 0 ? std::string("mean of layers") : "layer " + std::to_string(layer);
        };
        ImGui::SetNextItemWidth(130 * s);
        by_name(state, "##depth", "depth of\xE2\x80\xA6");
        if (ImGui::BeginCombo("##depth", name(depth_layer_).c_str())) {
            for (int64_t l = -1; l < view.layers; ++l)
                if (ImGui::Selectable(name(l).c_str(), l == depth_layer_)) depth_layer_ = l;
            ImGui::EndCombo();
        }
        tooltip("Whose depth stands in the corner of a chip and colours its edge");
        ImGui::SameLine(0, 12 * s);
        draw_legend(state);
    }
    ImGui::AlignTextToFramePadding();
    text_cut(state, caption, state.theme().dim);
}

/// A swatch a depth, so that a colour can be named; the next item follows on the line.
void TokenStrip::draw_legend(const AppState& state) const {
    const float s = state.pixel_scale;
    for (int32_t d = 1; d <= depths_.most; ++d) {
        ImGui::AlignTextToFramePadding();
        swatch(viz::packed(depth_color(static_cast<float>(d), depths_.most, state.theme().dark)),
               s);
        ImGui::TextColored(state.theme().dim, d == 1 ? "%d hop" : "%d hops", d);
        ImGui::SameLine(0, 10 * s);
    }
}

void TokenStrip::draw_chip(AppState& state, const TraceView& view, int64_t token, ImVec2 at,
                           ImVec2 size) {
    const Theme& theme = state.theme();
    const float s = state.pixel_scale;
    ImDrawList* list = ImGui::GetWindowDrawList();
    ImGui::SetCursorScreenPos(at);
    ImGui::PushID(static_cast<int>(token));
    if (ImGui::InvisibleButton("token", size)) select_token(state, token, ImGui::GetIO().KeyShift);
    const bool hovered = ImGui::IsItemHovered();
    const bool selected = state.selection.prompt_tokens.count(token) != 0;
    const bool shown = token == shown_token(state);
    const ImVec2 end = ImVec2(at.x + size.x, at.y + size.y);
    const ImVec4 fill = selected  ? mixed(theme.raised, theme.accent, 0.14f)
                        : hovered ? mixed(theme.raised, theme.text, 0.06f)
                                  : theme.raised;
    list->AddRectFilled(at, end, packed(fill), 5 * s);
    if (selected || shown)
        list->AddRect(at, end, packed(selected ? theme.accent : faded(theme.dim, 0.6f)), 5 * s, 0,
                      (selected ? 2 : 1) * s);

    const std::string& text = text_of(state, token);
    const ImVec4 clip =
        ImVec4(at.x + kPadding * s, at.y, end.x - (colour_ == Colour::depth ? 34 : 4) * s, end.y);
    list->AddText(state.fonts.text, kTextSize * s, ImVec2(at.x + kPadding * s, at.y + 5 * s),
                  packed(theme.text), text.c_str(), nullptr, 0, &clip);

    const CellLayout c = cells(view, size.x, s);
    const ImVec2 origin = ImVec2(at.x + kPadding * s, at.y + (13 + kTextSize) * s);
    const bool by_depth = colour_ == Colour::depth && depths_.most > 0;
    if (by_depth) draw_depth_of(state, token, at, end);
    for (const HopColumn& column : view.columns) {
        const HopCell cell = cell_of(*state.trace, token, column.layer, column.hop);
        const ImVec2 low = ImVec2(origin.x + static_cast<float>(column.layer) * c.pitch_x,
                                  origin.y + static_cast<float>(column.hop) * c.pitch_y);
        const ImVec2 high = ImVec2(low.x + c.width, low.y + kCellHeight * s);
        if (by_depth && cell.executed)
            list->AddRectFilled(low, high,
                                viz::packed(depth_color(depths_.depth_of(token, column.layer),
                                                        depths_.most, theme.dark)),
                                2 * s);
        else
            draw_cell(state, view, cell, column.layer, CellValue::expert, low, high);
    }
    if (hovered && ImGui::BeginTooltip()) {
        const ImVec2 mouse = ImGui::GetIO().MousePos;
        const int64_t layer = static_cast<int64_t>(std::floor((mouse.x - origin.x) / c.pitch_x));
        const int64_t hop = static_cast<int64_t>(std::floor((mouse.y - origin.y) / c.pitch_y));
        token_tooltip(state, token);
        if (mouse.y >= origin.y && cell_of(*state.trace, token, layer, hop).known)
            cell_tooltip(state, token, layer, hop);
        ImGui::EndTooltip();
    }
    ImGui::PopID();
}

/// The chip's own depth: an edge in its colour, and the number.
void TokenStrip::draw_depth_of(const AppState& state, int64_t token, ImVec2 at, ImVec2 end) const {
    const float depth = depths_.depth_of(token, depth_layer_);
    if (!std::isfinite(depth)) return;
    const float s = state.pixel_scale;
    ImDrawList* list = ImGui::GetWindowDrawList();
    const viz::Rgb color = depth_color(depth, depths_.most, state.theme().dark);
    list->AddRectFilled(at, ImVec2(end.x, at.y + 4 * s), viz::packed(color), 5 * s,
                        ImDrawFlags_RoundCornersTop);
    const std::string number =
        rounded(static_cast<double>(depth), depth_layer_ < 0 && depths_.layers > 1 ? 1 : 0);
    const float width = text_width(state.fonts.mono, kSmallSize, number);
    list->AddText(state.fonts.mono, kSmallSize * s,
                  ImVec2(end.x - kPadding * s - width, at.y + 6 * s), packed(state.theme().dim),
                  number.c_str());
}

}  // namespace hopscope::app
