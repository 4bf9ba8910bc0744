#include "core/text/truth.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "core/base/files.h"
#include "core/base/utf8.h"
#include "core/text/words.h"

namespace hopscope::core {

namespace {

constexpr size_t kMaxTruthBytes = size_t{256} << 20;

bool has(const std::vector<std::string>& list, const std::string& item) {
    return std::find(list.begin(), list.end(), item) != list.end();
}

/// Reads one entry of "two_meanings"; false where a field is missing or of another kind.
bool read_two_meanings(const nlohmann::json& entry, TwoMeaningWord& out) {
    const auto text = [](const nlohmann::json& from, const char* key, std::string& to) {
        const auto found = from.find(key);
        if (found == from.end() || !found->is_string()) return false;
        to = found->get<std::string>();
        return true;
    };
    const auto texts = [](const nlohmann::json& from, const char* key,
                          std::vector<std::string>& to) {
        const auto found = from.find(key);
        if (found == from.end() || !found->is_array()) return false;
        for (const auto& item : *found) {
            if (!item.is_string()) return false;
            to.push_back(item.get<std::string>());
        }
        return true;
    };
    if (!entry.is_object() || !entry.contains("class_a_if") || !entry["class_a_if"].is_object())
        return false;
    const auto& rule = entry["class_a_if"];
    return text(entry, "word", out.word) && text(entry, "class_a", out.class_a) &&
           text(entry, "class_b", out.class_b) && texts(rule, "preceded_by", out.preceded_by) &&
           texts(rule, "preceded_by_class", out.preceded_by_class) &&
           texts(rule, "followed_by", out.followed_by) &&
           texts(rule, "followed_by_class", out.followed_by_class);
}

}  // namespace

struct Truth::Words {
    std::unordered_map<std::string, std::string> classes;
    std::map<std::string, std::vector<std::string>> by_class;
    std::vector<TwoMeaningWord> two_meanings;
};

Result<Truth> Truth::load(const std::string& path) {
    const auto text = read_file(path, kMaxTruthBytes);
    if (!text) return said_of("truth file ", text.error());
    return parse(*text, shown_path(path));
}

Result<Truth> Truth::parse(const std::string& json, const std::string& name) {
    const auto foreign =
        usage_error("truth file " + name +
                    " is damaged or foreign: expected a hopscope.truth/1 document; "
                    "generate the synthetic corpus again");
    const auto document = nlohmann::json::parse(json, nullptr, false);
    // Nothing is copied before its kind is known: a copy calls itself for each level of nesting.
    if (!document.is_object() || !document.contains("format") ||
        document["format"] != "hopscope.truth/1" || !document.contains("words") ||
        !document["words"].is_array()) {
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
    if (document.contains("two_meanings")) {
        if (!document["two_meanings"].is_array()) return foreign;
        for (const auto& entry : document["two_meanings"])
            if (!read_two_meanings(entry, words->two_meanings.emplace_back())) return foreign;
    }
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
    for (const WordSpan& word : words_of(tokenizer, ids)) {
        const std::string label = word.word.empty() ? std::string() : class_of(word.word);
        // Punctuation between words belongs to none.
        for (size_t i = word.begin; i < word.end; ++i)
            if (is_word_piece(tokenizer.piece(ids[i]))) labels[i] = label;
    }
    return labels;
}

const std::vector<TwoMeaningWord>& Truth::two_meanings() const {
    return words_->two_meanings;
}

std::string Truth::meaning(const TwoMeaningWord& word, const std::string& before,
                           const std::string& after) const {
    const std::string before_class = class_of(before), after_class = class_of(after);
    const auto undecided = [](const std::vector<std::string>& classes, const std::string& found) {
        return !classes.empty() && found.find('|') != std::string::npos;
    };
    if (has(word.preceded_by, before) || has(word.followed_by, after) ||
        has(word.preceded_by_class, before_class) || has(word.followed_by_class, after_class))
        return word.class_a;
    return undecided(word.preceded_by_class, before_class) ||
                   undecided(word.followed_by_class, after_class)
               ? std::string()
               : word.class_b;
}

}  // namespace hopscope::core
