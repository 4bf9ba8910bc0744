#include "app/cli/kind_options.h"

#include <algorithm>

#include "core/api/base.h"
#include "core/api/input.h"

namespace hopscope::app {

CLI::Option* add_word(CLI::App& app, const std::string& name, const std::string& type,
                      const std::string& help, std::function<void(const std::string&)> read) {
    const auto callback = [read = std::move(read)](const CLI::results_t& words) {
        read(words.front());
        return true;
    };
    return app.add_option(name, callback, help)->type_name(type);
}

CLI::Option* add_one_of(CLI::App& app, const std::string& name,
                        const std::vector<std::string>& words, const std::string& help,
                        std::function<void(const std::string&)> read) {
    const auto check = [=](const std::string& given) -> std::string {
        if (std::find(words.begin(), words.end(), given) != words.end()) return "";
        return "found " + core::in_quotes(given) + ", allowed " + core::joined(words, " | ");
    };
    return add_word(app, name, "TEXT", help, std::move(read))
        ->check(CLI::Validator(check, "{" + core::joined(words, ",") + "}"));
}

}  // namespace hopscope::app
