// A folder of one test's own. The lanes run many tests at once, several of one program among them:
// a fixed name in the temporary directory would be shared, and one test would read what another is
// just writing.
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <stdexcept>
#include <stdlib.h>
#include <string>
#include <unistd.h>

namespace hopscope::test {

/// The whole of a file; empty where there is none.
inline std::string bytes_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

inline void put_bytes(const std::string& path, const std::string& bytes) {
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    if (!file.flush()) throw std::runtime_error("cannot write " + path);
}

/// All below a folder by its path in it: the bytes of files, where links lead, "/" for folders.
inline std::map<std::string, std::string> contents_of(const std::string& dir) {
    namespace fs = std::filesystem;
    std::map<std::string, std::string> out;
    for (const auto& entry : fs::recursive_directory_iterator(dir)) {
        const std::string name = entry.path().lexically_relative(dir).string();
        out[name] = entry.is_symlink()     ? "-> " + fs::read_symlink(entry.path()).string()
                    : entry.is_directory() ? "/"
                                           : bytes_of(entry.path().string());
    }
    return out;
}

/// Made with the object, removed with everything in it at its end.
class TempFolder {
  public:
    TempFolder() {
        // Memory where there is enough: the tests of run folders call fsync thousands of times.
        std::error_code none;
        const auto space = std::filesystem::space("/dev/shm", none);
        const bool memory = !none && space.available > (1u << 30) && access("/dev/shm", W_OK) == 0;
        std::string pattern = memory ? "/dev/shm" : std::filesystem::temp_directory_path().string();
        pattern += "/hopscope_test_XXXXXX";
        if (!mkdtemp(pattern.data())) throw std::runtime_error("no temporary folder " + pattern);
        path_ = pattern;
    }
    ~TempFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TempFolder(const TempFolder&) = delete;
    TempFolder& operator=(const TempFolder&) = delete;

    const std::string& path() const { return path_; }
    std::string operator/(const std::string& name) const { return path_ + "/" + name; }
    /// Writes a file below the folder, with the folders it needs; returns its path.
    std::string write(const std::string& name, const std::string& content) const {
        const std::filesystem::path file = path_ + "/" + name;
        std::filesystem::create_directories(file.parent_path());
        put_bytes(file.string(), content);
        return file.string();
    }

  private:
    std::string path_;
};

}  // namespace hopscope::test
