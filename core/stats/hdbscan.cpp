#include "core/stats/hdbscan.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>

#include "core/stats/descriptive.h"

namespace hopscope::core::stats {
namespace {

struct Edge {
    int64_t a = 0, b = 0;
    double length = 0;
};

/// Asks after every so many rows whether to go on; each of the two passes over the rows is a half.
class Pace {
  public:
    Pace(const HdbscanOptions& options, size_t n) : options_(options), rows_(n) {}
    bool stopped() {
        if (!stopped_ && done_++ % 64 == 0)
            stopped_ = !options_.go_on(static_cast<double>(done_) / static_cast<double>(2 * rows_));
        return stopped_;
    }

  private:
    const HdbscanOptions& options_;
    size_t rows_, done_ = 0;
    bool stopped_ = false;
};

/// Distance of each point to its min_samples-th nearest, itself counted.
std::vector<double> core_distances(const EuclideanRows& rows, size_t n, int64_t min_samples,
                                   Pace& pace) {
    const auto place = static_cast<int64_t>(std::min(n, static_cast<size_t>(min_samples))) - 1;
    std::vector<double> core(n), row;
    for (size_t i = 0; i < n && !pace.stopped(); ++i) {
        rows.from(static_cast<int64_t>(i), row);
        std::nth_element(row.begin(), row.begin() + place, row.end());
        core[i] = row[static_cast<size_t>(place)];
    }
    return core;
}

/// Prim's minimum spanning tree of mutual reachability, max(distance, both core distances), sorted
/// by length.
std::vector<Edge> spanning_tree(const EuclideanRows& rows, const std::vector<double>& core,
                                Pace& pace) {
    const size_t n = core.size();
    std::vector<double> reach(n, std::numeric_limits<double>::infinity()), row;
    std::vector<size_t> source(n, 0);
    std::vector<char> inside(n, 0);
    std::vector<Edge> tree;
    tree.reserve(n - 1);
    for (size_t current = 0; tree.size() + 1 < n && !pace.stopped();) {
        inside[current] = 1;
        rows.from(static_cast<int64_t>(current), row);
        size_t next = n;
        for (size_t j = 0; j < n; ++j) {
            if (inside[j]) continue;
            const double d = std::max({row[j], core[current], core[j]});
            if (d < reach[j]) {
                reach[j] = d;
                source[j] = current;
            }
            if (next == n || reach[j] < reach[next]) next = j;
        }
        tree.push_back(
            {static_cast<int64_t>(source[next]), static_cast<int64_t>(next), reach[next]});
        current = next;
    }
    std::stable_sort(tree.begin(), tree.end(),
                     [](const Edge& x, const Edge& y) { return x.length < y.length; });
    return tree;
}

/// A merge of single linkage. Nodes 0 … n − 1 are points, n + i is the i-th merge.
struct Merge {
    int64_t left = 0, right = 0, size = 0;
    double length = 0;
};

std::vector<Merge> single_linkage(const std::vector<Edge>& tree) {
    const auto n = static_cast<int64_t>(tree.size()) + 1;
    std::vector<int64_t> parent(static_cast<size_t>(2 * n - 1));
    std::iota(parent.begin(), parent.end(), int64_t{0});
    const auto top = [&](int64_t node) {
        while (parent[static_cast<size_t>(node)] != node) {
            auto& up = parent[static_cast<size_t>(node)];
            up = parent[static_cast<size_t>(up)];
            node = up;
        }
        return node;
    };
    std::vector<Merge> merges;
    const auto size_of = [&](int64_t node) {
        return node < n ? 1 : merges[static_cast<size_t>(node - n)].size;
    };
    for (const Edge& edge : tree) {
        const int64_t left = top(edge.a), right = top(edge.b);
        const int64_t made = n + static_cast<int64_t>(merges.size());
        merges.push_back({left, right, size_of(left) + size_of(right), edge.length});
        parent[static_cast<size_t>(left)] = parent[static_cast<size_t>(right)] = made;
    }
    return merges;
}

/// A group that persists while points fall off it: a node of the condensed tree.
struct Cluster {
    int32_t parent = -1;
    double birth = 0;  ///< λ = 1 / length at which it split off
    double stability = 0;
    bool chosen = false;
};

struct Condensed {
    std::vector<Cluster> clusters;   ///< parents before children; the first is everything
    std::vector<int32_t> left_from;  ///< of each point: the cluster it fell off
};

/// What leaving at `lambda` adds to the stability of a cluster; duplicates leave at infinity, which
/// no cluster outlives.
double excess(double lambda, double birth) {
    return std::isinf(birth) ? 0 : lambda - birth;
}

Condensed condense(const std::vector<Merge>& merges, int64_t min_cluster_size) {
    const auto n = static_cast<int64_t>(merges.size()) + 1;
    Condensed out{{Cluster{}}, std::vector<int32_t>(static_cast<size_t>(n), 0)};
    const auto size_of = [&](int64_t node) {
        return node < n ? 1 : merges[static_cast<size_t>(node - n)].size;
    };
    const auto fall_off = [&](int64_t node, int32_t cluster, double lambda) {
        std::vector<int64_t> open{node};
        while (!open.empty()) {
            const int64_t next = open.back();
            open.pop_back();
            if (next < n) {
                out.left_from[static_cast<size_t>(next)] = cluster;
                auto& from = out.clusters[static_cast<size_t>(cluster)];
                from.stability += excess(lambda, from.birth);
            } else {
                open.push_back(merges[static_cast<size_t>(next - n)].left);
                open.push_back(merges[static_cast<size_t>(next - n)].right);
            }
        }
    };
    // Widest first, so that parents precede children.
    std::vector<std::pair<int64_t, int32_t>> open{{2 * n - 2, 0}};
    for (size_t i = 0; i < open.size(); ++i) {
        const auto [node, cluster] = open[i];
        const Merge& merge = merges[static_cast<size_t>(node - n)];
        const double lambda =
            merge.length > 0 ? 1 / merge.length : std::numeric_limits<double>::infinity();
        const bool splits =
            size_of(merge.left) >= min_cluster_size && size_of(merge.right) >= min_cluster_size;
        for (const int64_t child : {merge.left, merge.right}) {
            if (splits) {
                auto& from = out.clusters[static_cast<size_t>(cluster)];
                from.stability += excess(lambda, from.birth) * static_cast<double>(size_of(child));
                open.emplace_back(child, static_cast<int32_t>(out.clusters.size()));
                out.clusters.push_back({cluster, lambda, 0, false});
            } else if (size_of(child) >= min_cluster_size) {
                open.emplace_back(child, cluster);
            } else {
                fall_off(child, cluster, lambda);
            }
        }
    }
    return out;
}

/// Excess of mass: a cluster stays where it is at least as stable as all chosen below it together.
void choose(std::vector<Cluster>& clusters) {
    std::vector<double> below(clusters.size(), 0.0);
    for (size_t i = clusters.size(); i-- > 1;) {
        Cluster& cluster = clusters[i];
        cluster.chosen = !(below[i] > cluster.stability);
        below[static_cast<size_t>(cluster.parent)] += std::max(below[i], cluster.stability);
    }
    // Whatever lies under a chosen one belongs to it.
    std::vector<char> covered(clusters.size(), 0);
    for (size_t i = 1; i < clusters.size(); ++i) {
        const auto parent = static_cast<size_t>(clusters[i].parent);
        covered[i] = covered[parent] || clusters[parent].chosen;
        if (covered[i]) clusters[i].chosen = false;
    }
}

}  // namespace

Hdbscan hdbscan(const Points& points, const HdbscanOptions& options) {
    if (options.min_cluster_size < 2 || options.min_samples < 1)
        throw std::invalid_argument("hdbscan: min_cluster_size below 2 or min_samples below 1");
    Hdbscan out;
    out.n = points.count;
    out.labels.assign(static_cast<size_t>(points.count), -1);
    if (points.count < std::max<int64_t>(2, options.min_cluster_size) || !all_finite(points.data))
        return out;
    const EuclideanRows rows(points);
    const auto n = static_cast<size_t>(points.count);
    Pace pace(options, n);
    const auto core = core_distances(rows, n, options.min_samples, pace);
    const auto spanning = spanning_tree(rows, core, pace);
    if (pace.stopped()) return out;
    auto tree = condense(single_linkage(spanning), options.min_cluster_size);
    choose(tree.clusters);
    std::vector<int32_t> number(tree.clusters.size(), -1);
    for (size_t i = 0; i < out.labels.size(); ++i) {
        int32_t at = tree.left_from[i];
        while (at > 0 && !tree.clusters[static_cast<size_t>(at)].chosen)
            at = tree.clusters[static_cast<size_t>(at)].parent;
        if (at <= 0) continue;
        int32_t& label = number[static_cast<size_t>(at)];
        if (label < 0) {
            label = static_cast<int32_t>(out.stability.size());
            out.stability.push_back(tree.clusters[static_cast<size_t>(at)].stability);
        }
        out.labels[i] = label;
    }
    return out;
}

}  // namespace hopscope::core::stats
