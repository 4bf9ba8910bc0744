// The command line's files, through the run folder's own reading and atomic writing.
#include "core/base/files.h"

#include <filesystem>
#include <fstream>

#include "core/api/lab.h"

namespace hopscope::core::lab {

Result<std::string> read_file(const std::string& path, size_t max_bytes) {
    return core::read_file(path, max_bytes);
}

Status write_file(const std::string& path, const std::string& text) {
    std::error_code ignored;
    const auto status = std::filesystem::status(path, ignored);
    if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
        // A pipe or a device is written to, not replaced.
        std::ofstream out(path, std::ios::binary);
        if (!(out << text << std::flush)) return failure("cannot write " + path);
        return {};
    }
    return write_file_atomic(path, text);
}

}  // namespace hopscope::core::lab
