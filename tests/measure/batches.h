// Evaluation batches for the tests of measurements.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/api/progress.h"
#include "core/text/batches.h"
#include "tests/model/tiny.h"
#include "tests/temp_folder.h"

namespace hopscope::test {

inline const Progress kQuiet;

/// The tiny model with a linear router and one hop.
inline Config linear_model() {
    auto c = tiny();
    c.moe.router = RouterKind::linear;
    c.moe.hops = {1};
    return c;
}

/// Batches of random tokens that a tiny model can read.
class Batches {
  public:
    /// @param length of a sequence; a batch has two
    explicit Batches(const Config& c, size_t tokens = 200, int64_t length = 6) {
        const std::string path = folder_ / "batches.tokens";
        auto writer = TokenFileWriter::create(path, c.model.vocab_size);
        std::vector<int32_t> ids(tokens);
        for (size_t i = 0; i < ids.size(); ++i)
            ids[i] =
                static_cast<int32_t>((i * i * 7 + i) % static_cast<size_t>(c.model.vocab_size));
        EXPECT_TRUE(writer.ok());
        EXPECT_TRUE(writer->append(ids).ok());
        EXPECT_TRUE(writer->finish("corpus", "tokenizer").ok());
        auto file = TokenFile::open(path);
        EXPECT_TRUE(file.ok());
        auto made = BatchSource::create(std::move(*file), 2, length, 1);
        EXPECT_TRUE(made.ok());
        source = std::make_unique<BatchSource>(std::move(*made));
    }
    std::unique_ptr<BatchSource> source;

  private:
    TempFolder folder_;
};

}  // namespace hopscope::test
