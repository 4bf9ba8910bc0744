#include "app/cli/words.h"

#include <cctype>

#include "core/api/input.h"

namespace hopscope::app {
namespace {

/// The subcommand of that name below `app`, or `app` itself.
const CLI::App& below(const CLI::App& app, const std::string& word) {
    for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; }))
        if (sub->get_name() == word) return *sub;
    return app;
}

bool is_option(const CLI::App& app, const std::string& word) {
    return word.size() > 1 && word[0] == '-' && word != "--" &&
           app.get_option_no_throw(word.substr(0, word.find('='))) != nullptr;
}

/// Its value is a text, whatever it looks like, and may be empty.
bool takes_any_text(const std::string& option) {
    return option == "--text";
}

/// One dash before a name. The parser reads it letter by letter, so that -hops would ask for help.
bool is_short_of_a_dash(const std::string& word) {
    return word.size() > 2 && word[0] == '-' && std::isalpha(static_cast<unsigned char>(word[1]));
}

/// What is wrong with the "--" at `at`, behind which every word is a name: a name that is spelled
/// as an option of the command was meant as one.
std::optional<Misuse> misused_end(const CLI::App& app, const std::vector<std::string>& words,
                                  size_t at) {
    if (!app.get_subcommands([](const CLI::App*) { return true; }).empty())
        return Misuse{app,
                      "found \"--\" where a subcommand is due; what stands behind it is names, so "
                      "put it behind the subcommand and the options"};
    for (size_t i = at + 1; i < words.size(); ++i)
        if (is_option(app, words[i])) {
            const std::string name = words[i].substr(0, words[i].find('='));
            return Misuse{app, name +
                                   " stands behind \"--\", and what follows that is names; put "
                                   "options before it (a name of that spelling: ./" +
                                   name + ")"};
        }
    return std::nullopt;
}

}  // namespace

std::optional<Misuse> settle_words(const CLI::App& root, std::vector<std::string>& words) {
    const CLI::App* app = &root;
    bool options_end = false;
    for (size_t i = 0; i < words.size(); ++i) {
        if (words[i].empty())
            return Misuse{
                *app,
                "found an empty word, allowed are names, numbers and texts; a variable that is "
                "not set, perhaps"};
        if (options_end) continue;
        if (words[i] == "--") {
            if (auto misuse = misused_end(*app, words, i)) return misuse;
            options_end = true;
            continue;
        }
        if (is_short_of_a_dash(words[i]))
            return Misuse{*app, "found " + core::in_quotes(words[i]) +
                                    "; names of options begin with two dashes (a name of that "
                                    "spelling: ./" +
                                    core::shown(words[i]) + ")"};
        if (!words[i].starts_with("--")) {
            app = &below(*app, words[i]);
            continue;
        }
        const size_t equals = words[i].find('=');
        const std::string name = words[i].substr(0, equals);
        const CLI::Option* option = app->get_option_no_throw(name);
        if (!option) continue;
        const bool takes_value = option->get_items_expected_max() > 0;
        if (!takes_value && equals != std::string::npos)
            return Misuse{*app, name + ": found a value, " +
                                    core::in_quotes(words[i].substr(equals + 1)) +
                                    ", but it takes none"};
        if (!takes_value) continue;
        if (equals == words[i].size() - 1) {
            words[i].pop_back();
            words.insert(words.begin() + static_cast<std::ptrdiff_t>(i) + 1, "");
        } else if (equals != std::string::npos) {
            continue;
        }
        // One whose value may be left out is followed by anything.
        if (option->get_items_expected_min() == 0 && i + 1 < words.size() &&
            is_option(*app, words[i + 1]))
            continue;
        // What follows is its value, but for another option: that value was forgotten.
        if (++i == words.size()) break;
        if (words[i].empty() && !takes_any_text(name))
            return Misuse{*app, name +
                                    ": found an empty word; give its value, or leave the "
                                    "option out"};
        if (!takes_any_text(name) && words[i] == "--")
            return Misuse{*app,
                          name + ": its value is missing; found \"--\", which ends the options"};
        if (!takes_any_text(name) && is_option(*app, words[i]))
            return Misuse{*app, name + ": its value is missing; found the option " +
                                    core::in_quotes(words[i]) + " (a value of that spelling: " +
                                    name + "=" + core::shown(words[i]) + ")"};
    }
    return std::nullopt;
}

}  // namespace hopscope::app
