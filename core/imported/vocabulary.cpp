#include "core/imported/vocabulary.h"

#include <array>
#include <optional>
#include <string_view>
#include <unordered_set>

#include "core/base/files.h"
#include "core/base/json.h"
#include "core/base/utf8.h"
#include "core/imported/model_folder.h"

namespace hopscope::core {
namespace {

constexpr const char* kFile = "tokenizer.json";
constexpr size_t kMostBytes = size_t{64} << 20;
/// Values that are kept, of 16 bytes each: more than any vocabulary that is a list has.
constexpr size_t kMostValues = size_t{1} << 22;
constexpr const char* kByteLevel = "ByteLevel";
constexpr std::string_view kWordMark = "\xE2\x96\x81";  ///< U+2581: a blank in SentencePiece

Error wrong(const std::string& what) {
    return usage_error(std::string(kFile) + ": " + what);
}

/// Keeps of the file what is read of it: no merges, and of a vocabulary by name the pieces that
/// occur.
class Filter {
  public:
    explicit Filter(const std::unordered_set<int32_t>& occur) : occur_(occur) {}

    bool operator()(int depth, Json::parse_event_t event, const Json& parsed) {
        using Event = Json::parse_event_t;
        const bool ends = event == Event::object_end || event == Event::array_end;
        return keeps(depth, event, parsed) && (ends || ++kept_ <= kMostValues);
    }
    bool overflowed() const { return kept_ > kMostValues; }

  private:
    static constexpr int kDeepest = 6;

    bool keeps(int depth, Json::parse_event_t event, const Json& parsed) {
        using Event = Json::parse_event_t;
        if (event == Event::key && depth == 1) {
            const auto& key = parsed.get_ref<const std::string&>();
            in_model_ = key == "model";
            return in_model_ || key == "added_tokens" || key == "decoder";
        }
        if (!in_model_) return depth <= kDeepest;
        if (event == Event::key && depth == 2) {
            in_vocabulary_ = parsed == "vocab";
            return in_vocabulary_;
        }
        // By id, of a list the place is the id.
        if (event == Event::object_start && depth == 2) by_id_ = in_vocabulary_;
        if (event == Event::array_start && depth == 2) by_id_ = false;
        if (event == Event::value && depth == 3 && by_id_ && parsed.is_number_integer())
            return occurs(parsed);
        return depth <= kDeepest;
    }

    bool occurs(const Json& id) const {
        const auto value = id.get<int64_t>();
        return value >= 0 && value <= INT32_MAX && occur_.contains(static_cast<int32_t>(value));
    }

    const std::unordered_set<int32_t>& occur_;
    size_t kept_ = 0;
    bool in_model_ = false, in_vocabulary_ = false, by_id_ = false;
};

bool is_byte_level(const Json& decoder) {
    if (!decoder.is_object()) return false;
    if (decoder.value("type", Json()) == kByteLevel) return true;
    const auto several = decoder.find("decoders");
    if (several == decoder.end() || !several->is_array()) return false;
    for (const Json& one : *several)
        if (one.is_object() && one.value("type", Json()) == kByteLevel) return true;
    return false;
}

/// Byte-level vocabularies write each byte as a printable character: itself where it is one, else
/// the next of those from U+0100 on. [code point] → byte, −1: none.
std::array<int, 0x180> bytes_of_characters() {
    std::array<int, 0x180> out;
    out.fill(-1);
    size_t next = 0x100;
    for (int byte = 0; byte < 256; ++byte) {
        const bool printed = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) ||
                             (byte >= 0xae && byte <= 0xff);
        out[printed ? static_cast<size_t>(byte) : next++] = byte;
    }
    return out;
}

/// Characters up to U+07FF, of one or two bytes; others stand for no byte.
std::optional<std::string> from_bytes(std::string_view piece) {
    static const auto kBytes = bytes_of_characters();
    std::string out;
    for (size_t i = 0; i < piece.size(); ++i) {
        size_t point = static_cast<unsigned char>(piece[i]);
        if (point >= 0x80) {
            if (point >= 0xe0 || i + 1 == piece.size()) return std::nullopt;
            point = (point & 0x1f) << 6 | (static_cast<unsigned char>(piece[++i]) & 0x3f);
        }
        if (point >= kBytes.size() || kBytes[point] < 0) return std::nullopt;
        out += static_cast<char>(kBytes[point]);
    }
    return out;
}

std::string with_blanks(const std::string& piece) {
    std::string out;
    size_t begin = 0;
    for (size_t at; (at = piece.find(kWordMark, begin)) != std::string::npos;) {
        out.append(piece, begin, at - begin) += ' ';
        begin = at + kWordMark.size();
    }
    return out.append(piece, begin);
}

class Vocabulary {
  public:
    Vocabulary(const Json& file, const std::unordered_set<int32_t>& occur)
        : bytes_(is_byte_level(file.value("decoder", Json()))), occur_(occur) {}

    void add(int64_t id, const std::string& piece) {
        std::string text = with_blanks(piece);
        if (bytes_)
            if (auto spelled = from_bytes(piece)) text = *std::move(spelled);
        set(id, std::move(text));
    }
    /// Text that stands for itself, as that of added tokens does.
    void set(int64_t id, std::string text) {
        if (id < 0 || id > INT32_MAX || !occur_.contains(static_cast<int32_t>(id))) return;
        if (find_bad_utf8(text)) text = printable(text);
        pieces_[static_cast<int32_t>(id)] = std::move(text);
    }
    TokenPieces take() { return std::move(pieces_); }

  private:
    bool bytes_;
    const std::unordered_set<int32_t>& occur_;
    TokenPieces pieces_;
};

bool add_pieces(Vocabulary& out, const Json& vocabulary) {
    if (vocabulary.is_object()) {
        for (const auto& [piece, id] : vocabulary.items())
            if (id.is_number_integer()) out.add(id.get<int64_t>(), piece);
        return true;
    }
    if (!vocabulary.is_array()) return false;
    // Unigram: pieces with their scores, in the order of their ids.
    for (size_t id = 0; id < vocabulary.size(); ++id)
        if (const Json& entry = vocabulary[id];
            entry.is_array() && !entry.empty() && entry[0].is_string())
            out.add(static_cast<int64_t>(id), entry[0].get<std::string>());
    return true;
}

}  // namespace

Result<TokenPieces> vocabulary_pieces(const std::string& model_dir,
                                      std::span<const int32_t> tokens) {
    const std::string path = model_dir + "/" + kFile;
    if (kind_of_file(path) == FileKind::none) return wrong("not in the model's folder");
    if (auto s = check_no_pointer(path); !s) return s.error();
    const auto text = read_file(path, kMostBytes);
    if (!text) return text.error();
    const std::unordered_set<int32_t> occur(tokens.begin(), tokens.end());
    Filter filter(occur);
    const Json file = Json::parse(
        *text,
        [&](int depth, Json::parse_event_t event, const Json& parsed) {
            return filter(depth, event, parsed);
        },
        /*allow_exceptions=*/false);
    if (filter.overflowed())
        return wrong("more than " + std::to_string(kMostValues) + " values found in its lists");
    if (!file.is_object()) return wrong("no JSON object found");
    const auto model = file.find("model");
    Vocabulary out(file, occur);
    if (model == file.end() || !model->is_object() || !model->contains("vocab") ||
        !add_pieces(out, model->at("vocab")))
        return wrong("found no model.vocab");
    if (const auto added = file.find("added_tokens"); added != file.end() && added->is_array())
        for (const Json& one : *added)
            if (one.is_object() && one.value("id", Json()).is_number_integer() &&
                one.value("content", Json()).is_string())
                out.set(one.at("id").get<int64_t>(), one.at("content").get<std::string>());
    return out.take();
}

}  // namespace hopscope::core
