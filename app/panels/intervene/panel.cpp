// The intervene panel: a stack of interventions on the prompt, what they do to the next token
// before, after and beside a random control, the dose curve, and the way of each into the run in
// training.
#include "app/panels/panel.h"

#include <algorithm>
#include <imgui.h>
#include <misc/cpp/imgui_stdlib.h>

#include "app/panels/intervene/active_bar.h"
#include "app/panels/intervene/question.h"
#include "app/panels/intervene/refused_prompt.h"
#include "app/panels/intervene/report.h"
#include "app/panels/intervene/stack.h"
#include "app/panels/intervene/view.h"
#include "app/panels/intervene/weights.h"
#include "app/widgets/export.h"
#include "app/widgets/widgets.h"

namespace hopscope::app {
namespace {

/// A changed argument asks this long after the last change, seconds.
constexpr double kAskAfter = 0.12;

class IntervenePanel final : public Panel {
  public:
    const char* title() const override { return "Intervene"; }
    std::string detail(const AppState& state) const override;
    void prepare(AppState& state) override;
    void draw(AppState& state) override;
    Origin origin(const AppState& state) const override {
        return state.effect ? origin_of(state, state.effect->step, state.effect->step) : Origin();
    }
    std::string csv(AppState& state) override {
        return shows_present(state) && state.effect->whole ? effect_csv(*state.effect) : "";
    }
    std::vector<ActionItem> actions(AppState& state) override {
        return {undo_action(state), redo_action(state)};
    }

  private:
    core::InterventionRequest request(const AppState& state) const;
    void ask(AppState& state);
    void measure(AppState& state);
    bool shows_present(const AppState& state) const;
    void draw_prompt(AppState& state);
    void draw_answer(AppState& state);
    void draw_no_answer(AppState& state);

    uint64_t run_ = 0;    ///< AppState::runs_opened
    std::string prompt_;  ///< that was entered last
    StackList stack_;
    EffectQuestion question_;
    EffectReport report_;
    core::InterventionRequest asked_;
    double changed_at_ = -1e9;  ///< `now` of the last change that has not been asked
    bool due_ = false;
};

std::string IntervenePanel::detail(const AppState& state) const {
    if (!state.effect || !state.effect->error.empty() || !shows_present(state)) return {};
    return weights_of(state, state.effect->step);
}

core::InterventionRequest IntervenePanel::request(const AppState& state) const {
    core::InterventionRequest out;
    out.prompt = prompt_;
    out.script = state.prompt_script();
    question_.fill(out);
    if (core::has_dose(out.script)) out.doses = default_doses();
    return out;
}

bool IntervenePanel::shows_present(const AppState& state) const {
    return state.effect && !state.prompt_script().empty() && state.effect->request == asked_;
}

void IntervenePanel::ask(AppState& state) {
    due_ = false;
    asked_ = request(state);
    if (!state.session || asked_.script.empty() || prompt_.empty()) return;
    state.session->request_intervention(asked_);
    state.keep_drawing();
}

void IntervenePanel::prepare(AppState& state) {
    if (run_ != state.runs_opened) {
        run_ = state.runs_opened;
        asked_ = {};
        due_ = false;
        question_.forget();
        stack_.forget();
        prompt_ = state.prompt;
    }
    if (!state.session) return;
    question_.update(state);
    if (request(state) != asked_) {
        if (!due_) changed_at_ = state.now;
        due_ = true;
    }
    if (!due_) return;
    if (state.now - changed_at_ < kAskAfter) return state.keep_drawing(2);
    ask(state);
}

void IntervenePanel::draw(AppState& state) {
    if (empty_without_run(state) || empty_for_imported(state)) return;
    const float s = state.pixel_scale, gap = 20 * s;
    draw_prompt(state);
    draw_missing_font(state, state.prompt);
    draw_active_bar(state);
    const ImVec2 room = ImGui::GetContentRegionAvail();
    if (room.x < 760 * s) {
        stack_.draw(state);
        question_.draw(state);
        draw_answer(state);
        return;
    }
    const float left = std::clamp(room.x * 0.30f, 330 * s, 420 * s);
    ImGui::BeginChild("stack", ImVec2(left, 0));
    stack_.draw(state);
    question_.draw(state);
    ImGui::EndChild();
    ImGui::SameLine(0, gap);
    ImGui::BeginChild("answer");
    draw_answer(state);
    ImGui::EndChild();
}

void IntervenePanel::draw_answer(AppState& state) {
    const ImVec2 low = ImGui::GetCursorScreenPos(), room = ImGui::GetContentRegionAvail();
    // What is seen of it: below a long stack it may lie under the panel's end.
    const float end = std::min(low.y + room.y, ImGui::GetWindowPos().y + ImGui::GetWindowSize().y);
    if (low.y < end) state.spots.note("intervene.answer", {low, ImVec2(low.x + room.x, end)});
    if (!shows_present(state) || !state.effect->error.empty()) return draw_no_answer(state);
    const auto effect = state.effect;
    if (const std::string other = other_weights(state, Inspected::effect); !other.empty())
        note(state, other);
    if (report_.draw(state, *effect)) ask(state);
}

void IntervenePanel::draw_no_answer(AppState& state) {
    if (state.stack.items().empty()) {
        if (empty_state(state, "Nothing acts on the prompt",
                        "Add an intervention: its effect on the next token appears here, before "
                        "and after, beside a random control of the same size.",
                        "Zero the experts of one hop"))
            state.stack.add(
                {core::CommandKind::zero_experts,
                 {{"layers", std::vector<int64_t>{0}}, {"hops", std::vector<int64_t>{0}}}});
    } else if (state.prompt_script().empty()) {
        empty_state(state, "No row acts on the prompt",
                    "Switch one on, or mend the argument that its row names.");
    } else if (prompt_.empty()) {
        empty_state(state, "The prompt is empty", "Type some words above and press Enter.");
    } else if (shows_present(state)) {
        heading(state, "Not measured");
        const auto refused = state.effect;
        if (draw_refused_prompt(state, refused->request.prompt, refused->error, refused->too_long,
                                state.prompt))
            measure(state);
    } else {
        empty_state(state, "Measuring\xE2\x80\xA6",
                    state.status.inspector_step < 0
                        ? "The inspector answers as soon as the run has handed it its weights."
                        : "The prompt runs through the inspector's copy of the model.");
    }
}

void IntervenePanel::draw_prompt(AppState& state) {
    const float s = state.pixel_scale;
    ImGui::SetNextItemWidth(std::max(ImGui::GetContentRegionAvail().x - 92 * s, 120 * s));
    by_name(state, "##prompt", "prompt");
    const bool entered = ImGui::InputTextWithHint("##prompt", "a prompt to change", &state.prompt,
                                                  ImGuiInputTextFlags_EnterReturnsTrue);
    tooltip("The effect is measured at its last token. Enter measures.");
    ImGui::SameLine();
    const char* why = state.prompt.empty() ? "the prompt is empty" : nullptr;
    const bool pressed = button(state, "Measure", why,
                                "Measures on the newest weights (Enter in the prompt)", 80 * s);
    if ((entered || pressed) && !why) measure(state);
}

/// The prompt as it stands.
void IntervenePanel::measure(AppState& state) {
    prompt_ = state.prompt;
    ask(state);
}

}  // namespace

std::unique_ptr<Panel> make_intervene_panel() {
    return std::make_unique<IntervenePanel>();
}

}  // namespace hopscope::app
