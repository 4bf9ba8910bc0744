#include "app/panels/analyses/view.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <utility>

#include "app/panels/analyses/words.h"
#include "app/panels/csv_reader.h"
#include "app/widgets/format.h"

namespace hopscope::app {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kMostNumbers = 200;  ///< rows of the list of numbers
constexpr size_t kShortList = 8;      ///< lists up to this length are one row
constexpr int kDigits = 4;

bool is_scalar(const Json& j) {
    return !j.is_array() && !j.is_object();
}

std::string scalar_text(const Json& j) {
    if (j.is_null()) return "";
    if (j.is_string()) return j.get<std::string>();
    return j.dump();
}

/// A number with its interval, as documents of format 2 have it.
bool is_estimate(const Json& j) {
    return j.is_object() && j.contains("value") && j.contains("ci95") && j["ci95"].is_array() &&
           j["ci95"].size() == 2;
}

/// "0.5 (0.25 to 0.75)", or the number alone where there is no interval.
std::string estimate_text(const Json& j) {
    const std::string value = scalar_text(j["value"]);
    if (!j["ci95"][0].is_number()) return value;
    return shown_cell(value) + " (" + shown_cell(scalar_text(j["ci95"][0])) + " to " +
           shown_cell(scalar_text(j["ci95"][1])) + ")";
}

MeasuredNumber measured_of(const Json& j) {
    const auto number = [](const Json& of) {
        return of.is_number() ? of.get<double>() : kNotMeasured;
    };
    return {number(j["value"]), number(j["ci95"][0]), number(j["ci95"][1]),
            j.value("n", int64_t{-1}), j.value("over", "")};
}

/// A cell of a table: lists of scalars are joined; of an estimate the number.
std::string cell_text(const Json& j) {
    if (is_scalar(j)) return scalar_text(j);
    if (is_estimate(j)) return scalar_text(j["value"]);
    std::string out;
    if (j.is_object()) {
        // Not the values alone: what each of them is.
        for (const auto& [key, value] : j.items())
            out += (out.empty() ? "" : ", ") + words_of_key(key) + " " +
                   (value.is_object() && !is_estimate(value) ? "\xE2\x80\xA6"
                                                             : shown_cell(cell_text(value)));
        return out;
    }
    size_t n = 0;
    for (const auto& item : j) {
        if (n++ == kShortList) return out + " \xE2\x80\xA6";
        const Json& shown = is_estimate(item) ? item["value"] : item;
        out += (out.empty() ? "" : " ") +
               (is_scalar(shown) ? shown_cell(scalar_text(shown)) : std::string("\xE2\x80\xA6"));
    }
    return out;
}

bool is_table(const Json& j) {
    return j.is_array() && !j.empty() &&
           std::all_of(j.begin(), j.end(), [](const Json& row) { return row.is_object(); });
}

/// The last word of a path.
std::string name_of(const std::string& path) {
    return path.substr(path.rfind('.') + 1);
}

/// The fields of one object as cells by column, the interval of an estimate in columns of its own.
std::vector<std::pair<std::string, std::string>> cells_of(const Json& row,
                                                          const std::string& name) {
    std::vector<std::pair<std::string, std::string>> out;
    const auto add = [&](const std::string& column, const Json& value) {
        out.emplace_back(column, cell_text(value));
        if (!is_estimate(value)) return;
        out.emplace_back(column + "_ci95_low", scalar_text(value["ci95"][0]));
        out.emplace_back(column + "_ci95_high", scalar_text(value["ci95"][1]));
    };
    if (is_estimate(row))
        add(name, row);
    else
        for (const auto& [key, value] : row.items()) add(key, value);
    return out;
}

/// What the place in a list counts: layers where there is one entry for each, hops within a layer.
std::string index_of(const Json& list, const std::string& path) {
    const std::string name = name_of(path);
    if (list.front().contains("layer")) return "#";
    if (name == "layers" || name.starts_with("per_layer"))
        return name.ends_with("]") ? "hop" : "layer";
    return "#";
}

ResultTable table_of(const Json& list, const std::string& name) {
    ResultTable out;
    out.name = name;
    out.columns.push_back(index_of(list, name));
    for (size_t i = 0; i < list.size(); ++i) {
        auto& row = out.rows.emplace_back(out.columns.size());
        row[0] = std::to_string(i);
        for (auto& [column, text] : cells_of(list[i], name_of(name))) {
            auto at = std::find(out.columns.begin(), out.columns.end(), column);
            if (at == out.columns.end()) at = out.columns.insert(at, column);
            const auto place = static_cast<size_t>(at - out.columns.begin());
            row.resize(out.columns.size());
            row[place] = std::move(text);
        }
    }
    for (auto& row : out.rows) row.resize(out.columns.size());
    return out;
}

void collect(const Json& j, const std::string& path, AnalysisView& out) {
    if (out.numbers.size() >= kMostNumbers) return;
    if (is_scalar(j)) {
        out.numbers.push_back({path, scalar_text(j)});
    } else if (is_estimate(j)) {
        out.numbers.push_back({path, estimate_text(j)});
        out.measured[path] = measured_of(j);
    } else if (is_table(j)) {
        out.tables.push_back(table_of(j, path));
    } else if (j.is_array()) {
        const bool flat = std::all_of(j.begin(), j.end(), is_scalar);
        if (flat) {
            out.numbers.push_back(
                {path + (j.size() > kShortList ? ", " + std::to_string(j.size()) + " values" : ""),
                 cell_text(j)});
        } else {
            for (size_t i = 0; i < j.size(); ++i)
                collect(j[i], path + "[" + std::to_string(i) + "]", out);
        }
    } else {
        for (const auto& [key, value] : j.items())
            collect(value, path.empty() ? key : path + "." + key, out);
    }
}

/// Where the table begins: behind the lines "# key: value" at the head of a file. Further down a
/// cell may begin with the same sign.
size_t end_of_comments(const std::string& text) {
    size_t at = 0;
    while (at < text.size() && text[at] == '#')
        at = std::min(text.find('\n', at), text.size() - 1) + 1;
    return at;
}

}  // namespace

bool is_number(const std::string& cell) {
    if (cell.empty()) return false;
    char* end = nullptr;
    std::strtod(cell.c_str(), &end);
    return *end == 0;
}

std::string shown_cell(const std::string& cell) {
    if (!is_number(cell)) return cell;
    const double x = std::strtod(cell.c_str(), nullptr);
    if (!std::isfinite(x)) return cell;
    if (std::floor(x) == x && std::fabs(x) < 1e15) return with_thousands(std::llround(x));
    return significant(x, kDigits);
}

core::Result<AnalysisView> read_analysis(const std::string& json) {
    const Json document = Json::parse(json, nullptr, false);
    AnalysisView out;
    try {
        const std::string format =
            document.is_object() ? document.value("format", "") : std::string();
        if (format != "hopscope.analysis/1" && format != "hopscope.analysis/2")
            return core::failure("no hopscope.analysis/1 or /2 document");
        out.name = document.value("name", "");
        out.skipped = document.value("skipped", "");
        out.definition = document.value("definition", "");
        out.n = document.value("n", int64_t{0});
        out.step = document.value("step", int64_t{-1});
        out.seed = document.value("seed", int64_t{-1});
        if (document.contains("result")) collect(document["result"], "", out);
    } catch (const Json::exception& e) {
        return core::failure(std::string("a field of it has another type: ") + e.what());
    }
    return out;
}

ResultTable read_csv(const std::string& text, const std::string& name) {
    ResultTable out;
    out.name = name;
    size_t at = end_of_comments(text);
    CsvLine line;
    const auto take = [&](std::vector<std::string>& into) {
        for (CsvCell& cell : line) into.push_back(std::move(cell.text));
    };
    if (read_csv_line(text, at, line)) take(out.columns);
    while (read_csv_line(text, at, line)) {
        line.resize(out.columns.size());
        take(out.rows.emplace_back());
    }
    return out;
}

void sort_rows(ResultTable& table, size_t column, bool descending) {
    if (column >= table.columns.size()) return;
    const auto rank = [](const std::string& cell) {
        return cell.empty() ? 2 : is_number(cell) ? 0 : 1;
    };
    std::stable_sort(table.rows.begin(), table.rows.end(), [&](const auto& a, const auto& b) {
        const std::string &x = a[column], &y = b[column];
        const int p = rank(x), q = rank(y);
        if (p != q) return p < q;
        if (p == 1) return descending ? x > y : x < y;
        const double u = std::strtod(x.c_str(), nullptr), v = std::strtod(y.c_str(), nullptr);
        return p == 0 && (descending ? u > v : u < v);
    });
}

}  // namespace hopscope::app
