// Tokenizer and token files of a run: made when the run is created, checked against the hashes in
// its run.json and reused afterwards. Trainer thread; readers on any.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/api/config.h"
#include "core/api/progress.h"
#include "core/base/result.h"
#include "core/run/run_folder.h"
#include "core/text/batches.h"
#include "core/text/tokenizer.h"
#include "core/text/truth.h"
#include "core/trainer/data_stage.h"

namespace hopscope::core {

struct RunData {
    Tokenizer tokenizer;
    BatchSource train, valid;
    std::optional<Truth> truth;  ///< labels of the synthetic corpus
    /// For run.json: "train", "valid", "tokenizer", of a synthetic corpus "truth".
    std::map<std::string, std::string> hashes;
};

/// Finds RUN/tokenizer.model and RUN/data/{train,valid}.tokens, or makes them where `stage` says.
/// Other content than run.json names is refused. What one of the run folders `siblings` has made
/// from the same text with the same settings is taken over instead of made again (share_data.h).
/// Errors: usage as core/text; failed (disk); interrupted.
Result<RunData> prepare_run_data(const RunFolder& folder, const Config& config, DataStage& stage,
                                 const std::vector<std::string>& siblings,
                                 const Progress& progress);

/// Only what reading a run needs: its tokenizer. Errors (usage): another one than the run was
/// trained with, or token files of another text beside it; what is missing is not looked at.
Result<Tokenizer> load_run_tokenizer(const RunFolder& folder, const Config& config);

/// Encodes another corpus for `eval`: `split` of `corpus` (empty: the run's own), in a folder that
/// the caller removes. Errors (usage): the run's own is not the one it was trained with.
Result<BatchSource> eval_source(const RunFolder& folder, const Config& config,
                                const Tokenizer& tokenizer, const std::string& corpus, Split split,
                                const std::string& scratch, const Progress& progress);

/// The labels of the run's own synthetic text; nothing where it was made from another. Errors
/// (usage): the file is there and cannot be used.
Result<std::optional<Truth>> stored_truth(const RunFolder& folder);

/// "synthetic text", or the corpus file.
std::string source_name(const Config& config);

}  // namespace hopscope::core
