// The panel of the model: what the configuration builds, as a diagram in which a block and its hops
// are open, and of the part that is chosen its tensors, size, cost and gradient.
#include "app/panels/panel.h"

#include <algorithm>
#include <cmath>
#include <imgui.h>
#include <optional>

#include "app/panels/model/card.h"
#include "app/panels/model/diagram.h"
#include "app/panels/model/imported.h"
#include "app/panels/model/view.h"
#include "app/widgets/export.h"
#include "app/widgets/format.h"
#include "app/widgets/widgets.h"

namespace hopscope::app {
namespace {

constexpr float kBeside = 860;  ///< unscaled pixels from which the card stands beside the diagram

class ModelPanel final : public Panel {
  public:
    const char* title() const override { return "Model"; }
    std::string detail(const AppState&) const override {
        if (!sheet_) return {};
        return "block " + std::to_string(diagram_.layer) + " of " +
               std::to_string(diagram_.layers) + " opened";
    }
    void prepare(AppState& state) override;
    void draw(AppState& state) override;
    std::string csv(AppState& state) override {
        if (state.is_imported()) return imported_csv(state);
        return sheet_ ? csv_of(*config_, *sheet_, state.history) : std::string();
    }
    PanelView saved_view() const override { return {{"part", chosen_}}; }
    void restore_view(const PanelView& view) override {
        const auto part = view.find("part");
        chosen_ = part == view.end() ? std::string() : part->second;
    }

  private:
    void draw_figures(AppState& state);
    void draw_picture(AppState& state, float width);
    void draw_below(AppState& state);

    std::optional<core::Config> config_;  ///< that the sheet is of, or is asked for
    std::optional<core::ModelSheet> sheet_;
    Pending<core::ModelSheet> counting_;
    ModelDiagram diagram_;
    std::string chosen_;  ///< id of the part that is looked at; "": the whole model
    ImVec2 low_, high_;   ///< corners of the picture
    bool wants_picture_ = false;
};

void ModelPanel::prepare(AppState& state) {
    if (!state.session || state.is_imported()) {
        config_.reset();
        sheet_.reset();
        return;
    }
    const core::Config& config = state.session->config();
    if (!config_ || *config_ != config) {
        config_ = config;
        sheet_.reset();
        if (state.services.model_sheet)
            counting_ =
                state.aside([count = state.services.model_sheet, config] { return count(config); });
    }
    if (auto sheet = counting_.take()) {
        sheet_ = std::move(*sheet);
        diagram_ = {};
    }
    if (sheet_ && (diagram_.parts.empty() || diagram_.layer != state.selection.layer))
        diagram_ = diagram_of(*config_, *sheet_, state.selection.layer);
}

void ModelPanel::draw(AppState& state) {
    if (empty_without_run(state)) return;
    if (state.is_imported()) return draw_imported_model(state);
    if (!sheet_) {
        if (counting_.waits())
            empty_state(state, "Counting", "Parameters and operations, from the configuration.");
        else
            empty_state(state, "No diagram", "This window has no laboratory behind it.");
        return;
    }
    draw_figures(state);
    if (const std::string why = state.lacks(core::Need::model); !why.empty()) note(state, why);
    const float s = state.pixel_scale, room = ImGui::GetContentRegionAvail().x;
    if (room < kBeside * s) {
        draw_picture(state, room);
        draw_below(state);
        return;
    }
    const float left = std::floor(std::min(room * 0.62f, 900 * s));
    draw_picture(state, left);
    ImGui::SameLine(0, 20 * s);
    ImGui::BeginChild("card", ImVec2(0, 0));
    draw_below(state);
    ImGui::EndChild();
}

/// The model in three numbers, and what can be taken along.
void ModelPanel::draw_figures(AppState& state) {
    const core::ModelCounts& counts = sheet_->counts;
    const float s = state.pixel_scale;
    const auto figure = [&](const std::string& number, const char* what, const std::string& why) {
        ImGui::BeginGroup();
        ImGui::AlignTextToFramePadding();
        ImGui::PushFont(state.fonts.mono, kMonoSize);
        ImGui::TextUnformatted(number.c_str());
        ImGui::PopFont();
        ImGui::SameLine(0, 5 * s);
        ImGui::TextColored(state.theme().dim, "%s", what);
        ImGui::EndGroup();
        tooltip(why);
    };
    const float tools =
        ImGui::CalcTextSize("CSVPNG").x + 4 * ImGui::GetStyle().FramePadding.x + 12 * s;
    const float right = ImGui::GetCursorPosX() + ImGui::GetContentRegionAvail().x - tools;
    figure(in_units(static_cast<double>(counts.parameters.total)), "parameters",
           with_thousands(counts.parameters.total) + ", of which " + with_thousands(counts.active) +
               " work on one token");
    const auto& f = counts.flops;
    flow(110 * s, 16 * s);
    figure(in_units(f.total), "FLOPs a token",
           "A forward pass: experts " + in_units(f.experts) + ", routing " + in_units(f.routing) +
               ", attention " + in_units(f.attention) + ", dense " + in_units(f.dense) + ", head " +
               in_units(f.head));
    const auto& m = counts.memory;
    flow(150 * s, 16 * s);
    figure(bytes(m.total), "in training",
           "Weights " + bytes(m.weights) + ", gradients " + bytes(m.gradients) + ", optimizer " +
               bytes(m.optimizer) + ", activations of a micro-batch about " + bytes(m.activations));
    ImGui::SameLine();
    if (ImGui::GetCursorPosX() > right) ImGui::NewLine();
    ImGui::SetCursorPosX(std::max(ImGui::GetCursorStartPos().x, right));
    if (button(state, "CSV", nullptr, "Writes every part of every layer into the run's folder"))
        export_text(state, "model.csv", numbers(state));
    ImGui::SameLine(0, 4 * s);
    wants_picture_ = button(state, "PNG", nullptr, "Writes the diagram into the run's folder");
}

void ModelPanel::draw_picture(AppState& state, float width) {
    DiagramLook look;
    look.chosen = chosen_;
    look.all_parameters = std::max<int64_t>(1, sheet_->counts.parameters.total);
    if (state.trace) look.norms = norms_of(*state.trace);
    low_ = ImGui::GetCursorScreenPos();
    ImGui::BeginGroup();
    const auto pressed = draw_diagram(state, diagram_, look, width);
    ImGui::EndGroup();
    high_ = ImVec2(low_.x + width, ImGui::GetItemRectMax().y);
    if (wants_picture_) export_picture(state, "model.png", low_, high_);
    if (!pressed) return;
    const ModelPart& part = diagram_.parts[*pressed];
    const bool again = part.id == chosen_ && (part.layer < 0 || part.layer == diagram_.layer);
    chosen_ = again ? std::string() : part.id;
    if (part.layer >= 0 && part.layer != state.selection.layer)
        state.selection.set_layer(part.layer);
}

void ModelPanel::draw_below(AppState& state) {
    const ModelPart* part = diagram_.find(chosen_, diagram_.layer);
    if (!part) return draw_whole_model(state, sheet_->counts);
    if (draw_part(state, *part, *sheet_)) chosen_.clear();
}

}  // namespace

std::unique_ptr<Panel> make_model_panel() {
    return std::make_unique<ModelPanel>();
}

}  // namespace hopscope::app
