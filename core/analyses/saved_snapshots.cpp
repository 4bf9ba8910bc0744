#include "core/analyses/saved_snapshots.h"

#include <filesystem>

#include "core/run/geometry_file.h"

namespace hopscope::core::analysis {

std::optional<GeometrySnapshot> SavedSnapshots::read(int64_t step) {
    const std::string path = folder_.geometry_path(step);
    auto read = read_geometry(path);
    if (read) return std::move(*read);
    std::error_code code;
    if (std::filesystem::exists(path, code)) damaged_.push_back({step, read.error().message});
    return {};
}

OrderedJson damaged_json(const std::vector<SavedSnapshots::Damaged>& damaged) {
    OrderedJson out = OrderedJson::array();
    for (const auto& one : damaged) out.push_back({{"step", one.step}, {"reason", one.reason}});
    return out;
}

}  // namespace hopscope::core::analysis
