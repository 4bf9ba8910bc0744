#include "core/measure/each_batch.h"

namespace hopscope::core {

Status each_batch(const BatchSource& source, int64_t n, const at::Device& device,
                  const std::string& what, const Progress& progress,
                  const std::function<void(int64_t index, const BatchTensors&)>& measure) {
    for (int64_t i = 0; i < n; ++i) {
        if (progress.cancelled()) return stopped_on_request();
        progress.report(what + " " + std::to_string(i + 1) + " of " + std::to_string(n),
                        static_cast<double>(i) / static_cast<double>(n));
        measure(i, eval_tensors(source, i, device));
    }
    return {};
}

}  // namespace hopscope::core
