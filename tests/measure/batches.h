// Evaluation batches for the measurements of a tiny model.
#pragma once

#include <c10/core/GradMode.h>
#include <filesystem>
#include <memory>
#include <unistd.h>

#include "core/train/engine.h"
#include "tests/model/tiny.h"

namespace hopscope::test {

/// Batches of random tokens that a tiny model can read.
class Batches {
  public:
    explicit Batches(const Config& c) {
        path_ = std::filesystem::temp_directory_path() /
                ("hopscope_measure_" + std::to_string(getpid()) + ".tokens");
        auto writer = TokenFileWriter::create(path_, c.model.vocab_size);
        std::vector<int32_t> ids(200);
        for (size_t i = 0; i < ids.size(); ++i)
            ids[i] =
                static_cast<int32_t>((i * i * 7 + i) % static_cast<size_t>(c.model.vocab_size));
        EXPECT_TRUE(writer.ok());
        EXPECT_TRUE(writer->append(ids).ok());
        EXPECT_TRUE(writer->finish("corpus", "tokenizer").ok());
        auto file = TokenFile::open(path_);
        EXPECT_TRUE(file.ok());
        auto made = BatchSource::create(std::move(*file), 2, 6, 1);
        EXPECT_TRUE(made.ok());
        source = std::make_unique<BatchSource>(std::move(*made));
    }
    ~Batches() { std::filesystem::remove(path_); }
    std::unique_ptr<BatchSource> source;

  private:
    std::string path_;
};

inline const Progress kQuiet;

}  // namespace hopscope::test
