// The run panel: state, speed, controls, live settings, freezes and what became of each command.
#include "app/panels/panel.h"

#include <algorithm>
#include <cmath>
#include <imgui.h>
#include <initializer_list>
#include <utility>

#include "app/panels/run/cost.h"
#include "app/panels/run/csv.h"
#include "app/panels/run/fork_controls.h"
#include "app/panels/run/live_settings.h"
#include "app/panels/run/rules.h"
#include "app/panels/run/view.h"
#include "app/state/actions.h"
#include "app/widgets/format.h"
#include "app/widgets/number.h"
#include "app/widgets/widgets.h"
#include "core/api/cautions.h"
#include "core/api/freeze_parts.h"

namespace hopscope::app {
namespace {

constexpr int kRateOver = 20;  ///< updates averaged for tokens each second
constexpr size_t kCommandsShown = 60;
constexpr const char* kSeveralSteps = "several steps";

/// A row of buttons of one width, broken into as many rows as its longest label needs.
class ButtonRow {
  public:
    ButtonRow(std::initializer_list<const char*> labels, float gap) {
        const float room = ImGui::GetContentRegionAvail().x;
        float widest = 0;
        for (const char* label : labels) widest = std::max(widest, ImGui::CalcTextSize(label).x);
        widest += 2 * ImGui::GetStyle().FramePadding.x;
        const auto width = [&](size_t columns) {
            return std::floor((room - gap * static_cast<float>(columns - 1)) /
                              static_cast<float>(columns));
        };
        columns_ = labels.size();
        while (columns_ > 1 && width(columns_) < widest) columns_ = (columns_ + 1) / 2;
        width_ = width(columns_);
    }
    /// Before each button: its place. → its width
    float next() {
        if (at_++ % columns_ != 0) ImGui::SameLine();
        return width_;
    }

  private:
    size_t columns_ = 1, at_ = 0;
    float width_ = 0;
};

class RunPanel final : public Panel {
  public:
    const char* title() const override { return "Run"; }
    void prepare(AppState& state) override;
    void draw(AppState& state) override;
    /// The first line of the numbers says it, and more.
    Origin origin(const AppState& state) const override {
        return {"", state.status.step, state.status.step};
    }
    std::string csv(AppState& state) override {
        return run_csv(state, tokens_per_s_, left_, split_);
    }
    PanelView saved_view() const override { return rules_; }
    void restore_view(const PanelView& view) override { restored_ = view; }
    void forget_restored() override { restored_.clear(); }

  private:
    void draw_imported(AppState& state);
    void draw_controls(AppState& state);
    void draw_several_steps(AppState& state);
    void draw_numbers(AppState& state);
    void draw_values(const AppState& state) const;
    static void draw_reason(const AppState& state);
    void draw_choice_of_run(AppState& state);
    void draw_followed(AppState& state);
    void draw_activity(AppState& state);
    void draw_freezes(AppState& state);
    void draw_commands(AppState& state);

    ForkControls fork_;
    double tokens_per_s_ = 0, left_ = 0, perplexity_ = 0;
    TimeSplit split_;
    PanelView rules_, restored_;  ///< as they are; as they are to be
    SettingsEditor settings_;
    int64_t several_ = 10;  ///< updates that "Step" makes when asked for several
};

void RunPanel::prepare(AppState& state) {
    if (!restored_.empty()) app::restore(std::exchange(restored_, {}), state.rules);
    rules_ = kept_rules(state.rules);
    const History& history = state.history;
    tokens_per_s_ = history.recent_tokens_per_s(kRateOver);
    perplexity_ = history.valid_loss.empty()
                      ? std::exp(static_cast<double>(state.status.valid_loss))
                      : std::exp(history.valid_loss.back());
    split_ = state.session
                 ? time_split(history, kRateOver, tokens_per_step(state.session->config()))
                 : TimeSplit();
    left_ = state.session ? time_left(state.status.step, state.status.steps, tokens_per_s_,
                                      tokens_per_step(state.session->config()))
                          : std::nan("");
}

void RunPanel::draw(AppState& state) {
    if (empty_without_run(state)) return;
    draw_controls(state);
    if (state.is_imported()) return draw_imported(state);
    draw_numbers(state);
    draw_activity(state);
    fork_.draw_numbers(state);
    settings_.draw(state);
    draw_freezes(state);
    draw_rules(state);
    draw_cost(state, split_);
    draw_commands(state);
}

/// Nothing of it is trained here, so there are no numbers of a training and no settings.
void RunPanel::draw_imported(AppState& state) {
    heading(state, state.status.run_name.c_str());
    text_cut(state, "imported model, only looked at", state.theme().amber_text);
    tooltip(state.status.followed);
    text_cut(state, state.status.source, state.theme().dim);
    draw_activity(state);
    if (!state.imported) return;
    value_row(state, "family", state.imported->family);
    value_row(state, "routers", with_thousands(std::ssize(state.imported->routers)));
    value_row(state, "traces", with_thousands(std::ssize(state.imported->traces)));
    if (!state.imported->problem.empty()) problem_text(state, state.imported->problem);
    draw_commands(state);
}

void RunPanel::draw_controls(AppState& state) {
    const float gap = 6 * state.pixel_scale;
    const core::RunState present = state.status.state;
    ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(gap, gap));
    ImGui::PushStyleVar(ImGuiStyleVar_FramePadding,
                        ImVec2(2 * state.pixel_scale, 5 * state.pixel_scale));
    ButtonRow course({"Run", "Pause", "Step", "Stop"}, gap);
    action_button(state, command_action(state, core::CommandKind::resume), "Run", course.next(),
                  present == core::RunState::running);
    action_button(state, command_action(state, core::CommandKind::pause), "Pause", course.next(),
                  present == core::RunState::paused);
    ActionItem step = command_action(state, core::CommandKind::step);
    step.help += " Right click: several.";
    action_button(state, step, "Step", course.next());
    if (ImGui::IsItemHovered(ImGuiHoveredFlags_AllowWhenDisabled) &&
        ImGui::IsMouseReleased(ImGuiMouseButton_Right))
        ImGui::OpenPopup(kSeveralSteps);
    draw_several_steps(state);
    action_button(state, command_action(state, core::CommandKind::stop), "Stop", course.next());
    ButtonRow more({"Checkpoint", "Evaluate", "Fork\xE2\x80\xA6"}, gap);
    action_button(state, command_action(state, core::CommandKind::checkpoint), "Checkpoint",
                  more.next());
    action_button(state, command_action(state, core::CommandKind::evaluate), "Evaluate",
                  more.next());
    fork_.draw_button(state, more.next());
    ImGui::PopStyleVar(2);
}

/// So many updates, then it pauses again.
void RunPanel::draw_several_steps(AppState& state) {
    if (!ImGui::BeginPopup(kSeveralSteps)) return;
    const float s = state.pixel_scale;
    const char* no = refusal(state, core::Action::step);
    const auto make = [&](int64_t count) {
        core::Command several{core::CommandKind::step, {{"count", count}}};
        if (const auto checked = core::check_command(several); !checked)
            return state.say(checked.error().message, true);
        state.submit(several);
        ImGui::CloseCurrentPopup();
    };
    ImGui::TextColored(state.theme().dim, "Updates, then pause");
    for (const int64_t count : {int64_t{10}, int64_t{100}, int64_t{1000}}) {
        if (count > 10) ImGui::SameLine(0, 4 * s);
        if (button(state, with_thousands(count).c_str(), no, nullptr, 56 * s)) make(count);
    }
    ImGui::SetNextItemWidth(84 * s);
    ImGui::InputScalar("##count", ImGuiDataType_S64, &several_);
    several_ = std::max<int64_t>(several_, 1);
    ImGui::SameLine(0, 4 * s);
    if (button(state, "Make these steps", no, nullptr)) make(several_);
    ImGui::EndPopup();
}

void RunPanel::draw_numbers(AppState& state) {
    const Theme& theme = state.theme();
    const core::RunStatus& status = state.status;
    ImGui::Dummy(ImVec2(0, 2 * state.pixel_scale));
    ImGui::PushFont(state.fonts.title, kTextSize - 1);
    text_cut(state, status.run_name.empty() ? "unnamed run" : status.run_name, theme.text);
    ImGui::PopFont();
    if (!status.run_dir.empty()) tooltip(status.run_dir);
    draw_choice_of_run(state);
    draw_followed(state);
    if (status.synthetic)
        text_cut(state, "synthetic text", theme.amber_text);
    else if (!status.source.empty())
        text_cut(state, status.source, theme.dim);

    draw_values(state);
    ImGui::Dummy(ImVec2(0, 2 * state.pixel_scale));
    if (status.steps > 0)
        progress_line(state, static_cast<double>(status.step) / static_cast<double>(status.steps));
    draw_reason(state);
    draw_findings(state);
}

void RunPanel::draw_values(const AppState& state) const {
    const core::RunStatus& status = state.status;
    const std::string info = run_command(state, "info", "--json");
    const auto& evaluated = state.history.valid_step;
    const auto& seconds = state.history.seconds;
    const auto time = [](double value) {
        return std::isfinite(value) ? duration(value) : std::string(kNothing);
    };
    const double trained = seconds.empty() ? core::kNaN : seconds.back();
    const double left = core::is_final(status.state) ? core::kNaN : left_;
    value_row(state, {.label = "step",
                      .value = static_cast<double>(status.step),
                      .shown = with_thousands(status.step) +
                               (status.steps > 0 ? " of " + with_thousands(status.steps) : ""),
                      .definition = "Updates done, of those configured",
                      .command = info});
    value_row(state,
              {.label = "tokens each second",
               .value = tokens_per_s_,
               .shown = rounded(tokens_per_s_, 0),
               .definition = "Mean over the last 20 updates, waiting and evaluation left out",
               .no_command = kLiveNumber});
    value_row(state, {.label = "validation perplexity",
                      .value = perplexity_,
                      .shown = significant(perplexity_, 3),
                      .definition = "exp of the mean loss a token, over the validation batches of "
                                    "the last evaluation",
                      .step = evaluated.empty() ? -1 : static_cast<int64_t>(evaluated.back()),
                      .command = run_command(state, "eval", "--json")});
    value_row(state, {.label = "trained for",
                      .value = trained,
                      .shown = time(trained),
                      .definition = "Time spent on updates since the run's begin; pauses and "
                                    "evaluations left out. The value is in seconds",
                      .command = info});
    const double open = state.still ? core::kNaN : state.now - state.opened_at;
    value_row(state, {.label = "open for",
                      .value = open,
                      .shown = time(open),
                      .definition = "Since it was opened in this window, pauses included. The "
                                    "value is in seconds",
                      .no_command = kLiveNumber});
    value_row(state, {.label = "time left",
                      .value = left,
                      .shown = time(left),
                      .definition = "At the present speed. The value is in seconds",
                      .no_command = kLiveNumber});
}

/// Why it failed, or paused without being asked; what was found when it was opened.
void RunPanel::draw_reason(const AppState& state) {
    const core::RunStatus& status = state.status;
    const Theme& theme = state.theme();
    const bool failed = status.state == core::RunState::failed;
    ImGui::PushTextWrapPos(0.0f);
    if (failed || (status.state == core::RunState::paused && !status.reason.empty()))
        ImGui::TextColored(failed ? theme.red_text : theme.amber_text, "%s", status.reason.c_str());
    for (const std::string& found : status.notes)
        ImGui::TextColored(theme.amber_text, "%s", found.c_str());
    const std::string caution =
        core::router_without_task_gradient(present_config(state.session->config(), state.answers));
    if (!caution.empty()) ImGui::TextColored(theme.amber_text, "%s", caution.c_str());
    ImGui::PopTextWrapPos();
}

/// With several runs given: which of them is inspected.
void RunPanel::draw_choice_of_run(AppState& state) {
    if (state.watched.size() < 2) return;
    ImGui::SetNextItemWidth(-1);
    by_name(state, "##inspected", "inspect another run\xE2\x80\xA6");
    if (!ImGui::BeginCombo("##inspected", "inspect another run")) return;
    for (const auto& other : state.watched) {
        const bool chosen = state.inspects(other.run);
        const std::string text = other.run.name + ", " +
                                 (other.run.being_written ? "being written, " : "") + "step " +
                                 with_thousands(other.run.step) + "###" + other.run.dir;
        if (ImGui::Selectable(text.c_str(), chosen) && !chosen) state.open_next = other.run.dir;
        tooltip(other.run.dir);
    }
    ImGui::EndCombo();
}

void RunPanel::draw_followed(AppState& state) {
    const core::RunStatus& status = state.status;
    if (status.followed.empty()) return;
    if (status.read_only) {
        text_cut(state, "an example, only looked at", state.theme().amber_text);
        tooltip(status.followed);
        if (button(state, "Train a copy", nullptr,
                   "Copies the run into runs/ and opens the copy, so that it can go on there"))
            state.copy_next = status.run_dir;
        return;
    }
    if (!status.writer_left) {
        text_cut(state, "written by another process: following", state.theme().amber_text);
        tooltip(status.followed);
        return;
    }
    if (state.still) return;  // a window that stays would have opened it as its own
    text_cut(state, "its process has ended", state.theme().amber_text);
    tooltip(status.followed);
    if (button(state, "Open again", nullptr, "Opens the run so that it can go on here"))
        state.open_next = status.run_dir;
}

/// Always of the same height: what stands below must not move while it is aimed at.
void RunPanel::draw_activity(AppState& state) {
    text_cut(state, activity_line(state.status, state.session->config()), state.theme().dim);
    if (state.status.activity.empty())
        ImGui::Dummy(ImVec2(0, kProgressHeight * state.pixel_scale));
    else
        progress_line(state, state.status.progress);
}

void RunPanel::draw_freezes(AppState& state) {
    heading(state, "Freeze");
    const char* why = refusal(state, core::Action::change);
    for (const core::FreezeTraits& traits : core::kFreezeParts) {
        if (traits.label[0] == 0) continue;
        const FreezeState present = freeze_state(state.status, state.answers, traits.part);
        bool frozen = present.frozen;
        ImGui::BeginDisabled(why != nullptr);
        by_name(state, traits.label, std::string("freeze ") + traits.label, traits.help,
                why ? why : "");
        const bool changed = ImGui::Checkbox(traits.label, &frozen);
        ImGui::EndDisabled();
        tooltip(why ? why : traits.help);
        if (present.pending) {
            ImGui::SameLine();
            ImGui::TextColored(state.theme().amber_text, "pending");
        }
        if (changed) state.submit(core::freeze_command(traits.part, frozen));
    }
}

void RunPanel::draw_commands(AppState& state) {
    const Theme& theme = state.theme();
    heading(state, "Commands");
    if (state.answers.empty()) {
        note(state, "What you change appears here, with the step at which it took effect.");
        return;
    }
    size_t shown = 0;
    for (auto answer = state.answers.rbegin();
         answer != state.answers.rend() && shown < kCommandsShown; ++answer, ++shown) {
        const std::string words = in_words(answer->command);
        switch (answer->state) {
            case core::AnswerState::pending:
                ImGui::TextColored(theme.amber_text, "pending");
                ImGui::SameLine();
                text_cut(state, words, theme.text);
                break;
            case core::AnswerState::applied:
                text_cut(state, "step " + with_thousands(answer->step) + "  " + words, theme.dim);
                break;
            case core::AnswerState::refused:
                ImGui::TextColored(theme.red_text, "refused");
                ImGui::SameLine();
                text_cut(state, words, theme.text);
                tooltip(answer->reason);
                break;
        }
    }
}

}  // namespace

std::unique_ptr<Panel> make_run_panel() {
    return std::make_unique<RunPanel>();
}

}  // namespace hopscope::app
