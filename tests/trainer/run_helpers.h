// A run small enough for tests, trained by the real program code: run folder, session, trainer.
#pragma once

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <signal.h>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include "core/api/lab.h"
#include "core/base/names.h"
#include "core/run/metrics_csv.h"
#include "core/run/step_names.h"
#include "tests/temp_folder.h"

namespace hopscope::test {

/// Text with enough structure to learn: a few sentence patterns, written once a test.
inline std::string write_corpus(const std::string& path, int lines = 6000) {
    static const char* kWho[] = {"the baker", "a sailor", "the old king", "my sister",
                                 "one farmer"};
    static const char* kDoes[] = {"walks to", "looks at", "comes from", "talks about", "dreams of"};
    static const char* kWhere[] = {"the harbour", "a small town", "the green hill", "the market",
                                   "her garden"};
    std::ofstream out(path);
    for (int i = 0; i < lines; ++i)
        out << kWho[i * 7 % 5] << ' ' << kDoes[i * 11 / 3 % 5] << ' ' << kWhere[i * 13 / 7 % 5]
            << (i % 3 ? " today.\n" : " before noon.\n");
    return path;
}

inline std::string write_config(const std::string& path, const std::string& corpus) {
    std::ofstream(path)
        << "[model]\nd_model = 32\nn_layers = 2\nn_heads = 2\nvocab_size = 320\nmax_seq_len = 64\n"
           "dropout = 0.1\n"
           "[moe]\nexperts = 16\ntop_k = 2\nhops = 2\nd_space = 8\n"
           "[train]\nsteps = 60\nbatch = 4\nseq_len = 32\nlr = 3e-3\nwarmup = 5\neval_every = 20\n"
           "eval_batches = 3\ncheckpoint_every = 10\nsnapshot_every = 20\nthreads = 2\ngrad_accum "
           "= 2\nprecision = \"fp32\"\n"  // whatever the processor
           "[data]\nsource = \"text\"\ntrain = \""
        << corpus << "\"\n";
    return path;
}

inline std::string checkpoint_of(const std::string& run, int64_t step) {
    return run + "/checkpoints/" + core::step_name(step);
}

/// Weights and moments of two runs, bit for bit.
inline void expect_same_checkpoint(const std::string& a, const std::string& b, int64_t step) {
    for (const char* file : {"/model.safetensors", "/optimizer.safetensors"}) {
        const auto bytes = bytes_of(checkpoint_of(a, step) + file);
        EXPECT_FALSE(bytes.empty()) << a << file;
        EXPECT_EQ(bytes, bytes_of(checkpoint_of(b, step) + file)) << b << file;
    }
}

inline std::vector<core::ScalarRecord> records_of(const std::string& run) {
    auto records = core::read_metrics_csv(run + "/metrics.csv");
    EXPECT_TRUE(records.ok()) << (records ? "" : records.error().message);
    return records ? *records : std::vector<core::ScalarRecord>();
}

/// A folder, a corpus and a configuration of their own for each test.
class OwnRuns : public ::testing::Test {
  protected:
    OwnRuns()
        : corpus_(write_corpus(dir_ / "corpus.txt")),
          config_(write_config(dir_ / "tiny.toml", corpus_)) {}

    core::lab::TrainOptions order(const std::string& name, std::vector<std::string> overrides = {},
                                  bool resume = false) const {
        core::lab::TrainOptions o;
        o.config_path = config_;
        o.overrides = std::move(overrides);
        o.out = dir_ / name;
        o.resume = resume;
        return o;
    }
    /// The folder of a run trained to its end; anything else fails the test.
    static std::string trained(const core::lab::TrainOptions& o) {
        const auto result = core::lab::train(o);
        EXPECT_TRUE(result.ok()) << (result ? "" : result.error().message);
        return o.out;
    }

    TempFolder dir_;
    std::string corpus_, config_;
};

/// Losses and norms of two runs, bit for bit; times may differ.
inline void expect_same_course(const std::string& a, const std::string& b) {
    const auto x = records_of(a), y = records_of(b);
    ASSERT_EQ(x.size(), y.size());
    for (size_t i = 0; i < x.size(); ++i) {
        ASSERT_EQ(x[i].step, y[i].step);
        ASSERT_EQ(x[i].loss, y[i].loss) << "step " << x[i].step;
        ASSERT_EQ(x[i].balance_loss, y[i].balance_loss) << "step " << x[i].step;
        ASSERT_EQ(x[i].grad_norm, y[i].grad_norm) << "step " << x[i].step;
        for (size_t l = 0; l < x[i].layers.size() && l < y[i].layers.size(); ++l) {
            const float a_cos = x[i].layers[l].coupling, b_cos = y[i].layers[l].coupling;
            ASSERT_TRUE(a_cos == b_cos || (std::isnan(a_cos) && std::isnan(b_cos)))
                << "coupling at step " << x[i].step;
        }
        ASSERT_TRUE(x[i].valid_loss == y[i].valid_loss ||
                    (std::isnan(x[i].valid_loss) && std::isnan(y[i].valid_loss)))
            << "step " << x[i].step;
    }
}

/// Trains in a child process that is killed outright once it has recorded `rows` updates; true if
/// that is how it ended. `script`: of a new run, commands one a line; so are `overrides`, in which
/// debug.kill_at may name another end.
inline bool train_and_kill(const std::string& config, const std::string& out, bool resume,
                           int64_t rows, const std::string& script = "",
                           const std::vector<std::string>& overrides = {}) {
    const std::string at = std::to_string(rows), set = core::joined(overrides, "\n");
    const pid_t child = fork();
    if (child == 0) {
        // A forked copy of a process with a thread pool must start anew; tests/trainer/main.cpp
        // takes the order.
        const std::string self = std::filesystem::read_symlink("/proc/self/exe").string();
        execl(self.c_str(), self.c_str(), "--train", config.c_str(), out.c_str(),
              resume ? "resume" : "new", script.c_str(), at.c_str(), set.c_str(), nullptr);
        _exit(127);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

}  // namespace hopscope::test
