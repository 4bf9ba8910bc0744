// What the tests of this folder share: small texts, a tokenizer trained once.
#pragma once

#include <cstdlib>
#include <gtest/gtest.h>
#include <lzma.h>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "core/base/random.h"
#include "core/text/corpus.h"
#include "core/text/tokenizer.h"
#include "core/text/tokenizer_train.h"
#include "tests/temp_folder.h"

namespace hopscope::core {

using test::bytes_of;
using test::TempFolder;

/// The value, moved out (so that no reference outlives the Result); a failed Result fails the test
/// by an exception.
template <class T>
T value_of(Result<T> result) {
    if (!result) throw std::runtime_error(result.error().message);
    return std::move(*result);
}

inline std::string pack_xz(const std::string& text) {
    std::string out(lzma_stream_buffer_bound(text.size()), '\0');
    size_t size = 0;
    const auto* in = reinterpret_cast<const uint8_t*>(text.data());
    EXPECT_EQ(lzma_easy_buffer_encode(0, LZMA_CHECK_CRC64, nullptr, in, text.size(),
                                      reinterpret_cast<uint8_t*>(out.data()), &size, out.size()),
              LZMA_OK);
    out.resize(size);
    return out;
}

/// Lines of made-up words of fixed statistics, for tokenizers and corpora.
inline std::string sample_text(int64_t lines, uint64_t seed = 1) {
    static const char* const kStems[] = {"river", "stone", "lantern", "quiet",  "amber",  "follow",
                                         "under", "the",   "of",      "winter", "marble", "gather"};
    static const char* const kEnds[] = {"", "s", "ing", "ed", "er", "ly"};
    Random random(seed);
    std::string text;
    for (int64_t i = 0; i < lines; ++i) {
        const uint64_t words = 3 + random.below(8);
        for (uint64_t w = 0; w < words; ++w) {
            if (w) text += ' ';
            text += kStems[random.below(12)];
            text += kEnds[random.below(6)];
        }
        text += ".\n";
    }
    return text;
}

inline Result<std::string> train_on(const std::string& text, const TokenizerSpec& spec) {
    TextLines lines(text, "sample");
    return train_tokenizer(lines, spec, {});
}

/// BPE with byte fallback, 400 pieces, trained once.
inline const Tokenizer& small_tokenizer() {
    static const Tokenizer tokenizer = [] {
        TokenizerSpec spec;
        spec.vocab_size = 400;
        auto model = train_on(sample_text(400), spec);
        return value_of(Tokenizer::from_bytes(value_of(std::move(model)), "small"));
    }();
    return tokenizer;
}

inline std::string data_folder() {
    const char* folder = std::getenv("HOPSCOPE_DATA");
    return folder ? folder : "";
}

}  // namespace hopscope::core
