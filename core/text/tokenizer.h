// SentencePiece behind a small interface: loading, encoding and decoding. A Tokenizer does not
// change after loading; any thread may use it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace hopscope::core {

inline constexpr std::string_view kDefaultSeparator = "<|endoftext|>";

/// One token of a text; `begin` and `end` are byte offsets into it. The dummy prefix has begin =
/// end.
struct Piece {
    int32_t id = 0;
    std::string piece;
    int64_t begin = 0, end = 0;
    bool operator==(const Piece&) const = default;
};

class Tokenizer {
  public:
    /// Errors (usage): no such file; no SentencePiece model.
    static Result<Tokenizer> load(const std::string& path);
    static Result<Tokenizer> from_bytes(std::string model, const std::string& name);

    int64_t size() const { return size_; }
    /// As in the vocabulary ("▁word", "<0x0A>"); "" outside 0 … size − 1.
    std::string piece(int32_t id) const;
    int32_t newline_id() const { return newline_; }  ///< of "<0x0A>", or −1
    int32_t eos_id() const { return eos_; }          ///< of "</s>", or −1
    /// Bytes of a text that a token stands for, at most, a separator's line left aside; nothing:
    /// there is no such bound for this model.
    std::optional<int64_t> most_bytes_of_token() const { return most_bytes_of_token_; }
    const std::string& bytes() const {
        return *bytes_;
    }  ///< the serialized model, for RUN/tokenizer.model
    const std::string& name() const { return name_; }
    std::string hash() const;  ///< 32 hex digits over bytes()

    /// One line alone, without a newline token. Errors (usage): not UTF-8, with the byte.
    Result<std::vector<int32_t>> encode_line(std::string_view line) const;
    /// A text of several lines [def:text_to_tokens]: each line alone, "<0x0A>" between
    /// lines (if the model has it) and none after the last; a line equal to `separator` becomes
    /// "</s>". Offsets are exact. Errors (usage): not UTF-8, with the offset; a separator for a
    /// model without "</s>".
    Result<std::vector<Piece>> encode_prompt(std::string_view text,
                                             std::string_view separator = kDefaultSeparator) const;
    /// The inverse: newline tokens end lines, each line decoded alone. "</s>" gives nothing. Errors
    /// (usage): an id outside the vocabulary.
    Result<std::string> decode(const std::vector<int32_t>& ids) const;

  private:
    struct Model;  ///< hides SentencePiece's headers
    Tokenizer() = default;
    Status append_line(std::string_view line, size_t at, std::vector<Piece>& out) const;

    std::shared_ptr<const Model> model_;
    std::shared_ptr<const std::string> bytes_;
    std::string name_;
    int64_t size_ = 0;
    int32_t newline_ = -1, eos_ = -1;
    std::optional<int64_t> most_bytes_of_token_;
};

/// What to say when a text has a separator and the model no "</s>".
Error no_end_of_text(const Tokenizer& tokenizer);

}  // namespace hopscope::core
