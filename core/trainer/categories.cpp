#include "core/trainer/categories.h"

#include <algorithm>
#include <filesystem>
#include <toml++/toml.h>

#include "core/base/files.h"
#include "core/base/utf8.h"
#include "core/trainer/run_data.h"

namespace hopscope::core {
namespace {

constexpr size_t kMaxListBytes = size_t{1} << 20;

Result<std::vector<std::string>> read_list(const std::string& path) {
    const auto text = read_text(path, kMaxListBytes);
    if (!text) return text.error();
    const std::string name = shown_path(path);
    const auto wrong = [&](const std::string& what) {
        return usage_error(name + ": " + what + "; a category is: words = [\"before\", \"after\"]");
    };
    try {
        const auto table = toml::parse(*text);
        std::vector<std::string> out;
        for (const auto& [key, value] : table)
            if (key.str() != "words") return wrong("unknown key " + in_quotes(key.str()));
        const auto* words = table["words"].as_array();
        if (!words || words->empty()) return wrong("\"words\" is missing or empty");
        for (const auto& word : *words) {
            const auto one = word.value<std::string>();
            if (!one || one->empty()) return wrong("\"words\" holds something that is no text");
            out.push_back(*one);
        }
        return out;
    } catch (const toml::parse_error& e) {
        return usage_error(name + ":" + std::to_string(e.source().begin.line) + ": " +
                           shown(e.description()));
    }
}

}  // namespace

Result<WordLists> read_word_lists(const std::string& dir) {
    namespace fs = std::filesystem;
    std::vector<fs::path> files;
    if (const FileKind kind = kind_of_file(dir); kind != FileKind::folder)
        return usage_error(shown_path(dir) + ": is " + name_of(kind) +
                           ", a folder of word lists is expected");
    const auto names = list_folder(dir);
    if (!names) return names.error();
    for (const std::string& name : *names)
        if (fs::path(name).extension() == ".toml") files.push_back(fs::path(dir) / name);
    std::sort(files.begin(), files.end());
    WordLists out;
    for (const auto& file : files) {
        if (file.stem() == "target")
            return usage_error(shown_path(file.string()) +
                               ": the name \"target\" stands for the token asked for; give the "
                               "category another one");
        auto words = read_list(file.string());
        if (!words) return words.error();
        out[plain_name(file.stem().string())] = std::move(*words);
    }
    return out;
}

Result<WordLists> word_lists_for(const RunFolder& folder, const std::vector<std::string>& dirs) {
    WordLists out;
    for (const auto& dir : dirs) {
        if (kind_of_file(dir) != FileKind::folder) continue;
        auto lists = read_word_lists(dir);
        if (!lists) return lists;
        out = std::move(*lists);
        break;
    }
    auto truth = stored_truth(folder);
    if (!truth) return truth.error();
    if (*truth)
        for (const auto& [name, words] : (*truth)->classes()) out["class:" + name] = words;
    return out;
}

Categories token_lists(const WordLists& lists, const Tokenizer& tokenizer) {
    Categories out;
    for (const auto& [name, words] : lists)
        if (auto ids = single_tokens(tokenizer, words); !ids.empty()) out[name] = std::move(ids);
    return out;
}

}  // namespace hopscope::core
