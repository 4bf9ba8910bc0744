// Analysis `coupling`: do router rows point where their own experts read, do scores foretell
// activations, and do gradients push both the same way (science.md C1, C4, C5)?
#include <algorithm>
#include <cmath>
#include <map>

#include "core/lab/analysis_json.h"
#include "core/lab/measured.h"
#include "core/measure/coupling.h"
#include "core/measure/gradient_geometry.h"
#include "core/measure/score_coupling.h"
#include "core/stats/descriptive.h"
#include "core/stats/proportions.h"

namespace hopscope::core::analysis {
namespace {

/// Evaluation batches the gradient is summed over.
constexpr int64_t kGradientBatches = 4;
constexpr int64_t kResamples = 2'000;

void extend(std::vector<double>& to, const std::vector<double>& more) {
    to.insert(to.end(), more.begin(), more.end());
}

/// mean(a) / mean(b) over the same units, with its bootstrap interval over them.
OrderedJson ratio_json(const std::vector<double>& a, const std::vector<double>& b, uint64_t seed) {
    if (a.empty() || a.size() != b.size())
        return {{"specificity", nullptr}, {"specificity_ci95", json_interval(NAN, NAN)}};
    const auto ratio = [&](std::span<const int64_t> units) {
        double x = 0, y = 0;
        for (const int64_t u : units) {
            x += a[static_cast<size_t>(u)];
            y += b[static_cast<size_t>(u)];
        }
        return x / y;
    };
    const auto found =
        stats::bootstrap_statistic(static_cast<int64_t>(a.size()), ratio, {kResamples, seed});
    const auto ci = found.interval(0.95);
    return {{"specificity", json_number(stats::mean(a) / stats::mean(b))},
            {"specificity_ci95", json_interval(ci.low, ci.high)}};
}

/// Mean with its bootstrap interval over experts, under `name` and `name`_ci95.
void add_mean(OrderedJson& to, const std::string& name, const std::vector<double>& x,
              uint64_t seed) {
    const auto ci = stats::bootstrap_mean(x, {kResamples, seed}).interval(0.95);
    to[name] = json_number(stats::mean(x));
    to[name + "_ci95"] = json_interval(ci.low, ci.high);
}

OrderedJson alignment_json(const Alignment& a, uint64_t seed) {
    OrderedJson out{{"matrix", a.matrix},
                    {"hop", a.hop < 0 ? OrderedJson(nullptr) : OrderedJson(a.hop)},
                    {"n", a.matched.size()},
                    {"k", a.k},
                    {"random_baseline", json_number(a.baseline)},
                    {"matched", json_number(stats::mean(a.matched))},
                    {"mismatched", json_number(stats::mean(a.mismatched))}};
    out.update(ratio_json(a.matched, a.mismatched, seed));
    add_mean(out, "cosine", a.cosine, seed);
    out["cosine_mismatched"] = json_number(stats::mean(a.cosine_mismatched));
    out["energy"] = json_number(stats::mean(a.energy));
    out["top1_share"] = json_number(stats::mean(a.top1));
    out["top10_share"] = json_number(stats::mean(a.top10));
    return out;
}

/// The same as a row of the table.
std::vector<std::string> alignment_row(size_t layer, const Alignment& a, const OrderedJson& json) {
    std::vector<std::string> row = {std::to_string(layer), a.hop < 0 ? "" : std::to_string(a.hop),
                                    a.matrix};
    for (const char* key : {"matched", "mismatched", "random_baseline", "specificity"})
        row.push_back(csv_cell(json[key]));
    add_bounds(row, json["specificity_ci95"]);
    row.push_back(csv_cell(json["cosine"]));
    add_bounds(row, json["cosine_ci95"]);
    row.push_back(csv_cell(json["cosine_mismatched"]));
    return row;
}

/// All entries of one matrix as if of one layer.
void join(Alignment& all, const Alignment& part) {
    all.matrix = part.matrix;
    all.k = part.k;
    all.baseline = part.baseline;
    for (auto list :
         {&Alignment::matched, &Alignment::mismatched, &Alignment::cosine,
          &Alignment::cosine_mismatched, &Alignment::energy, &Alignment::top1, &Alignment::top10})
        extend(all.*list, part.*list);
}

OrderedJson spearman_json(const std::vector<ExpertCoupling>& experts, uint64_t seed) {
    std::vector<double> rho;
    for (const auto& e : experts) rho.push_back(e.rho);
    const auto middle = [&](std::span<const int64_t> units) {
        std::vector<double> drawn;
        for (const int64_t u : units) drawn.push_back(rho[static_cast<size_t>(u)]);
        return stats::median(drawn);
    };
    const auto ci = stats::bootstrap_statistic(static_cast<int64_t>(rho.size()), middle,
                                               {rho.empty() ? 0 : kResamples / 4, seed})
                        .interval(0.95);
    const auto sign = stats::sign_test(rho);
    return {{"groups", rho.size()},
            {"median", json_number(stats::median(rho))},
            {"ci95", json_interval(ci.low, ci.high)},
            {"share_positive", json_number(sign.share)},
            {"share_ci95", json_interval(sign.ci95.low, sign.ci95.high)},
            {"sign_p", json_number(sign.p)}};
}

OrderedJson rows_json(const RowGeometry& g) {
    return {{"n", g.n},
            {"common_energy", json_number(g.common_energy)},
            {"effective_rank", json_number(g.effective_rank)},
            {"mean_abs_cosine", json_number(g.cosine)},
            {"centred_mean_abs_cosine", json_number(g.centred_cosine)}};
}

/// Matched and mismatched cosines of gradients, of one or more hops.
OrderedJson match_json(const std::vector<GradientMatch>& matches, uint64_t seed) {
    std::vector<double> own, other, abs_own, abs_other;
    for (const auto& m : matches) {
        extend(own, m.matched);
        extend(other, m.mismatched);
        extend(abs_own, m.abs_matched);
        extend(abs_other, m.abs_mismatched);
    }
    OrderedJson out{{"n", own.size()}};
    add_mean(out, "cosine", own, seed);
    out["cosine_mismatched"] = json_number(stats::mean(other));
    out["abs_cosine"] = json_number(stats::mean(abs_own));
    out["abs_cosine_mismatched"] = json_number(stats::mean(abs_other));
    out.update(ratio_json(abs_own, abs_other, seed));
    return out;
}

OrderedJson gradient_json(const LayerGradients& g, uint64_t seed) {
    return {{"match", match_json(g.matches, seed)},
            {"router_weights", rows_json(g.router_weights)},
            {"router_gradients", rows_json(g.router_gradients)},
            {"read_weights", rows_json(g.read_weights)},
            {"read_gradients", rows_json(g.read_gradients)}};
}

AnalysisTable decile_table(const ScoreCoupling& c, OrderedJson& json) {
    AnalysisTable table{
        "deciles", {"decile", "n", "score_z", "activation_z", "quartile_1", "quartile_3"}, {}};
    json = OrderedJson::array();
    for (size_t i = 0; i < c.deciles.size(); ++i) {
        const auto& d = c.deciles[i];
        json.push_back({{"n", d.n},
                        {"score_z", json_number(d.score)},
                        {"median", json_number(d.median)},
                        {"quartiles", json_interval(d.low, d.high)}});
        table.rows.push_back({std::to_string(i + 1), std::to_string(d.n), csv_number(d.score),
                              csv_number(d.median), csv_number(d.low), csv_number(d.high)});
    }
    return table;
}

AnalysisTable rank_table(const ScoreCoupling& c, uint64_t seed, OrderedJson& json) {
    AnalysisTable table{
        "ranks", {"rank", "layer", "score", "norm_z", "norm_z_ci95_low", "norm_z_ci95_high"}, {}};
    json = OrderedJson::array();
    for (size_t r = 0; r < c.ranks.size(); ++r) {
        OrderedJson scores = OrderedJson::array();
        const auto norm = with_interval(c.ranks[r].norm, seed);
        for (size_t l = 0; l < c.ranks[r].score.size(); ++l) {
            const double score = c.ranks[r].score[l].mean();
            scores.push_back(json_number(score));
            table.rows.push_back({std::to_string(r + 1), std::to_string(l), csv_number(score),
                                  csv_cell(norm["mean"])});
            add_bounds(table.rows.back(), norm["ci95"]);
        }
        json.push_back({{"rank", r + 1}, {"score_per_layer", scores}, {"norm_z", norm}});
    }
    return table;
}

/// One line an expert: what each part of the analysis says of it.
class ExpertTable {
  public:
    explicit ExpertTable(size_t columns) : columns_(columns) {}
    void set(int64_t layer, int64_t expert, size_t column, double value) {
        auto& row = rows_[{layer, expert}];
        row.resize(columns_, NAN);
        row[column] = value;
    }
    AnalysisTable table(std::vector<std::string> names) const {
        AnalysisTable out{"experts", {"layer", "expert"}, {}};
        out.columns.insert(out.columns.end(), names.begin(), names.end());
        for (const auto& [where, values] : rows_) {
            std::vector<std::string> row{std::to_string(where.first), std::to_string(where.second)};
            for (const double v : values) row.push_back(csv_number(v));
            out.rows.push_back(std::move(row));
        }
        return out;
    }

  private:
    size_t columns_;
    std::map<std::pair<int64_t, int64_t>, std::vector<double>> rows_;
};

enum ExpertColumn : size_t { kMatched, kMismatched, kCosine, kRho, kPairs, kGradient, kColumns };

}  // namespace

Result<AnalysisOutput> coupling(const AnalysisContext& context) {
    const auto& run = context.measured->run();
    if (run.config.model.ffn == "dense") return usage_error("a dense model has no router");
    if (run.config.moe.router == "hash")
        return usage_error("a hash router has no rows that could point where an expert reads");
    if (run.config.moe.expert == "static") return usage_error("static experts read nothing");
    auto source = context.measured->source(context.progress, kGradientBatches);
    if (!source) return source.error();
    auto scores = context.measured->scores(context.progress);
    if (!scores) return scores.error();
    const auto coupled = score_coupling(**scores);
    auto gradients =
        gradient_geometry(run.config, run.weights, **source, kGradientBatches, context.progress);
    if (!gradients) return gradients.error();

    AnalysisOutput out;
    const uint64_t seed = context.seed;
    ExpertTable experts(kColumns);
    AnalysisTable table{"",
                        {"layer", "hop", "matrix", "matched", "mismatched", "random_baseline",
                         "specificity", "specificity_ci95_low", "specificity_ci95_high", "cosine",
                         "cosine_ci95_low", "cosine_ci95_high", "cosine_mismatched"},
                        {}};
    AnalysisTable by_layer{
        "layers",
        {"layer", "spearman", "spearman_ci95_low", "spearman_ci95_high", "gradient_cosine",
         "gradient_cosine_ci95_low", "gradient_cosine_ci95_high"},
        {}};
    OrderedJson layers = OrderedJson::array();
    std::vector<Alignment> all;  // one a matrix
    std::vector<GradientMatch> matches;
    for (size_t l = 0; l < run.weights.layers.size(); ++l) {
        if (context.progress.cancelled())
            return Error{ErrorKind::interrupted, "stopped on request"};
        const auto layer = static_cast<int64_t>(l);
        OrderedJson list = OrderedJson::array();
        const auto found = alignments(run.config, run.weights.layers[l], layer);
        for (const auto& a : found) {
            list.push_back(alignment_json(a, seed));
            table.rows.push_back(alignment_row(l, a, list.back()));
            auto same = std::find_if(all.begin(), all.end(),
                                     [&](const Alignment& x) { return x.matrix == a.matrix; });
            if (same == all.end()) same = all.insert(all.end(), Alignment());
            join(*same, a);
            // The first matrix is the one that is read; of several hops the last stays.
            if (a.matrix != found.front().matrix) continue;
            for (size_t e = 0; e < a.matched.size(); ++e) {
                const int64_t id = a.offset + static_cast<int64_t>(e);
                experts.set(layer, id, kMatched, a.matched[e]);
                experts.set(layer, id, kMismatched, a.mismatched[e]);
                experts.set(layer, id, kCosine, a.cosine[e]);
            }
        }
        std::vector<ExpertCoupling> here;
        for (const auto& e : coupled.experts)
            if (e.layer == layer) here.push_back(e);
        for (const auto& e : here) {
            experts.set(layer, e.expert, kRho, e.rho);
            experts.set(layer, e.expert, kPairs, static_cast<double>(e.n));
        }
        const auto& g = (*gradients)[l];
        for (const auto& m : g.matches) {
            matches.push_back(m);
            for (size_t e = 0; e < m.experts.size(); ++e)
                experts.set(layer, m.experts[e], kGradient, m.matched[e]);
        }
        layers.push_back({{"alignment", list},
                          {"spearman", spearman_json(here, seed)},
                          {"gradient", gradient_json(g, seed)}});
        const auto &rho = layers.back()["spearman"], &match = layers.back()["gradient"]["match"];
        std::vector<std::string> row = {std::to_string(l), csv_cell(rho["median"])};
        add_bounds(row, rho["ci95"]);
        row.push_back(csv_cell(match["cosine"]));
        add_bounds(row, match["cosine_ci95"]);
        by_layer.rows.push_back(std::move(row));
        out.n += run.config.moe.experts;
    }
    OrderedJson overall = OrderedJson::array(), deciles, ranks;
    for (const auto& a : all) overall.push_back(alignment_json(a, seed));
    out.tables.push_back(std::move(table));
    out.tables.push_back(
        experts.table({"matched", "mismatched", "cosine", "spearman", "pairs", "gradient_cosine"}));
    out.tables.push_back(std::move(by_layer));
    out.tables.push_back(decile_table(coupled, deciles));
    out.tables.push_back(rank_table(coupled, seed, ranks));
    auto spearman = spearman_json(coupled.experts, seed);
    spearman["pairs"] = coupled.pairs;
    spearman["least_pairs"] = kLeastPairs;
    spearman["tokens"] = (*scores)->tokens;
    spearman["every_nth_token"] = (*scores)->stride;
    auto gradient = match_json(matches, seed);
    gradient["batches"] = std::min(kGradientBatches, (*source)->eval_batches());
    out.result = {{"alignment", overall}, {"spearman", spearman}, {"deciles", deciles},
                  {"ranks", ranks},       {"gradient", gradient}, {"layers", layers}};
    return out;
}

}  // namespace hopscope::core::analysis
