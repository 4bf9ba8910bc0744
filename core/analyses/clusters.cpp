// Analysis `clusters`: which experts write alike [def:clusters]?
#include <ATen/ops/stack.h>
#include <algorithm>
#include <map>

#include "core/analyses/measured.h"
#include "core/stats/hdbscan.h"
#include "kernels/reference/reference.h"

namespace hopscope::core::analysis {
namespace {

/// A rank row of an expert that writes something, at the mean embedding of its words.
struct WordPoint {
    int64_t layer, expert, row;
    const WordList* words;
};

/// The words that most members of a cluster have, the lowest id of equals first.
std::vector<std::string> common_words(const std::vector<const WordList*>& members,
                                      const Tokenizer& tokenizer) {
    std::map<int32_t, int64_t> counts;
    for (const WordList* words : members)
        for (size_t w = 0; w < std::min(words->size(), size_t{kShownWords}); ++w)
            ++counts[(*words)[w].token];
    std::vector<std::pair<int64_t, int32_t>> order;
    for (const auto& [token, count] : counts) order.emplace_back(-count, token);
    std::sort(order.begin(), order.end());
    std::vector<std::string> out;
    for (size_t i = 0; i < std::min(order.size(), size_t{kShownWords}); ++i)
        out.push_back(tokenizer.piece(order[i].second));
    return out;
}

Result<stats::Hdbscan> clusters_of(const at::Tensor& unit, const Progress& progress) {
    stats::HdbscanOptions options;  // [def:clusters]
    bool stopped = false;
    options.go_on = [&](double share) {
        progress.report("clustering experts", share);
        stopped = progress.cancelled();
        return !stopped;
    };
    auto found = stats::hdbscan(
        stats::points({unit.const_data_ptr<double>(), static_cast<size_t>(unit.numel())},
                      unit.size(0), unit.size(1)),
        options);
    if (stopped) return Error{ErrorKind::interrupted, "interrupted"};
    return found;
}

Result<AnalysisOutput> clusters(const AnalysisContext& context) {
    const OpenRun& run = context.measured->run();
    auto words = context.measured->dictionary(context.seed, context.progress);
    if (!words) return words.error();
    std::vector<WordPoint> points;
    std::vector<at::Tensor> means;
    for (size_t l = 0; l < (*words)->layers.size(); ++l)
        for (const ExpertWords& row : (*words)->layers[l]) {
            if (row.words.dot.empty()) continue;  // writes nothing
            points.push_back({static_cast<int64_t>(l), row.expert, row.row, &row.words.dot});
            means.push_back(
                embeddings_of(run.model.weights.embed, row.words.dot, kShownWords).mean(0));
        }
    if (points.empty()) return usage_error("no expert writes anything");
    const auto unit = kernels::reference::l2norm(at::stack(means)).to(at::kDouble).contiguous();
    const auto found = clusters_of(unit, context.progress);
    if (!found) return found.error();
    const auto& labels = found->labels;

    AnalysisOutput out;
    out.n = static_cast<int64_t>(points.size());
    out.result.list("all");
    std::vector<double> coherences;
    for (int64_t c = 0; c < found->clusters(); ++c) {
        Fields cluster;
        std::vector<at::Tensor> members;
        std::vector<const WordList*> lists;
        for (size_t i = 0; i < points.size(); ++i) {
            if (labels[i] != c) continue;
            Fields expert;
            expert.count("layer", points[i].layer).count("expert", points[i].expert);
            cluster.add("experts", expert);
            members.push_back(unit[static_cast<int64_t>(i)]);
            lists.push_back(points[i].words);
        }
        coherences.push_back(mean_pairwise_cosine(at::stack(members)));
        cluster.json("words", common_words(lists, run.tokenizer))
            .number("coherence", coherences.back())
            .count("size", static_cast<int64_t>(members.size()));
        out.result.add("all", cluster);
    }
    for (size_t i = 0; i < points.size(); ++i) {
        Fields row;
        const int32_t label = labels[i];
        row.place("layer", points[i].layer)
            .place("expert", points[i].expert)
            .place("row", points[i].row)
            .cell("cluster", label < 0 ? std::string() : std::to_string(label));
        out.table().add(row);
    }
    const auto outside = std::count(labels.begin(), labels.end(), -1);
    out.result.plain_estimate("unclustered", share_over(outside, out.n, "rank rows"))
        .estimate("coherence", mean_over(coherences, "clusters", context.seed, 2'000))
        // What the clusters are denser than: all experts as one.
        .number("coherence_of_all", mean_pairwise_cosine(unit));
    return out;
}

}  // namespace

extern const Analysis kClusters{
    "clusters",
    {Need::model, Need::experts},
    "HDBSCAN (min_cluster_size 5, min_samples 5, Euclidean on unit vectors) of the mean embedding "
    "of each expert's ten words, all layers together. coherence: mean pairwise cosine of a "
    "cluster's means; unclustered: share in no cluster. n: rank rows of experts.",
    clusters};

}  // namespace hopscope::core::analysis
