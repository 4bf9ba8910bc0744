#include "app/panels/trajectory/strip.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <imgui.h>
#include <optional>
#include <utility>

#include "app/panels/trajectory/cells.h"
#include "app/widgets/fonts.h"
#include "app/widgets/format.h"
#include "app/widgets/piece_text.h"
#include "app/widgets/widgets.h"

namespace hopscope::app {
namespace {

constexpr float kVeil = 0.7f;  ///< over tokens that were not looked for

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
    draw_strip(state, view);
    draw_options(state, view);
}

void TokenStrip::draw_strip(AppState& state, const TraceView& view, const StripRoom& room) {
    follow(state);
    const float s = state.pixel_scale;
    const ChipLayout chip = chip_layout(view, s);
    const float bar = ImGui::GetStyle().ScrollbarSize;
    const int64_t places = std::max(room.total, room.lead + view.tokens);
    const bool scrolls = chip.pitch * static_cast<float>(places) > ImGui::GetContentRegionAvail().x;
    ImGui::BeginChild("strip", ImVec2(0, chip.size.y + 4 * s + (scrolls ? bar : 0)),
                      ImGuiChildFlags_None,
                      ImGuiWindowFlags_HorizontalScrollbar | ImGuiWindowFlags_NoScrollWithMouse);
    draw_chips(state, view, chip, room.lead, places);
    ImGui::EndChild();
    state.spots.note_item("trajectory.strip");
}

/// Lays out those that can be seen alone, in a child window that scrolls over all places; the first
/// token stands behind `lead` empty ones.
void TokenStrip::draw_chips(AppState& state, const TraceView& view, const ChipLayout& chip,
                            int64_t lead, int64_t places) {
    const float s = state.pixel_scale;
    const float before = static_cast<float>(lead) * chip.pitch;
    const float total = static_cast<float>(places) * chip.pitch;
    const ImGuiIO& io = ImGui::GetIO();
    if (ImGui::IsWindowHovered() && io.MouseWheel != 0) turn(io.MouseWheel);
    scroll_ = ImGui::GetScrollX();
    if (const float turns = std::exchange(turns_, 0.0f); turns != 0 && ImGui::GetScrollMaxX() > 0)
        ImGui::SetScrollX(scroll_ - turns * chip.pitch);
    const float seen = ImGui::GetWindowWidth();
    if (scroll_to_ >= 0) {
        const float left = before + scroll_to_ * chip.pitch;
        if (left < scroll_) ImGui::SetScrollX(left);
        if (left + chip.size.x > scroll_ + seen) ImGui::SetScrollX(left + chip.pitch - seen);
        scroll_to_ = -1;
    }
    const ImVec2 origin = ImGui::GetCursorScreenPos();
    const int64_t first =
        std::max<int64_t>(0, static_cast<int64_t>((scroll_ - before) / chip.pitch));
    const int64_t last = std::min<int64_t>(
        view.tokens, static_cast<int64_t>((scroll_ - before + seen) / chip.pitch) + 1);
    for (int64_t t = first; t < last; ++t)
        draw_token(
            state, view, t, chip,
            ImVec2(origin.x + before + static_cast<float>(t) * chip.pitch, origin.y + 2 * s));
    ImGui::SetCursorScreenPos(origin);
    ImGui::Dummy(ImVec2(std::max(total - (chip.pitch - chip.size.x), 1.0f), chip.size.y));
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
    if (state.imported)
        caption = "columns: " + state.layer_name(0) + " to " + state.layer_name(view.layers - 1);
    if (view.hops > 1) caption += ", rows: hops 0\xE2\x80\x93" + std::to_string(view.hops - 1);
    if (view.hops == 0) caption += ", no layer routes";
    const core::ImportedTrace* recorded = state.shown_trace();
    const bool unordered = recorded && !recorded->weights;
    if (view.hops > 0 && !depth)
        caption += unordered ? ", colour: place of the lowest-numbered of the set"
                             : ", colour: place of the first expert";
    if (view.halted) caption += ", hollow: halted";
    if (view.hops > 0) {
        if (button(
                state, "Place", nullptr,
                unordered
                    ? "Colours each layer by the place of one of its experts, that of the lowest "
                      "number: the trace has no weights, so no expert is the first"
                    : "Colours each hop by the place of its first expert",
                0, !depth))
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
        const auto name = [&state](int64_t layer) {
            return layer < 0 ? std::string("mean of layers") : state.layer_name(layer);
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
    if (view.hops > 0)  // on the line of the buttons
        ImGui::SetCursorPosY(ImGui::GetCursorPosY() + ImGui::GetStyle().FramePadding.y);
    text_cut(state, caption, state.theme().dim);
}

/// A swatch a depth, so that a colour can be named; the next item follows on the line.
void TokenStrip::draw_legend(const AppState& state) const {
    const float s = state.pixel_scale;
    const float side = 9 * s, height = ImGui::GetFrameHeight();
    for (int32_t d = 1; d <= depths_.most; ++d) {
        const ImVec2 at = ImGui::GetCursorScreenPos();
        const float top = at.y + (height - side) / 2;
        ImGui::Dummy(ImVec2(side, height));
        ImGui::GetWindowDrawList()->AddRectFilled(
            ImVec2(at.x, top), ImVec2(at.x + side, top + side),
            viz::packed(depth_color(static_cast<float>(d), depths_.most, state.theme().dark)),
            2 * s);
        ImGui::SameLine(0, 6 * s);
        ImGui::AlignTextToFramePadding();
        ImGui::TextColored(state.theme().dim, d == 1 ? "%d hop" : "%d hops", d);
        ImGui::SameLine(0, 10 * s);
    }
}

void TokenStrip::draw_token(AppState& state, const TraceView& view, int64_t token,
                            const ChipLayout& layout, ImVec2 at) {
    Chip chip = {*state.trace, view, token, text_of(state, token)};
    chip.selected = state.selection.prompt_tokens.count(token) != 0;
    chip.shown = token == shown_token(state);
    if (colour_ == Colour::depth && depths_.most > 0) color_by_depth(state, chip);
    const ChipTouch touch = draw_chip(state, chip, layout, at);
    if (const auto t = static_cast<size_t>(token); t < hits_.size() && !hits_[t])
        ImGui::GetWindowDrawList()->AddRectFilled(
            at, ImVec2(at.x + layout.size.x, at.y + layout.size.y),
            packed(faded(state.theme().panel, kVeil)));
    if (touch.pressed) select_token(state, token, ImGui::GetIO().KeyShift);
    if (!touch.hovered || !ImGui::BeginTooltip()) return;
    token_tooltip(state, *state.trace, token);
    if (touch.layer >= 0) cell_tooltip(state, *state.trace, token, touch.layer, touch.hop);
    ImGui::EndTooltip();
}

/// The chip's own depth, an edge in its colour and the number; and the depth of each layer.
void TokenStrip::color_by_depth(const AppState& state, Chip& chip) const {
    const bool dark = state.theme().dark;
    chip.color = [this, dark, token = chip.token](const HopColumn& at, const HopCell& cell) {
        return cell.executed ? std::optional(depth_color(depths_.depth_of(token, at.layer),
                                                         depths_.most, dark))
                             : std::nullopt;
    };
    const float depth = depths_.depth_of(chip.token, depth_layer_);
    if (!std::isfinite(depth)) return;
    chip.edge = depth_color(depth, depths_.most, dark);
    chip.note = rounded(static_cast<double>(depth), depth_layer_ < 0 && depths_.layers > 1 ? 1 : 0);
}

}  // namespace hopscope::app
