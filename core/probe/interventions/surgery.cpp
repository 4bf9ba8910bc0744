// surgery: the direction an expert writes replaced at equal norm [def:surgery]: by another
// expert's, by a random one, or by its negative.
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/linalg_vector_norm.h>

#include "core/probe/intervention_kind.h"

namespace hopscope::core {
namespace {

/// What the experts of an action write instead: another expert's direction, or a new one.
struct Instead {
    std::optional<NewDirection> direction;
    int64_t expert = -1;
};

const Instead& instead(const LayerAction& action) {
    return *std::any_cast<Instead>(&action.own);
}

/// [n, r, d] rows of equal norm in place of `own`.
at::Tensor replacement(const LayerAction& action, const at::Tensor& own,
                       const at::Tensor& layer_rows) {
    const auto& [direction, expert] = instead(action);
    if (direction == NewDirection::negate) return -own;
    at::Tensor other;
    if (!direction) {
        other = layer_rows.select(0, expert).unsqueeze(0).expand_as(own);
    } else {
        auto gen = at::detail::createCPUGenerator(action.seed);
        other = at::empty(own.sizes(), at::TensorOptions().dtype(at::kFloat))
                    .normal_(0, 1, gen)
                    .to(own.options());
    }
    const auto norm = [](const at::Tensor& t) {
        return at::linalg_vector_norm(t, 2, at::IntArrayRef{-1}, true);
    };
    return other * (norm(own) / norm(other).clamp_min(kernels::kNormEps));
}

class Surgery : public InterventionKind {
  public:
    Status add(PlanReader& reader) const override {
        const Command& command = reader.command;
        const Instead with = {kind_of<NewDirection>(command.text("with", "")),
                              command.integer("with", -1)};
        return reader.add_to_experts("", [&](LayerAction& action) -> Status {
            action.own = with;
            const int64_t experts = reader.model.config.moe.experts;
            if (with.direction || (with.expert >= 0 && with.expert < experts)) return {};
            return reader.wrong("expert " + std::to_string(with.expert) +
                                " does not exist; allowed 0 … " + std::to_string(experts - 1));
        });
    }

    bool rewrites() const override { return true; }
    void rewrite(const LayerAction& action, const WrittenRows& written) const override {
        const auto experts = in_pool(action, written.pool_offset, written.rows.size(0));
        if (experts.empty()) return;
        const auto index = index_of(experts, written.rows);
        const auto own = written.rows.index_select(0, index);
        written.rows.index_copy_(0, index, replacement(action, own, written.all));
    }

    /// An expert that is given its own direction back would not be changed.
    std::vector<int64_t> spared(const LayerAction& action) const override {
        if (instead(action).direction) return {};
        return {instead(action).expert};
    }
};

}  // namespace

const InterventionKind& surgery_intervention() {
    static const Surgery kind;
    return kind;
}

}  // namespace hopscope::core
