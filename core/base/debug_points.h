// Rare moments of writing, made to happen at will: the process kills itself at a named point, or
// every write comes late. Whoever starts a run arms the points for the thread that writes it (the
// table [debug] of a configuration); other threads, and a thread that never armed any, pass them at
// the cost of one load. State of the calling thread alone, so any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace hopscope::core {

/// Where a run's files can be caught half-written.
enum class DebugPoint : uint8_t {
    none,
    config_rename,       ///< config.toml is written beside its old self
    run_json_rename,     ///< so is run.json
    tokenizer_rename,    ///< so is tokenizer.model
    checkpoint_write,    ///< weights of a checkpoint are written, moments are not
    checkpoint_rename,   ///< all of it is written, under the temporary name
    checkpoint_replace,  ///< the checkpoint replaced is set aside, the new one not yet in its place
    checkpoint_rotate,   ///< the oldest has lost its name and is not yet deleted
    metrics_append,      ///< half a line of metrics.csv
    metrics_rename,   ///< metrics.csv is written anew, for a completed record, beside its old self
    events_append,    ///< half a line of events.jsonl
    geometry_rename,  ///< a snapshot is written under its temporary name
    eval_rename,      ///< so is an evaluation
};

/// The names of the points, "checkpoint.rename", in the order of the enum without none.
std::span<const std::string_view> debug_point_names();
/// Whether `text` names a point, or with ":N" behind it the Nth time that it is reached.
bool is_debug_point(std::string_view text);

/// From now on this thread dies at `kill_at` ("" = nowhere; is_debug_point) and sleeps so long
/// before each write.
void set_debug_points(const std::string& kill_at, int64_t slow_writer_ms);

/// The thread has come to `point`.
void debug_point(DebugPoint point);
/// Whether the next debug_point(point) is the one to die at: what is written there may be torn.
bool debug_point_is_near(DebugPoint point);
/// A whole file or a record is going to be written.
void debug_slow_write();

}  // namespace hopscope::core
