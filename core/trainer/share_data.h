// Runs on one text need its tokenizer and token files made only once: a run takes over what another
// has, if that is provably what it would make itself. Trainer thread.
#pragma once

#include <string>
#include <vector>

#include "core/api/config.h"
#include "core/api/progress.h"
#include "core/base/result.h"
#include "core/run/run_folder.h"
#include "core/trainer/data_stage.h"

namespace hopscope::core {

/// Puts tokenizer.model and data/ of the first fitting run of `siblings` where `stage` makes what
/// `folder` lacks; token files are linked where the file system can (nothing ever changes them in
/// place), else copied. A run fits if all keys that decide its data are equal, its files have the
/// hashes its run.json names, and the text still has the hash they were made from; the seed may
/// differ where nothing is drawn by it. A run that does not fit is no error. Errors: interrupted;
/// failed (disk); usage (the text itself is wrong).
Status take_over_data(const RunFolder& folder, const Config& config,
                      const std::vector<std::string>& siblings, DataStage& stage,
                      const Progress& progress);

/// tokenizer.model and data/ of `from` for the folder `root`, linked where the file system can,
/// else copied; what is there already stays. Errors (failed): disk.
Status link_data(const RunFolder& from, const std::string& root, bool synthetic);

}  // namespace hopscope::core
