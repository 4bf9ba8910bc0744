// The experts panel: every expert of a layer as a row of a table with a filter, and a card of the
// one that is selected. What it says of them is AppState::experts, its words of the probe sample
// and, once the analysis dictionary has been run, those that experts write. Window thread only,
// owned by the shell.
#pragma once

#include <string>
#include <vector>

#include "app/panels/experts/card.h"
#include "app/panels/experts/filter.h"
#include "app/panels/experts/filter_bar.h"
#include "app/panels/experts/table.h"
#include "app/panels/panel.h"

namespace hopscope::app {

class ExpertsPanel final : public Panel {
  public:
    const char* title() const override { return "Experts"; }
    std::string detail(const AppState& state) const override;
    bool follows_time() const override { return true; }
    void prepare(AppState& state) override;
    void draw(AppState& state) override;
    std::string csv(AppState& state) override { return table(state); }
    Origin origin(const AppState& state) const override;
    std::vector<ActionItem> actions(AppState& state) override;
    PanelView saved_view() const override;
    void restore_view(const PanelView& view) override;
    void forget_restored() override { table_.forget_wanted(); }

    // Read by tests.
    const std::vector<int32_t>& rows() const { return table_.rows(); }
    const ExpertCard& card() const { return card_; }
    const std::vector<std::string>& problems() const { return filter_.problems; }
    /// What Copy and CSV give.
    std::string table(const AppState& state) const;

  private:
    struct Made {  ///< what the hits were found in
        uint64_t book = 0, selection = 0;
        int64_t layer = -1;
        std::string filter;
        bool operator==(const Made&) const = default;
    };
    /// An analysis that was asked for here.
    struct Asked {
        uint64_t task = 0;  ///< 0: none
        TaskView view;
    };

    std::string empty_title(const AppState& state) const;
    void find_hits(const AppState& state);
    void follow_tasks(AppState& state);
    int64_t shown_expert(const AppState& state) const;
    void draw_tools(AppState& state, const ExpertBook& book);
    void draw_dictionary(AppState& state, const ExpertBook& book);
    void draw_card(AppState& state, const ExpertBook& book);
    void draw_footer(AppState& state) const;

    uint64_t run_ = 0;  ///< AppState::runs_opened
    Made made_;
    TableChange changed_ = TableChange::rows;  ///< since the table was drawn
    ExpertFilter filter_;
    std::vector<uint8_t> hits_;
    size_t hit_count_ = 0;
    FilterBar bar_;
    ExpertTable table_;
    ExpertCard card_;
    std::vector<Asked> asked_;
    ImVec2 body_low_{}, body_high_{};  ///< what is exported as a picture
};

}  // namespace hopscope::app
