// An imported run of two layers with routers, and recordings of it whose choices a test plants.
#pragma once

#include <functional>
#include <gtest/gtest.h>
#include <optional>

#include "core/analyses/imported_analyses.h"
#include "core/imported/import_model.h"
#include "tests/imported/tiny_model.h"

namespace hopscope::test {

/// One of the layers 0 and 1, a text, a token of it: its experts.
using Choose = std::function<std::vector<int32_t>(int64_t layer, int64_t text, int64_t token)>;

class PlantedRun {
  public:
    static constexpr int64_t kExperts = 16, kWidth = 6;

    PlantedRun() {
        model.config["num_local_experts"] = kExperts;
        model.config["hidden_size"] = kWidth;
        model.config.erase("num_experts_per_tok");  // each recording says it for itself
        model.add_routers(2, "block_sparse_moe.gate.weight", kExperts, kWidth);
    }
    /// Where a test has set what it wants of the model.
    const core::ImportedRun& open() {
        if (run_) return *run_;
        model.save();
        const auto made = core::import_model({model.dir(), {}, model.folder() / "run"}, {});
        EXPECT_TRUE(made) << made.error().message;
        run_.emplace(*core::ImportedRun::open(model.folder() / "run"));
        return *run_;
    }
    static core::RecordedRouting routing(int64_t texts, int64_t length, const Choose& choose,
                                         int64_t layers = 2) {
        core::RecordedRouting out;
        out.sequences = texts;
        out.length = length;
        for (int64_t l = 0; l < layers; ++l) {
            core::RecordedLayer layer;
            layer.layer = l;
            layer.pool = core::kOwnPool;
            layer.experts = kExperts;
            for (int64_t s = 0; s < texts; ++s)
                for (int64_t t = 0; t < length; ++t) {
                    const auto set = choose(l, s, t);
                    layer.top_k = static_cast<int64_t>(set.size());
                    layer.chosen.insert(layer.chosen.end(), set.begin(), set.end());
                }
            out.layers.push_back(std::move(layer));
        }
        return out;
    }
    /// The document's "result", or the refusal as a string. n and tables of the last call are kept.
    core::OrderedJson result(const std::string& name, std::vector<core::RecordedRouting> traces,
                             const core::analysis::ImportedContext* against = nullptr) {
        core::analysis::ImportedContext context{open(), std::move(traces)};
        context.against = against;
        for (const auto& one : core::analysis::imported_analyses()) {
            if (one.name != name) continue;
            auto output = core::analysis::run_imported(one, context);
            if (!output) return output.error().message;
            n = output->n;
            tables.clear();
            for (const auto& table : output->tables) tables += table.name + "\n" + table.csv();
            return output->result.json();
        }
        return "no such analysis";
    }
    TinyModel model;
    int64_t n = 0;
    std::string tables;

  private:
    std::optional<core::ImportedRun> run_;
};

/// The value of {"value", "ci95", …}; checks that its interval holds it and counts `over`.
inline double value_of(const core::OrderedJson& estimate, const std::string& over) {
    const double value = estimate.at("value").get<double>();
    EXPECT_LE(estimate.at("ci95")[0].get<double>(), value + 1e-12) << estimate;
    EXPECT_GE(estimate.at("ci95")[1].get<double>(), value - 1e-12) << estimate;
    EXPECT_EQ(estimate.at("over"), over);
    return value;
}

/// k different experts below `below`, drawn evenly.
inline std::vector<int32_t> drawn_set(core::Random& random, size_t k, int32_t below,
                                      int32_t first = 0) {
    std::vector<int32_t> all;
    for (int32_t e = first; e < below; ++e) all.push_back(e);
    random.shuffle(all);
    all.resize(k);
    return all;
}

}  // namespace hopscope::test
