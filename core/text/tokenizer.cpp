#include "core/text/tokenizer.h"

#include <algorithm>
#include <exception>
#include <new>
#include <sentencepiece_processor.h>

#include "core/base/files.h"
#include "core/base/utf8.h"
#include "core/text/corpus.h"
#include "core/text/model_check.h"
#include "core/text/sentencepiece_quiet.h"

namespace hopscope::core {

namespace {

constexpr const char* kNewlinePiece = "<0x0A>";
/// The format cannot hold more than 2 GiB; real models have a few MB.
constexpr size_t kMaxModelBytes = size_t{256} << 20;

}  // namespace

struct Tokenizer::Model {
    sentencepiece::SentencePieceProcessor processor;
};

Result<Tokenizer> Tokenizer::load(const std::string& path) {
    auto bytes = read_file(path, kMaxModelBytes);
    if (!bytes)
        return said_of("tokenizer ",
                       with_advice(bytes.error(), "give the path of a SentencePiece model"));
    return from_bytes(std::move(*bytes), shown_path(path));
}

Result<Tokenizer> Tokenizer::from_bytes(std::string model, const std::string& name) {
    quiet_sentencepiece();
    if (auto status = check_sentencepiece_model(model, name); !status) return status.error();
    auto held = std::make_shared<Model>();
    try {
        const auto status = held->processor.LoadFromSerializedProto(model);
        if (!status.ok()) {
            return usage_error("tokenizer " + name +
                               " is no usable SentencePiece model: " + shown(status.ToString()));
        }
    } catch (const std::bad_alloc&) {
        throw;  // says nothing about the file
    } catch (const std::exception& e) {
        return usage_error("tokenizer " + name +
                           " is no usable SentencePiece model: " + shown(e.what()));
    }
    Tokenizer out;
    const auto& processor = held->processor;
    out.size_ = processor.GetPieceSize();
    const auto find = [&](const std::string& piece) -> int32_t {
        const int id = processor.PieceToId(piece);
        return id >= 0 && id < out.size_ && processor.IdToPiece(id) == piece ? id : -1;
    };
    out.newline_ = find(kNewlinePiece);
    const int eos = processor.eos_id();
    out.eos_ = eos >= 0 ? eos : find("</s>");
    // Without a token for them, any number of line ends is nothing.
    if (out.newline_ >= 0) out.most_bytes_of_token_ = hopscope::core::most_bytes_of_token(model);
    out.model_ = std::move(held);
    out.bytes_ = std::make_shared<const std::string>(std::move(model));
    out.name_ = name;
    return out;
}

std::string Tokenizer::piece(int32_t id) const {
    return id >= 0 && id < size_ ? model_->processor.IdToPiece(id) : std::string();
}

std::string Tokenizer::hash() const {
    ContentHash hash;
    hash.update(*bytes_);
    return hash.hex();
}

Result<std::vector<int32_t>> Tokenizer::encode_line(std::string_view line) const {
    // SentencePiece would put U+FFFD in their place, and nobody would know.
    if (const auto bad = find_bad_utf8(line))
        return usage_error("not UTF-8: first bad byte at byte " + std::to_string(*bad) +
                           " of the line; convert the text, e.g. with iconv -t UTF-8");
    if (static_cast<int64_t>(line.size()) > kMaxLineBytes)
        return usage_error("the line is longer than " + std::to_string(kMaxLineBytes >> 20) +
                           " MiB; break it into lines");
    std::vector<int32_t> ids;
    const auto status = model_->processor.Encode(line, &ids);
    if (!status.ok()) return failure("tokenizer " + name_ + ": " + status.ToString());
    return ids;
}

Result<std::vector<Piece>> Tokenizer::encode_prompt(std::string_view text,
                                                    std::string_view separator) const {
    if (const auto bad = find_bad_utf8(text)) {
        return usage_error("prompt: not UTF-8, first bad byte at byte " + std::to_string(*bad));
    }
    std::vector<Piece> out;
    for (size_t begin = 0; begin <= text.size();) {
        const size_t end = std::min(text.find('\n', begin), text.size());
        const std::string_view line = text.substr(begin, end - begin);
        const bool separates = is_separator(line, separator);
        if (separates) {
            if (eos_ < 0) return no_end_of_text(*this);
            out.push_back(
                {eos_, piece(eos_), static_cast<int64_t>(begin), static_cast<int64_t>(end)});
        } else if (auto status = append_line(line, begin, out); !status) {
            return status.error();
        }
        if (!separates && end < text.size() && newline_ >= 0) {
            out.push_back({newline_, kNewlinePiece, static_cast<int64_t>(end),
                           static_cast<int64_t>(end) + 1});
        }
        begin = end + 1;
    }
    return out;
}

Status Tokenizer::append_line(std::string_view line, size_t at, std::vector<Piece>& out) const {
    if (static_cast<int64_t>(line.size()) > kMaxLineBytes) {
        return usage_error("prompt: a line is longer than " + std::to_string(kMaxLineBytes >> 20) +
                           " MiB");
    }
    const auto encoded = model_->processor.EncodeAsImmutableProto(line);
    const size_t first = out.size();
    const auto offset = static_cast<int64_t>(at);
    for (const auto& p : encoded.pieces()) {
        out.push_back(
            {static_cast<int32_t>(p.id()), p.piece(), offset + p.begin(), offset + p.end()});
    }
    // SentencePiece gives a character that became n byte pieces to the last of them; each byte has
    // its own place.
    for (size_t i = first; i < out.size(); ++i) {
        if (!model_->processor.IsByte(out[i].id)) continue;
        size_t last = i;
        while (last + 1 < out.size() && out[last].end == out[last].begin &&
               model_->processor.IsByte(out[last + 1].id)) {
            ++last;
        }
        const auto count = static_cast<int64_t>(last - i + 1);
        if (out[last].end - out[last].begin == count) {
            const int64_t start = out[last].begin;
            for (size_t k = i; k <= last; ++k) {
                out[k].begin = start + static_cast<int64_t>(k - i);
                out[k].end = out[k].begin + 1;
            }
        }
        i = last;
    }
    return {};
}

Result<std::string> Tokenizer::decode(const std::vector<int32_t>& ids) const {
    std::string out;
    std::vector<int> part;
    const auto flush = [&]() -> Status {
        std::string text;
        const auto status = model_->processor.Decode(part, &text);
        if (!status.ok()) return failure("tokenizer " + name_ + ": " + status.ToString());
        out += text;
        part.clear();
        return {};
    };
    for (const int32_t id : ids) {
        if (id < 0 || id >= size_) {
            return usage_error("token id " + std::to_string(id) + " is outside the vocabulary of " +
                               name_ + " (0 … " + std::to_string(size_ - 1) + ")");
        }
        if (id != newline_ && id != eos_) {
            part.push_back(id);
            continue;
        }
        if (auto status = flush(); !status) return status.error();
        if (id == newline_) out += '\n';
    }
    if (auto status = flush(); !status) return status.error();
    return out;
}

Error no_end_of_text(const Tokenizer& tokenizer) {
    return usage_error(
        "tokenizer " + tokenizer.name() +
        " has no piece </s>, which a separator line becomes; use a model with </s>, or "
        "set data.separator = \"\"");
}

}  // namespace hopscope::core
