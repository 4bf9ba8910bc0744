// Analysis `coupling`: do router rows point where their own experts read, do scores foretell
// activations, and do gradients push both the same way? [def:coupling] [def:score_coupling]
// [def:gradient_coupling]
#include "core/measure/coupling.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "core/analyses/alignment_fields.h"
#include "core/analyses/batch_means.h"
#include "core/analyses/measured.h"
#include "core/measure/gradient_geometry.h"
#include "core/measure/score_coupling.h"
#include "core/stats/bootstrap.h"
#include "core/stats/descriptive.h"
#include "core/stats/proportions.h"

namespace hopscope::core::analysis {
namespace {

/// Evaluation batches the gradient is summed over.
constexpr int64_t kGradientBatches = 4;
void extend(std::vector<double>& to, const std::vector<double>& more) {
    to.insert(to.end(), more.begin(), more.end());
}

/// @param layer −1: of all layers
Fields alignment_fields(int64_t layer, const Alignment& a, uint64_t seed) {
    Fields out;
    out.place("layer", layer);
    if (a.hop < 0)
        out.none("hop");
    else
        out.count("hop", a.hop);
    out.text("matrix", a.matrix);
    add_alignment(out, a, seed);
    return out;
}

Fields spearman_fields(const std::vector<ExpertCoupling>& experts, uint64_t seed) {
    std::vector<double> rho;
    for (const auto& e : experts) rho.push_back(e.rho);
    const auto middle = [&](std::span<const int64_t> units) {
        std::vector<double> drawn;
        for (const int64_t u : units) drawn.push_back(rho[static_cast<size_t>(u)]);
        return stats::median(drawn);
    };
    const auto groups = static_cast<int64_t>(rho.size());
    const auto drawn = stats::bootstrap_statistic(groups, middle,
                                                  {rho.empty() ? 0 : kCouplingResamples / 4, seed});
    const auto sign = stats::sign_test(rho);
    Fields out;
    out.count("groups", groups)
        .estimate("median", {stats::median(rho), drawn.interval(0.95), groups, "experts"})
        .estimate("share_positive",
                  {sign.share, sign.ci95, sign.positive + sign.negative, "experts"})
        .number("sign_p", sign.p);
    return out;
}

Fields rows_fields(const RowGeometry& g) {
    Fields out;
    out.count("n", g.n)
        .number("common_energy", g.common_energy)
        .number("effective_rank", g.effective_rank)
        .number("mean_abs_cosine", g.cosine)
        .number("centred_mean_abs_cosine", g.centred_cosine);
    return out;
}

/// Matched and mismatched cosines of gradients, of one or more hops.
Fields match_fields(const std::vector<GradientMatch>& matches, uint64_t seed) {
    std::vector<double> own, other, abs_own, abs_other;
    for (const auto& m : matches) {
        extend(own, m.matched);
        extend(other, m.mismatched);
        extend(abs_own, m.abs_matched);
        extend(abs_other, m.abs_mismatched);
    }
    Fields out;
    out.count("n", static_cast<int64_t>(own.size()))
        .estimate("cosine", over_experts(own, seed))
        .number("cosine_mismatched", stats::mean(other))
        .number("abs_cosine", stats::mean(abs_own))
        .number("abs_cosine_mismatched", stats::mean(abs_other))
        .estimate("specificity", ratio_over_experts(abs_own, abs_other, seed));
    return out;
}

Fields decile_fields(size_t index, const Decile& d) {
    Fields out;
    out.place("decile", static_cast<int64_t>(index) + 1)
        .count("n", d.n)
        .number("score_z", d.score)
        .number("median", d.median, "activation_z")
        .range("quartiles", d.low, d.high)
        .cell("quartile_1", d.low)
        .cell("quartile_3", d.high);
    return out;
}

void add_deciles(AnalysisOutput& out, const ScoreCoupling& c) {
    out.result.list("deciles");
    out.table("deciles").declare(decile_fields(0, {}));
    for (size_t i = 0; i < c.deciles.size(); ++i) {
        const Fields row = decile_fields(i, c.deciles[i]);
        out.result.add("deciles", row);
        out.table("deciles").add(row);
    }
}

void add_ranks(AnalysisOutput& out, const ScoreCoupling& c, uint64_t seed) {
    out.result.list("ranks");
    for (size_t r = 0; r < c.ranks.size(); ++r) {
        std::vector<double> scores;
        const auto norm = over_batches(c.ranks[r].norm, seed);
        const auto number = static_cast<int64_t>(r) + 1;
        for (size_t l = 0; l < c.ranks[r].score.size(); ++l) {
            scores.push_back(c.ranks[r].score[l].mean());
            Fields row;
            row.place("rank", number)
                .place("layer", static_cast<int64_t>(l))
                .cell("score", scores.back())
                .estimate("norm_z", norm);
            out.table("ranks").add(row);
        }
        Fields rank;
        rank.count("rank", number).json("score_per_layer", scores).estimate("norm_z", norm);
        out.result.add("ranks", rank);
    }
}

enum ExpertColumn : size_t { kMatched, kMismatched, kCosine, kRho, kPairs, kGradient, kColumns };
constexpr const char* kExpertColumns[kColumns] = {"matched",  "mismatched", "cosine",
                                                  "spearman", "pairs",      "gradient_cosine"};

/// One line an expert: what each part of the analysis says of it.
class ExpertTable {
  public:
    void set(int64_t layer, int64_t expert, size_t column, double value) {
        auto& row = rows_[{layer, expert}];
        row.resize(kColumns, NAN);
        row[column] = value;
    }
    void put(Table& table) const {
        for (const auto& [where, values] : rows_) {
            Fields row;
            row.place("layer", where.first).place("expert", where.second);
            for (size_t c = 0; c < kColumns; ++c) row.cell(kExpertColumns[c], values[c]);
            table.add(row);
        }
    }

  private:
    std::map<std::pair<int64_t, int64_t>, std::vector<double>> rows_;
};

/// What all layers together give, gathered layer by layer.
struct Gathered {
    std::vector<Alignment> alignments;  ///< one a matrix
    std::vector<GradientMatch> matches;
    ExpertTable experts;
};

Fields coupling_layer(const OpenRun& run, int64_t layer, const ScoreCoupling& coupled,
                      const LayerGradients& gradients, uint64_t seed, Gathered& all,
                      AnalysisOutput& out) {
    Fields json;
    json.place("layer", layer);
    const auto found =
        alignments(run.model.config, run.model.weights.layers[static_cast<size_t>(layer)], layer);
    for (const auto& a : found) {
        const Fields row = alignment_fields(layer, a, seed);
        json.add("alignment", row);
        out.table().add(row);
        auto same = std::find_if(all.alignments.begin(), all.alignments.end(),
                                 [&](const Alignment& x) { return x.matrix == a.matrix; });
        if (same == all.alignments.end())
            same = all.alignments.insert(all.alignments.end(), Alignment());
        join(*same, a);
        // The first matrix is the one that is read; of several hops the last stays.
        if (a.matrix != found.front().matrix) continue;
        for (size_t e = 0; e < a.matched.size(); ++e) {
            const int64_t id = a.offset + static_cast<int64_t>(e);
            all.experts.set(layer, id, kMatched, a.matched[e]);
            all.experts.set(layer, id, kMismatched, a.mismatched[e]);
            all.experts.set(layer, id, kCosine, a.cosine[e]);
        }
    }
    std::vector<ExpertCoupling> here;
    for (const auto& e : coupled.experts) {
        if (e.layer != layer) continue;
        here.push_back(e);
        all.experts.set(layer, e.expert, kRho, e.rho);
        all.experts.set(layer, e.expert, kPairs, static_cast<double>(e.n));
    }
    for (const auto& m : gradients.matches) {
        all.matches.push_back(m);
        for (size_t e = 0; e < m.experts.size(); ++e)
            all.experts.set(layer, m.experts[e], kGradient, m.matched[e]);
    }
    const Fields spearman = spearman_fields(here, seed),
                 match = match_fields(gradients.matches, seed);
    Fields gradient;
    gradient.object("match", match)
        .object("router_weights", rows_fields(gradients.router_weights))
        .object("router_gradients", rows_fields(gradients.router_gradients))
        .object("read_weights", rows_fields(gradients.read_weights))
        .object("read_gradients", rows_fields(gradients.read_gradients));
    json.object("spearman", spearman)
        .columns_of(spearman, "median", "spearman")
        .object("gradient", gradient)
        .columns_of(match, "cosine", "gradient_cosine");
    out.table("layers").add(json);
    return json;
}

Result<AnalysisOutput> coupling(const AnalysisContext& context) {
    const auto& run = context.measured->run();
    auto source = context.measured->source(context.progress, kGradientBatches);
    if (!source) return source.error();
    auto scores = context.measured->scores(context.progress);
    if (!scores) return scores.error();
    const auto coupled = score_coupling(**scores);
    auto gradients = gradient_geometry(run.model, **source, kGradientBatches, context.progress);
    if (!gradients) return gradients.error();

    AnalysisOutput out;
    Gathered all;
    for (size_t l = 0; l < run.model.weights.layers.size(); ++l) {
        if (context.progress.cancelled()) return stopped_on_request();
        out.result.add("layers", coupling_layer(run, static_cast<int64_t>(l), coupled,
                                                (*gradients)[l], context.seed, all, out));
        out.n += run.model.config.moe.experts;
    }
    for (const auto& a : all.alignments)
        out.result.add("alignment", alignment_fields(-1, a, context.seed));
    Fields spearman = spearman_fields(coupled.experts, context.seed),
           gradient = match_fields(all.matches, context.seed);
    spearman.count("pairs", coupled.pairs)
        .count("least_pairs", kLeastPairs)
        .count("tokens", (*scores)->tokens)
        .count("every_nth_token", (*scores)->stride);
    gradient.count("batches", std::min(kGradientBatches, (*source)->eval_batches()));
    out.result.object("spearman", spearman).object("gradient", gradient);
    all.experts.put(out.table("experts"));
    add_deciles(out, coupled);
    add_ranks(out, coupled, context.seed);
    return out;
}

}  // namespace

extern const Analysis kCoupling{
    "coupling",
    {Need::model, Need::rows, Need::reading_experts},
    "router rows r_i in model space (W_proj^T c_i, or the linear row) against experts. alignment, "
    "for each expert matrix (down and gate read, up writes): Score(i,j) = |V_k(j) r_i|^2, V_k(j) "
    "the top k = ceil(1 % of min(rank, d)) right singular vectors of expert j; matched i = j, "
    "mismatched j != i within the pool, random baseline k/d, specificity matched/mismatched; "
    "cosine: mean over rank rows of cos(r_i, row); energy: sum over all singular vectors of <r_i, "
    "v_j>^2, top1/top10: its share in the first 1 % and 10 %. spearman: router score against mean "
    "SiLU(read row . h) over routed tokens of each (layer, expert) with 128 or more, all hops; "
    "exact sign test. deciles, norm_z: z-scores within such experts. gradient: loss as in training "
    "(balance and z terms, dropout off) on 4 validation batches; cosine of W_proj^T dL/dc_i with "
    "dL/dw_down_i. common_energy: mean cos^2 to the mean direction of the unit rows; centred: "
    "minus their mean. 95 % bootstrap intervals over experts (ranks: batches). n: experts.",
    coupling};

}  // namespace hopscope::core::analysis
