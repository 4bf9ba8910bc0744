// Analysis `coupling` of an imported model: do router rows point where their own experts read and
// write [def:coupling]? Of what was measured when it was imported.
#include <algorithm>
#include <array>
#include <cmath>

#include "core/analyses/alignment_fields.h"
#include "core/analyses/imported_rows.h"
#include "core/analyses/recorded_choices.h"

namespace hopscope::core::analysis {
namespace {

/// In the order of kRowsTaken.
using BothAlignments = std::array<Alignment, 2>;

/// Without the experts that could not be measured.
Alignment of_measured(Alignment a) {
    const std::vector<double> matched = a.matched;
    for (const auto& [name, list] : kAlignmentLists) {
        std::vector<double> kept;
        for (size_t e = 0; e < matched.size(); ++e)
            if (!std::isnan(matched[e])) kept.push_back((a.*list)[e]);
        a.*list = std::move(kept);
    }
    return a;
}

Fields alignment_entry(const BothAlignments& both, uint64_t seed) {
    Fields out, centred;
    out.text("matrix", both[0].matrix).flag("reads", both[0].matrix != "down");
    add_alignment(out, both[0], seed);
    add_alignment(centred, both[1], seed);
    return out.object("centred", centred);
}

void add_rows(Table& table, int64_t layer, const std::string& pool, const BothAlignments& both,
              uint64_t seed) {
    for (size_t taken = 0; taken < both.size(); ++taken) {
        Fields row;
        row.place("layer", layer)
            .cell("router", pool)
            .cell("matrix", both[taken].matrix)
            .cell("rows", taken == 0 ? "stored" : "centred");
        add_alignment(row, both[taken], seed);
        table.add(row);
    }
}

void add_experts(Table& table, int64_t layer, const std::string& pool, const Alignment& a) {
    for (size_t e = 0; e < a.matched.size(); ++e) {
        Fields row;
        row.place("layer", layer)
            .cell("router", pool)
            .place("expert", static_cast<int64_t>(e))
            .cell("matrix", a.matrix);
        for (const auto& [name, list] : kAlignmentLists) row.cell(name, (a.*list)[e]);
        table.add(row);
    }
}

/// All routers of one name, of the layers that are not of multi-token prediction.
struct OfAllLayers {
    std::string pool;
    BothAlignments both;
};

void join_with(std::vector<OfAllLayers>& all, const std::string& pool, const BothAlignments& both) {
    auto same = std::find_if(all.begin(), all.end(), [&](const OfAllLayers& one) {
        return one.pool == pool && one.both[0].matrix == both[0].matrix;
    });
    if (same == all.end()) same = all.insert(all.end(), {pool, {}});
    for (size_t taken = 0; taken < both.size(); ++taken) join(same->both[taken], both[taken]);
}

Result<AnalysisOutput> coupling_of_import(const ImportedContext& context) {
    AnalysisOutput out;
    std::vector<OfAllLayers> all;
    out.result.list("alignment");
    const auto measure = [&](const ModelLayer& layer, const ModelRouter& router,
                             const ImportedRows& rows, Fields& entry) -> Status {
        entry.flag("gain_found", rows.gain_found).count("inner", router.inner);
        entry.list("alignment");
        for (const std::string& matrix : router.expert_matrices) {
            BothAlignments both;
            for (size_t taken = 0; taken < both.size(); ++taken) {
                auto found =
                    context.run.alignment(layer.index, router.pool, matrix, kRowsTaken[taken]);
                if (!found) return found.error();
                if (taken == 0) add_experts(out.table("experts"), layer.index, router.pool, *found);
                both[taken] = of_measured(*std::move(found));
            }
            entry.add("alignment", alignment_entry(both, context.seed));
            add_rows(out.table(), layer.index, router.pool, both, context.seed);
            if (!layer.prediction) join_with(all, router.pool, both);
        }
        return {};
    };
    if (auto s = each_router(context, out, measure); !s) return s.error();
    for (const OfAllLayers& one : all) {
        Fields entry;
        entry.text("router", one.pool);
        out.result.add("alignment", add_object(entry, alignment_entry(one.both, context.seed)));
    }
    return out;
}

}  // namespace

extern const ImportedAnalysis kImportedCoupling{
    "coupling", Asks::experts,
    "router rows r_i against the matrices of their experts, gate and up [inner, d] which read, "
    "down "
    "which writes (its columns): Score(i,j) = |V_k(j) r_i|^2, V_k(j) the top k = ceil(1 % of "
    "min(inner, d)) right singular vectors of expert j; matched i = j, mismatched j != i, random "
    "baseline k/d, specificity matched/mismatched; cosine: mean over hidden units of cos(r_i, what "
    "the unit reads or writes); energy: sum over all singular vectors of <r_i, v_j>^2 (random: "
    "min(inner, d)/d), top1/top10: its share in the first 1 % and 10 %. Rows as they are stored: "
    "rows and reading matrices multiply the same vector, behind the norm. centred: minus their "
    "mean; against down with the norm's gain folded in first [def:folded_rows], as what it writes "
    "is added before the norm. 95 % bootstrap intervals over experts. alignment: of all layers "
    "but those of multi-token prediction. n: experts.",
    coupling_of_import};

}  // namespace hopscope::core::analysis
