#include "app/panels/routing_space/sample_row.h"

#include <algorithm>
#include <imgui.h>
#include <string>

#include "app/widgets/format.h"
#include "app/widgets/task_state.h"
#include "app/widgets/widgets.h"

namespace hopscope::app {
namespace {

constexpr const char* kSampleHelp =
    "Takes so many tokens of the validation text through the newest checkpoint, beside the "
    "training, and shows them in all panels in place of the probe sample until another step is "
    "chosen [def:token_sample].";

/// What was taken stands in the panels, or can again.
void draw_taken(AppState& state) {
    TokenSample& sample = state.sample;
    if (!sample.snapshot()) return;
    const std::string of = with_thousands(std::ssize(sample.snapshot()->token_ids)) +
                           " tokens of step " + with_thousands(sample.snapshot()->step);
    if (sample.shown()) {
        if (button(state, "Back to the probe sample", nullptr,
                   "Shows the run's snapshots again; the larger sample is kept"))
            sample.put_away(state);
    } else if (button(state, "Show it again", nullptr, ("Shows the " + of).c_str())) {
        sample.show(state);
    }
    // Wrapped text would make the list as narrow as it can be.
    ImGui::TextColored(state.theme().dim, "%s", of.c_str());
}

}  // namespace

void draw_sample_row(AppState& state) {
    const float s = state.pixel_scale;
    TokenSample& sample = state.sample;
    int typed = static_cast<int>(sample.wanted);
    by_name(state, "##sample", "tokens of a larger sample");
    if (ImGui::InputInt("##sample", &typed, 0))
        sample.wanted = std::clamp<int64_t>(typed, 1, core::kMostSampleTokens);
    tooltip("Tokens of a larger sample, in whole sequences: 1 to " +
            with_thousands(core::kMostSampleTokens));
    ImGui::SameLine(0, 6 * s);
    if (sample.working()) {
        if (button(state, "Cancel", nullptr, "Ends it; what is shown stays")) sample.cancel(state);
        draw_task_state(state, sample.task());
    } else {
        const std::string why = sample.refusal(state);
        if (button(state, "Sample", why.empty() ? nullptr : why.c_str(), kSampleHelp))
            sample.start(state);
        if (sample.task().state == TaskState::failed) draw_task_state(state, sample.task());
    }
    draw_taken(state);
}

std::vector<ActionItem> sample_actions(AppState& state) {
    ActionItem take;
    take.id = "routing_space.sample";
    take.title = "Take a larger sample of tokens";
    take.help = kSampleHelp;
    take.why_not = [&state] { return state.sample.refusal(state); };
    take.run = [&state] { state.sample.start(state); };
    ActionItem cancel;
    cancel.id = "routing_space.cancel_sample";
    cancel.title = "Cancel the sample of tokens";
    cancel.help = "Ends it; what is shown stays.";
    cancel.why_not = [&state] { return state.sample.working() ? "" : "No sample is being taken."; };
    cancel.run = [&state] { state.sample.cancel(state); };
    ActionItem back;
    back.id = "routing_space.probe_sample";
    back.title = "Back to the probe sample";
    back.help = "Shows the run's snapshots again in place of the larger sample.";
    back.why_not = [&state] { return state.sample.shown() ? "" : "The probe sample is shown."; };
    back.run = [&state] { state.sample.put_away(state); };
    return {std::move(take), std::move(cancel), std::move(back)};
}

}  // namespace hopscope::app
