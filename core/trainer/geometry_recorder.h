// What a run shows of its routing geometry. The probe sample is a handful of validation tokens,
// fixed when the run is made: because it never changes, pictures of different updates show the
// model moving and not the text. A snapshot (GeometrySnapshot) is one such picture: the centroids,
// how much each expert is used, and the cloud, which is where the tokens of the probe sample lie
// and what they choose. Centroids and loads are always fresh; the cloud costs a forward pass and is
// taken anew only where a snapshot is due, so that watching costs what recording costs. Part of a
// live run (live_run.h), so used by the trainer thread alone.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/api/config.h"
#include "core/api/snapshot.h"
#include "core/run/geometry_file.h"
#include "core/train/engine.h"
#include "core/trainer/run_data.h"

namespace hopscope::core {

struct ProbeSample {
    int64_t rows = 0;              ///< sequences, all of one length
    GeometrySnapshot tokens;       ///< their ids, pieces and classes, nothing else
    std::vector<int32_t> targets;  ///< [tokens] the one after each
};

/// The first sequences of the validation text, some hundred tokens in all.
ProbeSample probe_sample(const RunData& data, const TrainConfig& train);

/// For dense models it records and shows nothing.
class GeometryRecorder {
  public:
    explicit GeometryRecorder(ProbeSample sample) : sample_(std::move(sample)) {}

    /// For Engine::update where a snapshot is due after it: takes from its gradients what record()
    /// tells of them. Refers to the recorder.
    GradientView gradient_view(const Config& config);
    /// Where a snapshot is due: adds to the update's record what weights, probe sample and
    /// gradients show (LayerScalars), and its time. The cloud is then of this update.
    void record(const Engine& engine, ScalarRecord& record);
    /// The cloud is not that of the model any more: a command changed how it routes.
    void outdate() { cloud_is_new_ = false; }
    /// @param due whether the cloud must be of the last update; null for dense models
    std::shared_ptr<const GeometrySnapshot> snapshot(const Engine& engine, bool due);

  private:
    /// One pass over the probe sample: the cloud anew. Returns the score–activation Spearman of
    /// each layer, none where experts have no scores or read nothing.
    std::vector<double> refresh_cloud(const Engine& engine);

    ProbeSample sample_;
    /// Positions and choices last computed; never changed once made, so copies may share it.
    std::shared_ptr<const GeometrySnapshot> cloud_;
    bool cloud_is_new_ = false;             ///< of this update and not yet published
    std::vector<double> gradient_cosines_;  ///< [layers], of the newest update looked at
    uint64_t version_ = 0;                  ///< of the newest snapshot
};

/// The router projections of all layers, for the file of a snapshot.
std::vector<Projection> projections(const Weights& weights);

}  // namespace hopscope::core
