#include "core/imported/imported_run.h"

#include "core/base/files.h"
#include "core/base/utf8.h"
#include "core/imported/imported_document.h"
#include "core/imported/tensor_values.h"
#include "core/run/new_folder.h"
#include "core/run/safetensors_file.h"
#include "core/run/step_names.h"

namespace hopscope::core {
namespace {

constexpr size_t kMostBytes = size_t{64} << 20;
constexpr std::string_view kEnding = ".safetensors";

Result<RunInfo> read_info(const std::string& dir) {
    auto text = read_file(dir + "/run.json", kMostBytes);
    if (!text) return text.error();
    return parse_run_info(*text, shown_path(dir + "/run.json"));
}

}  // namespace

std::string imported_rows_path(const std::string& dir) {
    return dir + "/geometry/" + step_name(0, std::string(kEnding));
}

std::string imported_trace_path(const std::string& dir, const std::string& name) {
    return dir + "/traces/" + name + std::string(kEnding);
}

bool is_imported_run(const std::string& dir) {
    if (!is_run_folder(dir)) return false;
    const auto info = read_info(dir);
    return info && info->state == RunState::imported;
}

Result<ImportedRun> ImportedRun::open(const std::string& path) {
    ImportedRun run;
    run.dir_ = path;
    while (run.dir_.size() > 1 && run.dir_.back() == '/') run.dir_.pop_back();
    auto info = read_info(run.dir_);
    if (!info) return info.error();
    if (info->state != RunState::imported)
        return usage_error(shown_path(run.dir_) +
                           ": is no imported model; give the folder that hopscope import wrote");
    run.info_ = *std::move(info);
    const std::string file = run.dir_ + "/imported.json";
    auto text = read_file(file, kMostBytes);
    if (!text) return text.error();
    auto document = parse_imported(*text, shown_path(file));
    if (!document) return document.error();
    run.document_ = *std::move(text);
    run.layout_ = std::move(document->layout);
    run.traces_ = std::move(document->traces);
    return run;
}

Result<const ModelRouter*> ImportedRun::router(int64_t layer, const std::string& pool) const {
    if (const ModelRouter* found = layout_.find(layer, pool)) return found;
    return usage_error(shown_path(imported_rows_path(dir_)) + ": layer " + std::to_string(layer) +
                       " has no router " + in_quotes(pool));
}

Result<std::vector<float>> ImportedRun::values(const std::string& name,
                                               const std::vector<int64_t>& shape) const {
    const std::string path = imported_rows_path(dir_);
    auto file = SafetensorsFile::open(path);
    if (!file) return file.error();
    auto tensor = file->expect(name, "F32", shape);
    if (!tensor) return tensor.error();
    return float_values(**tensor, path);
}

Result<std::vector<float>> ImportedRun::rows(int64_t layer, const std::string& pool) const {
    const auto found = router(layer, pool);
    if (!found) return found.error();
    return values(router_prefix(layer, pool) + ".centroids", {(*found)->experts, (*found)->width});
}

Result<std::vector<float>> ImportedRun::gain(int64_t layer, const std::string& pool) const {
    const auto found = router(layer, pool);
    if (!found) return found.error();
    if ((*found)->gain.empty()) return std::vector<float>();
    return values(router_prefix(layer, pool) + ".norm_gain", {(*found)->width});
}

Result<std::vector<float>> ImportedRun::bias(int64_t layer, const std::string& pool) const {
    const auto found = router(layer, pool);
    if (!found) return found.error();
    if ((*found)->bias.empty()) return std::vector<float>();
    return values(router_prefix(layer, pool) + ".bias", {(*found)->experts});
}

Result<std::vector<float>> ImportedRun::correction(int64_t layer, const std::string& pool) const {
    const auto found = router(layer, pool);
    if (!found) return found.error();
    if ((*found)->correction.empty()) return std::vector<float>();
    return values(router_prefix(layer, pool) + ".correction", {(*found)->experts});
}

bool ImportedRun::has_experts() const {
    for (const ModelLayer& layer : layout_.layers)
        for (const ModelRouter& router : layer.routers)
            if (!router.expert_matrices.empty()) return true;
    return false;
}

Result<Alignment> ImportedRun::alignment(int64_t layer, const std::string& pool,
                                         const std::string& matrix, RowsTaken rows) const {
    const auto found = router(layer, pool);
    if (!found) return found.error();
    Alignment out;
    out.matrix = matrix;
    out.k = (*found)->directions;
    out.baseline = static_cast<double>(out.k) / static_cast<double>((*found)->width);
    for (const auto& [name, list] : kAlignmentLists) {
        const auto numbers = values(alignment_name(router_prefix(layer, pool), matrix, rows, name),
                                    {(*found)->experts});
        if (!numbers) return numbers.error();
        (out.*list).assign(numbers->begin(), numbers->end());
    }
    return out;
}

Result<RecordedRouting> ImportedRun::trace(const std::string& name) const {
    return read_routing(imported_trace_path(dir_, name), layout_, {});
}

}  // namespace hopscope::core
