#include "core/lab/analysis_folder.h"

#include <cerrno>

#include "core/analyses/analysis.h"
#include "core/base/files.h"
#include "core/base/output_place.h"
#include "core/base/utf8.h"
#include "core/run/step_names.h"

namespace hopscope::core::lab {
namespace {

Status check_place_of(const std::string& path, std::span<const std::string> inputs) {
    if (auto s = check_output_apart(path, inputs); !s) return s;
    return check_output(path, OutputUse::places);
}

/// NAME.json, NAME.csv, or NAME.TABLE.csv: which tables an analysis makes is known afterwards.
bool is_file_of(const std::string& analysis, std::string_view name) {
    const std::string start = analysis + ".";
    return name.starts_with(start) && (name.ends_with(".csv") || name == start + "json");
}

/// An earlier analysis may be replaced, nothing else.
Status check_present(const std::string& dir, const std::string& analysis, const std::string& name) {
    const std::string path = dir + "/" + name;
    if (is_document(dir + "/" + analysis + ".json", "analysis"))
        return check_output(path, OutputUse::places);
    return usage_error("--out: " + shown_path(path) +
                       " stands there already and is not of an analysis; name another folder, "
                       "or move it away");
}

}  // namespace

Result<AnalysisFolder> AnalysisFolder::make(const std::string& dir,
                                            const std::vector<std::string>& names,
                                            std::span<const std::string> inputs) {
    if (auto s = check_folder_place(dir); !s) return usage_error("--out: " + s.error().message);
    const std::vector<std::string> present = names_in(dir);
    for (const std::string& analysis : names)
        for (const std::string& name : present)
            if (is_file_of(analysis, name))
                if (auto s = check_present(dir, analysis, name); !s) return s.error();
    AnalysisFolder out;
    errno = 0;
    auto made = make_folders(dir);
    if (!made && !is_of_the_machine(errno)) return usage_error("--out: " + made.error().message);
    if (!made) return made.error();
    out.dir_ = dir;
    out.made_ = std::move(*made);
    for (const std::string& analysis : names)
        for (const char* ending : {".json", ".csv"})
            if (auto s = check_place_of(dir + "/" + analysis + ending, inputs); !s)
                return s.error();
    return out;
}

Status AnalysisFolder::write(const std::string& name, const std::deque<analysis::Table>& tables,
                             const OrderedJson& document) const {
    if (dir_.empty()) return {};
    const std::string base = dir_ + "/" + name;
    if (auto s = write_file_atomic(base + ".json", dump_pretty(document)); !s) return s;
    for (const analysis::Table& table : tables) {
        const std::string file = base + (table.name.empty() ? "" : "." + table.name) + ".csv";
        if (auto s = write_file_atomic(file, analysis::csv_head(document) + table.csv()); !s)
            return s;
    }
    return {};
}

}  // namespace hopscope::core::lab
