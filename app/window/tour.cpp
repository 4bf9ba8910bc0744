#include "app/window/tour.h"

#include <algorithm>
#include <cmath>
#include <imgui_internal.h>
#include <string_view>

#include "app/widgets/widgets.h"
#include "app/window/actions.h"

namespace hopscope::app {
namespace {

constexpr float kCardWidth = 380;  ///< of the card, unscaled pixels
constexpr int kTourSteps = 3;
constexpr int kFramesUnseen = 8;  ///< after which a panel is taken to lie behind another
/// Unscaled pixels: what stands below the panels, with a gap; the status line alone; the gap.
constexpr float kBelowPanels = 94, kStatusLine = 28, kCardGap = 8;

constexpr const char* kTourCard = "Tour";

bool has_effect(const AppState& state) {
    return state.effect && state.effect->error.empty() && state.effect->whole &&
           !state.stack.items().empty();
}

bool has_tokens(const AppState& state) {
    return state.trace && state.trace->error.empty() && !state.trace->tokens.empty();
}

bool hides(ImVec2 low, ImVec2 high, const Spot& spot) {
    return low.x < spot.high.x && spot.low.x < high.x && low.y < spot.high.y && spot.low.y < high.y;
}

/// A line through a tooltip would make it hard to read.
bool under_tooltip(const Spot& spot) {
    for (const ImGuiWindow* window : ImGui::GetCurrentContext()->Windows)
        if ((window->Flags & ImGuiWindowFlags_Tooltip) != 0 && window->Active && !window->Hidden &&
            hides(window->Rect().Min, window->Rect().Max, spot))
            return true;
    return false;
}

/// An outline around what the card speaks of.
void draw_frame(const AppState& state, const Spot& spot) {
    const float s = state.pixel_scale, apart = 3 * s;
    ImGui::GetForegroundDrawList()->AddRect(ImVec2(spot.low.x - apart, spot.low.y - apart),
                                            ImVec2(spot.high.x + apart, spot.high.y + apart),
                                            packed(state.theme().accent), 6 * s, 0, 2.5f * s);
}

/// On the start screen at its lower end.
ImVec2 place_on_start(const ImVec2& size, float s) {
    const ImGuiViewport* view = ImGui::GetMainViewport();
    return {view->Pos.x + std::floor((view->Size.x - size.x) * 0.5f),
            view->Pos.y + view->Size.y - size.y - (kStatusLine + kCardGap) * s};
}

/// A corner of the window in which the card hides nothing of the control it points at; where the
/// window is too small for that, below or above the control.
ImVec2 place_of_card(const ImVec2& size, const std::optional<Spot>& spot, float s) {
    const ImGuiViewport* view = ImGui::GetMainViewport();
    const float edge = 16 * s, top = 58 * s, bottom = kBelowPanels * s;
    const float left = view->Pos.x + edge, right = view->Pos.x + view->Size.x - size.x - edge;
    const float low = view->Pos.y + view->Size.y - size.y - bottom, high = view->Pos.y + top;
    for (const ImVec2 at :
         {ImVec2(right, low), ImVec2(left, low), ImVec2(right, high), ImVec2(left, high)})
        if (!spot || !hides(at, ImVec2(at.x + size.x, at.y + size.y), *spot)) return at;
    if (spot->high.y + 8 * s + size.y < view->Pos.y + view->Size.y)
        return {right, spot->high.y + 8 * s};
    return {right, std::max(view->Pos.y, spot->low.y - 8 * s - size.y)};
}

/// Whole within the window, which may be smaller by now.
ImVec2 dragged_within(const ImVec2& at, const ImVec2& size) {
    const ImGuiViewport* view = ImGui::GetMainViewport();
    const ImVec2 most(view->Pos.x + view->Size.x - size.x, view->Pos.y + view->Size.y - size.y);
    return {std::max(view->Pos.x, std::min(at.x, most.x)),
            std::max(view->Pos.y, std::min(at.y, most.y))};
}

}  // namespace

void Tour::begin(AppState& state) {
    shown_ = true;
    go_to(Step::watch);
    state.keep_drawing();
}

void Tour::dismiss(AppState& state) {
    shown_ = false;
    state.settings.toured = true;
    state.keep_drawing();
}

void Tour::go_to(Step step) {
    step_ = step;
    in_layout_ = false;
    brought_ = false;
    dragged_.reset();
}

void Tour::update(const AppState& state, Layout layout) {
    if (!shown_) return;
    switch (step_) {
        case Step::watch:
            // It was watched once another layout is gone to, or the past looked at; while that is
            // dragged the card stays as it is.
            if (!state.session || !state.geometry) break;
            if (layout == Layout::train) in_layout_ = true;
            if (in_layout_ && !ImGui::IsMouseDown(ImGuiMouseButton_Left) &&
                (!state.time.live() || layout == Layout::inspect))
                go_to(Step::inspect);
            break;
        case Step::inspect:
            if (layout == Layout::inspect && has_tokens(state) &&
                !state.selection.prompt_tokens.empty())
                go_to(Step::intervene);
            break;
        case Step::intervene:
            if (layout == Layout::intervene && has_effect(state)) go_to(Step::over);
            break;
        case Step::over:
            break;
    }
}

Tour::Hint Tour::hint(const AppState& state, Layout layout) const {
    const bool open = state.session != nullptr;
    switch (step_) {
        case Step::watch:
            if (!open)
                return {"Watch a run",
                        "Open the example, a small model that is trained already; or start the "
                        "first look, which trains one before your eyes.",
                        "file.example"};
            if (!state.geometry)
                return {"Watch a run", "The routing space appears with the first snapshot.", ""};
            if (layout != Layout::train)
                return {"Watch a run", "Go to the layout Train.", "layout.train"};
            return {"Watch a run",
                    "In routing space discs are experts and points are tokens; each token goes to "
                    "the experts in whose direction it lies. Drag along the timeline to see how "
                    "they moved apart while the loss fell; \"live\" leads back.",
                    "timeline"};
        case Step::inspect:
            if (!open) return {"Inspect a prompt", "Open a run first.", "file.example"};
            if (layout != Layout::inspect)
                return {"Inspect a prompt",
                        state.time.live() ? "Go to the layout Inspect."
                                          : "Go to the layout Inspect. The panels show the past "
                                            "until \"live\" is pressed on the timeline.",
                        "layout.inspect"};
            if (!has_tokens(state))
                return {"Inspect a prompt",
                        "Type some words, or leave those that stand there, and press Trace.",
                        "trajectory.prompt", "trajectory"};
            return {"Inspect a prompt",
                    "Click on a token. Its cells are the experts it chose, layer by layer and hop "
                    "by hop; experts of one colour lie near each other in routing space.",
                    "trajectory.strip", "trajectory"};
        case Step::intervene:
            if (!open) return {"Intervene", "Open a run first.", "file.example"};
            if (layout != Layout::intervene)
                return {"Intervene", "Go to the layout Intervene.", "layout.intervene"};
            if (state.stack.items().empty())
                return {"Intervene",
                        "Add something that acts on the prompt, such as zeroing the experts of "
                        "one hop.",
                        "intervene.add", "intervene"};
            return {"Intervene", "The effect is being measured, and that of chance beside it.",
                    "intervene.answer", "intervene"};
        case Step::over:
            return {"Read the effect beside chance",
                    "KL says by how much the next token's probabilities changed; grey is what the "
                    "same did to experts drawn at random. Only what exceeds chance says something "
                    "of these experts. Press ? over any panel to read what it shows.",
                    "intervene.answer"};
    }
    return {};
}

void Tour::draw(AppState& state, Layout layout) {
    // It is about runs: it waits while a model is looked at that was trained elsewhere.
    if (state.is_imported()) return;
    update(state, layout);
    if (!shown_) return;
    const Hint now = hint(state, layout);
    const std::optional<Spot> spot = state.spots.find(now.spot);
    const bool asked =
        ImGui::IsPopupOpen(nullptr, ImGuiPopupFlags_AnyPopupId | ImGuiPopupFlags_AnyPopupLevel);
    if (spot && !asked && !under_tooltip(*spot)) draw_frame(state, *spot);
    if (!asked) bring_panel(state, now, spot.has_value());
    draw_card(state, now, spot);
}

/// A panel that lies behind another, or is shut, comes to the front once in a step.
void Tour::bring_panel(AppState& state, const Hint& hint, bool seen) {
    if (seen || brought_ || *hint.panel == '\0') {
        unseen_ = 0;
        return;
    }
    state.keep_drawing();
    if (++unseen_ < kFramesUnseen) return;
    state.show_panel = hint.panel;
    brought_ = true;
}

ImVec2 Tour::size_of_card(const AppState& state) const {
    return {kCardWidth * state.pixel_scale, std::max(card_size_.y, 6 * ImGui::GetTextLineHeight())};
}

float Tour::room_below(const AppState& state) const {
    if (!shown_) return 0;
    return size_of_card(state).y + 2 * kCardGap * state.pixel_scale;
}

void Tour::draw_card(AppState& state, const Hint& hint, const std::optional<Spot>& spot) {
    const Theme& theme = state.theme();
    const float s = state.pixel_scale;
    const ImVec2 size = size_of_card(state);
    const ImGuiWindow* moved = ImGui::GetCurrentContext()->MovingWindow;
    if (moved && std::string_view(moved->Name) == kTourCard) {
        if (ImGui::IsMouseDragging(ImGuiMouseButton_Left)) dragged_ = moved->Pos;
    }
    if (dragged_)
        ImGui::SetNextWindowPos(dragged_within(*dragged_, size));
    else
        ImGui::SetNextWindowPos(state.session ? place_of_card(size, spot, s)
                                              : place_on_start(size, s));
    ImGui::SetNextWindowSize(ImVec2(kCardWidth * s, 0));
    ImGui::PushStyleVar(ImGuiStyleVar_WindowBorderSize, 1.5f * s);
    ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(14 * s, 12 * s));
    ImGui::PushStyleColor(ImGuiCol_Border, theme.accent);
    ImGui::PushStyleColor(ImGuiCol_WindowBg, theme.panel);
    if (ImGui::Begin(kTourCard, nullptr,
                     ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoDocking |
                         ImGuiWindowFlags_NoSavedSettings | ImGuiWindowFlags_NoFocusOnAppearing)) {
        const int number = std::min(static_cast<int>(step_) + 1, kTourSteps);
        ImGui::AlignTextToFramePadding();
        ImGui::TextColored(theme.dim, "%d of %d", number, kTourSteps);
        ImGui::SameLine();
        ImGui::PushFont(state.fonts.title, kTextSize);
        ImGui::TextUnformatted(hint.title.c_str());
        ImGui::PopFont();
        draw_buttons(state);
        ImGui::PushTextWrapPos(0.0f);
        ImGui::TextUnformatted(hint.text.c_str());
        ImGui::PopTextWrapPos();
        card_size_ = ImGui::GetWindowSize();
    }
    ImGui::End();
    ImGui::PopStyleColor(2);
    ImGui::PopStyleVar(2);
}

/// At the right end of the title's line, so that the card is low.
void Tour::draw_buttons(AppState& state) {
    const ImGuiStyle& style = ImGui::GetStyle();
    const auto width = [&](const char* label) {
        return ImGui::CalcTextSize(label).x + 2 * style.FramePadding.x;
    };
    const bool over = step_ == Step::over;
    const float all =
        over ? width("Done") : width("Dismiss") + style.ItemSpacing.x + width("Next step");
    ImGui::SameLine(ImGui::GetWindowWidth() - style.WindowPadding.x - all);
    if (over) {
        if (button(state, "Done", nullptr, "The menu Help has the tour again", 0, true))
            dismiss(state);
        return;
    }
    if (button(state, "Dismiss", nullptr, "The menu Help has the tour again"))
        return dismiss(state);
    ImGui::SameLine();
    if (button(state, "Next step", nullptr, "Goes on without doing this one"))
        go_to(static_cast<Step>(static_cast<int>(step_) + 1));
}

}  // namespace hopscope::app
