#include "app/panels/intervene/view.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <utility>

#include "app/widgets/format.h"
#include "app/widgets/piece_text.h"
#include "core/api/base.h"

namespace hopscope::app {
namespace {

std::string with_spread(const core::Spread& s, double minus, bool sign) {
    if (std::isnan(s.mean)) return {};
    const double mean = s.mean - minus;
    return (sign ? with_sign(mean, 2) : significant(mean, 2)) + " \xC2\xB1 " +
           (std::isnan(s.std) ? std::string(kNothing) : significant(s.std, 2));
}

std::string control_words(const core::InterventionEffect& e) {
    if (e.control_draws == 0)
        return e.control_reason.empty() ? "" : "\nNo random control: " + e.control_reason;
    return "\nControl: the same script on as many experts drawn from the same layer; mean \xC2\xB1 "
           "standard deviation, n = " +
           std::to_string(e.control_draws) + " draws, seed " + std::to_string(e.request.seed) + ".";
}

NumberRow odds_row(const core::OddsRow& odds, const std::string& label, const std::string& why) {
    if (odds.id < 0 && odds.words == 0)
        return {label,    kNothing,
                kNothing, kNothing,
                kNothing, "No word of this list is a single token of this run's tokenizer."};
    return {label,
            significant(odds.base, 3),
            significant(odds.changed, 3),
            with_sign(odds.changed - odds.base, 2),
            with_spread(odds.control, odds.base, true),
            why,
            odds.changed};
}

double mean_of(const std::vector<double>& x) {
    double sum = 0, n = 0;
    for (const double v : x)
        if (!std::isnan(v)) sum += v, n += 1;
    return n > 0 ? sum / n : std::nan("");
}

}  // namespace

std::vector<NumberRow> numbers_of(const core::InterventionEffect& e) {
    std::vector<NumberRow> out;
    const std::string control = control_words(e);
    const std::string at =
        " at the last position, n = 1 prompt of " + std::to_string(e.tokens) + " tokens." + control;
    out.push_back({"KL, nats", "", significant(e.kl, 3), "", with_spread(e.control_kl, 0, false),
                   "KL(base \xE2\x80\x96 changed) = \xCE\xA3 p log(p / q) of the next token" + at,
                   e.kl});
    out.push_back(odds_row(e.target, "P(" + piece_text(e.target.name) + ")",
                           "Probability of the target token" + at));
    out.push_back({"NLL, nats", significant(e.nll_base, 3), significant(e.nll_changed, 3),
                   with_sign(e.nll_changed - e.nll_base, 2),
                   with_spread(e.control_nll, e.nll_base, true), "\xE2\x88\x92ln P(target)" + at,
                   e.nll_changed});
    for (const auto& group : e.groups)
        out.push_back(odds_row(group, "P(" + group.name + ")",
                               "Summed probability of the category's " +
                                   std::to_string(group.words) + " single-token words" + at));
    std::string before, after;
    double most_before = -1, most_after = -1;
    for (const auto& row : e.next) {
        if (row.base > most_before) most_before = row.base, before = piece_text(row.name);
        if (row.changed > most_after) most_after = row.changed, after = piece_text(row.name);
    }
    out.push_back(
        {"likeliest token", before, after, e.token_changed ? "changed" : "same",
         std::isnan(e.control_changed) ? "" : rounded(e.control_changed * 100, 0) + " % changed",
         "The token of highest probability" + at});
    const std::string over =
        "Expert sets of base and changed, |A \xE2\x88\xA9 B| / |A \xE2\x88\xAA "
        "B|, mean over tokens and hops that ran in both" +
        std::string(".") + control;
    std::vector<double> control_means;
    for (const auto& c : e.control_jaccard) control_means.push_back(c.mean);
    if (!std::isnan(mean_of(e.jaccard)))
        out.push_back({"Jaccard, mean", "", rounded(mean_of(e.jaccard), 3), "",
                       e.control_draws > 0 ? rounded(mean_of(control_means), 3) : "", over,
                       mean_of(e.jaccard)});
    for (size_t l = 0; l < e.jaccard.size(); ++l)
        if (!std::isnan(e.jaccard[l]))
            out.push_back(
                {"Jaccard, layer " + std::to_string(l), "", rounded(e.jaccard[l], 3), "",
                 l < e.control_jaccard.size() ? with_spread(e.control_jaccard[l], 0, false) : "",
                 over, e.jaccard[l]});
    if (e.mean_hops > 0)
        out.push_back({"hops executed", "", rounded(e.mean_hops, 2), "", "",
                       "Mean over tokens and layers, under the intervention.", e.mean_hops});
    return out;
}

std::string beside_chance(const core::InterventionEffect& e) {
    if (e.control_kls.empty()) return {};
    const auto below = std::count_if(e.control_kls.begin(), e.control_kls.end(),
                                     [&](double kl) { return kl < e.kl; });
    return "KL is above " + std::to_string(below) + " of " + std::to_string(e.control_kls.size()) +
           " random controls";
}

std::vector<core::OddsRow> next_rows(const core::InterventionEffect& effect, size_t count) {
    std::vector<core::OddsRow> rows = effect.next;
    std::stable_sort(rows.begin(), rows.end(), [](const core::OddsRow& a, const core::OddsRow& b) {
        return std::max(a.base, a.changed) > std::max(b.base, b.changed);
    });
    if (rows.size() > count) rows.resize(count);
    return rows;
}

double largest(const std::vector<core::OddsRow>& rows) {
    double most = 1e-9;
    for (const auto& row : rows)
        for (const double p : {row.base, row.changed, row.control.mean})
            if (!std::isnan(p)) most = std::max(most, p);
    return most;
}

DoseCurve dose_curve(const core::InterventionEffect& effect, DoseValue what) {
    DoseCurve out;
    const bool kl = what == DoseValue::kl;
    out.base = kl ? 0 : effect.target.base;
    for (const auto& point : effect.doses) {
        if (!point.error.empty()) continue;
        const core::Spread& control = kl ? point.control_kl : point.control_p_target;
        const double std = std::isnan(control.std) ? 0 : control.std;
        out.factor.push_back(point.factor);
        out.value.push_back(kl ? point.kl : point.p_target);
        out.control.push_back(control.mean);
        // Neither divergences nor probabilities are below 0, and no probability is above 1.
        const double most = kl ? std::numeric_limits<double>::infinity() : 1.0;
        out.control_low.push_back(std::max(0.0, control.mean - std));
        out.control_high.push_back(std::min(most, control.mean + std));
    }
    return out;
}

std::vector<double> default_doses() {
    return {0, 0.25, 0.5, 1, 1.5, 2, 3, 4};
}

std::string effect_csv(const core::InterventionEffect& e) {
    std::string out = "quantity,item,unit,base,changed,control_mean,control_std,draws,seed,step\n";
    const auto cell = [](double x) {
        if (std::isnan(x)) return std::string();
        char text[40];
        std::snprintf(text, sizeof text, "%.17g", x);
        return std::string(text);
    };
    const auto line = [&](const char* quantity, const std::string& item, const char* unit,
                          double base, double changed, const core::Spread& control, int64_t draws) {
        out += std::string(quantity) + "," + core::csv_text(item) + "," + unit + "," + cell(base) +
               "," + cell(changed) + "," + cell(control.mean) + "," + cell(control.std) + "," +
               std::to_string(draws) + "," + std::to_string(e.request.seed) + "," +
               std::to_string(e.step) + "\n";
    };
    const int64_t n = e.control_draws;
    line("kl", "", "nats", 0, e.kl, e.control_kl, n);
    line("p_target", e.target.name, "probability", e.target.base, e.target.changed,
         e.target.control, n);
    line("nll", e.target.name, "nats", e.nll_base, e.nll_changed, e.control_nll, n);
    for (const auto& g : e.groups)
        line("p_category", g.name, "probability", g.base, g.changed, g.control, n);
    for (const auto& t : e.next)
        line("p_next", t.name, "probability", t.base, t.changed, t.control, n);
    for (size_t l = 0; l < e.jaccard.size(); ++l)
        line("jaccard", "layer " + std::to_string(l), "share", 1, e.jaccard[l],
             l < e.control_jaccard.size() ? e.control_jaccard[l] : core::Spread(), n);
    for (const auto& d : e.doses) {
        const std::string item = "factor " + plain(d.factor);
        const int64_t draws = std::isnan(d.control_kl.mean) ? 0 : e.request.dose_controls;
        line("dose_kl", item, "nats", 0, d.kl, d.control_kl, draws);
        line("dose_p_target", item, "probability", e.target.base, d.p_target, d.control_p_target,
             draws);
    }
    return out;
}

std::vector<std::string> words_of(const std::string& typed) {
    std::vector<std::string> out;
    std::string word;
    for (const char c : typed + " ") {
        if (c != ',' && c != ' ' && c != ';' && c != '\n' && c != '\t') {
            word += c;
        } else if (!word.empty()) {
            out.push_back(std::exchange(word, {}));
        }
    }
    return out;
}

}  // namespace hopscope::app
