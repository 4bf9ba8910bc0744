// A folder of its own under the temporary directory, for token files of a foreign corpus. Whoever
// holds the object owns the folder; it goes with it.
#pragma once

#include <filesystem>
#include <random>
#include <string>
#include <system_error>

namespace hopscope::core {

class Scratch {
  public:
    /// `purpose` becomes part of the name. Throws std::filesystem::filesystem_error.
    explicit Scratch(const std::string& purpose) {
        std::random_device seed;
        do
            path_ = std::filesystem::temp_directory_path() /
                    ("hopscope-" + purpose + "-" + std::to_string(seed()) + std::to_string(seed()));
        while (!std::filesystem::create_directories(path_));
    }
    ~Scratch() {
        std::error_code ignored;  // a left-over folder in the temporary directory harms nobody
        std::filesystem::remove_all(path_, ignored);
    }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    std::string path() const { return path_.string(); }

  private:
    std::filesystem::path path_;
};

}  // namespace hopscope::core
