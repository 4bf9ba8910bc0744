#include "core/imported/expert_alignment.h"

#include "core/imported/expert_values.h"
#include "core/imported/routing_rule.h"
#include "core/imported/row_directions.h"

namespace hopscope::core {

std::string alignment_name(const std::string& router, const std::string& matrix, RowsTaken rows,
                           const std::string& list) {
    return router + ".experts." + matrix + (rows == RowsTaken::centred ? ".centred." : ".") + list;
}

Result<std::vector<Alignment>> expert_alignment(
    const ModelFolder& model, const ExpertLayout& layout, const ExpertMatrices& matrices,
    const RouterTensors& router, const AlignExperts& align, const std::function<Status()>& before,
    std::vector<int64_t>& left_out) {
    const auto experts = std::ssize(matrices.experts);
    auto centred = router.rows;
    // What reads stands behind the norm, as the rows do; what writes adds to what the norm takes.
    if (!matrices.reads) fold_gain(centred, router.gain);
    centre_rows(centred, experts);
    const auto matrix = [&](int64_t expert) -> Result<std::vector<float>> {
        if (auto s = before(); !s) return s.error();
        auto values = expert_values(model, layout, matrices.experts[static_cast<size_t>(expert)]);
        if (!values || !first_not_finite(*values)) return values;
        left_out.push_back(expert);
        return std::vector<float>();
    };
    return align({router.rows, centred}, experts, matrix);
}

}  // namespace hopscope::core
