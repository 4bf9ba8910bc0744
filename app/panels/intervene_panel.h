// The intervene panel: a stack of interventions on the prompt, what they do to the next token
// before, after and beside a random control, the dose curve, and the way of each into the run in
// training. Window thread only, owned by the shell.
#pragma once

#include <imgui.h>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "app/panels/intervene_view.h"
#include "app/window/panel.h"

namespace hopscope::app {

class IntervenePanel : public Panel {
  public:
    const char* title() const override { return "Intervene"; }
    std::string detail(const AppState& state) const override;
    void prepare(AppState& state) override;
    void draw(AppState& state) override;

  private:
    core::InterventionRequest request(const AppState& state) const;
    void ask(AppState& state);
    bool shows_present(const AppState& state) const;

    // intervene_panel.cpp
    void draw_prompt(AppState& state);
    void draw_question(AppState& state);
    void draw_categories(AppState& state);
    void draw_answer(AppState& state);
    void draw_no_answer(AppState& state);
    void handle_keys(AppState& state);
    // intervene_stack.cpp
    void draw_stack(AppState& state);
    void draw_add(AppState& state);
    void draw_script_buttons(AppState& state);
    void draw_script_file(AppState& state);
    void draw_item(AppState& state, const StackItem& item, size_t index);
    void draw_apply(AppState& state, const StackItem& item);
    void draw_strength(AppState& state);
    // intervene_arguments.cpp
    void draw_arguments(AppState& state, const StackItem& item);
    void draw_argument(AppState& state, const StackItem& item, const core::CommandSpec& spec,
                       const core::ArgSpec& arg);
    void draw_list(AppState& state, const StackItem& item, const core::ArgSpec& arg);
    void draw_list_helpers(AppState& state, const StackItem& item, const core::ArgSpec& arg);
    bool slider(AppState& state, double& value, double low, double high, bool whole);
    void change(AppState& state, uint64_t id, const std::string& name, const core::Value* value);
    // intervene_effect.cpp
    void draw_summary(AppState& state);
    void draw_chance(AppState& state);
    void draw_bars(AppState& state);
    void draw_numbers(AppState& state);
    void draw_dose(AppState& state);

    const void* session_ = nullptr;
    std::shared_ptr<const core::InterventionEffect> effect_;
    core::InterventionRequest asked_;
    std::string prompt_;        ///< that was entered last
    double changed_at_ = -1e9;  ///< `now` of the last change that has not been asked
    bool due_ = false;

    std::string target_, own_words_;
    std::set<std::string> chosen_;  ///< names of categories
    std::vector<core::CategoryWords> lists_;
    std::string lists_problem_, lists_of_;  ///< of which run folder they are
    int controls_ = 20;
    int seed_ = 42;
    DoseValue dose_ = DoseValue::kl;

    std::map<uint64_t, uint64_t> sent_;  ///< row → answer of its last way into the run
    bool fresh_edit_ = false;            ///< an item was activated and has changed nothing yet
    bool file_dialog_ = false;
    std::string file_path_, file_problem_;
};

/// The amber bar that says what acts on the prompt, with "Clear all"; nothing when nothing does.
/// `extra`: what else holds there, in words. True if cleared.
bool draw_active_bar(AppState& state, const std::string& extra = {});

}  // namespace hopscope::app
