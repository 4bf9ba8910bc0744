// Prompt, question, layout and keys of the intervene panel.
#include "app/panels/intervene_panel.h"

#include <algorithm>
#include <cmath>
#include <imgui.h>
#include <misc/cpp/imgui_stdlib.h>

#include "app/panels/run_view.h"
#include "app/window/format.h"
#include "app/window/widgets.h"

namespace hopscope::app {
namespace {

/// A changed argument asks this long after the last change, seconds.
constexpr double kAskAfter = 0.12;
constexpr int kMostControls = 200;

}  // namespace

std::unique_ptr<Panel> make_intervene_panel() {
    return std::make_unique<IntervenePanel>();
}

std::string IntervenePanel::detail(const AppState& state) const {
    if (!effect_ || !effect_->error.empty() || !shows_present(state)) return {};
    std::string text = "weights of step " + with_thousands(effect_->step);
    if (state.status.step > effect_->step)
        text += " (run is at " + with_thousands(state.status.step) + ")";
    return text;
}

core::InterventionRequest IntervenePanel::request(const AppState& state) const {
    core::InterventionRequest out;
    out.prompt = prompt_;
    out.script = state.prompt_script();
    out.target = target_;
    for (const auto& list : lists_)
        if (chosen_.count(list.name)) out.categories.push_back(list);
    if (auto words = words_of(own_words_); !words.empty())
        out.categories.push_back({"own words", std::move(words)});
    out.controls = controls_;
    out.seed = static_cast<uint64_t>(std::max(seed_, 0));
    if (has_dose(out.script)) out.doses = default_doses();
    return out;
}

bool IntervenePanel::shows_present(const AppState& state) const {
    return effect_ && !state.prompt_script().empty() && effect_->request == asked_;
}

void IntervenePanel::ask(AppState& state) {
    due_ = false;
    asked_ = request(state);
    if (!state.session || asked_.script.empty() || prompt_.empty()) return;
    state.session->request_intervention(asked_);
    state.keep_drawing();
}

void IntervenePanel::prepare(AppState& state) {
    if (session_ != state.session.get()) {
        session_ = state.session.get();
        effect_ = nullptr;
        asked_ = {};
        due_ = false;
        lists_.clear();
        lists_of_.clear();
        chosen_.clear();
        sent_.clear();
        prompt_ = state.prompt;
    }
    if (!state.session) return;
    if (!state.status.run_dir.empty() && lists_of_ != state.status.run_dir) {
        lists_of_ = state.status.run_dir;
        lists_problem_.clear();
        if (state.services.word_lists) {
            auto lists = state.services.word_lists(lists_of_);
            if (lists)
                lists_ = std::move(*lists);
            else
                lists_problem_ = lists.error().message;
        }
    }
    if (auto newest = state.session->intervention()) effect_ = std::move(newest);
    if (request(state) != asked_) {
        if (!due_) changed_at_ = state.now;
        due_ = true;
    }
    if (!due_) return;
    if (state.now - changed_at_ < kAskAfter) return state.keep_drawing(2);
    ask(state);
}

void IntervenePanel::draw(AppState& state) {
    if (!state.session) {
        empty_state(state, "No run is open", "Start one, or open a run folder.");
        return;
    }
    const float s = state.pixel_scale, gap = 20 * s;
    handle_keys(state);
    draw_prompt(state);
    draw_active_bar(state);
    const ImVec2 room = ImGui::GetContentRegionAvail();
    if (room.x < 760 * s) {
        draw_stack(state);
        draw_question(state);
        draw_answer(state);
        return;
    }
    const float left = std::clamp(room.x * 0.30f, 330 * s, 420 * s);
    ImGui::BeginChild("stack", ImVec2(left, 0));
    draw_stack(state);
    draw_question(state);
    ImGui::EndChild();
    ImGui::SameLine(0, gap);
    ImGui::BeginChild("answer");
    draw_answer(state);
    ImGui::EndChild();
}

void IntervenePanel::draw_answer(AppState& state) {
    if (!shows_present(state) || !effect_->error.empty()) return draw_no_answer(state);
    const float s = state.pixel_scale, gap = 20 * s;
    const float width = ImGui::GetContentRegionAvail().x;
    draw_summary(state);
    const auto column = [&](const char* name, float share, auto... parts) {
        ImGui::BeginChild(name, ImVec2(share > 0 ? std::floor(width * share) : 0, 0));
        (parts(), ...);
        ImGui::EndChild();
    };
    const auto bars = [&] { draw_bars(state); };
    const auto numbers = [&] { draw_numbers(state); };
    const auto dose = [&] { draw_dose(state); };
    if (width >= 960 * s && has_dose(effect_->request.script)) {
        column("bars", 0.35f, bars);
        ImGui::SameLine(0, gap);
        column("numbers", 0.39f, numbers);
        ImGui::SameLine(0, gap);
        column("dose", 0, dose);
    } else if (width >= 640 * s) {
        column("bars", 0.50f, bars);
        ImGui::SameLine(0, gap);
        column("numbers", 0, numbers, dose);
    } else {
        bars();
        numbers();
        dose();
    }
}

void IntervenePanel::draw_no_answer(AppState& state) {
    if (state.stack.items().empty()) {
        if (empty_state(state, "Nothing acts on the prompt",
                        "Add an intervention: its effect on the next token appears here, before "
                        "and after, beside a random control of the same size.",
                        "Zero the experts of one hop"))
            state.stack.add(
                {"zero_experts",
                 {{"layers", std::vector<int64_t>{0}}, {"hops", std::vector<int64_t>{0}}}});
    } else if (state.prompt_script().empty()) {
        empty_state(state, "No row acts on the prompt",
                    "Switch one on, or mend the argument that its row names.");
    } else if (prompt_.empty()) {
        empty_state(state, "The prompt is empty", "Type some words above and press Enter.");
    } else if (shows_present(state)) {
        heading(state, "Not measured");
        ImGui::PushStyleColor(ImGuiCol_Text, state.theme().red_text);
        ImGui::PushTextWrapPos(0.0f);
        ImGui::TextUnformatted(effect_->error.c_str());
        ImGui::PopTextWrapPos();
        ImGui::PopStyleColor();
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
    const bool entered = ImGui::InputTextWithHint("##prompt", "a prompt to change", &state.prompt,
                                                  ImGuiInputTextFlags_EnterReturnsTrue);
    tooltip("The effect is measured at its last token. Enter measures.");
    ImGui::SameLine();
    const char* why = state.prompt.empty() ? "the prompt is empty" : nullptr;
    const bool pressed = button(state, "Measure", why,
                                "Measures on the newest weights (Enter in the prompt)", 80 * s);
    if ((entered || pressed) && !why) {
        prompt_ = state.prompt;
        ask(state);
    }
}

void IntervenePanel::draw_question(AppState& state) {
    heading(state, "Question");
    const float s = state.pixel_scale, label = 92 * s;
    const auto row = [&](const char* text, const char* why) {
        ImGui::AlignTextToFramePadding();
        ImGui::TextColored(state.theme().dim, "%s", text);
        tooltip(why);
        ImGui::SameLine(label);
        ImGui::SetNextItemWidth(-1);
    };
    row("target", "P and NLL are of this token; the first one, if it is several");
    std::string target = target_;
    if (ImGui::InputTextWithHint("##target", "most likely token", &target,
                                 ImGuiInputTextFlags_EnterReturnsTrue) ||
        ImGui::IsItemDeactivatedAfterEdit())
        target_ = target;
    row("categories", "P summed over the words of a list that are a single token");
    draw_categories(state);
    row("own words", "A category of your own: words separated by blanks or commas");
    ImGui::InputTextWithHint("##own words", "before, after", &own_words_);
    row("controls",
        "Draws of the random control: the same script on as many experts drawn from the "
        "same layer. 0: none");
    ImGui::SliderInt("##controls", &controls_, 0, kMostControls, "%d",
                     ImGuiSliderFlags_AlwaysClamp | ImGuiSliderFlags_Logarithmic);
    row("seed", "Of everything drawn: controls and random directions");
    ImGui::InputInt("##seed", &seed_, 1, 10);
    seed_ = std::max(seed_, 0);
}

void IntervenePanel::draw_categories(AppState& state) {
    const std::string shown = chosen_.empty()       ? "none"
                              : chosen_.size() == 1 ? *chosen_.begin()
                                                    : std::to_string(chosen_.size()) + " lists";
    if (!ImGui::BeginCombo("##categories", shown.c_str())) {
        if (!lists_problem_.empty()) tooltip(lists_problem_);
        return;
    }
    if (lists_.empty())
        note(state, lists_problem_.empty() ? "No word list was found." : lists_problem_);
    for (const auto& list : lists_) {
        const bool on = chosen_.count(list.name) != 0;
        if (ImGui::Selectable(list.name.c_str(), on, ImGuiSelectableFlags_NoAutoClosePopups)) {
            if (on)
                chosen_.erase(list.name);
            else
                chosen_.insert(list.name);
        }
        std::string words;
        for (size_t i = 0; i < std::min<size_t>(list.words.size(), 12); ++i)
            words += (i ? ", " : "") + list.words[i];
        tooltip(std::to_string(list.words.size()) + " words: " + words +
                (list.words.size() > 12 ? ", \xE2\x80\xA6" : ""));
    }
    ImGui::EndCombo();
}

void IntervenePanel::handle_keys(AppState& state) {
    if (!ImGui::IsWindowFocused(ImGuiFocusedFlags_ChildWindows) || ImGui::GetIO().WantTextInput)
        return;
    if (ImGui::IsKeyChordPressed(ImGuiMod_Ctrl | ImGuiKey_Z)) state.stack.undo();
    if (ImGui::IsKeyChordPressed(ImGuiMod_Ctrl | ImGuiMod_Shift | ImGuiKey_Z)) state.stack.redo();
}

bool draw_active_bar(AppState& state, const std::string& extra) {
    const auto active = state.prompt_script();
    std::string text = extra;
    for (const auto& command : active) text += (text.empty() ? "" : "; ") + in_words(command);
    if (text.empty()) return false;
    text = "Active on the prompt, not on the run: " + text;
    const Theme& theme = state.theme();
    const float s = state.pixel_scale;
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const float width = ImGui::GetContentRegionAvail().x, height = ImGui::GetFrameHeight();
    const float clear = ImGui::CalcTextSize("Clear all").x + 2 * ImGui::GetStyle().FramePadding.x;
    ImDrawList* list = ImGui::GetWindowDrawList();
    list->AddRectFilled(at, ImVec2(at.x + width, at.y + height),
                        packed(mixed(theme.panel, theme.amber, 0.2f)), 4 * s);
    const ImVec2 from(at.x + 8 * s, at.y + ImGui::GetStyle().FramePadding.y);
    list->PushClipRect(at, ImVec2(at.x + width - clear - 8 * s, at.y + height), true);
    list->AddText(from, packed(theme.amber_text), text.c_str());
    list->PopClipRect();
    ImGui::Dummy(ImVec2(std::max(width - clear - 8 * s, 1.0f), height));
    tooltip(text);
    ImGui::SameLine();
    ImGui::SetCursorScreenPos(ImVec2(at.x + width - clear, at.y));
    ImGui::PushStyleColor(ImGuiCol_Button, ImVec4(0, 0, 0, 0));
    ImGui::PushStyleColor(ImGuiCol_Text, theme.amber_text);
    const bool pressed = ImGui::Button("Clear all");
    ImGui::PopStyleColor(2);
    tooltip("Switches all interventions on the prompt off; undo brings them back");
    if (pressed) state.stack.all_off();
    return pressed;
}

}  // namespace hopscope::app
