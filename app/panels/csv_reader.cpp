#include "app/panels/csv_reader.h"

#include <utility>

namespace hopscope::app {
namespace {

/// Takes a line "# …" or a blank one. → whether there was one; what it says stands in `about`.
bool take_between(std::string_view text, size_t& at, std::string& about) {
    const std::string_view rest = text.substr(at);
    const size_t end = rest.find('\n');
    std::string_view line = rest.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.empty() && !line.starts_with("# ")) return false;
    if (!line.empty()) {
        if (!about.empty()) about += '\n';
        about += line.substr(2);
    }
    at = end == std::string_view::npos ? text.size() : at + end + 1;
    return true;
}

}  // namespace

bool read_csv_line(std::string_view text, size_t& at, CsvLine& line) {
    line.clear();
    if (at >= text.size()) return false;
    CsvCell cell;
    bool open = false;  // within quotes
    for (; at < text.size(); ++at) {
        const char c = text[at];
        if (open) {
            if (c != '"')
                cell.text += c;
            else if (at + 1 < text.size() && text[at + 1] == '"')
                cell.text += text[++at];
            else
                open = false;
        } else if (c == '"') {
            open = cell.quoted = true;
        } else if (c == ',') {
            line.push_back(std::exchange(cell, {}));
        } else if (c == '\n') {
            ++at;
            break;
        } else if (c != '\r') {
            cell.text += c;
        }
    }
    line.push_back(std::move(cell));
    return true;
}

std::vector<CsvTable> read_csv_tables(std::string_view text) {
    std::vector<CsvTable> tables;
    bool begun = false;  // the last one has its columns
    std::string about;
    CsvLine line;
    for (size_t at = 0; at < text.size();) {
        if (take_between(text, at, about)) {
            begun = false;
            continue;
        }
        read_csv_line(text, at, line);
        if (!std::exchange(begun, true)) {
            CsvTable& table = tables.emplace_back();
            table.about = std::exchange(about, {});
            for (CsvCell& cell : line) table.columns.push_back(std::move(cell.text));
        } else {
            line.resize(tables.back().columns.size());
            tables.back().rows.push_back(std::move(line));
        }
    }
    return tables;
}

}  // namespace hopscope::app
