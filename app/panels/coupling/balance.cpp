#include "app/panels/coupling/balance.h"

#include <algorithm>
#include <cmath>
#include <imgui.h>

#include "app/state/number.h"
#include "app/widgets/format.h"
#include "app/widgets/line_style.h"
#include "app/widgets/number_table.h"
#include "app/widgets/widgets.h"

namespace hopscope::app {
namespace {

constexpr size_t kUpdates = 100;  ///< the last ones, that the numbers are of

constexpr NumberColumn kBalanceColumns[] = {
    {"max / mean",
     "Choices of the busiest expert over the mean, mean over layers and the last 100 "
     "updates; eight of ten updates lie in the brackets"},
    {"chance", "Of tokens that choose their experts at random (normal approximation)"},
    {"CV", "Standard deviation of the load over its mean"},
    {"chance", "sqrt((1 - k/M) / (tokens of an update x hops x k/M))"},
    {"dead", "Experts of a layer that no token of an update chose"},
    {"chance", "Expected number when choices are random"},
    {"n", "Updates"}};

/// Upper quantile of the standard normal distribution, by bisection.
double normal_quantile(double share) {
    double low = -10, high = 10;
    for (int i = 0; i < 60; ++i) {
        const double middle = 0.5 * (low + high);
        (0.5 * std::erfc(-middle / std::sqrt(2.0)) < share ? low : high) = middle;
    }
    return 0.5 * (low + high);
}

/// Mean over the last updates of the mean over layers.
CouplingNumber recent(const History& history, RoutingStat stat) {
    std::vector<double> values;
    for (size_t i = history.step.size(); i > 0 && values.size() < kUpdates; --i) {
        double sum = 0;
        int count = 0;
        for (const LayerColumns& layer : history.layers)
            if (const double x = layer.of(stat)[i - 1]; std::isfinite(x)) sum += x, ++count;
        if (count > 0) values.push_back(sum / count);
    }
    CouplingNumber out;
    out.n = std::ssize(values);
    if (values.empty()) return out;
    std::sort(values.begin(), values.end());
    out.value = 0;
    for (const double x : values) out.value += x / static_cast<double>(values.size());
    const auto at = [&](double share) {
        return values[static_cast<size_t>(
            std::llround(share * static_cast<double>(values.size() - 1)))];
    };
    if (values.size() > 1) out.low = at(0.1), out.high = at(0.9);
    return out;
}

}  // namespace

ChanceLoad chance_load(const core::Config& config) {
    const core::MoeConfig& moe = config.moe;
    ChanceLoad out;
    if (config.is_dense() || moe.pools == core::Pools::unrolled) return out;
    const core::TrainConfig& train = config.train;
    const auto m = static_cast<double>(moe.experts), share = static_cast<double>(moe.top_k) / m;
    const auto tokens = static_cast<double>(train.batch * train.seq_len * train.grad_accum);
    out = {0, 0, 0};
    const auto layers = static_cast<double>(config.model.n_layers);
    const double highest = m > 1 ? normal_quantile((m - 0.375) / (m + 0.25)) : 0;
    for (int64_t l = 0; l < config.model.n_layers; ++l) {
        const double draws = tokens * static_cast<double>(moe.hops_of(l));
        const double cv = std::sqrt((1 - share) / (draws * share));
        out.cv += cv / layers;
        out.max_over_mean += (1 + cv * highest) / layers;
        out.dead += m * std::pow(1 - share, draws) / layers;
    }
    return out;
}

std::string balance_words(const core::Config& config) {
    const core::MoeConfig& moe = config.moe;
    if (config.is_dense()) return "dense, no experts";
    if (!moe.has_rows()) return "hash, nothing to balance";
    if (moe.counts_centroids()) return "K-means, bias of the selection";
    const std::string alpha = ", alpha " + plain(config.train.balance_alpha);
    const std::string rate = ", rate " + plain(moe.bias_rate);
    const bool learns = moe.balances_by_loss();
    std::string out;
    switch (moe.balance) {
        case core::Balance::switch_loss:
            out = learns ? "switch loss" + alpha : "none";
            break;
        case core::Balance::none:
            out = "none";
            break;
        case core::Balance::loss_free:
            out = "loss-free bias" + rate;
            break;
        case core::Balance::sequence:
            out = learns ? "sequence loss" + alpha : "none";
            break;
        case core::Balance::loss_free_sequence:
            out = "loss-free bias" + rate + ", sequence loss" + alpha;
            break;
    }
    if (moe.z_loss > 0) out += ", z-loss " + plain(moe.z_loss);
    return moe.traits().move == core::RowsMove::never ? "fixed router, " + out : out;
}

std::vector<BalanceRow> balance_rows(const AppState& state) {
    std::vector<BalanceRow> out;
    for (const ComparedEntry& entry : state.compared.entries()) {
        if (!entry.history || entry.history->empty()) continue;
        BalanceRow row;
        row.name = entry.name;
        row.dir = entry.dir;
        row.place = entry.place;
        row.step = static_cast<int64_t>(entry.history->step.back());
        row.max_over_mean = recent(*entry.history, RoutingStat::load_max_over_mean);
        row.cv = recent(*entry.history, RoutingStat::load_cv);
        row.dead = recent(*entry.history, RoutingStat::dead);
        const core::Config* config = nullptr;
        if (const auto& result = state.comparison.result())
            for (const core::ComparedRun& run : result->runs)
                if (run.dir == entry.dir && run.problem.empty()) config = &run.config;
        const bool single = entry.open && entry.history == &state.history;
        if (!config && single && state.session) config = &state.session->config();
        if (config) {
            row.method = balance_words(*config);
            row.chance = chance_load(*config);
        }
        out.push_back(std::move(row));
    }
    return out;
}

void draw_balance(const AppState& state, const std::vector<BalanceRow>& rows) {
    heading(state, "How evenly are experts used, by method of balance?");
    const bool any = std::any_of(rows.begin(), rows.end(),
                                 [](const BalanceRow& row) { return row.max_over_mean.n > 0; });
    if (!any) {
        const std::string why = state.lacks(core::Need::experts);
        note(state, why.empty()
                        ? "The load of the experts stands here once the run has made an update."
                        : why);
        return;
    }
    if (!begin_number_table(state, "balance", "run, method", kBalanceColumns)) return;
    for (const BalanceRow& row : rows) {
        ImGui::TableNextRow();
        ImGui::TableNextColumn();
        line_glyph(state, row.place);
        text_cut(state, row.name, state.theme().text);
        text_cut(state, row.method.empty() ? "its settings are being read" : row.method,
                 state.theme().dim);
        const auto number = [&](double value, int digits) {
            return Number{.value = value,
                          .shown = significant(value, digits),
                          .n = row.max_over_mean.n,
                          .over = "updates",
                          .step = row.step,
                          .no_command =
                              "Of the last updates in the run's metrics.csv; no command "
                              "takes their mean.",
                          .run = row.dir};
        };
        const auto measured = [&](const CouplingNumber& m) {
            Number out = number(m.value, 3);
            out.range = range_of(m);  // of updates, no interval of the mean
            return out;
        };
        Number updates = number(static_cast<double>(row.max_over_mean.n), 3);
        updates.shown = with_thousands(row.max_over_mean.n);
        updates.n = -1;
        const Number numbers[] = {measured(row.max_over_mean),
                                  number(row.chance.max_over_mean, 3),
                                  measured(row.cv),
                                  number(row.chance.cv, 3),
                                  measured(row.dead),
                                  number(row.chance.dead, 2),
                                  updates};
        number_cells(state, row.name, kBalanceColumns, numbers);
    }
    ImGui::EndTable();
    if (rows.size() == 1)
        note(state,
             "Runs of other methods that are added in the layout Compare stand here beside "
             "it.");
}

}  // namespace hopscope::app
