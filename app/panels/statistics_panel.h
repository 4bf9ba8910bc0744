// The statistics panel: overlap of routing between hops, layers and steps, collinearity of the
// centroids, load of every expert over the run, use, confidence and norms of the layers. Numbers
// are made when a snapshot comes, not with every frame. Window thread only, owned by the shell.
#pragma once

#include <atomic>
#include <future>
#include <memory>
#include <string>

#include "app/panels/statistics_matrix.h"
#include "app/panels/statistics_view.h"
#include "app/window/panel.h"

namespace hopscope::app {

class StatisticsPanel final : public Panel {
  public:
    enum class View { overview, overlap, collinearity, load, use, confidence, norms };

    const char* title() const override { return "Statistics"; }
    std::string detail(const AppState& state) const override;
    void prepare(AppState& state) override;
    void draw(AppState& state) override;

    // Read by tests.
    const Collinearity& collinearity() const { return collinearity_; }
    const LoadMap& loads() const { return load_map_; }
    View view() const { return view_; }
    /// What Copy and CSV give of the present view.
    std::string table(const AppState& state) const;

  private:
    struct Made {  ///< what the present numbers were made from
        const void* session = nullptr;
        uint64_t snapshot = 0;
        int64_t layer = -1;
        View view = View::overview;
        bool operator==(const Made&) const = default;
    };
    struct Asked {
        uint64_t snapshot = 0;
        int64_t layer = -1;
        RowOrder order = RowOrder::similarity;
        bool operator==(const Asked&) const = default;
    };
    /// Work on a thread of its own; `done` is set when `value` may be read.
    struct Job {
        std::atomic<bool> done{false};
        Collinearity value;
    };
    struct Picture {  ///< of which the texture is the raster
        uint64_t of = 0;
        int width = 0, height = 0;
        bool dark = true;
        bool operator==(const Picture&) const = default;
    };

    bool shows_collinearity() const {
        return view_ == View::overview || view_ == View::collinearity;
    }
    size_t layer_of(const AppState& state) const;
    const core::LayerGeometry* geometry_of(const AppState& state) const;
    std::string problem(const AppState& state) const;
    void make_numbers(AppState& state);
    void ask_collinearity(AppState& state);
    void draw_tabs(AppState& state);
    void draw_options(AppState& state);
    void export_buttons(AppState& state);
    bool has_numbers(const AppState& state) const;
    std::string file_name(const AppState& state) const;
    void draw_overview(AppState& state, Area area);
    void draw_hops(AppState& state, Area area);
    void draw_overlap(AppState& state, Area area);
    void draw_collinearity(AppState& state, Area area);
    void draw_pair(AppState& state, int32_t a, int32_t b, float cosine);
    void draw_load(AppState& state, Area area);
    void draw_use(AppState& state, Area area);
    void draw_confidence(AppState& state, Area area);
    void draw_means(AppState& state, const char* id, Area area, const LayerMeans& means,
                    const char* axis, double uniform, const std::string& uniform_text);
    void draw_norms(AppState& state, Area area);
    void mark_selected(const AppState& state, const Area& area, const std::vector<int32_t>& order,
                       bool columns) const;
    void expert_line(const AppState& state, int32_t expert) const;

    View view_ = View::overview;
    RowOrder order_ = RowOrder::similarity;
    int drawn_frame_ = -10;
    Area body_{};  ///< what is exported as a picture

    const void* session_ = nullptr;
    StatisticsHistory history_;
    uint64_t history_version_ = 0;
    Made made_;
    double made_at_ = -1e9;
    LoadMap load_map_;
    uint64_t load_version_ = 0;
    std::vector<Utilisation> use_;  ///< [layers]
    LayerOverlap layers_;
    StepOverlap steps_;
    LayerMeans entropy_, max_prob_;

    Collinearity collinearity_;
    uint64_t collinearity_version_ = 0;
    Asked asked_;
    double asked_at_ = -1e9;
    std::shared_ptr<Job> job_;
    std::future<void> thread_;  ///< joined by its destructor

    HeatTexture cosine_texture_, load_texture_;
    Picture cosine_picture_, load_picture_;
};

}  // namespace hopscope::app
