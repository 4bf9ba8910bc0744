#include "core/measure/score_coupling.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>

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

/// Calls use(indices of the pairs of one expert), expert by expert.
template <class Use>
void each_expert(const RoutedPairs& pairs, Use use) {
    std::vector<size_t> order(pairs.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](size_t a, size_t b) { return pairs.expert[a] < pairs.expert[b]; });
    for (size_t begin = 0, end = 0; begin < order.size(); begin = end) {
        while (end < order.size() && pairs.expert[order[end]] == pairs.expert[order[begin]]) ++end;
        use(std::span<const size_t>(order).subspan(begin, end - begin));
    }
}

std::vector<double> at_pairs(const std::vector<float>& values, std::span<const size_t> which) {
    std::vector<double> out;
    out.reserve(which.size());
    for (const size_t p : which) out.push_back(static_cast<double>(values[p]));
    return out;
}

}  // namespace

std::vector<double> live_spearman(const ScoreSample& sample) {
    std::vector<double> out;
    for (const LayerScores& layer : sample.layers) {
        std::vector<double> rhos;
        each_expert(layer.pairs, [&](std::span<const size_t> own) {
            if (std::ssize(own) < kLeastLivePairs) return;
            const double rho = stats::spearman(at_pairs(layer.pairs.score, own),
                                               at_pairs(layer.pairs.activation, own))
                                   .r;
            if (!std::isnan(rho)) rhos.push_back(rho);
        });
        out.push_back(rhos.empty() ? stats::kNaN : stats::median(rhos));
    }
    return out;
}

ScoreCoupling score_coupling(const ScoreSample& sample) {
    ScoreCoupling out;
    std::vector<Point> points;
    ByRank norms(sample);
    out.ranks.resize(static_cast<size_t>(sample.top_k));
    for (size_t l = 0; l < sample.layers.size(); ++l) {
        const auto& pairs = sample.layers[l].pairs;
        ByRank scores(sample);
        each_expert(pairs, [&](std::span<const size_t> own) {
            auto x = at_pairs(pairs.score, own), y = at_pairs(pairs.activation, own);
            for (size_t i = 0; i < own.size(); ++i)
                scores.add(pairs.rank[own[i]], pairs.batch[own[i]], x[i]);
            if (std::ssize(own) < kLeastPairs) return;
            const auto norm = z_scores(at_pairs(pairs.norm, own));
            for (size_t i = 0; i < norm.size(); ++i)
                norms.add(pairs.rank[own[i]], pairs.batch[own[i]], norm[i]);
            const double rho = stats::spearman(x, y).r;
            if (std::isnan(rho)) return;
            out.experts.push_back(
                {static_cast<int64_t>(l), pairs.expert[own.front()], std::ssize(own), rho});
            out.pairs += std::ssize(own);
            x = z_scores(std::move(x));
            y = z_scores(std::move(y));
            for (size_t i = 0; i < x.size(); ++i)
                points.push_back({static_cast<float>(x[i]), static_cast<float>(y[i])});
        });
        for (size_t r = 0; r < out.ranks.size(); ++r) out.ranks[r].score.push_back(scores.mean(r));
    }
    for (size_t r = 0; r < out.ranks.size(); ++r) out.ranks[r].norm = norms.mean(r);
    out.deciles = deciles_of(points);
    return out;
}

}  // namespace hopscope::core
