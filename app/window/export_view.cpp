#include "app/window/export_view.h"

#include <algorithm>
#include <imgui.h>
#include <map>
#include <utility>
#include <vector>

#include "app/widgets/fonts.h"
#include "app/widgets/format.h"
#include "app/widgets/widgets.h"
#include "app/window/shell.h"
#include "core/api/input.h"

namespace hopscope::app {
namespace {

constexpr float kCaption = 30, kPictureEdge = 12;  ///< unscaled pixels
constexpr int kFramesBeforeFront = 3;

/// `whose`: the panel in a refusal; `prefix`: what its names stand behind on the command line.
core::Status set_panel(Panel& panel, const PanelView& view, const std::string& whose,
                       const std::string& prefix) {
    const PanelView known = panel.saved_view();
    std::vector<std::string> names;
    for (const auto& [name, value] : known) names.push_back(prefix + name);
    for (const auto& [name, value] : view)
        if (!known.contains(name))
            return core::usage_error(
                "--view: found " + core::shown_path(prefix + name) + "; the panel " + whose +
                (names.empty() ? " has nothing to set" : " has " + core::joined(names)));
    if (!view.empty()) panel.restore_view(view);
    return {};
}

/// "… step 1,200 …", unlike "x step".
bool names_a_step(const std::string& text) {
    constexpr std::string_view kWord = "step ";
    for (size_t at = 0; (at = text.find(kWord, at)) != std::string::npos; at += kWord.size()) {
        const size_t next = at + kWord.size();
        if (next < text.size() && text[next] >= '0' && text[next] <= '9') return true;
    }
    return false;
}

class OnePanel final : public ExportView {
  public:
    OnePanel(AppState& state, const PanelEntry& entry)
        : state_(state), id_(entry.id), panel_(entry.make()) {}

    void begin(float scale, bool dark) override {
        state_.settings.dark = dark;
        state_.settings.animations = false;
        state_.pixel_scale = scale;
        std::vector<std::string> unused;  // a face that is missing is replaced, as in the window
        state_.fonts = load_fonts(state_.exe_dir, unused);
        apply_theme(state_.theme(), scale);
    }
    core::Status set(const PanelView& view) override { return set_panel(*panel_, view, id_, ""); }
    void measure() override {
        for (const ActionItem& item : panel_->actions(state_))
            if (item.measures && item.refusal().empty()) item.run();
    }
    bool has(std::string_view panel) const override { return panel == id_; }
    void draw() override {
        panel_->prepare(state_);
        const ImGuiViewport* view = ImGui::GetMainViewport();
        const float s = state_.pixel_scale;
        ImGui::SetNextWindowPos(view->Pos);
        ImGui::SetNextWindowSize(view->Size);
        ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding,
                            ImVec2(kPictureEdge * s, kPictureEdge * s));
        ImGui::Begin("export", nullptr,
                     ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove |
                         ImGuiWindowFlags_NoSavedSettings);
        ImGui::PopStyleVar();
        draw_caption();
        panel_->draw(state_);
        ImGui::End();
    }
    std::string csv() override { return panel_->numbers(state_); }
    std::string json() override { return panel_->json(state_, id_); }

  private:
    /// What it is, of which run and step: a picture alone must say so.
    void draw_caption() {
        const float s = state_.pixel_scale, top = ImGui::GetCursorPosY();
        ImGui::PushFont(state_.fonts.title, kTitleSize);
        ImGui::TextUnformatted(panel_->title());
        ImGui::PopFont();
        const std::string text = caption_of(state_, panel_->detail(state_));
        const float width = ImGui::CalcTextSize(text.c_str()).x;
        ImGui::SameLine(std::max(ImGui::GetItemRectSize().x + 24 * s,
                                 ImGui::GetContentRegionAvail().x - width));
        text_cut(state_, text, state_.theme().dim);
        ImGui::SetCursorPosY(top + kCaption * s);
    }

    AppState& state_;
    const std::string id_;
    std::unique_ptr<Panel> panel_;
};

/// Nothing is kept of it, and nothing is read that another window kept: the same call gives the
/// same picture for everybody.
class WholeWindow final : public ExportView {
  public:
    WholeWindow(AppState& state, Layout layout, std::vector<std::string> front)
        : state_(state), layout_(layout), front_(std::move(front)), shell_(state, "") {}

    void begin(float scale, bool dark) override {
        shell_.begin(scale);
        state_.settings.dark = dark;
        state_.settings.animations = false;
        shell_.workspace().set_layout(state_, layout_);
    }
    core::Status set(const PanelView& view) override {
        for (const std::string& panel : front_)
            if (!has(panel))
                return core::usage_error("--front: found " + core::in_quotes(panel) +
                                         "; this layout has " + core::joined(panels()));
        std::map<std::string, PanelView> by_panel;
        for (const auto& [name, value] : view) {
            const size_t dot = name.find('.');
            const std::string panel = name.substr(0, dot);
            if (dot == std::string::npos || !has(panel))
                return core::usage_error("--view: found " + core::in_quotes(name) +
                                         "; with --layout write PANEL.NAME=VALUE, of " +
                                         core::joined(panels()));
            by_panel[panel][name.substr(dot + 1)] = value;
        }
        const auto table = panel_table();
        for (size_t i = 0; i < table.size(); ++i)
            if (const auto found = by_panel.find(table[i].id); found != by_panel.end())
                if (auto done = set_panel(*shell_.workspace().panels()[i], found->second,
                                          found->first, found->first + ".");
                    !done)
                    return done;
        return {};
    }
    bool has(std::string_view panel) const override {
        return std::ranges::any_of(panel_table(), [&](const PanelEntry& entry) {
            return entry.id == panel && place_in(entry, layout_) != Place::none;
        });
    }
    void draw() override {
        // Once all stand where the layout has them, one a frame.
        if (++frames_ > kFramesBeforeFront && brought_ < front_.size())
            state_.show_panel = front_[brought_++];
        if (brought_ < front_.size()) state_.keep_drawing();
        shell_.frame();
    }

  private:
    std::vector<std::string> panels() const {
        std::vector<std::string> out;
        for (const PanelEntry& entry : panel_table())
            if (has(entry.id)) out.emplace_back(entry.id);
        return out;
    }

    AppState& state_;
    const Layout layout_;
    const std::vector<std::string> front_;
    size_t brought_ = 0;  ///< of them
    int frames_ = 0;
    Shell shell_;
};

}  // namespace

std::string caption_of(const AppState& state, const std::string& detail) {
    std::string text = state.status.run_name;
    if (state.status.synthetic) text += "   synthetic text";
    const int64_t step =
        state.geometry && !state.time.live() ? state.geometry->step : state.status.step;
    // Some panels name the step of what they show themselves.
    if (!names_a_step(detail)) text += "   step " + with_thousands(step);
    return detail.empty() ? text : text + "   " + detail;
}

std::unique_ptr<ExportView> one_panel(AppState& state, const PanelEntry& entry) {
    return std::make_unique<OnePanel>(state, entry);
}

std::unique_ptr<ExportView> whole_window(AppState& state, Layout layout,
                                         std::vector<std::string> front) {
    return std::make_unique<WholeWindow>(state, layout, std::move(front));
}

}  // namespace hopscope::app
