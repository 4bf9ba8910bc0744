#include "core/analyses/document.h"

#include <utility>

#include "core/base/csv.h"
#include "core/stats/bootstrap.h"
#include "core/stats/descriptive.h"
#include "core/stats/proportions.h"

namespace hopscope::core::analysis {
namespace {

OrderedJson pair_json(double low, double high) {
    return OrderedJson::array({json_number(low), json_number(high)});
}

OrderedJson estimate_json(const Estimate& x) {
    return {{"value", json_number(x.value)},
            {"ci95", pair_json(x.ci95.low, x.ci95.high)},
            {"n", x.n},
            {"over", x.over}};
}

std::string csv_line(const std::vector<std::string>& fields) {
    std::string out;
    for (size_t i = 0; i < fields.size(); ++i) out += (i ? "," : "") + csv_field(fields[i]);
    return out + "\n";
}

}  // namespace

Estimate mean_over(const std::vector<double>& values, const char* units, uint64_t seed,
                   int64_t resamples) {
    const auto ci = stats::bootstrap_mean(values, {resamples, seed}).interval(0.95);
    return {stats::mean(values), ci, static_cast<int64_t>(values.size()), units};
}

Estimate share_over(int64_t k, int64_t n, const char* units) {
    return {static_cast<double>(k) / static_cast<double>(n), stats::share_ci95(k, n), n, units};
}

void Estimates::add(const Estimate& estimate) {
    values_.push_back(json_number(estimate.value));
    objects_.push_back(estimate_json(estimate));
}

void Estimates::add(const Estimates& part) {
    values_.push_back(part.values_);
    objects_.push_back(part.objects_);
}

Fields& Fields::number(const std::string& name, double value, const char* column) {
    json_[name] = json_number(value);
    return cell(column ? column : name, value);
}

Fields& Fields::count(const std::string& name, int64_t value, const char* column) {
    json_[name] = value;
    return cell(column ? column : name, std::to_string(value));
}

Fields& Fields::text(const std::string& name, const std::string& value, const char* column) {
    json_[name] = value;
    return cell(column ? column : name, value);
}

Fields& Fields::flag(const std::string& name, bool value) {
    json_[name] = value;
    return cell(name, std::string(value ? "1" : "0"));
}

Fields& Fields::none(const std::string& name, const char* column) {
    json_[name] = nullptr;
    return cell(column ? column : name, std::string());
}

Fields& Fields::estimate(const std::string& name, const Estimate& value, const char* column) {
    json_[name] = estimate_json(value);
    const std::string as = column ? column : name;
    cell(as, value.value);
    cell(as + "_ci95_low", value.ci95.low);
    return cell(as + "_ci95_high", value.ci95.high);
}

Fields& Fields::plain_estimate(const std::string& name, const Estimate& value, const char* column) {
    estimate(name, value, column);
    json_[name + "_interval"] = std::exchange(json_[name], json_number(value.value));
    return *this;
}

Fields& Fields::estimates(const std::string& name, const Estimates& values) {
    return json(name, values.objects_);
}

Fields& Fields::plain_estimates(const std::string& name, const Estimates& values) {
    json(name, values.values_);
    return json(name + "_interval", values.objects_);
}

Fields& Fields::json(const std::string& name, OrderedJson value) {
    json_[name] = std::move(value);
    return *this;
}

Fields& Fields::object(const std::string& name, const Fields& value) {
    return json(name, value.json_);
}

Fields& Fields::list(const std::string& name) {
    return json(name, OrderedJson::array());
}

Fields& Fields::add(const std::string& name, const Fields& item) {
    json_[name].push_back(item.json_);
    return *this;
}

Fields& Fields::range(const std::string& name, double low, double high) {
    return json(name, pair_json(low, high));
}

Fields& Fields::place(const std::string& column, int64_t value) {
    return cell(column, std::to_string(value));
}

Fields& Fields::cell(const std::string& column, double value) {
    return cell(column, csv_number(value));
}

Fields& Fields::cell(const std::string& column, std::string value) {
    cells_.push_back({column, std::move(value)});
    return *this;
}

Fields& Fields::columns_of(const Fields& other, const std::string& name,
                           const std::string& column) {
    for (const char* end : {"", "_ci95_low", "_ci95_high"})
        for (const Cell& one : other.cells_)
            if (one.column == name + end) cell(column + end, one.text);
    return *this;
}

void Table::add(const Fields& row) {
    std::vector<std::string> out(columns.size());
    for (size_t i = 0; i < row.cells_.size(); ++i) {
        const auto& [column, text] = row.cells_[i];
        size_t at = i;  // rows of a table name their columns in one order, as a rule
        if (at >= columns.size() || columns[at] != column)
            for (at = 0; at < columns.size() && columns[at] != column;) ++at;
        if (at == columns.size()) {
            columns.push_back(column);
            out.emplace_back();
            for (auto& earlier : rows) earlier.emplace_back();
        }
        out[at] = text;
    }
    rows.push_back(std::move(out));
}

void Table::declare(const Fields& row) {
    Table example;
    example.add(row);
    columns = std::move(example.columns);
}

std::string Table::csv() const {
    std::string out = csv_line(columns);
    for (const auto& row : rows) out += csv_line(row);
    return out;
}

}  // namespace hopscope::core::analysis
