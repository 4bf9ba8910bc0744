#include "core/run/columns.h"

#include <array>
#include <charconv>
#include <cmath>

#include "core/base/csv.h"

namespace hopscope::core {
namespace {

struct RecordColumn {
    const char* name;
    const char* tag;  ///< nullptr: as the name
    const char* unit;
    Column::Field field;
};

using R = ScalarRecord;
using L = LayerScalars;

// The first eight are fixed (docs/formats.md#scalars-of-an-update); a new scalar is one new line
// here.
const RecordColumn kRecordColumns[] = {
    {"step", "", "updates", &R::step},
    {"tokens", nullptr, "tokens", &R::tokens},
    {"seconds", nullptr, "s", &R::seconds},
    {"loss", nullptr, "nats", &R::loss},
    {"balance_loss", nullptr, "1", &R::balance_loss},
    {"lr", nullptr, "1", &R::lr},
    {"grad_norm", "grad_norm/total", "1", &R::grad_norm},
    {"valid_loss", nullptr, "nats", &R::valid_loss},
    {"tokens_per_s", nullptr, "tokens/s", &R::tokens_per_s},
    {"data_ms", "time/data_ms", "ms", &R::data_ms},
    {"forward_ms", "time/forward_ms", "ms", &R::forward_ms},
    {"backward_ms", "time/backward_ms", "ms", &R::backward_ms},
    {"optimizer_ms", "time/optimizer_ms", "ms", &R::optimizer_ms},
    {"publish_ms", "time/publish_ms", "ms", &R::publish_ms},
    {"grad_norm/embedding", nullptr, "1", &R::grad_embedding},
    {"grad_norm/attention", nullptr, "1", &R::grad_attention},
    {"grad_norm/router", nullptr, "1", &R::grad_router},
    {"grad_norm/experts", nullptr, "1", &R::grad_experts},
    {"grad_norm/norms", nullptr, "1", &R::grad_norms},
    {"clipped", nullptr, "1", &R::clipped},
    {"z_loss", nullptr, "1", &R::z_loss},
};

struct LayerColumn {
    const char* name;  ///< "/layer{l}" follows
    const char* unit;
    float LayerScalars::*field;
};

const LayerColumn kLayerColumns[] = {
    {"entropy", "nats", &L::entropy},
    {"max_prob", "1", &L::max_prob},
    {"jaccard", "1", &L::jaccard},
    {"load/max_over_mean", "1", &L::load_max_over_mean},
    {"load/cv", "1", &L::load_cv},
    {"load/dead", "experts", &L::dead},
    {"load/q10", "choices", &L::load_q10},
    {"load/q50", "choices", &L::load_q50},
    {"load/q90", "choices", &L::load_q90},
    {"tau", "1", &L::tau},
    {"moe_scale", "1", &L::moe_scale},
    {"coupling", "1", &L::coupling},
    {"collinearity", "1", &L::collinearity},
    {"nearest_cosine", "1", &L::nearest_cosine},
    {"score_spearman", "1", &L::score_spearman},
    {"gradient_cosine", "1", &L::gradient_cosine},
};

/// The field of `record` as a pointer to const or mutable; nullptr where the record lacks that
/// layer.
template <class Record, class Use>
void with_field(const Column& column, Record& record, Use use) {
    std::visit(
        [&](auto field) {
            if constexpr (std::is_same_v<decltype(field), float LayerScalars::*>) {
                const auto layer = static_cast<size_t>(column.layer);
                if (layer < record.layers.size()) use(record.layers[layer].*field);
            } else {
                use(record.*field);
            }
        },
        column.field);
}

}  // namespace

std::vector<Column> metric_columns(int64_t layers) {
    std::vector<Column> columns;
    columns.reserve(std::size(kRecordColumns) +
                    static_cast<size_t>(layers) * std::size(kLayerColumns));
    for (const auto& c : kRecordColumns)
        columns.push_back({c.name, c.tag ? c.tag : c.name, c.unit, c.field, -1});
    for (int64_t layer = 0; layer < layers; ++layer)
        for (const auto& c : kLayerColumns) {
            const std::string name = std::string(c.name) + "/layer" + std::to_string(layer);
            columns.push_back({name, name, c.unit, c.field, layer});
        }
    return columns;
}

double column_value(const Column& column, const ScalarRecord& record) {
    double result = kNaN;
    with_field(column, record, [&](const auto& value) { result = static_cast<double>(value); });
    return result;
}

std::string column_text(const Column& column, const ScalarRecord& record) {
    std::string text;
    with_field(column, record, [&](const auto& value) {
        if constexpr (std::is_floating_point_v<std::decay_t<decltype(value)>>)
            if (std::isnan(value)) return;
        // Without a precision to_chars prints the fewest digits that read back to the same bits.
        std::array<char, 32> buffer{};
        const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
        text.assign(buffer.data(), end);
    });
    return text;
}

bool set_column(const Column& column, std::string_view text, ScalarRecord& record) {
    bool ok = false;
    with_field(column, record, [&](auto& value) { ok = read_csv_number(text, value); });
    return ok;
}

}  // namespace hopscope::core
