#include "core/lab/measured.h"

#include <chrono>
#include <filesystem>

#include "core/lab/run_data.h"

namespace hopscope::core {

Measured::~Measured() {
    std::error_code ignored;  // a left-over folder in the temporary directory harms nobody
    source_.reset();
    if (!scratch_.empty()) std::filesystem::remove_all(scratch_, ignored);
}

Result<const BatchSource*> Measured::source(const Progress& progress) {
    if (!source_) {
        if (!corpus_.empty()) {
            const auto stamp = std::chrono::steady_clock::now().time_since_epoch().count();
            scratch_ = (std::filesystem::temp_directory_path() /
                        ("hopscope-analyze-" + std::to_string(stamp)))
                           .string();
            std::filesystem::create_directories(scratch_);
        }
        auto made = eval_source(run_.folder, run_.config, run_.tokenizer, corpus_, "valid",
                                scratch_, progress);
        if (!made) return made.error();
        source_.emplace(std::move(*made));
    }
    return &*source_;
}

Result<const RoutingSample*> Measured::sample(const Progress& progress) {
    if (!sample_) {
        auto batches = source(progress);
        if (!batches) return batches.error();
        auto made =
            sample_routing(run_.config, run_.weights, **batches, kAnalysisBatches, progress);
        if (!made) return made.error();
        sample_.emplace(std::move(*made));
    }
    return &*sample_;
}

}  // namespace hopscope::core
