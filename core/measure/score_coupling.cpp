#include "core/measure/score_coupling.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/stats/descriptive.h"
#include "core/stats/rank_tests.h"

namespace hopscope::core {
namespace {

/// (x − mean) / standard deviation; empty where all are equal.
std::vector<double> z_scores(std::vector<double> x) {
    const double mean = stats::mean(x), std = stats::sample_std(x);
    if (!(std > 0)) return {};
    for (double& v : x) v = (v - mean) / std;
    return x;
}

struct Point {
    float score, activation;
};

std::vector<Decile> deciles_of(std::vector<Point>& points) {
    std::vector<Decile> out;
    if (points.size() < 10) return out;
    std::sort(points.begin(), points.end(), [](const Point& a, const Point& b) {
        return a.score != b.score ? a.score < b.score : a.activation < b.activation;
    });
    for (size_t i = 0; i < 10; ++i) {
        const size_t begin = points.size() * i / 10, end = points.size() * (i + 1) / 10;
        std::vector<double> scores, activations;
        for (size_t p = begin; p < end; ++p) {
            scores.push_back(static_cast<double>(points[p].score));
            activations.push_back(static_cast<double>(points[p].activation));
        }
        std::sort(activations.begin(), activations.end());
        out.push_back({static_cast<int64_t>(end - begin), stats::mean(scores),
                       stats::quantile_of_sorted(activations, 0.5),
                       stats::quantile_of_sorted(activations, 0.25),
                       stats::quantile_of_sorted(activations, 0.75)});
    }
    return out;
}

/// Sums by (rank, batch), turned into means of batches at the end.
class ByRank {
  public:
    explicit ByRank(const ScoreSample& sample)
        : batches_(static_cast<size_t>(sample.batches)),
          cells_(static_cast<size_t>(sample.top_k) * batches_) {}
    void add(int16_t rank, int16_t batch, double value) {
        auto& cell = cells_[static_cast<size_t>(rank) * batches_ + static_cast<size_t>(batch)];
        cell.sum += value;
        cell.n += 1;
    }
    BatchMean mean(size_t rank) const {
        BatchMean out;
        for (size_t b = 0; b < batches_; ++b) {
            const auto& cell = cells_[rank * batches_ + b];
            if (cell.n > 0) out.batches.push_back(cell.sum / cell.n);
        }
        return out;
    }

  private:
    struct Cell {
        double sum = 0, n = 0;
    };
    size_t batches_;
    std::vector<Cell> cells_;
};

}  // namespace

ScoreCoupling score_coupling(const ScoreSample& sample) {
    ScoreCoupling out;
    std::vector<Point> points;
    ByRank norms(sample);
    out.ranks.resize(static_cast<size_t>(sample.top_k));
    for (size_t l = 0; l < sample.layers.size(); ++l) {
        const auto& pairs = sample.layers[l].pairs;
        ByRank scores(sample);
        std::vector<size_t> order(pairs.size());
        std::iota(order.begin(), order.end(), size_t{0});
        std::stable_sort(order.begin(), order.end(),
                         [&](size_t a, size_t b) { return pairs.expert[a] < pairs.expert[b]; });
        for (size_t begin = 0, end = 0; begin < order.size(); begin = end) {
            while (end < order.size() && pairs.expert[order[end]] == pairs.expert[order[begin]])
                ++end;
            const size_t n = end - begin;
            std::vector<double> x(n), y(n), norm(n);
            for (size_t i = 0; i < n; ++i) {
                const size_t p = order[begin + i];
                x[i] = static_cast<double>(pairs.score[p]);
                y[i] = static_cast<double>(pairs.activation[p]);
                norm[i] = static_cast<double>(pairs.norm[p]);
                scores.add(pairs.rank[p], pairs.batch[p], x[i]);
            }
            if (static_cast<int64_t>(n) < kLeastPairs) continue;
            norm = z_scores(std::move(norm));
            for (size_t i = 0; i < norm.size(); ++i)
                norms.add(pairs.rank[order[begin + i]], pairs.batch[order[begin + i]], norm[i]);
            const double rho = stats::spearman(x, y).r;
            if (std::isnan(rho)) continue;
            out.experts.push_back({static_cast<int64_t>(l), pairs.expert[order[begin]],
                                   static_cast<int64_t>(n), rho});
            out.pairs += static_cast<int64_t>(n);
            x = z_scores(std::move(x));
            y = z_scores(std::move(y));
            for (size_t i = 0; i < n; ++i)
                points.push_back({static_cast<float>(x[i]), static_cast<float>(y[i])});
        }
        for (size_t r = 0; r < out.ranks.size(); ++r) out.ranks[r].score.push_back(scores.mean(r));
    }
    for (size_t r = 0; r < out.ranks.size(); ++r) out.ranks[r].norm = norms.mean(r);
    out.deciles = deciles_of(points);
    return out;
}

}  // namespace hopscope::core
