// The trajectory panel: a prompt, its tokens with one cell a layer and hop, the experts of the
// selected token, all tokens as a matrix, the next-token bars and what early halting does to them.
// Window thread only, owned by the shell.
#pragma once

#include <imgui.h>
#include <memory>
#include <string>

#include "app/panels/trajectory_model.h"
#include "app/window/panel.h"

namespace hopscope::app {

class TrajectoryPanel : public Panel {
  public:
    const char* title() const override { return "Trajectory"; }
    std::string detail(const AppState& state) const override;
    void prepare(AppState& state) override;
    void draw(AppState& state) override;

    /// Interventions that hold for the prompt, as they are sent with it: those of this panel, then
    /// the stack of the intervene panel.
    std::vector<core::Command> interventions(const AppState& state) const;
    /// Selected position, the last token where none is selected; −1 without a trace.
    int64_t shown_token(const AppState& state) const;

  private:
    void ask(AppState& state);
    void send_waiting(AppState& state);
    void clear_interventions(AppState& state);
    bool has_trace(const AppState& state) const;

    // trajectory_panel.cpp
    void draw_prompt(AppState& state);
    void draw_banner(AppState& state);
    void draw_below_strip(AppState& state);
    void draw_empty(AppState& state);
    void handle_keys(AppState& state);
    void select_token(AppState& state, int64_t token, bool add);
    // trajectory_strip.cpp
    void draw_strip(AppState& state);
    void draw_chip(AppState& state, int64_t token, ImVec2 at, ImVec2 size);
    void token_tooltip(const AppState& state, int64_t token) const;
    ImVec2 chip_size(const AppState& state) const;
    // trajectory_grid.cpp
    void draw_grid(AppState& state);
    void draw_token_grid(AppState& state, int64_t token);
    void draw_matrix(AppState& state);
    void draw_scale(const AppState& state);
    void cell_tooltip(const AppState& state, int64_t token, int64_t layer, int64_t hop) const;
    ImU32 cell_color(const AppState& state, const HopCell& cell, int64_t layer,
                     CellValue value) const;
    // trajectory_effects.cpp
    void draw_next(AppState& state);
    void draw_halting(AppState& state);
    void draw_effect(AppState& state);
    const core::HaltingEffect* effect_of(const AppState& state) const;

    const void* session_ = nullptr;
    std::string asked_;        ///< prompt of the last question
    uint64_t seen_trace_ = 0;  ///< version from which the shape was made
    TraceShape shape_;
    std::shared_ptr<const core::HaltingEffect> effect_;

    std::vector<core::Command> sent_;  ///< interventions of the last question
    bool freeze_ = false;
    float threshold_ = 0;   ///< slider position, 0: off
    bool waiting_ = false;  ///< a changed slider has not been sent
    double sent_at_ = -1e9;
    double asked_at_ = -1e9;      ///< of a question whose answer has not come; < 0: none waits
    uint64_t asked_version_ = 0;  ///< version of the trace when it was asked
    bool matrix_ = false;
    CellValue value_ = CellValue::expert;
    int experts_shown_ = 4;
    float scroll_to_ = -1;  ///< token that the strip has to bring into view
};

}  // namespace hopscope::app
