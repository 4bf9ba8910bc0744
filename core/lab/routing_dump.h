// The routing of a corpus as a file of tensors (hopscope.routing/1), which grows batch by batch.
// Plain values in, a file out; one thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/api/config.h"
#include "core/api/snapshot.h"
#include "core/base/result.h"
#include "core/run/safetensors_writer.h"

namespace hopscope::core::lab {

/// One batch of B sequences of T tokens, as a pass recorded it.
struct TracedBatch {
    int64_t sequences = 0, length = 0;
    std::vector<int32_t> tokens;      ///< [B·T]
    std::vector<float> nll;           ///< [B·T] given the ones before; NaN for each first
    std::vector<int32_t> next_token;  ///< [B] the token behind each sequence
    std::vector<float> next_nll;      ///< [B] of it
    std::vector<TraceLayer> layers;   ///< rows [B·T]
};

struct DumpForm {
    bool positions = false;
    bool half = false;  ///< weights and positions as fp16
};

class RoutingDump {
  public:
    /// @param sequences of the whole corpus, a multiple of a batch's
    RoutingDump(std::string path, const Config& config, DumpForm form, int64_t sequences,
                std::map<std::string, std::string> metadata);

    /// The first batch decides which tensors there are; the file is made then, at its full size.
    /// Errors (failed): the disk.
    Status add(const TracedBatch& batch);
    /// Puts the file in place. Errors (failed): batches are missing, the disk.
    Status finish();
    uint64_t bytes() const { return writer_ ? writer_->bytes() : 0; }

  private:
    std::string path_;
    DumpForm form_;
    bool scored_ = true;  ///< the router has probabilities
    bool narrow_ = true;  ///< 16 bits hold every expert's number
    int64_t sequences_ = 0;
    std::map<std::string, std::string> metadata_;
    std::optional<SafetensorsWriter> writer_;
};

}  // namespace hopscope::core::lab
