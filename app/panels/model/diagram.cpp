#include "app/panels/model/diagram.h"

#include <algorithm>
#include <cmath>
#include <imgui_internal.h>
#include <limits>

#include "app/panels/model/parts.h"
#include "app/widgets/fonts.h"
#include "app/widgets/format.h"
#include "app/widgets/widgets.h"

namespace hopscope::app {
namespace {

constexpr size_t kStacks = 3;
constexpr float kShares[kStacks] = {0.27f, 0.34f, 0.39f};  ///< of the width
// Unscaled pixels.
constexpr float kBetween = 26, kMargin = 16, kLabel = 24, kGap = 12, kWidestGap = 30, kLine = 19;
constexpr float kNarrowest = 300;                    ///< a narrower panel shows a part of it
constexpr size_t kFewBlocks = 6, kNamedBlocks = 20;  ///< more are drawn lower, and without names

/// A column: where it stands, and its boxes from top to bottom.
struct Stack {
    std::vector<size_t> parts;
    std::vector<float> heights;
    float left = 0, width = 0, natural = 0, gap = 0;
};

class Drawing {
  public:
    Drawing(const AppState& state, const ModelDiagram& diagram, const DiagramLook& look,
            float width)
        : state_(state),
          diagram_(diagram),
          look_(look),
          s_(state.pixel_scale),
          at_(ImGui::GetCursorScreenPos()),
          list_(*ImGui::GetWindowDrawList()) {
        lay_out(width);
    }
    std::optional<size_t> draw();

  private:
    void lay_out(float width);
    float height_of(const ModelPart& part) const;
    float top_of(size_t column) const;
    void frame(size_t column, const std::string& label, std::optional<size_t> opens);
    void boxes(size_t column);
    void box(size_t index, ImVec2 low, ImVec2 high);
    void texts(const ModelPart& part, ImVec2 low, ImVec2 high) const;
    void line(ImVec2 low, float right, const std::string& left_text, ImU32 left_color,
              const std::string& right_text, ImU32 right_color) const;
    void arrow(ImVec2 from, ImVec2 to) const;
    void bypass() const;
    void loop() const;
    std::optional<size_t> index_of(const std::string& id) const;

    const AppState& state_;
    const ModelDiagram& diagram_;
    const DiagramLook& look_;
    const float s_;
    const ImVec2 at_;
    ImDrawList& list_;
    Stack stacks_[kStacks];
    float height_ = 0;
    std::vector<std::pair<ImVec2, ImVec2>> places_;  ///< of each part, once drawn
    std::optional<size_t> pressed_;
};

float Drawing::height_of(const ModelPart& part) const {
    if (part.id != "block") return 2 * kLine * s_;
    const auto blocks = static_cast<size_t>(diagram_.layers);
    return (blocks <= kFewBlocks ? 2 * kLine : blocks <= kNamedBlocks ? kLine : 6) * s_;
}

void Drawing::lay_out(float width) {
    const float room = std::max(width, kNarrowest * s_) - 2 * kBetween * s_;
    float left = at_.x, highest = 0;
    for (size_t c = 0; c < kStacks; ++c) {
        Stack& stack = stacks_[c];
        stack.left = left;
        stack.width = std::floor(room * kShares[c]);
        left += stack.width + kBetween * s_;
        for (size_t i = 0; i < diagram_.parts.size(); ++i) {
            if (static_cast<size_t>(diagram_.parts[i].column) != c) continue;
            stack.parts.push_back(i);
            stack.heights.push_back(height_of(diagram_.parts[i]));
            stack.natural += stack.heights.back();
        }
        const auto gaps = static_cast<float>(stack.parts.size() + 1);
        const bool slim = c == 0 && diagram_.layers > static_cast<int64_t>(kFewBlocks);
        stack.gap = (slim ? 3 : kGap) * s_;
        highest = std::max(highest, stack.natural + gaps * stack.gap);
    }
    for (Stack& stack : stacks_) {
        const auto gaps = static_cast<float>(stack.parts.size() + 1);
        stack.gap = std::clamp((highest - stack.natural) / gaps, stack.gap, kWidestGap * s_);
    }
    height_ = highest + kLabel * s_;
    places_.resize(diagram_.parts.size());
}

float Drawing::top_of(size_t column) const {
    const Stack& stack = stacks_[column];
    const auto gaps = static_cast<float>(stack.parts.size() + 1);
    const float whole = stack.natural + gaps * stack.gap;
    return at_.y + kLabel * s_ + std::max(0.0f, (height_ - kLabel * s_ - whole) * 0.5f);
}

std::optional<size_t> Drawing::index_of(const std::string& id) const {
    for (size_t i = 0; i < diagram_.parts.size(); ++i) {
        const ModelPart& part = diagram_.parts[i];
        if (part.id == id && (part.layer < 0 || part.layer == diagram_.layer)) return i;
    }
    return {};
}

/// The border of a column, and the wedge from the box that it opens.
void Drawing::frame(size_t column, const std::string& label, std::optional<size_t> opens) {
    const Theme& theme = state_.theme();
    const Stack& stack = stacks_[column];
    const auto gaps = static_cast<float>(stack.parts.size() + 1);
    const float top = top_of(column), bottom = top + stack.natural + gaps * stack.gap;
    const ImVec2 low(stack.left, top), high(stack.left + stack.width, bottom);
    if (opens) {
        const auto& [from, to] = places_[*opens];
        list_.AddQuadFilled(ImVec2(to.x, from.y), low, ImVec2(low.x, high.y), ImVec2(to.x, to.y),
                            packed(faded(theme.border, 0.55f)));
        list_.AddRect(low, high, packed(theme.border), 6 * s_);
    }
    ImGui::PushFont(state_.fonts.text, kSmallSize);
    list_.PushClipRect(ImVec2(low.x, at_.y), ImVec2(high.x + kBetween * s_ * 0.5f, top), true);
    list_.AddText(ImVec2(low.x, top - ImGui::GetTextLineHeight() - 3 * s_), packed(theme.dim),
                  label.c_str());
    list_.PopClipRect();
    ImGui::PopFont();
}

void Drawing::arrow(ImVec2 from, ImVec2 to) const {
    const ImU32 color = packed(faded(state_.theme().dim, 0.8f));
    list_.AddLine(from, to, color, s_);
    const float r = 3.5f * s_, down = to.y > from.y ? 1.0f : -1.0f;
    if (std::fabs(to.y - from.y) > std::fabs(to.x - from.x))
        list_.AddTriangleFilled(to, ImVec2(to.x - r, to.y - 1.4f * r * down),
                                ImVec2(to.x + r, to.y - 1.4f * r * down), color);
    else
        list_.AddTriangleFilled(to, ImVec2(to.x + 1.4f * r, to.y - r),
                                ImVec2(to.x + 1.4f * r, to.y + r), color);
}

void Drawing::line(ImVec2 low, float right, const std::string& left_text, ImU32 left_color,
                   const std::string& right_text, ImU32 right_color) const {
    ImGui::PushFont(state_.fonts.mono, kSmallSize);
    const float width = right_text.empty() ? 0 : ImGui::CalcTextSize(right_text.c_str()).x;
    if (!right_text.empty())
        list_.AddText(ImVec2(right - width, low.y), right_color, right_text.c_str());
    ImGui::PopFont();
    const float room = right - width - (width > 0 ? 6 * s_ : 0) - low.x;
    const ImVec2 size = ImGui::CalcTextSize(left_text.c_str());
    ImGui::PushStyleColor(ImGuiCol_Text, left_color);
    ImGui::RenderTextEllipsis(&list_, low, ImVec2(low.x + std::max(room, 1.0f), low.y + size.y),
                              low.x + std::max(room, 1.0f), left_text.c_str(), nullptr, &size);
    ImGui::PopStyleColor();
}

void Drawing::texts(const ModelPart& part, ImVec2 low, ImVec2 high) const {
    const Theme& theme = state_.theme();
    const float room = high.y - low.y, inset = 7 * s_;
    if (room < kLine * s_ * 0.8f) return;
    const std::string count =
        part.parameters > 0 ? in_units(static_cast<double>(part.parameters)) : std::string();
    ImGui::PushFont(state_.fonts.text, kSmallSize);
    const float text = ImGui::GetTextLineHeight();
    if (room < 1.5f * kLine * s_) {
        line(ImVec2(low.x + inset, (low.y + high.y - text) * 0.5f), high.x - inset, part.title,
             packed(theme.text), count, packed(theme.dim));
    } else {
        const float top = low.y + (room - 2 * text - 2 * s_) * 0.5f;
        line(ImVec2(low.x + inset, top), high.x - inset, part.title, packed(theme.text), count,
             packed(theme.text));
        const double added = added_by(part, look_.norms);
        const double gradient = newest(state_.history, part.gradient);
        std::string live = std::isfinite(added)      ? "adds " + significant(added, 3)
                           : std::isfinite(gradient) ? "grad " + significant(gradient, 3)
                                                     : std::string();
        // What it is comes first; the rest is in the tooltip and on the card.
        if (ImGui::CalcTextSize(part.detail.c_str()).x +
                text_width(state_.fonts.mono, kSmallSize, live) + 8 * s_ >
            high.x - low.x - 2 * inset)
            live.clear();
        line(ImVec2(low.x + inset, top + text + 2 * s_), high.x - inset, part.detail,
             packed(theme.dim), live, packed(theme.dim));
    }
    ImGui::PopFont();
}

void Drawing::box(size_t index, ImVec2 low, ImVec2 high) {
    const Theme& theme = state_.theme();
    const ModelPart& part = diagram_.parts[index];
    places_[index] = {low, high};
    ImGui::SetCursorScreenPos(low);
    const std::string id = part.id == "block" ? "block " + std::to_string(part.layer) : part.id;
    if (ImGui::InvisibleButton(id.c_str(), ImVec2(high.x - low.x, high.y - low.y)))
        pressed_ = index;
    const bool open = part.id == "block" && part.layer == diagram_.layer;
    const bool chosen = part.id == look_.chosen && (part.layer < 0 || part.layer == diagram_.layer);
    const bool hovered = ImGui::IsItemHovered();
    const ImVec4 fill = chosen ? selected_fill(theme) : theme.raised;
    const float round = std::min(4 * s_, (high.y - low.y) * 0.5f);
    list_.AddRectFilled(low, high, packed(fill), round);
    list_.AddRect(low, high,
                  packed(chosen || hovered ? theme.accent
                         : open            ? theme.dim
                                           : theme.border),
                  round, chosen ? 1.6f * s_ : s_);
    // How much of the model it holds, as a bar along its lower edge.
    const double share =
        static_cast<double>(part.parameters) / static_cast<double>(look_.all_parameters);
    const float length =
        (high.x - low.x - 8 * s_) * static_cast<float>(std::clamp(share, 0.0, 1.0));
    if (length > 0.5f && high.y - low.y > kLine * s_ * 0.8f)
        list_.AddRectFilled(ImVec2(low.x + 4 * s_, high.y - 3 * s_),
                            ImVec2(low.x + 4 * s_ + length, high.y - 1.5f * s_),
                            packed(faded(theme.dim, 0.6f)));
    texts(part, low, high);
    if (!hovered) return;
    const double added = added_by(part, look_.norms),
                 gradient = newest(state_.history, part.gradient);
    std::string live;
    if (std::isfinite(added)) live += "\nadds " + significant(added, 3) + " to the stream";
    if (std::isfinite(gradient))
        live += "\ngradient norm of " + std::string(part.group) + " " + significant(gradient, 3);
    tooltip(part.title + (part.detail.empty() ? "" : ", " + part.detail) + "\n" +
            with_thousands(part.parameters) + " parameters, " + rounded(100 * share, 1) +
            " % of all" +
            (part.flops > 0 ? ", " + in_units(part.flops) + " FLOPs a token" : std::string()) +
            live + "\n\n" + part.help);
}

void Drawing::boxes(size_t column) {
    const Stack& stack = stacks_[column];
    const float inner = column == 0 ? 0 : kMargin * s_;
    const float left = stack.left + inner, right = stack.left + stack.width - inner;
    const float middle = (left + right) * 0.5f;
    float y = top_of(column), before = y;
    for (size_t i = 0; i < stack.parts.size(); ++i) {
        before = y;
        y += stack.gap;
        if (stack.gap > 6 * s_ && (column > 0 || i > 0))
            arrow(ImVec2(middle, before), ImVec2(middle, y));
        box(stack.parts[i], ImVec2(left, y), ImVec2(right, y + stack.heights[i]));
        y += stack.heights[i];
    }
    if (column > 0) arrow(ImVec2(middle, y), ImVec2(middle, y + stack.gap));
}

/// The stream goes past attention and past what follows it, which add to it.
void Drawing::bypass() const {
    const Theme& theme = state_.theme();
    const Stack& stack = stacks_[1];
    const float x = stack.left + kMargin * s_ * 0.45f;
    const float middle = stack.left + stack.width * 0.5f;
    const ImU32 color = packed(faded(theme.dim, 0.8f));
    for (size_t i = 0; i + 1 < stack.parts.size(); i += 2) {
        const float from = places_[stack.parts[i]].first.y - stack.gap * 0.35f;
        const float to = places_[stack.parts[i + 1]].second.y + stack.gap * 0.3f;
        list_.AddLine(ImVec2(middle, from), ImVec2(x, from), color, s_);
        list_.AddLine(ImVec2(x, from), ImVec2(x, to), color, s_);
        list_.AddLine(ImVec2(x, to), ImVec2(middle, to), color, s_);
        const float r = 4.5f * s_;
        list_.AddCircleFilled(ImVec2(middle, to), r, packed(theme.panel));
        list_.AddCircle(ImVec2(middle, to), r, color, 0, s_);
        list_.AddLine(ImVec2(middle - r, to), ImVec2(middle + r, to), color, s_);
        list_.AddLine(ImVec2(middle, to - r), ImVec2(middle, to + r), color, s_);
    }
}

/// From the end of a hop to the beginning of the next.
void Drawing::loop() const {
    if (diagram_.hops < 2) return;
    const Stack& stack = stacks_[2];
    const float x = stack.left + stack.width - kMargin * s_ * 0.45f;
    const float middle = stack.left + stack.width * 0.5f;
    const float from = places_[stack.parts.back()].second.y + stack.gap * 0.5f;
    const float to = places_[stack.parts.front()].first.y - stack.gap * 0.6f;
    const ImU32 color = packed(faded(state_.theme().dim, 0.8f));
    list_.AddLine(ImVec2(middle, from), ImVec2(x, from), color, s_);
    list_.AddLine(ImVec2(x, from), ImVec2(x, to), color, s_);
    arrow(ImVec2(x, to), ImVec2(middle + 2 * s_, to));
}

std::optional<size_t> Drawing::draw() {
    boxes(0);
    frame(0, "stream", {});
    const std::string block = "block " + std::to_string(diagram_.layer);
    frame(1, block, index_of("block"));
    boxes(1);
    bypass();
    const bool dense = diagram_.hops == 0;
    frame(2,
          dense               ? "dense layer"
          : diagram_.hops > 1 ? std::to_string(diagram_.hops) + " hops, each on x + h"
                              : "one hop",
          index_of(dense ? kDenseLayer : kLayerOfExperts));
    boxes(2);
    loop();
    ImGui::SetCursorScreenPos(at_);
    const Stack& last = stacks_[kStacks - 1];
    ImGui::Dummy(ImVec2(last.left + last.width - at_.x, height_));
    return pressed_;
}

}  // namespace

double added_by(const ModelPart& part, const LayerNorms& norms) {
    const bool attention = part.id == "attention";
    const bool layer = part.id == kLayerOfExperts || part.id == kDenseLayer;
    const auto& values = attention ? norms.attention : norms.experts;
    const auto at = static_cast<size_t>(part.layer);
    if ((!attention && !layer) || part.layer < 0 || at >= values.size())
        return std::numeric_limits<double>::quiet_NaN();
    return values[at];
}

std::optional<size_t> draw_diagram(const AppState& state, const ModelDiagram& diagram,
                                   const DiagramLook& look, float width) {
    return Drawing(state, diagram, look, width).draw();
}

}  // namespace hopscope::app
