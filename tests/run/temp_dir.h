// A folder for one test, removed with everything in it at its end.
#pragma once

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <stdlib.h>
#include <string>
#include <unistd.h>

namespace hopscope::core {

class TempDir {
  public:
    TempDir() {
        // Memory where there is some: these tests call fsync thousands of times.
        const bool memory = access("/dev/shm", W_OK) == 0;
        std::string pattern = (memory ? "/dev/shm/" : testing::TempDir()) + "hopscope_run_XXXXXX";
        if (!mkdtemp(pattern.data())) ADD_FAILURE() << "no temporary folder " << pattern;
        path_ = pattern;
    }
    ~TempDir() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TempDir(const TempDir&) = delete;
    TempDir& operator=(const TempDir&) = delete;
    const std::string& path() const { return path_; }
    std::string operator/(const std::string& name) const { return path_ + "/" + name; }

  private:
    std::string path_;
};

inline std::string bytes_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

inline void put_bytes(const std::string& path, const std::string& bytes) {
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

inline bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace hopscope::core
