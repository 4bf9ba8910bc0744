#include "core/analyses/recorded_inputs.h"

#include <algorithm>
#include <cmath>

namespace hopscope::core::analysis {

std::span<const float> RecordedInputs::of(int64_t token) const {
    const auto out = part(input, token);
    const bool finite =
        std::all_of(out.begin(), out.end(), [](float x) { return std::isfinite(x); });
    return finite ? out : std::span<const float>();
}

std::optional<RecordedInputs> recorded_inputs(const ImportedContext& context, int64_t layer,
                                              const std::string& pool) {
    RecordedInputs out;
    for (const RecordedRouting& trace : context.traces)
        for (const RecordedLayer& one : trace.layers) {
            if (one.layer != layer || one.pool != pool || one.inputs.width == 0 || out.width != 0)
                continue;
            out.experts = one.experts;
            out.width = one.inputs.width;
            out.rows = one.inputs.rows;
        }
    if (out.width == 0) return std::nullopt;
    const auto width = static_cast<size_t>(out.width);
    for (const RecordedRouting& trace : context.traces)
        for (const RecordedLayer& one : trace.layers) {
            if (one.layer != layer || one.pool != pool) continue;
            const bool has = one.inputs.width == out.width && one.inputs.rows == out.rows;
            const auto k = static_cast<size_t>(one.top_k);
            for (size_t row = 0; row * k < one.chosen.size(); ++row) {
                if (one.chosen[row * k] < 0) continue;
                if (!has) {
                    out.input.insert(out.input.end(), width, NAN);
                    continue;
                }
                const float* from = one.inputs.position.data() + row * width;
                out.input.insert(out.input.end(), from, from + width);
            }
        }
    return out;
}

double product(std::span<const float> a, std::span<const float> b) {
    double out = 0;
    for (size_t i = 0; i < a.size(); ++i)
        out += static_cast<double>(a[i]) * static_cast<double>(b[i]);
    return out;
}

}  // namespace hopscope::core::analysis
