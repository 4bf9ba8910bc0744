#include "core/run/metrics_lines.h"

#include <algorithm>
#include <charconv>
#include <unordered_map>

#include "core/base/csv.h"
#include "core/base/utf8.h"

namespace hopscope::core {
namespace {

/// Layers that the header speaks of: one more than the highest "…/layerN". Each layer has a column
/// at least, so a larger N is refused rather than allocated.
Result<int64_t> layers_of(const std::vector<std::string_view>& names, const std::string& where) {
    int64_t layers = 0;
    for (const std::string_view name : names) {
        constexpr std::string_view kMark = "/layer";
        const size_t at = name.rfind(kMark);
        if (at == std::string_view::npos) continue;
        const std::string_view digits = name.substr(at + kMark.size());
        int64_t layer = -1;
        const auto [end, error] =
            std::from_chars(digits.data(), digits.data() + digits.size(), layer);
        if (error != std::errc() || end != digits.data() + digits.size()) continue;
        if (layer < 0 || layer >= static_cast<int64_t>(names.size()))
            return usage_error(where + ": column " + in_quotes(name) + ": a layer below " +
                               std::to_string(names.size()) + " expected");
        layers = std::max(layers, layer + 1);
    }
    return layers;
}

}  // namespace

std::string MetricsLines::place() const {
    return shown_path(path_) + ":" + std::to_string(line_);
}

Result<bool> MetricsLines::read(std::string_view line, ScalarRecord& record) {
    ++line_;
    if (line.empty() || line == "\r" || line.front() == '#') return false;
    const auto cells = csv_cells(line);
    if (columns_.empty()) return header(cells);
    if (cells.size() != columns_.size())
        return usage_error(place() + ": " + std::to_string(cells.size()) +
                           " values found, the header has " + std::to_string(columns_.size()) +
                           " columns");
    record = {};
    record.layers.resize(static_cast<size_t>(layers_));
    for (size_t i = 0; i < cells.size(); ++i)
        if (columns_[i] && !set_column(*columns_[i], cells[i], record))
            return usage_error(place() + ": column " + columns_[i]->name + ": found " +
                               in_quotes(cells[i]) + ", a number expected");
    if (record.step <= newest_)
        return usage_error(place() + ": update " + std::to_string(record.step) + " after update " +
                           std::to_string(newest_) + "; allowed rising ones, each once");
    newest_ = record.step;
    return true;
}

Result<bool> MetricsLines::header(const std::vector<std::string_view>& names) {
    auto layers = layers_of(names, place());
    if (!layers) return layers.error();
    layers_ = *layers;
    std::unordered_map<std::string, Column> known;
    for (Column& column : metric_columns(layers_)) known.emplace(column.name, column);
    for (const std::string_view name : names) {
        const auto found = known.find(std::string(name));
        columns_.push_back(found == known.end() ? std::nullopt : std::optional(found->second));
        if (found == known.end()) unknown_.emplace_back(name);
    }
    if (!columns_[0] || columns_[0]->name != "step")
        return usage_error(place() + ": found a header that begins with " + in_quotes(names[0]) +
                           ", \"step,tokens,seconds,loss,…\" expected");
    return false;
}

}  // namespace hopscope::core
