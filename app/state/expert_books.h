// Keeps the book of experts (app/state/expert_book.h) of the layer that the panels show, made anew
// aside when a snapshot comes or an analysis has written words. Panels that need it ask once a
// frame; who never asks pays nothing. Window thread only, owned by the window's state.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "app/state/expert_book.h"
#include "app/state/pending.h"

namespace hopscope::app {

struct AppState;

/// The experts that a filter leaves, for the pictures of other panels, which fade the rest.
struct ExpertHits {
    int64_t layer = -1;
    std::vector<uint8_t> hits;  ///< [experts] 1 where it fits; empty: no filter acts
    int frame = -10;            ///< ImGui's, in which the filter was last seen to act
};

class ExpertBooks {
  public:
    /// Takes what was made and asks for what is newer; of the state's geometry and layer.
    void update(AppState& state);
    /// Of the layer that is shown, maybe of an older snapshot; null before it was made.
    const ExpertBook* book() const { return book_.get(); }
    /// Changes whenever the book does.
    uint64_t version() const { return version_; }
    /// What the run's folder has been seen to hold.
    const WrittenFiles& files() const { return files_; }
    /// Why a written file cannot be read; "" where it can, or there is none.
    const std::string& problem() const;

    /// Says once a frame what a filter leaves.
    void set_hits(const std::vector<uint8_t>& hits, int frame);
    /// Of `layer` in this frame, or the one before; empty where no filter acts in sight.
    std::span<const uint8_t> hits(int64_t layer, int frame) const;

  private:
    struct From {
        Snapshot snapshot;  ///< itself: those of the folder have no version that tells them apart
        int64_t layer = -1;
        WrittenFiles files;
        bool operator==(const From&) const = default;
    };
    using Words = std::shared_ptr<const WrittenWords>;
    using Book = std::shared_ptr<const ExpertBook>;

    void look(AppState& state);

    Book book_;
    uint64_t version_ = 0;
    From made_from_;
    double made_at_ = -1e9;
    Pending<Book> making_;

    WrittenFiles files_, read_files_;
    double looked_at_ = -1e9;
    Pending<WrittenFiles> looking_;
    Words words_;  ///< null before they were read
    Pending<WrittenWords> reading_;

    ExpertHits hits_;
};

}  // namespace hopscope::app
