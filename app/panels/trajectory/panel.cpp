// The trajectory panel: a prompt, its tokens with one cell a layer and hop, the experts of the
// selected token, all tokens as a matrix, the next-token bars and what early halting does to them.
#include "app/panels/panel.h"

#include <algorithm>
#include <misc/cpp/imgui_stdlib.h>

#include "app/panels/intervene/active_bar.h"
#include "app/panels/intervene/refused_prompt.h"
#include "app/panels/intervene/weights.h"
#include "app/panels/trajectory/cells.h"
#include "app/panels/trajectory/csv.h"
#include "app/panels/trajectory/effects.h"
#include "app/panels/trajectory/grid.h"
#include "app/panels/trajectory/matrix.h"
#include "app/panels/trajectory/question.h"
#include "app/panels/trajectory/strip.h"
#include "app/widgets/format.h"
#include "app/widgets/widgets.h"

namespace hopscope::app {
namespace {

/// A way along the prompt.
struct Way {
    const char *id, *token, *keys;
    bool forwards;
    int64_t (*to)(int64_t token, int64_t tokens);
};
constexpr Way kWays[] = {
    {"before", "token before", "Left arrow", false, [](int64_t t, int64_t) { return t - 1; }},
    {"after", "token after", "Right arrow", true, [](int64_t t, int64_t) { return t + 1; }},
    {"first", "first token", "Home", false, [](int64_t, int64_t) { return int64_t{0}; }},
    {"last", "last token", "End", true, [](int64_t, int64_t tokens) { return tokens - 1; }},
};

constexpr const char* kExample = "the muddy river bank was steep before the rain";

class TrajectoryPanel final : public Panel {
  public:
    const char* title() const override { return "Trajectory"; }
    std::string detail(const AppState& state) const override;
    void prepare(AppState& state) override;
    void draw(AppState& state) override;
    std::string csv(AppState& state) override { return state.trace ? csv_of(*state.trace) : ""; }
    std::vector<ActionItem> actions(AppState& state) override;
    PanelView saved_view() const override { return strip_.view(); }
    void restore_view(const PanelView& view) override { strip_.restore(view); }

  private:
    void draw_prompt(AppState& state);
    void trace(AppState& state);
    void draw_below_strip(AppState& state);
    void draw_experts(AppState& state);
    void draw_empty(AppState& state);
    void walk(AppState& state, const Way& way, bool add);

    const void* session_ = nullptr;
    uint64_t seen_trace_ = 0;  ///< version from which the view was made
    TraceView view_;
    TraceQuestion question_;
    TokenStrip strip_;
    TokenGrid grid_;
    TokenMatrix matrix_;
    EffectTable effects_;
    bool all_tokens_ = false;  ///< the matrix in place of the grid
};

std::string TrajectoryPanel::detail(const AppState& state) const {
    if (!has_trace(state)) return {};
    return with_thousands(view_.tokens) + " tokens, " + weights_of(state, state.trace->step);
}

std::vector<ActionItem> TrajectoryPanel::actions(AppState& state) {
    std::vector<ActionItem> items;
    for (const bool add : {false, true})
        for (const Way& way : kWays) {
            ActionItem item;
            item.id = std::string(add ? "trajectory.add_" : "trajectory.") + way.id;
            item.title = (add ? "Add the " : "Select the ") + std::string(way.token) +
                         (add ? " to the selection" : "");
            item.help = "Walks along the prompt that is traced.";
            item.keys = (add ? "Shift+" : "") + std::string(way.keys);
            item.repeats = true;
            item.why_not = [&state] { return has_trace(state) ? "" : "No prompt is traced."; };
            item.listens = [&state] { return has_trace(state); };
            item.run = [this, &state, &way, add] { walk(state, way, add); };
            items.push_back(std::move(item));
        }
    return items;
}

void TrajectoryPanel::prepare(AppState& state) {
    if (session_ != state.session.get()) {
        session_ = state.session.get();
        question_.forget();
        effects_.forget();
        seen_trace_ = 0;
        view_ = {};
    }
    if (!state.session) return;
    question_.update(state);
    state.update_places();
    effects_.update(state);
    if (!state.trace || state.trace->version == seen_trace_) return;
    seen_trace_ = state.trace->version;
    view_ = trace_view(*state.trace);
    auto& chosen = state.selection.prompt_tokens;
    if (std::erase_if(chosen, [&](int64_t t) { return t >= view_.tokens; }) > 0)
        ++state.selection.version;
}

void TrajectoryPanel::draw(AppState& state) {
    draw_prompt(state);
    draw_missing_font(state, state.prompt);
    if (draw_active_bar(state, question_.in_words(state))) {
        question_.clear(state);
        effects_.forget();
    }
    if (state.trace && !state.trace->error.empty() && question_.was_asked()) {
        const auto refused = state.trace;
        if (draw_refused_prompt(state, refused->prompt, refused->error, refused->too_long))
            trace(state);
        return;
    }
    if (!has_trace(state)) return draw_empty(state);
    if (const std::string other = other_weights(state, Inspected::trace); !other.empty())
        note(state, other);

    strip_.draw(state, view_);
    draw_below_strip(state);
}

/// Three columns in a wide panel, two in a tall one, one below the other in a narrow one.
void TrajectoryPanel::draw_below_strip(AppState& state) {
    const float s = state.pixel_scale, gap = 24 * s;
    const ImVec2 room = ImGui::GetContentRegionAvail();
    const bool tall = room.y >= 460 * s;
    const auto column = [&](const char* name, float width, auto... parts) {
        ImGui::BeginChild(name, ImVec2(width, std::max(room.y, 160 * s)));
        (parts(), ...);
        ImGui::EndChild();
    };
    const auto grid = [&] { draw_experts(state); };
    const auto next = [&] { effects_.draw_next(state, view_); };
    const auto halting = [&] { effects_.draw_halting(state, view_); };
    if (tall && room.x >= 600 * s) {
        const float side = std::clamp(room.x * 0.36f, 250 * s, 420 * s);
        column("grid", room.x - side - gap, grid);
        ImGui::SameLine(0, gap);
        column("effects", side, next, halting);
    } else if (room.x >= 860 * s) {
        const float side = std::clamp(room.x * 0.27f, 260 * s, 420 * s);
        column("grid", room.x - 2 * (side + gap), grid);
        ImGui::SameLine(0, gap);
        column("next", side, next);
        ImGui::SameLine(0, gap);
        column("halting", side, halting);
    } else {
        ImGui::BeginChild("grid", ImVec2(0, 330 * s));
        grid();
        ImGui::EndChild();
        next();
        halting();
    }
}

void TrajectoryPanel::draw_experts(AppState& state) {
    const float s = state.pixel_scale;
    if (button(state, "Selected token", nullptr, "Experts and weights of one token", 0,
               !all_tokens_))
        all_tokens_ = false;
    ImGui::SameLine();
    if (button(state, "All tokens", nullptr, "All tokens \xC3\x97 layers \xC3\x97 hops", 0,
               all_tokens_))
        all_tokens_ = true;
    ImGui::SameLine(0, 16 * s);
    ImGui::SetNextItemWidth(110 * s);
    if (all_tokens_) {
        by_name(state, "##value", "value of the cells\xE2\x80\xA6");
        matrix_.draw_options();
        matrix_.draw(state, view_);
    } else {
        by_name(state, "##shown", "experts listed\xE2\x80\xA6");
        grid_.draw_options();
        grid_.draw(state, view_);
    }
}

void TrajectoryPanel::draw_prompt(AppState& state) {
    const float s = state.pixel_scale;
    const float freeze = ImGui::GetFrameHeight() + ImGui::CalcTextSize("freeze routing").x + 20 * s;
    ImGui::SetNextItemWidth(std::max(ImGui::GetContentRegionAvail().x - 84 * s - freeze, 120 * s));
    by_name(state, "##prompt", "prompt");
    const bool entered = ImGui::InputTextWithHint("##prompt", "a prompt to trace", &state.prompt,
                                                  ImGuiInputTextFlags_EnterReturnsTrue);
    tooltip("Enter traces the prompt through all layers and hops");
    state.spots.note_item("trajectory.prompt");
    ImGui::SameLine();
    const std::string none = no_run(state);
    const char* why = !none.empty()          ? none.c_str()
                      : state.prompt.empty() ? "the prompt is empty"
                                             : nullptr;
    const bool pressed = button(state, "Trace", why, "Trace the prompt (Enter)", 64 * s);
    if ((entered || pressed) && !why) trace(state);
    ImGui::SameLine();
    by_name(state, "freeze routing");
    if (ImGui::Checkbox("freeze routing", &question_.freeze)) {
        if (question_.was_asked()) question_.ask(state);
        state.keep_drawing();
    }
    tooltip(
        "For this prompt the experts and weights of hop 0 are used at all hops; what the experts "
        "read still changes. The run in training is not touched.");
}

/// The prompt as it stands.
void TrajectoryPanel::trace(AppState& state) {
    state.selection.prompt_tokens.clear();
    ++state.selection.version;
    question_.ask(state);
}

void TrajectoryPanel::draw_empty(AppState& state) {
    if (question_.waits_for_answer()) {
        empty_state(state, "Tracing\xE2\x80\xA6",
                    state.status.inspector_step < 0
                        ? "The inspector answers as soon as the run has handed it its weights."
                        : "The prompt runs through the inspector's copy of the model.");
        return;
    }
    const bool pressed =
        empty_state(state, "No prompt traced yet",
                    "Each token will show the experts it chooses at every layer and hop, its way "
                    "through routing space, and the token expected next.",
                    state.session ? "Trace an example" : nullptr);
    if (pressed) {
        if (state.prompt.empty()) state.prompt = kExample;
        question_.ask(state);
    }
}

void TrajectoryPanel::walk(AppState& state, const Way& way, bool add) {
    const auto tokens = static_cast<int64_t>(state.trace->tokens.size());
    const auto& chosen = state.selection.prompt_tokens;
    // What is added lies beyond the end of what is selected.
    const bool from_end = add && way.forwards && !chosen.empty();
    const int64_t start = from_end ? *chosen.rbegin() : shown_token(state);
    const int64_t token = std::clamp<int64_t>(way.to(start, tokens), 0, tokens - 1);
    if (token == start || (add && chosen.contains(token))) return;
    select_token(state, token, add);
    strip_.bring_into_view(token);
}

}  // namespace

std::unique_ptr<Panel> make_trajectory_panel() {
    return std::make_unique<TrajectoryPanel>();
}

}  // namespace hopscope::app
