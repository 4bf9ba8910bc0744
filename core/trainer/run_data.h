// Tokenizer and token files of a run: made when the run is created, checked and reused afterwards.
// Trainer thread.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/api/config.h"
#include "core/api/progress.h"
#include "core/base/result.h"
#include "core/run/run_folder.h"
#include "core/text/batches.h"
#include "core/text/synthetic.h"
#include "core/text/tokenizer.h"
#include "core/text/truth.h"

namespace hopscope::core {

struct RunData {
    Tokenizer tokenizer;
    BatchSource train, valid;
    std::optional<Truth> truth;                 ///< labels of the synthetic corpus
    std::map<std::string, std::string> hashes;  ///< for run.json: "train", "valid", "tokenizer"
};

/// Makes (or finds) RUN/tokenizer.model and RUN/data/{train,valid}.tokens. With `expected` hashes
/// (a resumed run), other content is refused. What one of the run folders `siblings` has made from
/// the same text with the same settings is taken over instead of made again (share_data.h). Errors:
/// usage as core/text; failed (disk); interrupted.
Result<RunData> prepare_run_data(const RunFolder& folder, const Config& config,
                                 const std::map<std::string, std::string>& expected,
                                 const std::vector<std::string>& siblings,
                                 const Progress& progress);

/// Only what reading a run needs: its tokenizer.
Result<Tokenizer> load_run_tokenizer(const RunFolder& folder, const Config& config);

/// Encodes another corpus for `eval`: `split` of `corpus` (empty: the run's own), in a folder that
/// the caller removes.
Result<BatchSource> eval_source(const RunFolder& folder, const Config& config,
                                const Tokenizer& tokenizer, const std::string& corpus,
                                const std::string& split, const std::string& scratch,
                                const Progress& progress);

/// "synthetic text", or the corpus file.
std::string source_name(const Config& config);

}  // namespace hopscope::core
