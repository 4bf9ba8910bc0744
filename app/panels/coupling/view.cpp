#include "app/panels/coupling/view.h"

#include <cmath>
#include <cstdlib>

#include "app/panels/analyses/view.h"
#include "app/widgets/format.h"
#include "core/api/files.h"

namespace hopscope::app {
namespace {

constexpr const char* kCouplingFormat = "hopscope.analysis/2";

double number_of(const core::Json& j, const char* key) {
    const auto at = j.find(key);
    return at != j.end() && at->is_number() ? at->get<double>() : kUnknown;
}

int64_t integer(const core::Json& j, const char* key, int64_t otherwise) {
    const auto at = j.find(key);
    if (at == j.end()) return otherwise;
    return core::json_integer(*at).value_or(otherwise);
}

const core::Json& inside(const core::Json& j, const char* key) {
    static const core::Json kEmpty = core::Json::object();
    const auto at = j.find(key);
    return at == j.end() || at->is_null() ? kEmpty : *at;
}

CouplingNumber measured(const core::Json& j, const char* key) {
    const core::Json& from = inside(j, key);
    CouplingNumber out;
    out.value = number_of(from, "value");
    out.n = integer(from, "n", 0);
    const core::Json& ends = inside(from, "ci95");
    if (!ends.is_array() || ends.size() != 2 || !ends[0].is_number() || !ends[1].is_number())
        return out;
    out.low = ends[0].get<double>();
    out.high = ends[1].get<double>();
    return out;
}

AlignmentRow alignment(const core::Json& j) {
    AlignmentRow out;
    out.matrix = j.value("matrix", "");
    out.router = j.value("router", "");
    out.reads = j.value("reads", out.matrix != "up");  // of a run down reads, too
    out.hop = integer(j, "hop", -1);
    out.n = integer(j, "n", 0);
    out.k = integer(j, "k", 0);
    out.matched = number_of(j, "matched");
    out.mismatched = number_of(j, "mismatched");
    out.chance = number_of(j, "random_baseline");
    out.specificity = measured(j, "specificity");
    out.cosine = measured(j, "cosine");
    out.cosine_mismatched = number_of(j, "cosine_mismatched");
    return out;
}

SpearmanRow spearman(const core::Json& j) {
    return {integer(j, "groups", 0), measured(j, "median"), measured(j, "share_positive"),
            number_of(j, "sign_p")};
}

RowsRow rows(const core::Json& j) {
    return {integer(j, "n", 0), number_of(j, "common_energy"), number_of(j, "effective_rank"),
            number_of(j, "mean_abs_cosine"), number_of(j, "centred_mean_abs_cosine")};
}

/// The match of all layers stands one level higher than that of one layer.
GradientRow gradient(const core::Json& j) {
    const core::Json& match = j.contains("match") ? j["match"] : j;
    GradientRow out;
    out.cosine = measured(match, "cosine");
    out.specificity = measured(match, "specificity");
    out.cosine_mismatched = number_of(match, "cosine_mismatched");
    out.size = number_of(match, "abs_cosine");
    out.size_mismatched = number_of(match, "abs_cosine_mismatched");
    out.router_weights = rows(inside(j, "router_weights"));
    out.router_gradients = rows(inside(j, "router_gradients"));
    out.read_weights = rows(inside(j, "read_weights"));
    out.read_gradients = rows(inside(j, "read_gradients"));
    return out;
}

CouplingPlace coupling_place(const core::Json& j) {
    CouplingPlace out;
    for (const core::Json& row : inside(j, "alignment")) out.alignment.push_back(alignment(row));
    out.spearman = spearman(inside(j, "spearman"));
    out.gradient = gradient(inside(j, "gradient"));
    return out;
}

void read_result(const core::Json& result, Coupling& out) {
    out.all = coupling_place(result);
    for (const core::Json& layer : inside(result, "layers"))
        out.layers.push_back(coupling_place(layer));
    const core::Json& scores = inside(result, "spearman");
    out.pairs = integer(scores, "pairs", 0);
    out.least_pairs = integer(scores, "least_pairs", 0);
    out.tokens = integer(scores, "tokens", 0);
    out.gradient_batches = integer(inside(result, "gradient"), "batches", 0);
    for (const core::Json& j : inside(result, "deciles")) {
        DecileRow row = {integer(j, "n", 0), number_of(j, "score_z"), number_of(j, "median"),
                         kUnknown, kUnknown};
        const core::Json& ends = inside(j, "quartiles");
        if (ends.is_array() && ends.size() == 2 && ends[0].is_number() && ends[1].is_number()) {
            row.low = ends[0].get<double>();
            row.high = ends[1].get<double>();
        }
        out.deciles.push_back(row);
    }
    for (const core::Json& j : inside(result, "ranks"))
        out.ranks.push_back({integer(j, "rank", 0), measured(j, "norm_z")});
}

std::vector<CoupledExpert> experts_of(const std::string& text) {
    std::vector<CoupledExpert> out;
    const ResultTable table = read_csv(text, "");
    const auto column = [&](const char* name) {
        size_t c = 0;
        while (c < table.columns.size() && table.columns[c] != name) ++c;
        return c;
    };
    const size_t layer = column("layer"), expert = column("expert"), matched = column("matched"),
                 cosine = column("cosine"), rho = column("spearman"), pairs = column("pairs"),
                 gradients = column("gradient_cosine");
    for (const auto& row : table.rows) {
        const auto cell = [&](size_t c) {
            return c < row.size() && is_number(row[c]) ? std::strtod(row[c].c_str(), nullptr)
                                                       : kUnknown;
        };
        if (!std::isfinite(cell(layer)) || !std::isfinite(cell(expert))) continue;
        out.push_back({std::llround(cell(layer)), std::llround(cell(expert)), cell(matched),
                       cell(cosine), cell(rho), cell(pairs), cell(gradients)});
    }
    return out;
}

}  // namespace

std::string range_of(const CouplingNumber& m, int digits) {
    if (!std::isfinite(m.value) || !std::isfinite(m.low) || !std::isfinite(m.high)) return {};
    return "[" + significant(m.low, digits) + ", " + significant(m.high, digits) + "]";
}

std::string shown(const CouplingNumber& m, int digits) {
    const std::string range = range_of(m, digits);
    return significant(m.value, digits) + (range.empty() ? "" : " " + range);
}

const CouplingPlace& Coupling::of(int64_t layer) const {
    static const CouplingPlace kNone;
    if (layer < 0) return all;
    return static_cast<size_t>(layer) < layers.size() ? layers[static_cast<size_t>(layer)] : kNone;
}

double Coupling::level() const {
    double sum = 0;
    for (const DecileRow& row : deciles) sum += row.median;
    return deciles.empty() ? kUnknown : sum / static_cast<double>(deciles.size());
}

core::Result<Coupling> read_coupling(const std::string& json, const std::string& experts) {
    auto document = core::parse_object(json, "coupling.json");
    if (!document) return core::failure(document.error().message);
    Coupling out;
    try {
        if (document->value("format", "") != kCouplingFormat ||
            document->value("name", "") != "coupling")
            return core::failure(std::string("coupling.json: no document \"coupling\" of ") +
                                 kCouplingFormat + "; measure it again");
        if (const std::string why = document->value("skipped", ""); !why.empty())
            return core::failure("coupling.json: " + why);
        out.step = integer(*document, "step", -1);
        out.seed = integer(*document, "seed", -1);
        out.n = integer(*document, "n", 0);
        out.definition = document->value("definition", "");
        read_result(inside(*document, "result"), out);
        out.experts = experts_of(experts);
    } catch (const core::Json::exception& e) {
        return core::failure(std::string("coupling.json: a field of it has another type: ") +
                             e.what());
    }
    return out;
}

std::string matrix_words(const AlignmentRow& row) {
    std::string out = (row.reads ? "reads (" : "writes (") + row.matrix + ")";
    if (!row.router.empty() && row.router != "mlp") out += ", " + row.router;
    return out;
}

std::string csv_of(const Coupling& coupling) {
    std::string out = "layer,what,value,ci95_low,ci95_high,n,chance\n";
    const auto line = [&](int64_t layer, const std::string& what, const CouplingNumber& m,
                          double chance) {
        if (!std::isfinite(m.value)) return;
        out += (layer < 0 ? std::string("all") : std::to_string(layer)) + "," + what + "," +
               core::csv_number(m.value) + "," + core::csv_number(m.low) + "," +
               core::csv_number(m.high) + "," + std::to_string(m.n) + "," +
               core::csv_number(chance) + "\n";
    };
    const auto alone = [](double value, int64_t n) {
        return CouplingNumber{value, kUnknown, kUnknown, n};
    };
    for (int64_t layer = -1; layer < std::ssize(coupling.layers); ++layer) {
        const CouplingPlace& at = coupling.of(layer);
        for (const AlignmentRow& a : at.alignment) {
            const std::string matrix =
                a.matrix + (a.router.empty() || a.router == "mlp" ? "" : " of " + a.router) +
                (a.hop < 0 ? std::string() : " hop " + std::to_string(a.hop));
            line(layer, "score of own expert " + matrix, alone(a.matched, a.n), a.chance);
            line(layer, "score of other experts " + matrix, alone(a.mismatched, a.n), a.chance);
            line(layer, "specificity " + matrix, a.specificity, 1);
            line(layer, "cosine of own expert " + matrix, a.cosine, a.cosine_mismatched);
        }
        line(layer, "Spearman median", at.spearman.median, 0);
        line(layer, "share of positive Spearman", at.spearman.positive, 0.5);
        line(layer, "gradient cosine", at.gradient.cosine, at.gradient.cosine_mismatched);
        line(layer, "gradient specificity", at.gradient.specificity, 1);
    }
    for (size_t i = 0; i < coupling.deciles.size(); ++i) {
        const DecileRow& d = coupling.deciles[i];
        // The ends are quartiles, no interval of the median.
        line(-1, "activation median in score decile " + std::to_string(i + 1), alone(d.median, d.n),
             coupling.level());
    }
    for (const RankRow& rank : coupling.ranks)
        line(-1, "activation norm at rank " + std::to_string(rank.rank), rank.norm, 0);
    return out;
}

}  // namespace hopscope::app
