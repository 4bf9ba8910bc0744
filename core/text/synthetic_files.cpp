#include "core/text/synthetic_files.h"

#include <algorithm>

#include "core/base/files.h"

namespace hopscope::core {

namespace {

/// Validation takes documents from here on, so that no length of the training text reaches them.
constexpr uint64_t kFirstValidDocument = uint64_t{1} << 40;

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
        auto file = NewFile::create(path);
        if (!file) return file.error();
        Status status;
        corpus.generate(first, size, [&](const SyntheticDocument& document) {
            written += static_cast<int64_t>(document.text.size());
            progress.report("generating synthetic text",
                            std::min(1.0, static_cast<double>(written) /
                                              static_cast<double>(bytes + valid_bytes)));
            cancelled = progress.cancelled();
            if (!cancelled) status = file->write(document.text);
            return !cancelled && status.ok();
        });
        if (cancelled) return Error{ErrorKind::interrupted, "interrupted"};
        return status ? file->finish() : status;
    };
    if (auto status = write_part(files.train, 0, bytes); !status) return status.error();
    if (auto status = write_part(files.valid, kFirstValidDocument, valid_bytes); !status)
        return status.error();
    if (auto status = write_file_atomic(files.truth, corpus.truth_json()); !status)
        return status.error();
    return files;
}

}  // namespace hopscope::core
