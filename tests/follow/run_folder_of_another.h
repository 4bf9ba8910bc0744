// A run folder as another process fills it: rows of metrics.csv, run.json, geometry, and the
// writer's lock. Written through the run folder's own code, so that the tests follow the format.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <memory>
#include <optional>
#include <string>
#include <sys/file.h>
#include <unistd.h>

#include "core/config/write.h"
#include "core/run/metrics_csv.h"
#include "core/run/run_folder.h"
#include "tests/base/helpers.h"

namespace hopscope::core {

class RunOfAnother {
  public:
    explicit RunOfAnother(const std::string& name = "run") : dir(temp / name) {
        RunInfo info;
        info.config_name = "tiny";
        info.steps = 100;
        info.state = RunState::running;
        auto made = RunFolder::create(dir, to_toml({}), info);
        EXPECT_TRUE(made) << (made ? "" : made.error().message);
        folder.emplace(*std::move(made));
        auto opened = MetricsCsv::open(folder->metrics_path(), kLayers);
        EXPECT_TRUE(opened);
        csv.emplace(*std::move(opened));
    }

    static ScalarRecord record(int64_t step, float loss) {
        ScalarRecord r;
        r.step = step;
        r.tokens = step * 128;
        r.seconds = static_cast<double>(step);
        r.loss = loss;
        r.layers.resize(kLayers);
        return r;
    }
    void rows(int64_t from, int64_t to, float loss = 3.0F) {
        for (int64_t step = from; step <= to; ++step) ASSERT_TRUE(csv->append(record(step, loss)));
    }
    void geometry(int64_t step) {
        GeometrySnapshot g;
        g.version = 1;
        g.step = step;
        g.token_ids = {4, 5};
        g.pieces = {"a", "b"};
        g.classes = {"", ""};
        LayerGeometry layer;
        layer.experts = 2;
        layer.d_space = 2;
        layer.hops = 1;
        layer.top_k = 1;
        layer.centroids = {1, 0, 0, 1};
        layer.load = {0.5F, 0.5F};
        layer.positions = {1, 0, 0, 1};
        layer.choices = {0, 1};
        layer.weights = {1, 1};
        layer.jaccard = {1};
        g.layers.push_back(layer);
        const auto saved = folder->save_geometry(g);
        ASSERT_TRUE(saved) << saved.error().message;
    }
    void checkpoint(int64_t step) {
        const std::vector<float> one = {1.0F};
        CheckpointContent content;
        ASSERT_TRUE(folder->checkpoints().write(step, content));
    }
    /// The process ends, however it does: its lock goes with it.
    void leave() { folder.reset(); }

    static constexpr int64_t kLayers = 2;
    TempFolder temp;
    std::string dir;
    std::optional<RunFolder> folder;  ///< holds the lock
    std::optional<MetricsCsv> csv;
};

}  // namespace hopscope::core
