// A folder of its own under the temporary directory, for token files of a foreign corpus. Whoever
// holds the object owns the folder; it goes with it, and with the next one if its process is
// killed.
#pragma once

#include <filesystem>
#include <optional>
#include <random>
#include <string>
#include <system_error>

#include "core/base/scratch_owner.h"

namespace hopscope::core {

class Scratch {
  public:
    /// `purpose` becomes part of the name. Throws std::filesystem::filesystem_error.
    explicit Scratch(const std::string& purpose) {
        const auto parent = std::filesystem::temp_directory_path();
        sweep_scratch(parent.string());
        std::random_device seed;
        do {
            path_ = parent /
                    ("hopscope-" + purpose + "-" + std::to_string(seed()) + std::to_string(seed()));
            if (std::filesystem::create_directory(path_)) owner_ = own_scratch(path_.string());
            // Where the file system knows no locks it stays without an owner, and nobody sweeps.
        } while (!owner_ && !std::filesystem::exists(path_));
    }
    ~Scratch() {
        std::error_code ignored;  // what is left is swept by the next one
        std::filesystem::remove_all(path_, ignored);
    }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    std::string path() const { return path_.string(); }

  private:
    std::filesystem::path path_;
    std::optional<FileHandle> owner_;  ///< of the folder, for those who sweep
};

}  // namespace hopscope::core
