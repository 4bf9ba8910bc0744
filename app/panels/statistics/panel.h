// The statistics panel: overlap of routing between hops, layers and steps, saturation,
// co-activation, collinearity of the centroids, load of every expert over the run, use, confidence,
// information and norms of the layers; a page each, and an overview. Numbers are made when a
// snapshot comes, not with every frame. Window thread only, owned by the shell.
#pragma once

#include <string>

#include "app/panels/panel.h"
#include "app/panels/statistics/coactivation.h"
#include "app/panels/statistics/collinearity.h"
#include "app/panels/statistics/confidence.h"
#include "app/panels/statistics/information.h"
#include "app/panels/statistics/load.h"
#include "app/panels/statistics/overlap.h"
#include "app/panels/statistics/saturation.h"
#include "app/panels/statistics/use.h"

namespace hopscope::app {

class StatisticsPanel final : public Panel {
  public:
    enum class Page {
        overview,
        overlap,
        saturation,
        coactivation,
        collinearity,
        load,
        use,
        confidence,
        information,
        norms
    };

    const char* title() const override { return "Statistics"; }
    std::string detail(const AppState& state) const override;
    bool follows_time() const override { return true; }
    void prepare(AppState& state) override;
    void draw(AppState& state) override;

    PanelView saved_view() const override;
    void restore_view(const PanelView& view) override;

    // Read by tests.
    const Collinearity& collinearity() const { return collinearity_.numbers(); }
    const Coactivation& coactivation() const { return coactivation_.numbers(); }
    const Saturation& saturation() const { return saturation_.numbers(); }
    const Information& information() const { return information_.numbers(); }
    const LoadMap& loads() const { return load_.map(); }
    Page page() const { return page_; }
    std::string csv(AppState& state) override { return table(state); }
    bool making() const override;
    /// What Copy and CSV give of the present page.
    std::string table(const AppState& state) const;

  private:
    struct Made {          ///< what the present numbers were made from
        uint64_t run = 0;  ///< AppState::runs_opened
        uint64_t snapshot = 0, archive = 0;
        size_t layer = 0;
        Page page = Page::overview;
        /// AppState::imported, which counts what a trace holds
        std::shared_ptr<const core::ImportedLook> imported;
        bool operator==(const Made&) const = default;
    };

    bool shows_collinearity() const {
        return page_ == Page::overview || page_ == Page::collinearity;
    }
    /// Whether rows of a matrix of experts have an order.
    bool has_order() const { return shows_collinearity() || page_ == Page::coactivation; }
    size_t layer_of(const AppState& state) const;
    /// Where there is a snapshot with layers.
    SnapshotLayer place_of(const AppState& state) const;
    std::string problem(const AppState& state) const;
    void make_numbers(AppState& state);
    void draw_list(AppState& state);
    void draw_tabs(AppState& state);
    void draw_page(AppState& state, const SnapshotLayer& place);
    void draw_options(AppState& state, bool behind);
    void draw_layer(AppState& state);
    void draw_order(AppState& state);
    void draw_overview(AppState& state, const SnapshotLayer& place, Area area);
    void export_buttons(AppState& state);
    bool has_numbers(const AppState& state) const;
    std::string file_name(const AppState& state) const;

    Page page_ = Page::overview;
    RowOrder order_ = RowOrder::similarity;  ///< of the matrices of experts
    int drawn_frame_ = -10;
    Area body_{};  ///< what is exported as a picture

    uint64_t run_ = 0;  ///< AppState::runs_opened
    Made made_;
    double made_at_ = -1e9;

    OverlapPage overlap_;
    CollinearityMap collinearity_;
    LoadChart load_;
    UseChart use_;
    ConfidenceChart confidence_;
    CoactivationPage coactivation_;
    SaturationPage saturation_;
    InformationPage information_;
};

}  // namespace hopscope::app
