#include "core/measure/matched_words.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/zeros.h>
#include <algorithm>
#include <unordered_map>

#include "core/measure/numbers.h"
#include "core/stats/overlap.h"
#include "kernels/reference/reference.h"

namespace hopscope::core {

std::vector<std::vector<int32_t>> word_sets(const std::vector<DirectionWords>& words,
                                            int64_t count) {
    std::vector<std::vector<int32_t>> out;
    for (const auto& w : words) {
        auto& set = out.emplace_back();
        for (size_t i = 0; i < std::min(w.dot.size(), static_cast<size_t>(count)); ++i)
            set.push_back(w.dot[i].token);
        std::sort(set.begin(), set.end());
    }
    return out;
}

std::vector<double> best_jaccard(const std::vector<std::vector<int32_t>>& a,
                                 const std::vector<std::vector<int32_t>>& b) {
    std::unordered_map<int32_t, std::vector<size_t>> holders;  // token → sets of b
    for (size_t j = 0; j < b.size(); ++j)
        for (const int32_t token : b[j]) holders[token].push_back(j);
    std::vector<double> out;
    std::vector<int64_t> common(b.size());
    for (const auto& set : a) {
        std::fill(common.begin(), common.end(), 0);
        for (const int32_t token : set)
            if (const auto found = holders.find(token); found != holders.end())
                for (const size_t j : found->second) ++common[j];
        double best = 0;
        for (size_t j = 0; j < b.size(); ++j)
            best = std::max(best, stats::jaccard_of(common[j], static_cast<int64_t>(set.size()),
                                                    static_cast<int64_t>(b[j].size())));
        out.push_back(best);
    }
    return out;
}

std::vector<double> best_cosine(const at::Tensor& a, const at::Tensor& b) {
    using kernels::reference::l2norm;
    return numbers(at::matmul(l2norm(a), l2norm(b).t()).amax(1));
}

at::Tensor random_directions(int64_t n, int64_t d, uint64_t seed) {
    auto generator = at::detail::createCPUGenerator(seed);
    return at::zeros({n, d}, at::TensorOptions().dtype(at::kFloat)).normal_(0.0, 1.0, generator);
}

}  // namespace hopscope::core
