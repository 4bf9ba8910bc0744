#include "app/panels/halting/view.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/api/base.h"

namespace hopscope::app {
namespace {

constexpr HaltingAxisWords kAxisWords[] = {
    {"threshold", "threshold \xCE\xB5", "The threshold that was set"},
    {"hops saved", "hops saved, %", "1 \xE2\x88\x92 executed / possible hops"},
    {"MoE time", "time in MoE layers, % of no halting",
     "Median of the timed passes beside that of the passes without halting"},
};

double median(std::vector<double> values) {
    if (values.empty()) return core::kNaN;
    std::sort(values.begin(), values.end());
    const size_t n = values.size();
    return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

std::string line(const std::vector<std::string>& fields) {
    std::string out;
    for (const std::string& field : fields) out += (&field == &fields.front() ? "" : ",") + field;
    return out + "\n";
}

std::string row_line(const core::HaltingTable& table, const core::HaltingRow& row) {
    const auto number = [](double value) { return core::csv_number(value); };
    const core::HaltingChance& chance = row.chance;
    const bool base = row.epsilon < 0;
    return line({base ? "" : number(row.epsilon), number(row.mean_hops), number(row.saving),
                 number(row.loss), number(std::exp(row.loss)),
                 number(100 * std::expm1(row.loss - table.base.loss)), number(median(row.seconds)),
                 number(median(row.moe_seconds)), number(chance.low), number(chance.high),
                 chance.draws ? number(std::exp(chance.control_loss)) : "",
                 chance.draws ? number(chance.control_std) : ""});
}

}  // namespace

const HaltingAxisWords& words_of(HaltingAxis axis) {
    return kAxisWords[static_cast<size_t>(axis)];
}

HaltingLines halting_lines(const core::HaltingTable& table, HaltingAxis axis) {
    HaltingLines out;
    const double moe = median(table.base.moe_seconds), all = median(table.base.seconds);
    out.base = std::exp(table.base.loss);
    for (const core::HaltingRow& row : table.rows) {
        const double time = median(row.moe_seconds) / moe;
        out.x.push_back(axis == HaltingAxis::threshold ? row.epsilon
                        : axis == HaltingAxis::saving  ? 100 * row.saving
                                                       : 100 * time);
        out.perplexity.push_back(std::exp(row.loss));
        out.low.push_back(std::exp(table.base.loss + row.chance.low));
        out.high.push_back(std::exp(table.base.loss + row.chance.high));
        const bool drawn = row.chance.draws > 0;
        const double mean = drawn ? row.chance.control_loss : core::kNaN;
        const double spread = row.chance.draws > 1 ? row.chance.control_std : 0;
        out.control.push_back(std::exp(mean));
        out.control_low.push_back(std::exp(mean - spread));
        out.control_high.push_back(std::exp(mean + spread));
        out.hops.push_back(100 * (1 - row.saving));
        out.moe_time.push_back(100 * time);
        out.time.push_back(100 * median(row.seconds) / all);
    }
    return out;
}

int nearest_row(const core::HaltingTable& table, double epsilon) {
    int nearest = -1;
    double least = 0;
    if (!(epsilon > 0)) return nearest;
    for (size_t i = 0; i < table.rows.size(); ++i) {
        const double away = std::fabs(std::log(table.rows[i].epsilon / epsilon));
        if (nearest >= 0 && away >= least) continue;
        nearest = static_cast<int>(i);
        least = away;
    }
    return nearest;
}

std::vector<size_t> class_order(const core::HaltingRow& row, ClassOrder by, bool falling) {
    std::vector<size_t> out(row.classes.size());
    std::iota(out.begin(), out.end(), size_t{0});
    const auto before = [&](size_t i, size_t j) {
        const core::ClassDepth &a = row.classes[i], &b = row.classes[j];
        switch (by) {
            case ClassOrder::name:
                if (a.name.empty() != b.name.empty()) return falling != b.name.empty();
                return a.name < b.name;
            case ClassOrder::tokens:
                return a.tokens < b.tokens;
            case ClassOrder::hops:
                break;
        }
        return a.mean_hops < b.mean_hops;
    };
    std::stable_sort(out.begin(), out.end(),
                     [&](size_t i, size_t j) { return falling ? before(j, i) : before(i, j); });
    return out;
}

std::string class_name(const core::ClassDepth& one) {
    if (one.name.empty()) return "in no list";
    // Of the text's own classes, as the other panels name them.
    constexpr std::string_view kOwn = "class:";
    return one.name.starts_with(kOwn) ? one.name.substr(kOwn.size()) + " (text)" : one.name;
}

std::string csv_of(const core::HaltingTable& table) {
    std::string out = "# halting of " + table.run + ", step " + std::to_string(table.step) + ", " +
                      std::to_string(table.tokens) + " validation tokens\n" +
                      "epsilon,mean_hops,saving,\"loss, nats\",perplexity,delta_percent,"
                      "\"seconds, median\",\"moe_seconds, median\",difference_low,difference_high,"
                      "control_perplexity,\"control_loss_std, nats\"\n" +
                      row_line(table, table.base);
    for (const core::HaltingRow& row : table.rows) out += row_line(table, row);
    bool first = true;
    for (const core::HaltingRow& row : table.rows)
        for (const core::ClassDepth& one : row.classes) {
            if (first) out += "\nepsilon,class,tokens,mean_hops,low,high\n";
            first = false;
            out += line({core::csv_number(row.epsilon), core::csv_text(class_name(one)),
                         std::to_string(one.tokens), core::csv_number(one.mean_hops),
                         core::csv_number(one.low), core::csv_number(one.high)});
        }
    return out;
}

}  // namespace hopscope::app
