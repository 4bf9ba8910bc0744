#include "app/panels/analyses/files.h"

#include <algorithm>
#include <filesystem>

#include "core/api/files.h"

namespace hopscope::app {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMostBytes = size_t{64} << 20;  ///< of a result file that is shown
constexpr size_t kMostBeside = 200;              ///< other runs that are offered

}  // namespace

AnalysisFolder look_at_analyses(const std::string& run) {
    AnalysisFolder out;
    const fs::path folder = run;
    std::error_code code;
    out.has_checkpoint =
        fs::directory_iterator(folder / "checkpoints", code) != fs::directory_iterator();
    for (fs::directory_iterator it(folder / "analysis", code), end; !code && it != end;
         it.increment(code))
        if (it->path().extension() == ".json") out.measured.insert(it->path().stem().string());
    const fs::path own = fs::weakly_canonical(folder, code);
    for (fs::directory_iterator it(own.parent_path(), code), end; !code && it != end;
         it.increment(code))
        if (it->path() != own && core::file_exists((it->path() / "run.json").string()) &&
            out.beside.size() < kMostBeside)
            out.beside.push_back(it->path().string());
    std::sort(out.beside.begin(), out.beside.end());
    return out;
}

AnalysisFiles read_analysis_files(const std::string& run, const std::string& name) {
    AnalysisFiles out;
    const fs::path folder = fs::path(run) / "analysis";
    const std::string document = (folder / (name + ".json")).string();
    const auto text = core::read_file(document, kMostBytes);
    if (!text) return out;
    auto read = read_analysis(*text);
    if (!read) {
        out.problem = document + ": " + read.error().message;
        return out;
    }
    out.view = std::move(*read);
    out.tables = out.view->tables;
    std::vector<fs::path> files;
    std::error_code code;
    for (fs::directory_iterator it(folder, code), end; !code && it != end; it.increment(code)) {
        const std::string file = it->path().filename().string();
        if (file.ends_with(".csv") && (file == name + ".csv" || file.starts_with(name + ".")))
            files.push_back(it->path());
    }
    std::sort(files.begin(), files.end());
    for (const auto& file : files)
        if (const auto csv = core::read_file(file.string(), kMostBytes))
            out.tables.push_back(read_csv(*csv, file.filename().string()));
    return out;
}

}  // namespace hopscope::app
