#include "app/panels/sweep/axes.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include "core/api/base.h"
#include "core/api/settings_table.h"

namespace hopscope::app {
namespace {

/// Words of the numbers that every run has.
constexpr std::pair<const char*, const char*> kNumberWords[] = {
    {"parameters", "parameters"},
    {"active_parameters", "active parameters"},
    {"flops_per_token", "operations a token"},
    {"steps", "training length"},
    {"tokens", "training data"},
    {"seconds", "time of training"},
    {"valid_loss", "validation loss"},
    {"perplexity", "validation perplexity"},
    {"loss", "training loss"},
    {"balance_loss", "balance loss"},
    {"lr", "learning rate"},
    {"grad_norm", "gradient norm"},
    {"tokens_per_s", "speed"},
};

/// A setting that is a number in every run, as a number.
std::optional<double> as_number(const std::string& text) {
    double value = 0;
    if (text.empty() || !core::read_csv_number(text, value) || !std::isfinite(value)) return {};
    return value;
}

std::vector<core::SettingRow> settings_of(const SweepRuns& runs) {
    std::vector<const core::Config*> configs;
    for (const SweepRuns::One& one : runs.all)
        configs.push_back(&runs.comparison->runs[one.run].config);
    return core::settings_table(configs);
}

void add_numbers(const SweepRuns& runs, AxisKind kind, std::vector<SweepAxis>& axes) {
    std::map<std::string, size_t> place;  // by key
    std::map<std::string, double> first;
    for (const SweepRuns::One& one : runs.all)
        for (const core::RunNumber& number :
             kind == AxisKind::cost ? one.numbers->costs : one.numbers->results) {
            const auto [known, fresh] = place.try_emplace(number.key, axes.size());
            if (fresh) {
                SweepAxis axis;
                axis.key = number.key;
                axis.label = words_of_number(number.key);
                axis.unit = number.unit;
                axis.help = number.from;
                axis.kind = kind;
                axis.better = number.better;
                axes.push_back(std::move(axis));
                first[number.key] = number.value;
            }
            SweepAxis& axis = axes[known->second];
            ++axis.runs;
            axis.differs = axis.differs || number.value != first[number.key];
        }
}

void add_settings(const SweepRuns& runs, std::vector<SweepAxis>& axes) {
    const size_t before = axes.size();
    for (const core::SettingRow& row : settings_of(runs)) {
        SweepAxis axis;
        axis.key = axis.label = row.key;
        axis.help = row.meaning;
        axis.kind = AxisKind::setting;
        axis.differs = row.differs;
        axis.runs = runs.all.size();
        axes.push_back(std::move(axis));
    }
    std::stable_partition(axes.begin() + static_cast<int64_t>(before), axes.end(),
                          [](const SweepAxis& axis) { return axis.differs; });
}

}  // namespace

SweepRuns sweep_runs(const core::Comparison& comparison,
                     const std::vector<core::RunNumbers>& numbers) {
    SweepRuns out;
    out.comparison = &comparison;
    for (size_t i = 0; i < comparison.runs.size(); ++i) {
        const core::ComparedRun& run = comparison.runs[i];
        const auto read =
            std::find_if(numbers.begin(), numbers.end(),
                         [&](const core::RunNumbers& one) { return one.dir == run.dir; });
        if (read == numbers.end()) continue;  // it comes with the next reading
        if (!run.problem.empty() || !read->problem.empty()) {
            out.problems.push_back(run.problem.empty() ? read->problem : run.problem);
            continue;
        }
        out.problems.insert(out.problems.end(), read->unread.begin(), read->unread.end());
        out.all.push_back({i, &*read});
    }
    return out;
}

std::vector<SweepAxis> sweep_axes(const SweepRuns& runs) {
    std::vector<SweepAxis> axes;
    add_numbers(runs, AxisKind::cost, axes);
    add_numbers(runs, AxisKind::result, axes);
    add_settings(runs, axes);
    return axes;
}

const SweepAxis* axis_of(const std::vector<SweepAxis>& axes, const std::string& key) {
    const auto found = std::find_if(axes.begin(), axes.end(),
                                    [&](const SweepAxis& axis) { return axis.key == key; });
    return found == axes.end() ? nullptr : &*found;
}

const core::RunNumber* number_of(const core::RunNumbers& run, const std::string& key) {
    for (const auto* list : {&run.costs, &run.results})
        for (const core::RunNumber& number : *list)
            if (number.key == key) return &number;
    return nullptr;
}

AxisValues axis_values(const SweepRuns& runs, const SweepAxis& axis) {
    AxisValues out;
    out.values.resize(runs.all.size());
    if (axis.kind != AxisKind::setting) {
        for (size_t i = 0; i < runs.all.size(); ++i)
            if (const core::RunNumber* number = number_of(*runs.all[i].numbers, axis.key))
                out.values[i] = number->value;
        return out;
    }
    const auto settings = settings_of(runs);
    const auto row = std::find_if(settings.begin(), settings.end(),
                                  [&](const core::SettingRow& one) { return one.key == axis.key; });
    if (row == settings.end()) return out;
    for (size_t i = 0; i < row->values.size(); ++i) out.values[i] = as_number(row->values[i]);
    if (std::all_of(out.values.begin(), out.values.end(),
                    [](const auto& value) { return value.has_value(); }))
        return out;
    const std::set<std::string> words(row->values.begin(), row->values.end());
    out.words.assign(words.begin(), words.end());
    for (size_t i = 0; i < row->values.size(); ++i)
        out.values[i] =
            static_cast<double>(std::distance(words.begin(), words.find(row->values[i])));
    return out;
}

std::string telling_cost(const SweepRuns& runs) {
    std::string out = "parameters";
    size_t most = 0;
    for (const char* key :
         {"parameters", "active_parameters", "flops_per_token", "tokens", "steps"}) {
        std::set<double> values;
        for (const SweepRuns::One& one : runs.all)
            if (const core::RunNumber* number = number_of(*one.numbers, key))
                values.insert(number->value);
        if (values.size() <= most) continue;
        most = values.size();
        out = key;
    }
    return out;
}

std::string words_of_number(const std::string& key) {
    const size_t slash = key.rfind('/');
    const std::string stem = key.substr(0, slash);
    const std::string end = slash == std::string::npos ? "" : key.substr(slash + 1);
    const bool told = end == "final" || end == "best" || end == "end";
    for (const auto& [known, words] : kNumberWords) {
        if (slash == std::string::npos && key == known) return words;
        if (told && stem == known) return std::string(words) + ", " + end;
    }
    return told ? stem + ", " + end : key;
}

}  // namespace hopscope::app
