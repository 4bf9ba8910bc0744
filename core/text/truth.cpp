#include "core/text/truth.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <unordered_map>

namespace hopscope::core {

namespace {

constexpr std::string_view kSpaceMark = "\xe2\x96\x81";  // "▁" of SentencePiece
constexpr uintmax_t kMaxTruthBytes = uintmax_t{256} << 20;

bool is_letter(char c) {
    return std::isalpha(static_cast<unsigned char>(c)) != 0;
}

}  // namespace

std::string plain_word(std::string_view word) {
    while (word.starts_with(kSpaceMark)) word.remove_prefix(kSpaceMark.size());
    while (!word.empty() && !is_letter(word.front())) word.remove_prefix(1);
    while (!word.empty() && !is_letter(word.back())) word.remove_suffix(1);
    std::string out(word);
    for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return out;
}

struct Truth::Words {
    std::unordered_map<std::string, std::string> classes;
    std::map<std::string, std::vector<std::string>> by_class;
};

Result<Truth> Truth::load(const std::string& path) {
    std::error_code code;
    const auto size = std::filesystem::file_size(path, code);
    if (code) return usage_error("truth file " + path + ": cannot be read: " + code.message());
    if (size > kMaxTruthBytes) return usage_error("truth file " + path + ": too large to be one");
    std::ifstream file(path, std::ios::binary);
    std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    return parse(text, path);
}

Result<Truth> Truth::parse(const std::string& json, const std::string& name) {
    const auto foreign =
        usage_error("truth file " + name +
                    " is damaged or foreign: expected a hopscope.truth/1 document; "
                    "generate the synthetic corpus again");
    const auto document = nlohmann::json::parse(json, nullptr, false);
    if (!document.is_object() || document.value("format", nlohmann::json()) != "hopscope.truth/1" ||
        !document.contains("words") || !document["words"].is_array()) {
        return foreign;
    }
    auto words = std::make_shared<Words>();
    for (const auto& entry : document["words"]) {
        if (!entry.is_object() || !entry.contains("word") || !entry["word"].is_string() ||
            !entry.contains("classes") || !entry["classes"].is_array()) {
            return foreign;
        }
        std::string joined;
        for (const auto& c : entry["classes"]) {
            if (!c.is_string()) return foreign;
            joined += (joined.empty() ? "" : "|") + c.get<std::string>();
            words->by_class[c.get<std::string>()].push_back(entry["word"].get<std::string>());
        }
        words->classes[entry["word"].get<std::string>()] = std::move(joined);
    }
    for (auto& [kind, list] : words->by_class) std::sort(list.begin(), list.end());
    Truth truth;
    truth.words_ = std::move(words);
    return truth;
}

std::string Truth::class_of(const std::string& word) const {
    const auto found = words_->classes.find(plain_word(word));
    return found == words_->classes.end() ? std::string() : found->second;
}

const std::map<std::string, std::vector<std::string>>& Truth::classes() const {
    return words_->by_class;
}

std::vector<std::string> Truth::label_tokens(const Tokenizer& tokenizer,
                                             const std::vector<int32_t>& ids) const {
    std::vector<std::string> labels(ids.size());
    std::string word;
    size_t first = 0;
    const auto end_word = [&](size_t end) {
        const std::string label = word.empty() ? std::string() : class_of(word);
        for (size_t i = first; i < end; ++i) {
            // Punctuation between words belongs to none.
            const std::string piece = tokenizer.piece(ids[i]);
            if (!plain_word(piece).empty() || piece == kSpaceMark) labels[i] = label;
        }
        word.clear();
        first = end;
    };
    for (size_t i = 0; i < ids.size(); ++i) {
        const std::string piece = tokenizer.piece(ids[i]);
        const bool control = ids[i] == tokenizer.eos_id() || ids[i] == tokenizer.newline_id();
        if (control || piece.starts_with(kSpaceMark)) end_word(i);
        if (control) {
            first = i + 1;
        } else {
            word += piece;
        }
    }
    end_word(ids.size());
    return labels;
}

}  // namespace hopscope::core
