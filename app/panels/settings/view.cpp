#include "app/panels/settings/view.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "app/widgets/format.h"
#include "core/api/base.h"
#include "core/api/settings_table.h"

namespace hopscope::app {
namespace {

std::string seeds_of(const core::Comparison& comparison, const core::ComparedVariant& variant) {
    std::string out;
    for (const size_t run : variant.runs) {
        const std::string seed = std::to_string(comparison.runs[run].config.train.seed);
        out += (out.empty() ? "" : ", ") + seed;
    }
    return out;
}

bool not_the_same(const std::vector<std::string>& values) {
    return std::adjacent_find(values.begin(), values.end(), std::not_equal_to<>()) != values.end();
}

}  // namespace

SettingsView settings_view(const core::Comparison& comparison) {
    SettingsView view;
    std::vector<const core::ComparedVariant*> columns;
    for (const core::ComparedVariant& variant : comparison.variants) columns.push_back(&variant);
    // Best first, as everywhere; those without losses behind them.
    std::stable_sort(columns.begin(), columns.end(), [](const auto* a, const auto* b) {
        return std::isfinite(a->loss) && (!std::isfinite(b->loss) || a->loss < b->loss);
    });
    std::vector<const core::Config*> configs;
    for (const core::ComparedVariant* variant : columns) {
        view.variants.push_back(static_cast<size_t>(variant - comparison.variants.data()));
        view.names.push_back(variant->name);
        configs.push_back(&comparison.runs[variant->runs.front()].config);
    }
    if (configs.empty()) return view;
    SettingsRow seeds{"train.seed", "seeds that are compared", {}, false};
    for (core::SettingRow& row : core::settings_table(configs)) {
        if (row.key == seeds.key) {
            for (const core::ComparedVariant* variant : columns)
                seeds.values.push_back(seeds_of(comparison, *variant));
            seeds.differs = not_the_same(seeds.values);
            view.rows.push_back(seeds);
        } else {
            view.rows.push_back(
                {std::move(row.key), std::move(row.meaning), std::move(row.values), row.differs});
        }
    }
    SettingsRow size{"parameters", "as counted when the run was made", {}, false, true},
        step{"evaluated at step", "of the losses that are compared", {}, false, true};
    for (const core::ComparedVariant* variant : columns) {
        const int64_t parameters = comparison.runs[variant->runs.front()].parameters;
        size.values.push_back(parameters > 0 ? std::to_string(parameters) : std::string());
        step.values.push_back(variant->evaluated_at >= 0 ? std::to_string(variant->evaluated_at)
                                                         : std::string());
    }
    for (SettingsRow* row : {&size, &step}) {
        row->differs = not_the_same(row->values);
        view.rows.push_back(std::move(*row));
    }
    view.differing = static_cast<size_t>(
        std::count_if(view.rows.begin(), view.rows.end(), [](auto& row) { return row.differs; }));
    return view;
}

std::string shown_value(const SettingsRow& row, size_t variant) {
    const std::string& value = row.values[variant];
    if (!row.count) return value;
    const auto number = core::read_integer(value);
    return number ? with_thousands(*number) : kNothing;
}

std::string csv_of(const SettingsView& view, bool only_differing) {
    std::string out = "setting";
    for (const std::string& name : view.names) out += "," + core::csv_field(name);
    out += "\n";
    for (const SettingsRow& row : view.rows) {
        if (only_differing && !row.differs) continue;
        out += core::csv_field(row.key);
        for (const std::string& value : row.values) out += "," + core::csv_field(value);
        out += "\n";
    }
    return out;
}

}  // namespace hopscope::app
