#include "core/lab/sampling.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace hopscope::core::lab {
namespace {

/// Tokens by falling probability, ties by index. Sorted as far as somebody has looked: a draw
/// rarely goes beyond the first few of a large vocabulary.
class ByProbability {
  public:
    explicit ByProbability(const std::vector<float>& log_p) : log_p_(log_p), order_(log_p.size()) {
        std::iota(order_.begin(), order_.end(), size_t{0});
    }

    size_t operator[](size_t i) {
        while (i >= sorted_) sort_more();
        return order_[i];
    }

  private:
    void sort_more() {
        constexpr size_t kFirst = 64, kGrowth = 8;
        const auto place = [&](size_t i) {
            return order_.begin() + static_cast<std::ptrdiff_t>(i);
        };
        const auto before = [&](size_t a, size_t b) {
            return log_p_[a] > log_p_[b] || (log_p_[a] == log_p_[b] && a < b);
        };
        const size_t end = std::min(order_.size(), std::max(kFirst, kGrowth * sorted_));
        if (end < order_.size()) std::nth_element(place(sorted_), place(end), order_.end(), before);
        std::sort(place(sorted_), place(end), before);
        sorted_ = end;
    }

    const std::vector<float>& log_p_;
    std::vector<size_t> order_;
    size_t sorted_ = 0;
};

}  // namespace

// Finite numbers alone: of NaN none would be kept, and there would be no last one.
size_t pick_token(const std::vector<float>& log_p, const Sampling& sampling, double draw) {
    const auto top = std::max_element(log_p.begin(), log_p.end());
    if (sampling.temperature <= 0) return static_cast<size_t>(top - log_p.begin());
    const auto weight = [&](size_t id) {
        return std::exp((double{log_p[id]} - double{*top}) / sampling.temperature);
    };
    double all = 0;
    for (size_t id = 0; id < log_p.size(); ++id) all += weight(id);
    ByProbability order(log_p);
    double kept = all;
    size_t count = log_p.size();
    if (sampling.top_p < 1)
        for (kept = 0, count = 0; count < log_p.size() && kept < sampling.top_p * all;)
            kept += weight(order[count++]);
    double left = draw * kept;
    for (size_t i = 0; i < count; ++i) {
        const double w = weight(order[i]);
        if (left < w) return order[i];
        left -= w;
    }
    return order[count - 1];  // rounding
}

}  // namespace hopscope::core::lab
