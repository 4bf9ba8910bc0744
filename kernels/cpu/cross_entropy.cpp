#include "kernels/cpu/cross_entropy.h"

#include <ATen/Parallel.h>
#include <c10/util/BFloat16.h>
#include <c10/util/Exception.h>
#include <cmath>

#include "kernels/cpu/loops.h"

namespace hopscope::kernels::cpu {
namespace {

/// Rows of one thread; `gradient` [T, V] may be null.
template <class T, class G>
struct Rows {
    T* logits;
    const int64_t* targets;
    T* nll;
    G* gradient;
    int64_t width;
};

template <class T, class G>
HOPSCOPE_INLINE void visit_rows(const Rows<T, G>& rows, int64_t lo, int64_t hi) {
    const int64_t n = rows.width;
    for (int64_t t = lo; t < hi; ++t) {
        T* z = rows.logits + t * n;
        const int64_t target = rows.targets[t];
        const T at_target = z[target];
        const auto [top, sum] = exp_loop(z, z, n);
        rows.nll[t] = std::log(sum) - (at_target - top);
        if (!rows.gradient) continue;
        const T inverse = T(1) / sum;
        G* g = rows.gradient + t * n;
        const T own = z[target] * inverse - T(1);
        for (int64_t i = 0; i < n; ++i) g[i] = static_cast<G>(z[i] * inverse);
        g[target] = static_cast<G>(own);
    }
}

HOPSCOPE_CLONES void visit(const Rows<float, float>& rows, int64_t lo, int64_t hi) {
    visit_rows(rows, lo, hi);
}
HOPSCOPE_CLONES void visit(const Rows<float, c10::BFloat16>& rows, int64_t lo, int64_t hi) {
    visit_rows(rows, lo, hi);
}
void visit(const Rows<double, double>& rows, int64_t lo, int64_t hi) {
    visit_rows(rows, lo, hi);
}

template <class T, class G>
void run(at::Tensor& logits, const at::Tensor& targets, at::Tensor& nll, at::Tensor& gradient) {
    const Rows<T, G> rows{
        logits.mutable_data_ptr<T>(), targets.const_data_ptr<int64_t>(), nll.mutable_data_ptr<T>(),
        gradient.defined() ? gradient.mutable_data_ptr<G>() : nullptr, logits.size(1)};
    at::parallel_for(0, logits.size(0), 4, [&](int64_t lo, int64_t hi) { visit(rows, lo, hi); });
}

void check_targets(const at::Tensor& targets, int64_t width) {
    const auto* target = targets.const_data_ptr<int64_t>();
    for (int64_t t = 0; t < targets.numel(); ++t)
        TORCH_CHECK_INDEX(target[t] >= 0 && target[t] < width, "classifier: target ", target[t],
                          " of row ", t, ", allowed 0 to ", width - 1);
}

}  // namespace

void cross_entropy(at::Tensor& logits, const at::Tensor& targets, at::Tensor& nll,
                   at::Tensor gradient) {
    check_targets(targets, logits.size(1));
    if (logits.scalar_type() == at::kDouble)
        run<double, double>(logits, targets, nll, gradient);
    else if (gradient.defined() && gradient.scalar_type() == at::kBFloat16)
        run<float, c10::BFloat16>(logits, targets, nll, gradient);
    else
        run<float, float>(logits, targets, nll, gradient);
}

}  // namespace hopscope::kernels::cpu
