// Sets of router rows against the matrices of experts, a few experts at a time [def:coupling]: all
// at once where they are small, one by one where a single one fills memory. An object belongs to
// the thread that made it.
#pragma once

#include <ATen/core/Tensor.h>
#include <cstdint>
#include <functional>
#include <vector>

#include "core/api/alignment.h"
#include "core/base/result.h"

namespace hopscope::core {

class AlignmentSum {
  public:
    /// @param row_sets each [n, d] fp32, row i that of expert i; their length does not matter
    explicit AlignmentSum(const std::vector<at::Tensor>& row_sets);

    /// The next experts' matrices, [count, r, d] fp32, r and d the same in all calls.
    void add(const at::Tensor& matrices);
    /// The next expert has no matrix that could be measured.
    void skip();
    /// One for each set of rows, with neither matrix nor hop. Called once, after n experts.
    std::vector<Alignment> finish();

  private:
    /// What has been added up for one set.
    struct Set {
        at::Tensor rows;    ///< [n, d] of length 1
        at::Tensor scores;  ///< [n] Σ over experts j of Score(i, j)
        Alignment found;
    };
    /// @param v right singular vectors [count, min(r, d), d] of the matrices
    /// @param mean_rows [count, d] means of their unit rows
    void add_to(Set& set, const at::Tensor& matrices, const at::Tensor& v,
                const at::Tensor& mean_rows) const;

    std::vector<Set> sets_;
    at::Tensor mean_row_;  ///< [d] Σ over experts of the mean of their unit rows
    int64_t seen_ = 0, measured_ = 0;
};

/// One expert after the other: `matrix(e)` gives [r, width] of expert e, or nothing where it has
/// none that could be measured (all that is not finite). Memory: a few times one matrix.
/// @param row_sets each [experts, width] fp32
/// Errors: those of `matrix`.
using MatrixOfExpert = std::function<Result<std::vector<float>>(int64_t expert)>;
Result<std::vector<Alignment>> align_one_by_one(const std::vector<std::vector<float>>& row_sets,
                                                int64_t experts, const MatrixOfExpert& matrix);

}  // namespace hopscope::core
