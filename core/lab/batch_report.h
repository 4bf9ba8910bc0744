// The table of a batch: what its run folders say, run by run, and mean ± standard deviation over
// the seeds of each variant. Reads run folders; any thread.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/api/lab.h"
#include "core/api/snapshot.h"
#include "core/api/state.h"
#include "core/base/result.h"
#include "core/lab/batch_file.h"

namespace hopscope::core::lab {

struct BatchRow {
    std::string run, variant;
    uint64_t seed = 0;
    std::optional<RunState> state;  ///< as its folder says; none: it waits to be begun
    std::string reason;             ///< of a failure
    int64_t steps = 0, tokens = 0;
    double seconds = 0;                                ///< of training
    double valid_loss = kNaN, best_valid_loss = kNaN;  ///< nats per token; newest, lowest
};

/// What the folder `dir` says of the run; waiting where there is none. `failure` not empty: the
/// run failed in this call, for this reason.
BatchRow batch_row(const BatchRun& run, const std::string& dir, const std::string& failure = "");

/// hopscope.batch/1: runs[], variants[{variant, n, valid_loss{mean, std}, …}]. Only runs that are
/// done count for a variant; std is the sample's (n − 1), null below two runs.
nlohmann::ordered_json batch_json(const std::vector<BatchRow>& rows, lab::BatchState state);

/// The runs as CSV (RFC 4180) with a header, each in one line.
std::string batch_csv(const std::vector<BatchRow>& rows);

}  // namespace hopscope::core::lab
