#include "core/analyses/expert_matches.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/linalg_qr.h>
#include <ATen/ops/linalg_svd.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/max.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>
#include <numeric>
#include <optional>

#include "core/api/layer_names.h"
#include "core/base/random.h"
#include "core/base/sets.h"
#include "core/measure/numbers.h"
#include "core/stats/bootstrap.h"
#include "core/stats/descriptive.h"
#include "kernels/reference/reference.h"

namespace hopscope::core::analysis {
namespace {

constexpr size_t kPieces = 3;
constexpr double kAbove = 0.95;  ///< share of the best by chance that a partner must exceed

/// Rows [n, d] of a list, in fp32.
at::Tensor rows_of(const std::vector<float>& values, int64_t width) {
    const auto n = static_cast<int64_t>(values.size()) / width;
    // Read only; from_blob takes no pointer to const.
    return at::from_blob(const_cast<float*>(values.data()), {n, width}, at::kFloat).clone();
}

/// Which tokens take each expert at some hop, rising; [experts].
using TokenSets = std::vector<std::vector<int32_t>>;
TokenSets token_sets(const LayerGeometry& layer, size_t tokens) {
    TokenSets out(static_cast<size_t>(layer.experts));
    const auto k = static_cast<size_t>(layer.top_k);
    for (size_t i = 0; i < layer.choices.size(); ++i) {
        const auto expert = static_cast<size_t>(layer.choices[i]);
        if (expert < out.size()) out[expert].push_back(static_cast<int32_t>(i / k % tokens));
    }
    for (auto& set : out) {
        std::sort(set.begin(), set.end());
        set.erase(std::unique(set.begin(), set.end()), set.end());
    }
    return out;
}

double overlap(const std::vector<int32_t>& a, const std::vector<int32_t>& b) {
    if (a.empty() || b.empty()) return stats::kNaN;
    int64_t common = 0;
    for (auto i = a.begin(), j = b.begin(); i != a.end() && j != b.end();)
        if (*i == *j)
            ++common, ++i, ++j;
        else
            *i < *j ? ++i : ++j;
    return jaccard_of(common, static_cast<int64_t>(a.size()), static_cast<int64_t>(b.size()));
}

/// The same sets for tokens that were dealt out anew.
TokenSets shuffled(const TokenSets& sets, const std::vector<int32_t>& order) {
    TokenSets out = sets;
    for (auto& set : out) {
        for (int32_t& token : set) token = order[static_cast<size_t>(token)];
        std::sort(set.begin(), set.end());
    }
    return out;
}

std::vector<int32_t> random_order(size_t n, Random& random) {
    std::vector<int32_t> order(n);
    std::iota(order.begin(), order.end(), 0);
    for (size_t i = n; i > 1; --i) std::swap(order[i - 1], order[random.below(i)]);
    return order;
}

/// Likenesses of each row of a to its best partner in b, and who that is.
struct Best {
    std::vector<double> likeness;
    std::vector<int32_t> partner;
};

Best best_by_cosine(const at::Tensor& a, const at::Tensor& b) {
    const auto [value, index] = at::max(at::matmul(a, b.t()), 1);
    Best out{numbers(value), {}};
    for (const double i : numbers(index)) out.partner.push_back(static_cast<int32_t>(i));
    return out;
}

Best best_by_tokens(const TokenSets& a, const TokenSets& b) {
    Best out;
    for (const auto& set : a) {
        double best = stats::kNaN;
        int32_t partner = -1;
        for (size_t j = 0; j < b.size(); ++j)
            if (const double one = overlap(set, b[j]); !(one <= best) && std::isfinite(one)) {
                best = one;
                partner = static_cast<int32_t>(j);
            }
        out.likeness.push_back(best);
        out.partner.push_back(partner);
    }
    return out;
}

/// The rotation (or reflection) after which rows of b lie nearest to those of a; [d, d].
at::Tensor nearest_rotation(const at::Tensor& a, const at::Tensor& b) {
    const auto [u, s, vh] = at::linalg_svd(at::matmul(b.t(), a), /*full_matrices=*/false);
    return at::matmul(u, vh);
}

at::Tensor random_rotation(int64_t d, uint64_t seed) {
    auto generator = at::detail::createCPUGenerator(seed);
    const auto normal = at::zeros({d, d}, at::kFloat).normal_(0.0, 1.0, generator);
    return std::get<0>(at::linalg_qr(normal));
}

/// Random directions of `width` dimensions as they are seen in `seen` of them; [n, seen].
at::Tensor random_directions(int64_t n, int64_t seen, int64_t width, uint64_t seed) {
    auto generator = at::detail::createCPUGenerator(seed);
    const auto normal =
        at::zeros({n, std::max(width, seen)}, at::kFloat).normal_(0.0, 1.0, generator);
    return kernels::reference::l2norm(normal).narrow(1, 0, seen).contiguous();
}

std::vector<double> finite(const std::vector<double>& values) {
    std::vector<double> out;
    std::copy_if(values.begin(), values.end(), std::back_inserter(out),
                 [](double v) { return std::isfinite(v); });
    return out;
}

MatchedNumber with_interval(const std::vector<double>& of_experts, bool median, uint64_t seed) {
    const std::vector<double> values = finite(of_experts);
    MatchedNumber out;
    out.n = static_cast<int64_t>(values.size());
    if (values.empty()) return out;
    const auto middle = [&](std::span<const int64_t> drawn) {
        std::vector<double> some;
        for (const int64_t i : drawn) some.push_back(values[static_cast<size_t>(i)]);
        const auto half = some.begin() + static_cast<int64_t>(some.size() / 2);
        std::nth_element(some.begin(), half, some.end());
        return *half;
    };
    const auto drawn = median ? stats::bootstrap_statistic(out.n, middle, {2000, seed})
                              : stats::bootstrap_mean(values, {2000, seed});
    out.value = drawn.estimate;
    const stats::Interval interval = drawn.interval(0.95);
    out.low = interval.low;
    out.high = interval.high;
    return out;
}

void set_chance(MatchedNumber& number, const std::vector<double>& means) {
    number.chance = stats::mean(means);
    double squares = 0;
    for (const double mean : means) squares += (mean - number.chance) * (mean - number.chance);
    if (means.size() > 1)
        number.chance_std = std::sqrt(squares / static_cast<double>(means.size() - 1));
}

std::vector<std::string> pieces_of(const GeometrySnapshot& snapshot, const LayerGeometry& layer,
                                   int32_t expert) {
    std::map<std::string, double> weight_of;
    const auto k = static_cast<size_t>(layer.top_k), tokens = snapshot.token_ids.size();
    for (size_t i = 0; i < layer.choices.size(); ++i) {
        const size_t token = i / k % tokens;
        if (layer.choices[i] != expert || token >= snapshot.pieces.size()) continue;
        const bool weighed = i < layer.weights.size() && std::isfinite(layer.weights[i]);
        const double weight = weighed ? static_cast<double>(layer.weights[i]) : 1;
        weight_of[snapshot.pieces[token]] += weight;
    }
    std::vector<std::pair<std::string, double>> all(weight_of.begin(), weight_of.end());
    std::stable_sort(all.begin(), all.end(),
                     [](const auto& x, const auto& y) { return x.second > y.second; });
    std::vector<std::string> out;
    for (size_t i = 0; i < std::min(kPieces, all.size()); ++i) out.push_back(all[i].first);
    return out;
}

double degrees(double cosine) {
    return std::acos(std::clamp(cosine, -1.0, 1.0)) * 180 / std::numbers::pi;
}

/// One layer of two snapshots on the way to its matches.
class Matching {
  public:
    Matching(const GeometrySnapshot& a, const GeometrySnapshot& b, const MatchRequest& request,
             int64_t common_width)
        : snapshot_a_(a),
          snapshot_b_(b),
          a_(a.layers[static_cast<size_t>(request.layer)]),
          b_(b.layers[static_cast<size_t>(request.layer)]) {
        out_.request = request;
        out_.layer_name = layer_name(a_.name, request.layer);
        out_.one_run = request.run_a == request.run_b;
        out_.one_space = out_.one_run || common_width > 0;
        common_width_ = common_width;
        one_sample_ = a.token_ids == b.token_ids;
        out_.layers = static_cast<int64_t>(std::min(a.layers.size(), b.layers.size()));
        out_.experts_a = a_.experts;
        out_.experts_b = b_.experts;
        out_.tokens = static_cast<int64_t>(a.token_ids.size());
    }

    Result<ExpertMatches> run(const Progress& progress) {
        sets_a_.resize(static_cast<size_t>(a_.experts));
        sets_b_.resize(static_cast<size_t>(b_.experts));
        if (one_sample_) {
            sets_a_ = token_sets(a_, snapshot_a_.token_ids.size());
            sets_b_ = token_sets(b_, snapshot_b_.token_ids.size());
        }
        find_space();
        const Best best = out_.by_tokens ? best_by_tokens(sets_a_, sets_b_)
                                         : best_by_cosine(centroids_a_, turned(rotation_));
        fill(best);
        if (!draw_chance(progress)) return stopped_on_request("the matching was");
        std::stable_sort(out_.matches.begin(), out_.matches.end(),
                         [this](const ExpertMatch& x, const ExpertMatch& y) {
                             return likeness(x) > likeness(y);
                         });
        return std::move(out_);
    }

  private:
    double likeness(const ExpertMatch& match) const {
        const double value = out_.by_tokens ? match.jaccard : match.cosine;
        return std::isfinite(value) ? value : -2;
    }
    at::Tensor turned(const at::Tensor& rotation) const {
        return rotation.defined() ? at::matmul(centroids_b_, rotation) : centroids_b_;
    }

    /// The centroids, and how b's are turned; or why there are none to compare.
    void find_space() {
        using kernels::reference::l2norm;
        if (a_.centroids.empty() || b_.centroids.empty())
            out_.no_cosine = "One of them has no centroids; partners share most tokens.";
        else if (a_.d_space != b_.d_space)
            out_.no_cosine =
                "Their routing spaces have different widths; partners share most "
                "tokens.";
        else if (!out_.one_space && (a_.positions.empty() || b_.positions.empty()))
            out_.no_cosine =
                "Tokens have no positions by which one space could be turned onto the "
                "other; partners share most tokens.";
        out_.by_tokens = !out_.no_cosine.empty();
        if (out_.by_tokens) return;
        centroids_a_ = l2norm(rows_of(a_.centroids, a_.d_space));
        centroids_b_ = l2norm(rows_of(b_.centroids, b_.d_space));
        if (out_.one_space) return;
        // The hops that both have.
        const size_t rows = std::min(a_.positions.size(), b_.positions.size());
        positions_a_ = rows_of(
            {a_.positions.begin(), a_.positions.begin() + static_cast<int64_t>(rows)}, a_.d_space);
        positions_b_ = rows_of(
            {b_.positions.begin(), b_.positions.begin() + static_cast<int64_t>(rows)}, b_.d_space);
        rotation_ = nearest_rotation(positions_a_, positions_b_);
    }

    void fill(const Best& best) {
        std::vector<double> own;
        if (!out_.by_tokens) {
            const auto b = turned(rotation_).contiguous();
            keep(out_.centroids_a, centroids_a_);
            keep(out_.centroids_b, b);
            if (out_.one_run && out_.experts_a == out_.experts_b)
                own = numbers((centroids_a_ * b).sum(1));
        }
        std::vector<double> cosines, jaccards, moved;
        for (size_t i = 0; i < best.partner.size(); ++i) {
            ExpertMatch match;
            match.a = static_cast<int32_t>(i);
            match.b = best.partner[i];
            if (match.b >= 0) {
                match.jaccard = overlap(sets_a_[i], sets_b_[static_cast<size_t>(match.b)]);
                match.pieces_b = pieces_of(snapshot_b_, b_, match.b);
            }
            match.pieces_a = pieces_of(snapshot_a_, a_, match.a);
            if (!out_.by_tokens) {
                match.cosine = best.likeness[i];
                match.moved = degrees(own.empty() ? match.cosine : own[i]);
            }
            cosines.push_back(match.cosine);
            jaccards.push_back(match.jaccard);
            moved.push_back(match.moved);
            out_.matches.push_back(std::move(match));
        }
        const uint64_t seed = out_.request.seed;
        out_.cosine = with_interval(cosines, false, seed);
        out_.jaccard = with_interval(jaccards, false, seed);
        out_.moved = with_interval(moved, true, seed);
    }

    static void keep(std::vector<float>& out, const at::Tensor& rows) {
        const auto plain = rows.contiguous();
        const float* p = plain.const_data_ptr<float>();
        out.assign(p, p + plain.numel());
    }

    /// Chance has the same freedom as the match: the best of as many candidates, and of two runs a
    /// rotation fitted as well, to tokens that are dealt out anew.
    bool draw_chance(const Progress& progress) {
        Random random(out_.request.seed);
        std::vector<double> cosines, jaccards, moved, all;
        for (int64_t draw = 0; draw < out_.request.draws; ++draw) {
            if (progress.cancelled()) return false;
            progress.report("drawing chance",
                            static_cast<double>(draw) / static_cast<double>(out_.request.draws));
            const auto order = random_order(snapshot_b_.token_ids.size(), random);
            const TokenSets dealt = shuffled(sets_b_, order);
            Best best;
            if (out_.by_tokens) {
                best = best_by_tokens(sets_a_, dealt);
                jaccards.push_back(stats::mean(finite(best.likeness)));
            } else {
                best = best_by_cosine(centroids_a_, by_chance(order, static_cast<uint64_t>(draw)));
                cosines.push_back(stats::mean(best.likeness));
                std::vector<double> angles;
                for (const double cosine : best.likeness) angles.push_back(degrees(cosine));
                moved.push_back(stats::quantile(angles, 0.5));
                std::vector<double> kept;
                for (const ExpertMatch& match : out_.matches)
                    kept.push_back(overlap(sets_a_[static_cast<size_t>(match.a)],
                                           dealt[static_cast<size_t>(match.b)]));
                jaccards.push_back(stats::mean(finite(kept)));
            }
            const auto some = finite(best.likeness);
            all.insert(all.end(), some.begin(), some.end());
        }
        if (out_.request.draws < 1) return true;
        set_chance(out_.jaccard, jaccards);
        if (!out_.by_tokens) {
            set_chance(out_.cosine, cosines);
            // An expert stays itself in one run; the best of many is no measure of that.
            if (!out_.one_run) set_chance(out_.moved, moved);
        }
        const double limit = all.empty() ? 2 : stats::quantile(all, kAbove);
        for (ExpertMatch& match : out_.matches) {
            match.above_chance = likeness(match) > limit;
            out_.above_chance += match.above_chance;
        }
        return true;
    }

    /// b's rows as they are where they have nothing to do with a's.
    at::Tensor by_chance(const std::vector<int32_t>& order, uint64_t draw) const {
        const uint64_t seed = mix64(out_.request.seed, draw + 1);
        if (!out_.one_space)
            return turned(nearest_rotation(positions_a_, reordered(positions_b_, order)));
        return common_width_ > 0 ? random_directions(b_.experts, b_.d_space, common_width_, seed)
                                 : turned(random_rotation(a_.d_space, seed));
    }

    /// Rows [hops · tokens, d] with the tokens of each hop in another order.
    at::Tensor reordered(const at::Tensor& positions, const std::vector<int32_t>& order) const {
        std::vector<int64_t> index;
        const auto tokens = static_cast<int64_t>(order.size());
        for (int64_t row = 0; row < positions.size(0); ++row)
            index.push_back(row / tokens * tokens + order[static_cast<size_t>(row % tokens)]);
        return positions.index_select(0, at::tensor(index, at::kLong));
    }

    const GeometrySnapshot &snapshot_a_, &snapshot_b_;
    const LayerGeometry &a_, &b_;
    TokenSets sets_a_, sets_b_;
    at::Tensor centroids_a_, centroids_b_, positions_a_, positions_b_, rotation_;
    int64_t common_width_ = 0;
    bool one_sample_ = false;
    ExpertMatches out_;
};

std::string of_layer(const GeometrySnapshot& snapshot) {
    return "the snapshot of step " + std::to_string(snapshot.step);
}

}  // namespace

Result<ExpertMatches> match_experts(const GeometrySnapshot& a, const GeometrySnapshot& b,
                                    const MatchRequest& request, const Progress& progress,
                                    int64_t common_width) {
    for (const GeometrySnapshot* snapshot : {&a, &b}) {
        const auto layers = static_cast<int64_t>(snapshot->layers.size());
        if (request.layer < 0 || request.layer >= layers)
            return usage_error(of_layer(*snapshot) + " has " + std::to_string(layers) +
                               " layers that route, no layer " + std::to_string(request.layer));
        const LayerGeometry& layer = snapshot->layers[static_cast<size_t>(request.layer)];
        if (common_width > 0) continue;
        if (layer.choices.empty() || layer.top_k < 1 || snapshot->token_ids.empty())
            return usage_error(of_layer(*snapshot) + " holds no choices of layer " +
                               std::to_string(request.layer));
    }
    if (common_width < 1 && a.token_ids != b.token_ids)
        return usage_error(
            "the two samples are of other tokens. Matched experts need runs of one text and one "
            "tokenizer");
    MatchRequest read = request;
    read.step_a = a.step;
    read.step_b = b.step;
    return Matching(a, b, read, common_width).run(progress);
}

}  // namespace hopscope::core::analysis
