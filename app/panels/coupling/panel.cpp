// The panel of router–expert coupling: what is recorded of it while the run trains, the analysis
// "coupling" of the newest checkpoint beside chance and beside another run, and how evenly experts
// are used by method of balance.
#include "app/panels/panel.h"

#include <imgui.h>

#include "app/panels/coupling/activation.h"
#include "app/panels/coupling/alignment.h"
#include "app/panels/coupling/balance.h"
#include "app/panels/coupling/experts.h"
#include "app/panels/coupling/gradients.h"
#include "app/panels/coupling/live.h"
#include "app/panels/coupling/numbers.h"
#include "app/panels/coupling/source.h"
#include "app/widgets/export.h"
#include "app/widgets/format.h"
#include "app/widgets/task_state.h"
#include "app/widgets/widgets.h"

namespace hopscope::app {
namespace {

class CouplingPanel final : public Panel {
  public:
    const char* title() const override { return "Coupling"; }
    std::string detail(const AppState&) const override {
        return source_.shown() && !imported_ ? "step " + with_thousands(source_.shown()->step)
                                             : std::string();
    }
    void prepare(AppState& state) override {
        imported_ = state.is_imported();
        source_.update(state);
        if (!state.session) return;
        if (measure_when_read_ && !source_.reading()) measure(state);
        live_.make(state);
        if (state.compared.entries().size() > 1) state.comparison.want(state);
        balance_ = balance_rows(state);
    }
    void draw(AppState& state) override;
    Origin origin(const AppState& state) const override {
        const int64_t step = source_.shown() ? source_.shown()->step : -1;
        return step < 0 ? Panel::origin(state) : origin_of(state, step, step);
    }
    std::string csv(AppState&) override {
        return source_.shown() ? csv_of(*source_.shown()) : std::string();
    }
    std::vector<ActionItem> actions(AppState& state) override;
    PanelView saved_view() const override {
        return {{"layers", one_layer_ ? "selected" : "all"}, {"live", row_of(live_.stat()).name}};
    }
    void restore_view(const PanelView& view) override {
        one_layer_ = view.contains("layers") && view.at("layers") == "selected";
        for (const RoutingStatRow& row : routing_stats())
            if (view.contains("live") && view.at("live") == row.name) live_.choose(row.stat);
    }

  private:
    void measure(AppState& state);
    void draw_tools(AppState& state);
    void draw_layer(AppState& state);
    void draw_beside(AppState& state);
    void draw_measured(AppState& state);

    CouplingSource source_;
    LiveCoupling live_;
    std::vector<BalanceRow> balance_;
    bool one_layer_ = false;  ///< the selected one; else all
    bool wants_picture_ = false;
    bool imported_ = false;           ///< a model whose experts were measured as it was imported
    bool measure_when_read_ = false;  ///< asked for while the panel was not seen
};

std::vector<ActionItem> CouplingPanel::actions(AppState& state) {
    ActionItem measure;
    measure.id = "coupling.analyze";
    measure.title = "Measure coupling";
    measure.help =
        "Measures whether routers learn the geometry of their experts, on the newest checkpoint.";
    measure.why_not = [this, &state] { return source_.refusal_unseen(state); };
    measure.run = [this, &state] {
        state.show_panel = "coupling";
        measure_when_read_ = true;
    };
    return {std::move(measure)};
}

/// Of an imported model without measured experts: says so in place of everything.
bool empty_without_experts(const AppState& state) {
    if (!state.is_imported()) return false;
    const std::string why = state.lacks(core::Need::reading_experts);
    if (why.empty()) return false;
    empty_state(state, "No experts were read", why.c_str());
    return true;
}

void CouplingPanel::measure(AppState& state) {
    measure_when_read_ = false;
    if (const std::string why = source_.refusal(state); why.empty())
        source_.measure(state);
    else
        state.say("coupling: " + why, true);
}

void CouplingPanel::draw(AppState& state) {
    if (empty_without_run(state) || empty_without_experts(state)) return;
    const ImVec2 low = ImGui::GetWindowPos(), size = ImGui::GetWindowSize();
    draw_tools(state);
    if (source_.task()) draw_task_state(state, *source_.task());
    if (const std::string problem = source_.problem(); !problem.empty())
        problem_text(state, problem);
    if (source_.shown())
        draw_measured(state);
    else if (!source_.working())
        note(state,
             source_.reading() && !state.status.run_dir.empty() ? "Reading\xE2\x80\xA6"
             : imported_
                 ? "Of what was read of the experts: where router rows point, beside chance."
                 : "Measured on the newest checkpoint, beside the training: where router rows "
                   "point, whether scores foretell activations, and whether gradients push "
                   "both the same way, each beside chance.");
    // Of a training and its updates, which an import has not.
    if (!imported_) {
        live_.draw(state);
        draw_balance(state, balance_);
    }
    if (wants_picture_)
        export_picture(state, "coupling.png", low, ImVec2(low.x + size.x, low.y + size.y));
}

void CouplingPanel::draw_tools(AppState& state) {
    const float s = state.pixel_scale;
    const std::string why = source_.refusal(state);
    if (source_.working()) {
        if (button(state, "Cancel", nullptr, "Ends the measurement at its next batch"))
            source_.cancel(state);
    } else if (button(
                   state, source_.shown() ? "Measure again" : "Measure coupling",
                   why.empty() ? nullptr : why.c_str(),
                   "Runs the analysis \"coupling\" on the newest checkpoint, beside the training",
                   0, !source_.shown() && why.empty())) {
        measure(state);
    }
    if (!source_.shown() && !why.empty()) note(state, why);
    if (source_.shown()) {
        ImGui::SameLine(0, 12 * s);
        draw_layer(state);
        flow(170 * s, 12 * s);
        draw_beside(state);
    }
    const char* none = source_.shown() ? nullptr : "Nothing is measured yet.";
    flow(80 * s, 12 * s);
    if (button(state, "CSV", none, "Writes the numbers into the run's folder"))
        export_text(state, "coupling.csv", numbers(state));
    ImGui::SameLine(0, 4 * s);
    wants_picture_ = button(state, "PNG", nullptr, "Writes what is seen into the run's folder");
}

void CouplingPanel::draw_layer(AppState& state) {
    const auto layers = std::ssize(source_.shown()->layers);
    const auto words = [&](int64_t l) { return l < 0 ? layer_words(l) : state.layer_name(l); };
    const std::string present = words(one_layer_ ? state.selection.layer : -1);
    ImGui::SetNextItemWidth(104 * state.pixel_scale);
    by_name(state, "##layer", "layer\xE2\x80\xA6");
    if (!ImGui::BeginCombo("##layer", present.c_str())) return;
    if (ImGui::Selectable(layer_words(-1).c_str(), !one_layer_)) one_layer_ = false;
    for (int64_t l = 0; l < layers; ++l) {
        const bool chosen = one_layer_ && l == state.selection.layer;
        if (!ImGui::Selectable(words(l).c_str(), chosen)) continue;
        one_layer_ = true;
        if (l != state.selection.layer) state.selection.set_layer(l);
    }
    ImGui::EndCombo();
}

void CouplingPanel::draw_beside(AppState& state) {
    const float s = state.pixel_scale;
    ImGui::AlignTextToFramePadding();
    ImGui::TextColored(state.theme().dim, "beside");
    ImGui::SameLine(0, 6 * s);
    ImGui::SetNextItemWidth(120 * s);
    const std::string& name = source_.beside_name();
    by_name(state, "##beside", "beside\xE2\x80\xA6");
    if (ImGui::BeginCombo("##beside", name.empty() ? "none" : name.c_str())) {
        if (ImGui::Selectable("none", name.empty())) source_.hold_against("");
        for (const CouplingSource::Choice& choice : source_.choices())
            if (ImGui::Selectable(choice.name.c_str(), choice.dir == source_.held_against()))
                source_.hold_against(choice.dir);
        if (source_.choices().empty())
            note(state, "No run beside this one is measured: open it and measure it there.");
        ImGui::EndCombo();
    } else {
        tooltip(
            "Another run that is measured, or an earlier step of this one: its numbers stand "
            "in grey below each of this run's");
    }
}

void CouplingPanel::draw_measured(AppState& state) {
    const Coupling& own = *source_.shown();
    CouplingSides sides = {own, source_.beside().get(), source_.beside_name(),
                           one_layer_ ? state.selection.layer : -1};
    note(state, (imported_ ? "" : "Step " + with_thousands(own.step) + ", ") +
                    with_thousands(own.n) + " experts, seed " + std::to_string(own.seed) +
                    "; brackets are 95 % intervals.");
    tooltip(own.definition);
    if (const int64_t layer = draw_alignment(state, sides); layer >= 0) {
        one_layer_ = true;
        if (layer != state.selection.layer) state.selection.set_layer(layer);
    }
    if (imported_) return;  // the rest is of passes that an import has not
    draw_activation(state, sides);
    draw_gradients(state, sides);
    draw_coupled_experts(state, sides);
}

}  // namespace

std::unique_ptr<Panel> make_coupling_panel() {
    return std::make_unique<CouplingPanel>();
}

}  // namespace hopscope::app
