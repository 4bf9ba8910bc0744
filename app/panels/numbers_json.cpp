#include "app/panels/numbers_json.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "app/panels/csv_reader.h"
#include "core/api/base.h"

namespace hopscope::app {
namespace {

using PanelJson = nlohmann::ordered_json;

PanelJson value_of(const CsvCell& cell) {
    if (cell.quoted) return cell.text;
    if (cell.text.empty()) return nullptr;
    int64_t count = 0;
    if (core::read_csv_number(cell.text, count)) return count;
    uint64_t large = 0;  // a seed
    if (core::read_csv_number(cell.text, large)) return large;
    double number = 0;
    if (!core::read_csv_number(cell.text, number)) return cell.text;
    return std::isfinite(number) ? PanelJson(number) : PanelJson(nullptr);
}

void add_table(PanelJson& out, const CsvTable& table) {
    out["columns"] = table.columns;
    PanelJson rows = PanelJson::array();
    for (const CsvLine& line : table.rows) {
        PanelJson row = PanelJson::array();
        for (const CsvCell& cell : line) row.push_back(value_of(cell));
        rows.push_back(std::move(row));
    }
    out["rows"] = std::move(rows);
}

}  // namespace

std::string json_of(const PanelNumbers& of, std::string_view csv) {
    const std::vector<CsvTable> tables = read_csv_tables(csv);
    if (tables.empty()) return {};
    PanelJson out;
    out["format"] = "hopscope.panel/1";
    out["panel"] = of.id;
    out["title"] = of.title;
    out["run"] = of.run;
    const std::string& about = tables.front().about;
    out["origin"] = of.origin.empty() ? about : of.origin;
    if (of.first >= 0) out["steps"] = {of.first, of.last};
    if (!of.origin.empty() && !about.empty()) out["about"] = about;
    add_table(out, tables.front());
    for (size_t i = 1; i < tables.size(); ++i) {
        PanelJson further;
        if (!tables[i].about.empty()) further["about"] = tables[i].about;
        add_table(further, tables[i]);
        out["further"].push_back(std::move(further));
    }
    return out.dump(-1, ' ', false, PanelJson::error_handler_t::replace) + "\n";
}

}  // namespace hopscope::app
