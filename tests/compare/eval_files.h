// Evaluation files with chosen numbers, as `hopscope eval` and training write them. One thread.
#pragma once

#include <cmath>
#include <gtest/gtest.h>
#include <random>
#include <string>
#include <vector>

#include "core/run/eval_file.h"
#include "tests/temp_folder.h"

namespace hopscope::core::testing {

using hopscope::test::put_bytes;
using hopscope::test::TempFolder;

/// The evaluation of one seed of a variant: `loss` plus noise of the batches that averages to 0, on
/// top of the difficulty of each batch that all share.
inline EvalRecord evaluation(const std::string& variant, uint64_t seed, double loss,
                             double noise = 0.01, size_t batches = 50) {
    std::mt19937_64 shared(1), own(std::hash<std::string>()(variant) + seed);
    // Two, since one keeps half of what it drew for the next call.
    std::normal_distribution<double> difficulty, scatter;
    EvalRecord record;
    record.run = variant + "-" + std::to_string(seed);
    record.config_hash = "cafe";
    record.step = 1000;
    record.loss = loss;
    record.tokens = static_cast<int64_t>(batches) * 4096;
    double mean = 0;
    for (size_t i = 0; i < batches; ++i) {
        record.batches.push_back(loss + 0.1 * difficulty(shared) + noise * scatter(own));
        mean += record.batches.back() / static_cast<double>(batches);
    }
    for (double& batch : record.batches) batch += loss - mean;
    record.origin.data_hash = "d1";
    record.origin.tokenizer_hash = "t1";
    record.origin.batch = 8;
    record.origin.seq_len = 512;
    record.origin.config_name = variant;
    record.origin.variant = variant;
    record.origin.seed = seed;
    record.origin.train_hash = "x1";
    record.origin.trained_tokens = 1'000'000;
    record.origin.planned_steps = 1000;
    return record;
}

}  // namespace hopscope::core::testing
