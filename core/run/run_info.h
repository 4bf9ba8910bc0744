// run.json, format "hopscope.run/1": what a run says of itself, how it was made, on what it was
// trained and how it stands. Plain values, any thread; written by the writer of the run folder
// (run_folder.h).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/api/kinds.h"
#include "core/api/state.h"
#include "core/base/result.h"

namespace hopscope::core {

/// One resumption, kept in run.json.
struct ResumeNote {
    int64_t step = 0;                  ///< of the checkpoint
    double time = 0;                   ///< seconds, Unix
    std::vector<std::string> changed;  ///< "train.steps: 2000 → 4000"
    bool operator==(const ResumeNote&) const = default;
};

/// Where a fork came from, kept in run.json; a run of its own has an empty `run`.
struct ForkOrigin {
    std::string run;   ///< name of the run folder
    int64_t step = 0;  ///< updates that both have in common
    std::string with;  ///< the command that the copy alone was given, as JSON; "" = none
    bool operator==(const ForkOrigin&) const = default;
};

/// run.json, format "hopscope.run/1".
struct RunInfo {
    std::string program_version;
    std::string config_name;  ///< "first_look"
    std::string config_hash;
    std::optional<DeviceKind> device;    ///< decided; an older version may not have said it
    std::string device_name;             ///< for people
    std::optional<Precision> precision;  ///< decided, likewise
    std::string source;                  ///< "synthetic text", or the corpus file
    bool synthetic = false;
    uint64_t seed = 0;
    int64_t threads = 0;  ///< resolved once, reused by resume
    int64_t steps = 0;
    int64_t parameters = 0;
    int64_t peak_memory_bytes = 0;                     ///< of a training step; 0: none measured
    double created = 0;                                ///< seconds, Unix
    std::map<std::string, std::string> corpus_hashes;  ///< "train", "valid", "tokenizer" → hash
    /// Operator → form, chosen when the run is made, obeyed ever after
    /// (core/trainer/kernel_choices.h).
    std::map<std::string, std::string> kernel_choices;
    std::vector<ResumeNote> resumes;
    /// Commands given when the run was made, one JSON line each, by rising from_step: those not yet
    /// in events.jsonl wait (core/trainer/run_script.h).
    std::vector<std::string> script;
    ForkOrigin forked_from;
    bool debug = false;  ///< at some time its configuration asked for faults ([debug])
    RunState state = RunState::preparing;
    std::string reason;  ///< of a failure; the file then says "failed: reason"
    bool operator==(const RunInfo&) const = default;
};

std::string run_info_json(const RunInfo& info);
/// `name` stands for the file in messages (usage errors). Unknown fields are ignored, missing ones
/// keep their default.
Result<RunInfo> parse_run_info(const std::string& json, const std::string& name);

}  // namespace hopscope::core
