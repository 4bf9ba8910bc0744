// Where an evaluation came from: which validation batches, which training, which changes at
// inference. Saved with the losses, so that `compare` can say what may be compared with what and
// which runs are seeds of one variant. Plain values, any thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "core/api/config.h"
#include "core/base/json.h"
#include "core/base/result.h"

namespace hopscope::core {

struct RunInfo;

/// Empty texts and numbers of 0 mean: not known.
struct EvalOrigin {
    // Validation batches. The same batches have all of these in common.
    std::string corpus;     ///< name, for people
    std::string data_hash;  ///< content hash of the evaluated tokens
    std::string tokenizer_hash;
    int64_t batch = 0;  ///< sequences
    int64_t seq_len = 0;
    // Training.
    std::string config_name;
    std::string variant;  ///< hash of the configuration without its seed
    std::optional<uint64_t> seed;
    std::string train_hash;      ///< content hash of the training tokens
    int64_t trained_tokens = 0;  ///< predicted in training up to the evaluated step
    int64_t planned_steps = 0;   ///< the schedule's length
    // Size [def:parameters]; without parameters the others are not known either.
    int64_t parameters = 0;    ///< as counted
    int64_t routing = 0;       ///< of these, as counted
    int64_t routing_live = 0;  ///< without vectors that nothing reads
    // Changes at inference, "halt" → "0.05"; empty: as trained.
    std::map<std::string, std::string> changes;

    bool operator==(const EvalOrigin&) const = default;
};

/// Of an evaluation of the run's own validation batches at `step`.
EvalOrigin eval_origin(const Config& config, const RunInfo& info, int64_t step);
/// Hash of a configuration that all its seeds share.
std::string variant_hash(Config config);

/// Fields "data", "training" and "changes" of a hopscope.eval/1 document; what is not known is left
/// out.
void add_origin(OrderedJson& document, const EvalOrigin& origin);
/// Errors (usage) name the file and the field; missing fields stay unknown.
Result<EvalOrigin> read_origin(const Json& document, const std::string& name);

}  // namespace hopscope::core
