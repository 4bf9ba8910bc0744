#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>
#include <utility>

#include "core/text/synthetic.h"

namespace hopscope::core {

namespace {

/// Validation takes documents from here on, so that no length of the training text reaches them.
constexpr uint64_t kFirstValidDocument = uint64_t{1} << 40;

/// A text file that appears under its name only when it is whole.
class WholeFile {
  public:
    explicit WholeFile(const std::string& path)
        : path_(path), temporary_(path + ".partial-" + std::to_string(::getpid())) {
        file_ = std::fopen(temporary_.c_str(), "wb");
        broken_ = file_ == nullptr;
        cause_ = errno;
    }
    ~WholeFile() {
        if (!file_) return;
        std::fclose(file_);
        ::unlink(temporary_.c_str());
    }
    WholeFile(const WholeFile&) = delete;
    WholeFile& operator=(const WholeFile&) = delete;

    bool write(const std::string& text) {
        if (!broken_ && std::fwrite(text.data(), 1, text.size(), file_) != text.size()) {
            broken_ = true;
            cause_ = errno;
        }
        return !broken_;
    }
    Status finish() {
        if (!broken_ && (std::fflush(file_) != 0 || ::fsync(::fileno(file_)) != 0)) {
            broken_ = true;
            cause_ = errno;
        }
        if (broken_) return failure(path_ + ": cannot be written: " + std::strerror(cause_));
        std::fclose(std::exchange(file_, nullptr));
        if (::rename(temporary_.c_str(), path_.c_str()) != 0) {
            const Error error = failure(path_ + ": cannot be written: " + std::strerror(errno));
            ::unlink(temporary_.c_str());
            return error;
        }
        return {};
    }

  private:
    std::string path_, temporary_;
    std::FILE* file_ = nullptr;
    bool broken_ = false;
    int cause_ = 0;
};

}  // namespace

Result<SyntheticFiles> write_synthetic(const std::string& dir, uint64_t seed, int64_t bytes,
                                       const Progress& progress, const SyntheticOptions& options) {
    if (bytes < 1) return usage_error("synthetic text: a size of at least 1 byte is needed");
    const SyntheticCorpus corpus(seed, options);
    const SyntheticFiles files{dir + "/train.txt", dir + "/valid.txt", dir + "/truth.json"};
    const int64_t valid_bytes = std::max<int64_t>(1, bytes / 20);
    int64_t written = 0;
    bool cancelled = false;
    const auto write_part = [&](const std::string& path, uint64_t first, int64_t size) -> Status {
        WholeFile file(path);
        corpus.generate(first, size, [&](const SyntheticDocument& document) {
            written += static_cast<int64_t>(document.text.size());
            progress.report("generating synthetic text",
                            std::min(1.0, static_cast<double>(written) /
                                              static_cast<double>(bytes + valid_bytes)));
            cancelled = progress.cancelled();
            return !cancelled && file.write(document.text);
        });
        if (cancelled) return Error{ErrorKind::interrupted, "interrupted"};
        return file.finish();
    };
    if (auto status = write_part(files.train, 0, bytes); !status) return status.error();
    if (auto status = write_part(files.valid, kFirstValidDocument, valid_bytes); !status)
        return status.error();
    WholeFile truth(files.truth);
    truth.write(corpus.truth_json());
    if (auto status = truth.finish(); !status) return status.error();
    return files;
}

}  // namespace hopscope::core
