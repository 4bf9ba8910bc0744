#include "core/trainer/categories.h"

#include <algorithm>
#include <filesystem>
#include <toml++/toml.h>

#include "core/text/truth.h"

namespace hopscope::core {
namespace {

Result<std::vector<std::string>> read_list(const std::string& path) {
    const auto wrong = [&](const std::string& what) {
        return usage_error(path + ": " + what + "; a category is: words = [\"before\", \"after\"]");
    };
    try {
        const auto table = toml::parse_file(path);
        std::vector<std::string> out;
        for (const auto& [key, value] : table)
            if (key.str() != "words")
                return wrong("unknown key \"" + std::string(key.str()) + "\"");
        const auto* words = table["words"].as_array();
        if (!words || words->empty()) return wrong("\"words\" is missing or empty");
        for (const auto& word : *words) {
            const auto text = word.value<std::string>();
            if (!text || text->empty()) return wrong("\"words\" holds something that is no text");
            out.push_back(*text);
        }
        return out;
    } catch (const toml::parse_error& e) {
        return usage_error(path + ":" + std::to_string(e.source().begin.line) + ": " +
                           std::string(e.description()));
    }
}

}  // namespace

Result<WordLists> read_word_lists(const std::string& dir) {
    namespace fs = std::filesystem;
    std::error_code code;
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(dir, code))
        if (entry.path().extension() == ".toml") files.push_back(entry.path());
    if (code) return usage_error(dir + ": cannot be read: " + code.message());
    std::sort(files.begin(), files.end());
    WordLists out;
    for (const auto& file : files) {
        if (file.stem() == "target")
            return usage_error(file.string() +
                               ": the name \"target\" stands for the token asked for; give the "
                               "category another one");
        auto words = read_list(file.string());
        if (!words) return words.error();
        out[file.stem().string()] = std::move(*words);
    }
    return out;
}

Result<WordLists> word_lists_for(const RunFolder& folder, const std::vector<std::string>& dirs) {
    WordLists out;
    for (const auto& dir : dirs) {
        if (!std::filesystem::is_directory(dir)) continue;
        auto lists = read_word_lists(dir);
        if (!lists) return lists;
        out = std::move(*lists);
        break;
    }
    const auto truth_path = folder.dir() + "/data/truth.json";
    if (std::filesystem::exists(truth_path)) {
        auto truth = Truth::load(truth_path);
        if (!truth) return truth.error();
        for (const auto& [name, words] : truth->classes()) out["class:" + name] = words;
    }
    return out;
}

Categories token_lists(const WordLists& lists, const Tokenizer& tokenizer) {
    Categories out;
    for (const auto& [name, words] : lists)
        if (auto ids = single_tokens(tokenizer, words); !ids.empty()) out[name] = std::move(ids);
    return out;
}

}  // namespace hopscope::core
