#include "core/analyses/recorded_text.h"

#include "core/analyses/contexts.h"

namespace hopscope::core::analysis {

RecordedText::RecordedText(const ImportedContext& context) {
    for (const RecordedRouting& trace : context.traces)
        pieces_.insert(trace.pieces.begin(), trace.pieces.end());
}

std::string RecordedText::name(int32_t id) const {
    const auto found = pieces_.find(id);
    return found == pieces_.end() ? "#" + std::to_string(id) : found->second;
}

std::string RecordedText::text(const std::vector<int32_t>& ids, int64_t from, int64_t to) const {
    std::string out;
    for (int64_t i = from; i < to; ++i) out += without_marks(name(ids[static_cast<size_t>(i)]));
    return out;
}

}  // namespace hopscope::core::analysis
