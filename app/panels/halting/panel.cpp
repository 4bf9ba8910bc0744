// The panel Halting: the threshold that acts on the prompt, the measured curve of quality, hops and
// time beside chance, and how deep the tokens of each class and of the prompt go.
#include "app/panels/panel.h"

#include <algorithm>
#include <cmath>
#include <imgui.h>
#include <misc/cpp/imgui_stdlib.h>

#include "app/panels/halting/classes.h"
#include "app/panels/halting/curve.h"
#include "app/panels/halting/question.h"
#include "app/panels/halting/threshold.h"
#include "app/panels/halting/view.h"
#include "app/panels/trajectory/cells.h"
#include "app/panels/trajectory/strip.h"
#include "app/widgets/depth_bars.h"
#include "app/widgets/export.h"
#include "app/widgets/format.h"
#include "app/widgets/marks.h"
#include "app/widgets/number.h"
#include "app/widgets/task_state.h"
#include "app/widgets/widgets.h"

namespace hopscope::app {
namespace {

class HaltingPanel final : public Panel {
  public:
    const char* title() const override { return "Halting"; }
    std::string detail(const AppState&) const override {
        return question_.answer() ? "measured at step " + with_thousands(question_.answer()->step)
                                  : std::string();
    }
    void prepare(AppState& state) override;
    void draw(AppState& state) override;
    /// The first line of the numbers says it.
    Origin origin(const AppState&) const override {
        const int64_t step = question_.answer() ? question_.answer()->step : -1;
        return {"", step, step};
    }
    std::string csv(AppState&) override {
        return question_.answer() ? csv_of(*question_.answer()) : std::string();
    }
    std::vector<ActionItem> actions(AppState& state) override;
    PanelView saved_view() const override {
        return {{"over", words_of(curve_.axis()).name}, {"thresholds", question_.thresholds}};
    }
    void restore_view(const PanelView& view) override;

  private:
    std::string why_not(const AppState& state) const;
    int marked(const AppState& state) const;
    void draw_call(AppState& state);
    void draw_exports(AppState& state);
    void draw_measured(AppState& state);
    void draw_row(AppState& state);
    void draw_curve(AppState& state, ImVec2 size);
    void draw_prompt(AppState& state);
    /// Whether there is one of which a hop could be left out.
    bool has_prompt(const AppState& state) const { return has_trace(state) && view_.hops > 1; }

    HaltingQuestion question_;
    HaltingCurve curve_;
    ClassTable classes_;
    TokenStrip strip_{TokenStrip::Colour::depth};
    uint64_t run_ = 0;         ///< AppState::runs_opened
    uint64_t seen_trace_ = 0;  ///< version from which the view of the prompt was made
    TraceView view_;
    ImVec2 curve_low_, curve_high_;  ///< where the curve was drawn last
};

void HaltingPanel::restore_view(const PanelView& view) {
    if (const auto text = view.find("thresholds"); text != view.end())
        question_.thresholds = text->second;
    if (const auto over = view.find("over"); over != view.end())
        for (const HaltingAxis axis : kHaltingAxes)
            if (over->second == words_of(axis).name) curve_.set_axis(axis);
}

std::string HaltingPanel::why_not(const AppState& state) const {
    return question_.working() ? "It is being measured." : question_.refusal(state);
}

std::vector<ActionItem> HaltingPanel::actions(AppState& state) {
    ActionItem measure;
    measure.id = "halting.measure";
    measure.title = "Measure the halting curve";
    measure.help = "Perplexity, hops and time over the threshold, beside a random control.";
    measure.measures = true;
    measure.why_not = [this, &state] { return why_not(state); };
    measure.run = [this, &state] { question_.start(state); };
    ActionItem off;
    off.id = "halting.off";
    off.title = "Switch halting off";
    off.help = "The prompt runs all hops again.";
    off.why_not = [&state] {
        return state.halt_position > 0 ? std::string() : std::string("Nothing is halted.");
    };
    off.run = [&state] {
        state.halt_position = 0;
        state.keep_drawing();
    };
    return {std::move(measure), std::move(off)};
}

void HaltingPanel::prepare(AppState& state) {
    question_.update(state);
    if (run_ != state.runs_opened) {  // each run counts its traces from one
        run_ = state.runs_opened;
        seen_trace_ = 0;
        view_ = {};
    }
    if (!has_trace(state) || state.trace->version == seen_trace_) return;
    seen_trace_ = state.trace->version;
    view_ = trace_view(*state.trace);
    state.update_places();
}

/// The row that stands for the slider; while that is off, the one in the middle.
int HaltingPanel::marked(const AppState& state) const {
    const core::HaltingTable& table = *question_.answer();
    const int near = nearest_row(table, epsilon_at(state.halt_position));
    return near >= 0 ? near : static_cast<int>(table.rows.size()) / 2;
}

void HaltingPanel::draw(AppState& state) {
    if (empty_without_run(state) || empty_for_imported(state)) return;
    draw_threshold(state);
    draw_call(state);
    if (question_.answer()) return draw_measured(state);
    if (!question_.working() && question_.problem().empty())
        note(state,
             "The curve will show what each threshold costs in perplexity and saves in hops and "
             "time, beside as many tokens halted at random, and how deep the tokens of each class "
             "go.");
    draw_prompt(state);
}

/// Thresholds, and the button that measures them.
void HaltingPanel::draw_call(AppState& state) {
    const float s = state.pixel_scale;
    const bool working = question_.working();
    const std::string why = why_not(state);
    if (working) {
        if (button(state, "Cancel", nullptr, "Ends the measurement; what was measured before stays",
                   72 * s))
            question_.cancel(state);
    } else if (button(state, "Measure", why.empty() ? nullptr : why.c_str(),
                      ("Measures each threshold at the newest checkpoint, beside the training.\n" +
                       question_.command(state))
                          .c_str(),
                      72 * s)) {
        question_.start(state);
    }
    ImGui::SameLine(0, 6 * s);
    ImGui::SetNextItemWidth(std::max(90 * s, ImGui::GetContentRegionAvail().x - 232 * s));
    ImGui::InputText("##thresholds", &question_.thresholds);
    tooltip("Thresholds to measure, separated by commas; that of the slider is added");
    ImGui::SameLine(0, 6 * s);
    ImGui::SetNextItemWidth(112 * s);
    by_name(state, "##over", "over\xE2\x80\xA6");
    curve_.draw_options();
    draw_exports(state);
    if (working) {
        progress_line(state, question_.task().progress);
        text_cut(state, in_words(question_.task()), state.theme().dim);
    }
    if (!question_.problem().empty()) problem_text(state, question_.problem());
}

void HaltingPanel::draw_exports(AppState& state) {
    const float s = state.pixel_scale;
    const char* none = question_.answer() ? nullptr : "Nothing is measured yet.";
    ImGui::SameLine(0, 6 * s);
    if (button(state, "CSV", none, "Writes the table and the classes into the folder of the run"))
        export_text(state, "halting.csv", numbers(state));
    ImGui::SameLine(0, 4 * s);
    if (button(state, "PNG", none, "Writes the picture of the curve into the folder of the run"))
        export_picture(state, "halting.png", curve_low_, curve_high_);
}

void HaltingPanel::draw_measured(AppState& state) {
    const float s = state.pixel_scale;
    const core::HaltingTable& table = *question_.answer();
    std::string of = "step " + with_thousands(table.step) + ", " + with_thousands(table.tokens) +
                     " validation tokens in " + std::to_string(table.batches) + " batches, timed " +
                     std::to_string(table.base.seconds.size()) + "\xC3\x97 on one thread";
    if (state.status.step > table.step)
        of += "; the run is at step " + with_thousands(state.status.step);
    text_cut(state, of, state.theme().dim);
    const ImVec2 room = ImGui::GetContentRegionAvail();
    if (room.x < 680 * s) {
        draw_curve(state, ImVec2(room.x, std::clamp(room.x * 0.7f, 240 * s, 460 * s)));
        draw_row(state);
        return draw_prompt(state);
    }
    const float left = room.x * 0.52f, below = has_prompt(state) ? 220 * s : 0;
    ImGui::BeginChild("left", ImVec2(left, std::max(room.y, 260 * s)));
    draw_curve(state, ImVec2(left, std::clamp(room.y - below, 240 * s, 560 * s)));
    draw_prompt(state);
    ImGui::EndChild();
    ImGui::SameLine(0, 16 * s);
    ImGui::BeginChild("right", ImVec2(0, std::max(room.y, 260 * s)));
    draw_row(state);
    ImGui::EndChild();
}

void HaltingPanel::draw_curve(AppState& state, ImVec2 size) {
    curve_low_ = ImGui::GetCursorScreenPos();
    curve_high_ = ImVec2(curve_low_.x + size.x, curve_low_.y + size.y);
    ImGui::BeginChild("curve", size, ImGuiChildFlags_None, ImGuiWindowFlags_NoScrollbar);
    curve_.draw(state, question_.answer(), marked(state), size.y);
    ImGui::EndChild();
}

/// Everything of the marked threshold: numbers, depths, classes.
void HaltingPanel::draw_row(AppState& state) {
    const float s = state.pixel_scale;
    const core::HaltingTable& table = *question_.answer();
    const core::HaltingRow& row = table.rows[static_cast<size_t>(marked(state))];
    const core::HaltingChance& chance = row.chance;
    heading(state, ("At \xCE\xB5 = " + significant(row.epsilon, 2)).c_str());
    const std::string n = with_thousands(table.tokens) + " tokens of validation";
    const std::string command =
        run_command(state, "halting", "--eps " + exact(row.epsilon) + " --json");
    const auto number = [&](const char* label, double value, const std::string& shown,
                            const char* definition) {
        return Number{.label = label,
                      .value = value,
                      .shown = shown,
                      .definition = definition,
                      .n = table.tokens,
                      .over = "tokens of validation",
                      .step = table.step,
                      .command = command};
    };
    value_row(state, number("perplexity", std::exp(row.loss),
                            significant(std::exp(table.base.loss), 4) + " \xE2\x86\x92 " +
                                significant(std::exp(row.loss), 4),
                            "Without halting \xE2\x86\x92 halted; the value is the halted one"));
    Number loss = number("loss, nats", chance.difference,
                         with_sign(chance.difference, 3) + " [" + with_sign(chance.low, 3) + ", " +
                             with_sign(chance.high, 3) + "]",
                         "Halted \xE2\x88\x92 base with the 95 % interval of a paired bootstrap");
    loss.low = chance.low;
    loss.high = chance.high;
    loss.n = chance.sequences;
    loss.over = "sequences";
    value_row(state, loss);
    Number control =
        number("random control, nats", chance.control_loss - table.base.loss,
               with_sign(chance.control_loss - table.base.loss, 3) + " \xC2\xB1 " +
                   significant(chance.control_std, 2),
               "Loss \xE2\x88\x92 base when as many (token, layer) pairs of each depth "
               "are halted, drawn at random; mean \xC2\xB1 standard deviation");
    control.n = chance.draws;
    control.over = "draws";
    value_row(state, control);
    value_row(
        state,
        number("mean hops, saved", row.mean_hops,
               rounded(row.mean_hops, 2) + ", " + percent(row.saving, 1),
               "Executed hops a (token, layer) pair; 1 \xE2\x88\x92 executed / possible hops"));
    depth_bars(state, row.depths, 30 * s,
               "Depth of the (token, layer) pairs at this threshold; " + n);
    if (row.classes.empty()) return;
    heading(state, "Depth by class");
    int64_t most = std::max<int64_t>(1, std::ssize(row.depths));
    classes_.draw(state, row, command, table.step, most,
                  std::clamp(ImGui::GetContentRegionAvail().y - 4 * s, 150 * s, 420 * s));
}

void HaltingPanel::draw_prompt(AppState& state) {
    if (!has_prompt(state)) return;
    heading(state, "This prompt");
    strip_.draw(state, view_);
    const TokenDepths& depths = strip_.depths();
    const int64_t layer = strip_.depth_layer();
    std::vector<ImU32> colors;
    for (int32_t d = 1; d <= depths.most; ++d)
        colors.push_back(
            viz::packed(depth_color(static_cast<float>(d), depths.most, state.theme().dark)));
    depth_bars(state, depths.histogram(layer), 30 * state.pixel_scale,
               "Tokens of this prompt by the hops that they ran in " +
                   (layer < 0 ? "each layer" : "layer " + std::to_string(layer)) + ", mean " +
                   rounded(static_cast<double>(depths.mean(layer)), 2) +
                   ", n = " + with_thousands(depths.tokens) + " tokens",
               colors);
}

}  // namespace

std::unique_ptr<Panel> make_halting_panel() {
    return std::make_unique<HaltingPanel>();
}

}  // namespace hopscope::app
