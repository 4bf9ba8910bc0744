#include "app/panels/run/fork_controls.h"

#include <cmath>
#include <imgui.h>
#include <misc/cpp/imgui_stdlib.h>

#include "app/panels/run/view.h"
#include "app/state/actions.h"
#include "app/widgets/format.h"
#include "app/widgets/number.h"
#include "app/widgets/widgets.h"
#include "core/api/command_registry.h"
#include "core/api/freeze_parts.h"

namespace hopscope::app {
namespace {

constexpr const char* kQuestion = "Fork the run###fork the run";
constexpr double kMebibyte = 1024.0 * 1024.0;
constexpr double kBytesEach = 16;  ///< a parameter: weights, two moments, gradients

/// A difference in nats with its sign: "+0.0123", "0", a dash where it is not known.
std::string signed_number(double value) {
    if (!std::isfinite(value)) return kNothing;
    return value == 0 ? "0" : with_sign(value, 3);
}

}  // namespace

core::Command fork_command(const std::string& with) {
    core::Command command{core::CommandKind::fork, {}};
    if (!with.empty()) command.args["with"] = with;
    return command;
}

std::string fork_refusal(const AppState& state, const std::string& with) {
    if (const char* why = refusal(state, core::Action::change)) return why;
    const core::RunStatus& status = state.status;
    if (status.fork.alive)
        return "The " + status.fork.name + " is still being trained. End it first.";
    if (!status.lanes.empty() && status.fork.step < 0)
        return "A race compares its configurations as they are.";
    if (with.empty()) return "";
    const auto inner = core::parse_command(with);
    if (!inner) return inner.error().message;
    const core::CommandSpec* spec = &core::spec_of(inner->kind);
    if (spec->action != core::Action::change || spec->kind == core::CommandKind::fork)
        return "The copy can be given a change of the run in training, not \"" + spec->name + "\".";
    return core::unavailable(*inner, core::Domain::live);
}

void ForkControls::draw_button(AppState& state, float width) {
    if (state.status.fork.alive) {
        if (button(state, "End fork", refusal(state, core::Action::change),
                   "Saves the copy as it is and trains the run alone", width))
            state.submit({core::CommandKind::fork, {{"end", true}}});
        return;
    }
    const std::string why = fork_refusal(state, "");
    if (button(state, "Fork\xE2\x80\xA6", why.empty() ? nullptr : why.c_str(),
               "Copies the run as it is: the run goes on, its copy beside it on the same batches, "
               "with a change of its own if you like",
               width))
        ImGui::OpenPopup(kQuestion);
    draw_question(state);
}

void ForkControls::draw_question(AppState& state) {
    if (!begin_question(kQuestion)) return;
    const float s = state.pixel_scale, wide = 440 * s, width = 132 * s;
    ImGui::TextUnformatted("The run goes on as it would have, its copy beside it.");
    draw_suggestions(state);
    ImGui::SetNextItemWidth(wide);
    ImGui::InputTextWithHint("##with", R"(nothing, or {"command": "freeze", "what": "routing"})",
                             &with_);
    tooltip("A command for the copy alone, as JSON; later changes act on both");
    const std::string why = fork_refusal(state, with_);
    ImGui::PushTextWrapPos(ImGui::GetCursorPosX() + wide);
    ImGui::TextColored(
        state.theme().dim,
        "The copy writes forks/step_%08lld in the run's folder and takes %s MiB.",
        static_cast<long long>(state.status.step),
        rounded(std::ceil(static_cast<double>(state.status.parameters) * kBytesEach / kMebibyte), 0)
            .c_str());
    tooltip("16 bytes a parameter: weights, two moments, gradients");
    if (!why.empty()) ImGui::TextColored(state.theme().red_text, "%s", why.c_str());
    ImGui::PopTextWrapPos();
    ImGui::Dummy(ImVec2(0, 4 * s));
    if (button(state, "Fork", why.empty() ? nullptr : why.c_str(), nullptr, width, true)) {
        state.submit(fork_command(with_));
        ImGui::CloseCurrentPopup();
    }
    ImGui::SameLine();
    if (cancel_button(state, width)) ImGui::CloseCurrentPopup();
    ImGui::EndPopup();
}

/// What the copy may get: nothing, a freeze, or a row of the intervene panel.
void ForkControls::draw_suggestions(AppState& state) {
    ImGui::SetNextItemWidth(440 * state.pixel_scale);
    if (!ImGui::BeginCombo("##suggestions", "What the copy alone gets\xE2\x80\xA6")) return;
    if (ImGui::Selectable("nothing")) with_.clear();
    using core::FreezePart;
    for (const FreezePart part : {FreezePart::routing, FreezePart::router, FreezePart::experts}) {
        const core::Command freeze = core::freeze_command(part);
        if (ImGui::Selectable(in_words(freeze).c_str())) with_ = core::to_json(freeze);
    }
    for (const StackItem& row : state.stack.items()) {
        const core::Command command = core::scaled({row.command}, state.strength).front();
        const std::string line = core::to_json(command);
        if (!core::parse_command(line) || !fork_refusal(state, line).empty()) continue;
        ImGui::PushID(static_cast<int>(row.id));
        if (ImGui::Selectable(in_words(command).c_str())) with_ = line;
        ImGui::PopID();
    }
    ImGui::EndCombo();
}

void ForkControls::draw_numbers(AppState& state) {
    const core::ForkStatus& fork = state.status.fork;
    if (fork.step < 0) return;
    const Theme& theme = state.theme();
    heading(state, "Fork \xE2\x88\x92 run");
    text_cut(state, fork.name, theme.text);
    tooltip(fork.dir);
    text_cut(state, fork.with.empty() ? "an untouched copy" : fork.with, theme.dim);
    const std::string compare = run_command(state, "compare", shell_word(fork.dir) + " --json");
    value_row(state, {.label = "training loss",
                      .value = fork.loss,
                      .shown = signed_number(fork.loss),
                      .definition = "Nats a token: loss of the fork less that of the run on the "
                                    "same batch, mean over the last updates",
                      .n = fork.updates,
                      .over = "updates",
                      .no_command = kLiveNumber});
    Number valid = {.label = "validation loss",
                    .value = fork.valid,
                    .shown = signed_number(fork.valid),
                    .definition = "Appears with the first evaluation after the fork",
                    .command = compare};
    if (fork.valid_step >= 0) {
        valid.definition = "Nats a token; 95 % interval: bootstrap of the paired differences";
        valid.low = fork.valid_low;
        valid.high = fork.valid_high;
        valid.n = fork.sequences;
        valid.over = "validation sequences";
        valid.step = fork.valid_step;
    }
    value_row(state, valid);
    if (fork.valid_step >= 0) {
        valid.label = "95 % interval";
        valid.shown =
            "[" + signed_number(fork.valid_low) + ", " + signed_number(fork.valid_high) + "]";
        value_row(state, valid);
    }
    if (!fork.ended.empty()) {
        const bool failed = fork.ended.rfind("failed", 0) == 0;
        text_cut(state, fork.ended, failed ? theme.red_text : theme.amber_text);
    }
}

}  // namespace hopscope::app
