// Prompt, questions to the inspector, interventions and keys of the trajectory panel.
#include "app/panels/trajectory_panel.h"

#include <algorithm>
#include <misc/cpp/imgui_stdlib.h>

#include "app/panels/intervene_panel.h"
#include "app/panels/routing_space_picture.h"
#include "app/window/format.h"
#include "app/window/widgets.h"

namespace hopscope::app {
namespace {

constexpr const char* kExample = "the muddy river bank was steep before the rain";
/// A dragged slider asks at most this often, seconds.
constexpr double kAskEvery = 0.12;

}  // namespace

std::unique_ptr<Panel> make_trajectory_panel() {
    return std::make_unique<TrajectoryPanel>();
}

std::string TrajectoryPanel::detail(const AppState& state) const {
    if (!has_trace(state)) return {};
    std::string text = with_thousands(shape_.tokens) + " tokens, weights of step " +
                       with_thousands(state.trace->step);
    if (state.status.step > state.trace->step)
        text += " (run is at " + with_thousands(state.status.step) + ")";
    return text;
}

bool TrajectoryPanel::has_trace(const AppState& state) const {
    return state.trace && state.trace->error.empty() && !state.trace->tokens.empty();
}

int64_t TrajectoryPanel::shown_token(const AppState& state) const {
    if (!has_trace(state)) return -1;
    const int64_t last = static_cast<int64_t>(state.trace->tokens.size()) - 1;
    const auto& chosen = state.selection.prompt_tokens;
    return chosen.empty() ? last : std::clamp<int64_t>(*chosen.begin(), 0, last);
}

std::vector<core::Command> TrajectoryPanel::interventions(const AppState& state) const {
    std::vector<core::Command> out;
    if (freeze_) out.push_back({"freeze", {{"what", std::string("routing")}}});
    if (const double epsilon = epsilon_at(threshold_); epsilon > 0)
        out.push_back({"halt", {{"epsilon", epsilon}}});
    const auto stack = state.prompt_script();
    out.insert(out.end(), stack.begin(), stack.end());
    return out;
}

void TrajectoryPanel::ask(AppState& state) {
    if (!state.session || state.prompt.empty()) return;
    core::TraceRequest request;
    request.prompt = state.prompt;
    request.interventions = sent_ = interventions(state);
    state.session->request_trace(std::move(request));
    const double epsilon = epsilon_at(threshold_);
    if (epsilon > 0) state.session->request_halting(state.prompt, epsilon);
    asked_ = state.prompt;
    asked_at_ = state.now;
    asked_version_ = state.trace ? state.trace->version : 0;
    waiting_ = false;
    sent_at_ = state.now;
    state.keep_drawing();
}

void TrajectoryPanel::send_waiting(AppState& state) {
    if (!waiting_) return;
    if (state.now - sent_at_ < kAskEvery) return state.keep_drawing(2);
    ask(state);
}

void TrajectoryPanel::clear_interventions(AppState& state) {
    freeze_ = false;
    threshold_ = 0;
    effect_ = nullptr;
    state.stack.all_off();
    if (!asked_.empty()) ask(state);
}

void TrajectoryPanel::prepare(AppState& state) {
    if (session_ != state.session.get()) {
        session_ = state.session.get();
        asked_.clear();
        asked_at_ = -1;
        waiting_ = false;
        seen_trace_ = 0;
        shape_ = {};
        effect_ = nullptr;
        freeze_ = false;
        threshold_ = 0;
    }
    if (!state.session) return;
    if (!asked_.empty() && interventions(state) != sent_) waiting_ = true;
    send_waiting(state);
    if (state.geometry) {
        if (state.places.update(*state.geometry, freeze_step(state.session->config()),
                                state.selection.layer))
            state.keep_drawing(1);
    }
    if (auto newest = state.session->halting()) effect_ = std::move(newest);
    if (!state.trace) return;
    if (state.trace->version != seen_trace_) {
        seen_trace_ = state.trace->version;
        shape_ = shape_of(*state.trace);
        auto& chosen = state.selection.prompt_tokens;
        const auto before = chosen.size();
        std::erase_if(chosen, [&](int64_t t) { return t >= shape_.tokens; });
        if (chosen.size() != before) ++state.selection.version;
    }
    if (asked_at_ >= 0 && state.trace->version != asked_version_) asked_at_ = -1;
}

void TrajectoryPanel::draw(AppState& state) {
    draw_prompt(state);
    draw_banner(state);
    if (state.trace && !state.trace->error.empty() && !asked_.empty()) {
        ImGui::PushStyleColor(ImGuiCol_Text, state.theme().red);
        ImGui::PushTextWrapPos(0.0f);
        ImGui::TextUnformatted(state.trace->error.c_str());
        ImGui::PopTextWrapPos();
        ImGui::PopStyleColor();
        return;
    }
    if (!has_trace(state)) return draw_empty(state);

    draw_strip(state);
    draw_below_strip(state);
    handle_keys(state);
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
    const auto grid = [&] { draw_grid(state); };
    const auto next = [&] { draw_next(state); };
    const auto halting = [&] { draw_halting(state); };
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

void TrajectoryPanel::draw_prompt(AppState& state) {
    const float s = state.pixel_scale;
    const bool ready = state.session != nullptr;
    const float freeze = ImGui::GetFrameHeight() + ImGui::CalcTextSize("freeze routing").x + 20 * s;
    ImGui::SetNextItemWidth(std::max(ImGui::GetContentRegionAvail().x - 84 * s - freeze, 120 * s));
    const bool entered = ImGui::InputTextWithHint("##prompt", "a prompt to trace", &state.prompt,
                                                  ImGuiInputTextFlags_EnterReturnsTrue);
    tooltip("Enter traces the prompt through all layers and hops");
    ImGui::SameLine();
    const char* refusal = !ready                 ? "no run is open"
                          : state.prompt.empty() ? "the prompt is empty"
                                                 : nullptr;
    const bool pressed = button(state, "Trace", refusal, "Trace the prompt (Enter)", 64 * s);
    if ((entered || pressed) && !refusal) {
        state.selection.prompt_tokens.clear();
        ++state.selection.version;
        ask(state);
    }
    ImGui::SameLine();
    if (ImGui::Checkbox("freeze routing", &freeze_)) {
        if (!asked_.empty()) ask(state);
        state.keep_drawing();
    }
    tooltip(
        "For this prompt the experts and weights of hop 0 are used at all hops; what the experts "
        "read still changes. The run in training is not touched.");
}

void TrajectoryPanel::draw_banner(AppState& state) {
    std::string own;
    if (freeze_) own = "routing frozen at hop 0";
    if (const double epsilon = epsilon_at(threshold_); epsilon > 0)
        own += (own.empty() ? "" : "; ") + ("halting below \xCE\xB5 = " + significant(epsilon, 2));
    if (draw_active_bar(state, own)) clear_interventions(state);
}

void TrajectoryPanel::draw_empty(AppState& state) {
    if (asked_at_ >= 0) {
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
        ask(state);
    }
}

void TrajectoryPanel::select_token(AppState& state, int64_t token, bool add) {
    state.selection.pick_prompt_token(std::clamp<int64_t>(token, 0, shape_.tokens - 1), add);
    state.keep_drawing();
}

void TrajectoryPanel::handle_keys(AppState& state) {
    if (!ImGui::IsWindowFocused(ImGuiFocusedFlags_ChildWindows) || ImGui::GetIO().WantTextInput ||
        ImGui::IsAnyItemActive())
        return;
    state.arrows_taken = true;
    int64_t token = shown_token(state);
    if (ImGui::IsKeyPressed(ImGuiKey_LeftArrow)) --token;
    if (ImGui::IsKeyPressed(ImGuiKey_RightArrow)) ++token;
    if (ImGui::IsKeyPressed(ImGuiKey_Home)) token = 0;
    if (ImGui::IsKeyPressed(ImGuiKey_End)) token = shape_.tokens - 1;
    token = std::clamp<int64_t>(token, 0, shape_.tokens - 1);
    if (token == shown_token(state)) return;
    select_token(state, token, ImGui::GetIO().KeyShift);
    scroll_to_ = static_cast<float>(token);
}

}  // namespace hopscope::app
