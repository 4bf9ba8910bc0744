#include "core/lab/zeroshot_items.h"

#include <algorithm>
#include <cctype>
#include <string_view>

#include "core/base/file_handle.h"
#include "core/base/names.h"
#include "core/base/utf8.h"
#include "core/text/corpus.h"

namespace hopscope::core::lab {
namespace {

/// The choices an item of each task may have.
constexpr size_t kEndings = 4, kFewestArc = 3, kMostArc = 5;

bool is_blank(std::string_view text) {
    return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

/// A field that must hold a text of at least one character that is no blank.
Status read_text(const Json& object, const std::string& name, const char* key, std::string& out) {
    FieldReader fields(object, name);
    fields.required().text(key, out);
    if (auto s = fields.status(); !s) return s;
    if (is_blank(out))
        return usage_error(name + ": \"" + key + "\": found " + in_quotes(out) +
                           ", a text that is not empty expected");
    return {};
}

/// An answer given as 3 or as "3".
Status read_answer(const Json& object, const std::string& name, const char* key, int64_t low,
                   int64_t high, int64_t& out) {
    const auto found = object.find(key);
    const std::string allowed = std::to_string(low) + " … " + std::to_string(high);
    if (found == object.end())
        return usage_error(name + ": \"" + key + "\" is missing, allowed " + allowed);
    for (int64_t value = low; value <= high; ++value)
        if (*found == Json(value) || *found == Json(std::to_string(value))) {
            out = value;
            return {};
        }
    return usage_error(name + ": \"" + key + "\": found " + shown(dump_line(*found)) +
                       ", allowed " + allowed);
}

/// The first of `keys` that the line has, if it is a number or a text.
Json id_of(const Json& object, std::initializer_list<const char*> keys) {
    for (const char* key : keys)
        if (const auto found = object.find(key);
            found != object.end() && (found->is_string() || found->is_number_integer()))
            return *found;
    return {};
}

/// As Python's str.capitalize, of ASCII letters: the usual preprocessing of HellaSwag.
std::string capitalised(std::string text) {
    for (size_t i = 0; i < text.size(); ++i) {
        const auto c = static_cast<unsigned char>(text[i]);
        text[i] = static_cast<char>(i == 0 ? std::toupper(c) : std::tolower(c));
    }
    return text;
}

Result<ZeroshotItem> hellaswag_item(const Json& line, const std::string& name) {
    const bool original = line.contains("ctx_a");
    std::string context;
    if (original) {
        std::string activity, ctx_a, ctx_b;
        FieldReader fields(line, name);
        fields.required().text("activity_label", activity).text("ctx_a", ctx_a);
        fields.text("ctx_b", ctx_b);
        if (auto s = fields.status(); !s) return s.error();
        context = clean_hellaswag(activity + ": " + ctx_a + " " + capitalised(ctx_b));
    } else if (!line.contains("ctx")) {
        return usage_error(name +
                           ": neither \"ctx\" nor \"ctx_a\"; a HellaSwag line has ctx, endings, "
                           "label, or ctx_a, ctx_b, activity_label, endings, label");
    } else if (auto s = read_text(line, name, "ctx", context); !s) {
        return s.error();
    }
    std::vector<std::string> endings;
    FieldReader fields(line, name);
    fields.required().texts("endings", endings);
    if (auto s = fields.status(); !s) return s.error();
    if (endings.size() != kEndings)
        return usage_error(name + ": \"endings\": found " + std::to_string(endings.size()) +
                           " texts, allowed " + std::to_string(kEndings));
    ZeroshotItem item;
    item.id = id_of(line, {"idx", "ind", "id"});
    for (std::string& ending : endings) {
        if (original) ending = clean_hellaswag(ending);
        if (is_blank(ending))
            return usage_error(name + ": \"endings\"[" + std::to_string(item.choices.size()) +
                               "] is empty" + (original ? " once its marks are gone" : ""));
        item.choices.push_back({context, " " + ending, static_cast<int64_t>(ending.size())});
    }
    auto s = read_answer(line, name, "label", 0, kEndings - 1, item.gold);
    if (!s) return s.error();
    return item;
}

/// "A" for "1", "1" for "A"; "" for anything else.
std::string other_label(const std::string& label) {
    if (label.size() != 1) return "";
    const char c = label[0];
    if (c >= '1' && c <= '5') return std::string(1, static_cast<char>(c - '1' + 'A'));
    if (c >= 'A' && c <= 'E') return std::string(1, static_cast<char>(c - 'A' + '1'));
    return "";
}

Result<ZeroshotItem> arc_item(const Json& line, const std::string& name) {
    const auto question = line.find("question");
    if (question == line.end() || !question->is_object())
        return usage_error(name + ": \"question\" must be an object {\"stem\", \"choices\"}");
    std::string stem, key;
    const std::string inner = name + ": question";
    if (auto s = read_text(*question, inner, "stem", stem); !s) return s.error();
    if (auto s = read_text(line, name, "answerKey", key); !s) return s.error();
    const auto choices = question->find("choices");
    if (choices == question->end() || !choices->is_array() || choices->size() < kFewestArc ||
        choices->size() > kMostArc)
        return usage_error(inner + ": \"choices\": found " +
                           (choices != question->end() && choices->is_array()
                                ? std::to_string(choices->size())
                                : "no list") +
                           ", allowed a list of 3 to 5 objects {\"text\", \"label\"}");
    ZeroshotItem item;
    item.id = id_of(line, {"id"});
    std::vector<std::string> labels;
    for (const Json& choice : *choices) {
        const std::string place = inner + ": choices[" + std::to_string(labels.size()) + "]";
        if (!choice.is_object())
            return usage_error(place + ": an object {\"text\", \"label\"} expected");
        std::string text, label;
        if (auto s = read_text(choice, place, "text", text); !s) return s.error();
        if (auto s = read_text(choice, place, "label", label); !s) return s.error();
        if (std::count(labels.begin(), labels.end(), label))
            return usage_error(place + ": the label " + in_quotes(label) + " stands twice");
        labels.push_back(label);
        item.choices.push_back(
            {"Question: " + stem + "\nAnswer:", " " + text, static_cast<int64_t>(text.size())});
    }
    auto right = std::find(labels.begin(), labels.end(), key);
    if (right == labels.end()) right = std::find(labels.begin(), labels.end(), other_label(key));
    if (right == labels.end())
        return usage_error(name + ": \"answerKey\": found " + in_quotes(key) + ", allowed " +
                           shown(joined(labels)));
    item.gold = right - labels.begin();
    return item;
}

Result<ZeroshotItem> winogrande_item(const Json& line, const std::string& name) {
    std::string sentence, options[2];
    if (auto s = read_text(line, name, "sentence", sentence); !s) return s.error();
    if (auto s = read_text(line, name, "option1", options[0]); !s) return s.error();
    if (auto s = read_text(line, name, "option2", options[1]); !s) return s.error();
    const size_t blank = sentence.find('_');
    if (blank == std::string::npos || sentence.find('_', blank + 1) != std::string::npos)
        return usage_error(name + ": \"sentence\": found " + in_quotes(sentence) +
                           ", a text with one \"_\" expected");
    const std::string after = sentence.substr(blank + 1);
    if (after.find_first_not_of(' ') == std::string::npos)
        return usage_error(name + ": \"sentence\": nothing stands behind the \"_\" of " +
                           in_quotes(sentence) + "; the text behind it is what is scored");
    ZeroshotItem item;
    item.id = id_of(line, {"qID", "id"});
    for (const auto& option : options)
        item.choices.push_back(
            {sentence.substr(0, blank) + option, after, static_cast<int64_t>(option.size())});
    int64_t answer = 0;
    if (auto s = read_answer(line, name, "answer", 1, 2, answer); !s) return s.error();
    item.gold = answer - 1;
    return item;
}

}  // namespace

std::string clean_hellaswag(std::string_view text) {
    constexpr std::string_view kTitle = " [title]";
    std::string marked;
    for (size_t i = 0; i < text.size();) {
        if (text.substr(i).starts_with(kTitle)) {
            marked += ". ";
            i += kTitle.size();
        } else if (const size_t end = text[i] == '[' ? text.find(']', i) : std::string_view::npos;
                   end != std::string_view::npos) {
            i = end + 1;
        } else {
            marked += text[i++];
        }
    }
    std::string out;
    for (const char c : marked)
        if (c != ' ' || (!out.empty() && out.back() != ' ')) out += c;
    while (out.ends_with(' ')) out.pop_back();
    return out;
}

Result<ZeroshotItem> parse_zeroshot_item(ZeroshotTask task, const std::string& line,
                                         const std::string& name) {
    auto json = parse_object(line, name);
    if (!json) return json.error();
    switch (task) {
        case ZeroshotTask::hellaswag:
            return hellaswag_item(*json, name);
        case ZeroshotTask::arc_easy:
            return arc_item(*json, name);
        case ZeroshotTask::winogrande:
            break;
    }
    return winogrande_item(*json, name);
}

Result<ZeroshotItems> read_zeroshot_items(ZeroshotTask task, const std::string& path) {
    const std::string name = shown_path(path);
    const FileKind kind = kind_of_file(path);
    if (kind == FileKind::none) return usage_error(name + ": no such file; give the task's file");
    if (kind == FileKind::folder) return usage_error(name + ": is a folder; give the task's file");
    auto reader = CorpusReader::open(path, "zero-shot file");
    if (!reader) return reader.error();
    ZeroshotItems out;
    std::string line;
    for (int64_t number = 1;; ++number) {
        auto more = (*reader)->next(line);
        if (!more) return more.error();
        if (!*more) break;
        if (is_blank(line)) continue;
        auto item = parse_zeroshot_item(task, line, name + ":" + std::to_string(number));
        if (!item) return item.error();
        item->line = number;
        if (item->id.is_null()) item->id = out.items.size();
        out.items.push_back(std::move(*item));
    }
    if (out.items.empty())
        return usage_error(name + ": no item; one JSON object a line is expected");
    out.hash = (*reader)->hash();
    return out;
}

}  // namespace hopscope::core::lab
