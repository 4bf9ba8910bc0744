// The command line's files, through the run folder's own reading and atomic writing.
#include "core/api/lab.h"
#include "core/run/atomic_file.h"

namespace hopscope::core::lab {

Result<std::string> read_file(const std::string& path, size_t max_bytes) {
    return core::read_file(path, max_bytes);
}

Status write_file(const std::string& path, const std::string& text) {
    return write_file_atomic(path, text);
}

}  // namespace hopscope::core::lab
