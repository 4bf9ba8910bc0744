#include "core/measure/alignment.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/linalg_eigh.h>
#include <ATen/ops/matmul.h>
#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "core/measure/model_space.h"
#include "core/measure/numbers.h"

namespace hopscope::core {
namespace {

constexpr double kUnmeasured = std::numeric_limits<double>::quiet_NaN();

int64_t share_of(int64_t n, double share) {
    return static_cast<int64_t>(std::ceil(share * static_cast<double>(n)));
}

/// Right singular vectors of each [r, d] of [n, r, d], falling singular values, [n, min(r, d), d].
at::Tensor right_singular(const at::Tensor& matrices) {
    if (matrices.size(1) == 1) return unit_rows(matrices);
    const auto wide = matrices.to(at::kDouble);
    // Through the smaller Gram matrix. Of [d, d] they are the eigenvectors themselves.
    if (matrices.size(1) > matrices.size(2))
        return std::get<1>(at::linalg_eigh(at::matmul(wide.transpose(1, 2), wide)))
            .transpose(1, 2)
            .flip({1})
            .to(at::kFloat);
    const auto [values, vectors] = at::linalg_eigh(at::matmul(wide, wide.transpose(1, 2)));
    return unit_rows(at::matmul(vectors.transpose(1, 2), wide).flip({1})).to(at::kFloat);
}

void extend(std::vector<double>& to, const at::Tensor& more) {
    const auto values = numbers(more);
    to.insert(to.end(), values.begin(), values.end());
}

/// What is given is taken where it is the first.
at::Tensor sum(const at::Tensor& so_far, const at::Tensor& more) {
    return so_far.defined() ? so_far + more : more;
}

/// (what all give − what the own expert gives) / how many others there are.
std::vector<double> of_others(const std::vector<double>& all, const std::vector<double>& own,
                              double others) {
    std::vector<double> out;
    for (size_t i = 0; i < own.size(); ++i) out.push_back((all[i] - own[i]) / others);
    return out;
}

}  // namespace

AlignmentSum::AlignmentSum(const std::vector<at::Tensor>& row_sets) {
    for (const at::Tensor& rows : row_sets) sets_.push_back({unit_rows(rows), {}, {}});
}

void AlignmentSum::skip() {
    for (Set& set : sets_)
        for (auto* list : {&set.found.matched, &set.found.cosine, &set.found.energy,
                           &set.found.top1, &set.found.top10})
            list->push_back(kUnmeasured);
    ++seen_;
}

void AlignmentSum::add_to(Set& set, const at::Tensor& matrices, const at::Tensor& v,
                          const at::Tensor& mean_rows) const {
    const int64_t count = v.size(0), found = v.size(1), d = v.size(2);
    const auto own = set.rows.narrow(0, seen_, count);
    const auto a = at::matmul(v, own.unsqueeze(-1)).squeeze(-1).square().to(at::kDouble);
    Alignment& out = set.found;
    out.k = share_of(std::min(matrices.size(1), d), 0.01);
    out.baseline = static_cast<double>(out.k) / static_cast<double>(d);
    const auto top = v.narrow(1, 0, out.k).reshape({count * out.k, d});
    // Σ_j ‖V_k(j) r_i‖² = r_iᵀ (Σ_j V_k(j)ᵀ V_k(j)) r_i: no [n, n] is made. Of one expert there is
    // no sum, and [d, d] would be larger than what it has.
    const auto scores = count == 1
                            ? at::matmul(set.rows, top.t()).square().sum(-1)
                            : (at::matmul(set.rows, at::matmul(top.t(), top)) * set.rows).sum(-1);
    set.scores = sum(set.scores, scores.to(at::kDouble));
    extend(out.matched, a.narrow(1, 0, out.k).sum(-1));
    extend(out.energy, a.sum(-1));
    const auto total = a.sum(-1).clamp_min(std::numeric_limits<double>::min());
    extend(out.top1, a.narrow(1, 0, share_of(found, 0.01)).sum(-1) / total);
    extend(out.top10, a.narrow(1, 0, share_of(found, 0.1)).sum(-1) / total);
    extend(out.cosine, (mean_rows * own).sum(-1));
}

void AlignmentSum::add(const at::Tensor& matrices) {
    const auto directions = right_singular(matrices);
    const auto mean_rows = unit_rows(matrices).mean(1);  // [count, d]
    for (Set& set : sets_) add_to(set, matrices, directions, mean_rows);
    mean_row_ = sum(mean_row_, mean_rows.sum(0));
    seen_ += matrices.size(0);
    measured_ += matrices.size(0);
}

std::vector<Alignment> AlignmentSum::finish() {
    std::vector<Alignment> out;
    const auto others = static_cast<double>(measured_ - 1);
    for (Set& set : sets_) {
        Alignment& found = set.found;
        std::vector<double> none(found.matched.size(), kUnmeasured);
        const bool any = measured_ > 0;
        found.mismatched = of_others(any ? numbers(set.scores) : none, found.matched, others);
        found.cosine_mismatched =
            of_others(any ? numbers(at::matmul(set.rows, mean_row_)) : none, found.cosine, others);
        out.push_back(std::move(found));
    }
    return out;
}

Result<std::vector<Alignment>> align_one_by_one(const std::vector<std::vector<float>>& row_sets,
                                                int64_t experts, const MatrixOfExpert& matrix) {
    // Read only; from_blob takes no pointer to const.
    const auto shaped = [](const std::vector<float>& values, int64_t width) {
        return at::from_blob(const_cast<float*>(values.data()), {std::ssize(values) / width, width},
                             at::kFloat);
    };
    const int64_t width = row_sets.empty() ? 1 : std::ssize(row_sets[0]) / experts;
    std::vector<at::Tensor> rows;
    for (const auto& set : row_sets) rows.push_back(shaped(set, width));
    AlignmentSum all(rows);
    for (int64_t e = 0; e < experts; ++e) {
        const auto values = matrix(e);
        if (!values) return values.error();
        if (values->empty())
            all.skip();
        else
            all.add(shaped(*values, width).unsqueeze(0));
    }
    return all.finish();
}

}  // namespace hopscope::core
