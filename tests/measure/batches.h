// Evaluation batches for the tests of measurements.
#pragma once

#include <filesystem>
#include <memory>
#include <unistd.h>

#include "core/text/batches.h"
#include "tests/model/tiny.h"

namespace hopscope::test {

inline const Progress kQuiet;

/// Batches of random tokens that a tiny model can read.
class Batches {
  public:
    /// @param length of a sequence; a batch has two
    explicit Batches(const Config& c, size_t tokens = 200, int64_t length = 6) {
        path_ = std::filesystem::temp_directory_path() /
                ("hopscope_measure_" + std::to_string(getpid()) + "_" + std::to_string(count_++) +
                 ".tokens");
        auto writer = TokenFileWriter::create(path_, c.model.vocab_size);
        std::vector<int32_t> ids(tokens);
        for (size_t i = 0; i < ids.size(); ++i)
            ids[i] =
                static_cast<int32_t>((i * i * 7 + i) % static_cast<size_t>(c.model.vocab_size));
        EXPECT_TRUE(writer.ok());
        EXPECT_TRUE(writer->append(ids).ok());
        EXPECT_TRUE(writer->finish("corpus", "tokenizer").ok());
        auto file = TokenFile::open(path_);
        EXPECT_TRUE(file.ok());
        auto made = BatchSource::create(std::move(*file), 2, length, 1);
        EXPECT_TRUE(made.ok());
        source = std::make_unique<BatchSource>(std::move(*made));
    }
    ~Batches() { std::filesystem::remove(path_); }
    std::unique_ptr<BatchSource> source;

  private:
    static inline int count_ = 0;
    std::string path_;
};

}  // namespace hopscope::test
