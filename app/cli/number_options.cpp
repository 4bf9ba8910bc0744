#include "app/cli/number_options.h"

#include <algorithm>
#include <charconv>

#include "app/cli/kind_options.h"

namespace hopscope::app {
namespace {

using core::NumberRange;

/// What is said of a kind of number.
template <class T>
struct Form;

template <>
struct Form<int64_t> {
    static constexpr const char *kType = "INT", *kOne = "an integer";
    static std::optional<int64_t> read(const std::string& text) { return core::read_integer(text); }
};

template <>
struct Form<double> {
    static constexpr const char *kType = "FLOAT", *kOne = "a number";
    static std::optional<double> read(const std::string& text) { return core::read_number(text); }
};

[[noreturn]] void refuse(const std::string& name, const std::string& found,
                         const std::string& allowed) {
    throw CLI::ValidationError(name, "found " + (found.empty() ? "nothing" : core::shown(found)) +
                                         ", allowed " + allowed + ", in decimal digits");
}

template <class T>
T read_one(const std::string& name, const std::string& text, const NumberRange& range) {
    const auto value = Form<T>::read(text);
    if (!value || !range.holds(static_cast<double>(*value)))
        refuse(name, text, std::string(Form<T>::kOne) + ", " + range.text());
    return *value + T{};  // -0 is 0
}

template <class T>
std::string text_of(T value) {
    char text[32];
    return {text, std::to_chars(text, text + sizeof text, value).ptr};
}

template <class T, class Target>
CLI::Option* add_one(CLI::App& app, const std::string& name, Target& to, const NumberRange& range,
                     const std::string& help) {
    return add_word(
        app, name, std::string(Form<T>::kType) + ":" + range.text(), help,
        [name, range, &to](const std::string& word) { to = read_one<T>(name, word, range); });
}

template <class T>
CLI::Option* add_shown(CLI::App& app, const std::string& name, T& to, const NumberRange& range,
                       const std::string& help) {
    return add_one<T>(app, name, to, range, help)->default_str(text_of(to));
}

template <class T>
CLI::Option* add_list(CLI::App& app, const std::string& name, std::vector<T>& to,
                      const NumberRange& range, const std::string& help) {
    const auto read = [name, range, &to](const CLI::results_t& words) {
        to.clear();
        for (const std::string& word : words)
            for (size_t begin = 0; begin <= word.size();) {
                const size_t end = std::min(word.find(',', begin), word.size());
                to.push_back(read_one<T>(name, word.substr(begin, end - begin), range));
                begin = end + 1;
            }
        return true;
    };
    std::string value;
    for (const T item : to) value += (value.empty() ? "" : ",") + text_of(item);
    CLI::Option* option = app.add_option(name, read, help);
    option->type_name(std::string(Form<T>::kType) + ":" + range.text());
    option->expected(CLI::detail::expected_max_vector_size);
    if (!value.empty()) option->default_str("[" + value + "]");
    return option;
}

}  // namespace

CLI::Option* add_number(CLI::App& app, const std::string& name, int64_t& to,
                        const NumberRange& range, const std::string& help) {
    return add_shown(app, name, to, range, help);
}

CLI::Option* add_number(CLI::App& app, const std::string& name, double& to,
                        const NumberRange& range, const std::string& help) {
    return add_shown(app, name, to, range, help);
}

CLI::Option* add_optional_number(CLI::App& app, const std::string& name, int64_t& to,
                                 const NumberRange& range, const std::string& help) {
    return add_one<int64_t>(app, name, to, range, help);
}

CLI::Option* add_optional_number(CLI::App& app, const std::string& name, double& to,
                                 const NumberRange& range, const std::string& help) {
    return add_one<double>(app, name, to, range, help);
}

CLI::Option* add_optional_number(CLI::App& app, const std::string& name, std::optional<int64_t>& to,
                                 const NumberRange& range, const std::string& help) {
    return add_one<int64_t>(app, name, to, range, help);
}

CLI::Option* add_optional_number(CLI::App& app, const std::string& name, std::optional<double>& to,
                                 const NumberRange& range, const std::string& help) {
    return add_one<double>(app, name, to, range, help);
}

CLI::Option* add_numbers(CLI::App& app, const std::string& name, std::vector<int64_t>& to,
                         const NumberRange& range, const std::string& help) {
    return add_list(app, name, to, range, help);
}

CLI::Option* add_numbers(CLI::App& app, const std::string& name, std::vector<double>& to,
                         const NumberRange& range, const std::string& help) {
    return add_list(app, name, to, range, help);
}

CLI::Option* add_seed_option(CLI::App& app, uint64_t& seed, const std::string& help) {
    const auto read = [&seed](const std::string& word) {
        const auto value = core::read_natural(word);
        if (!value) refuse("--seed", word, "an integer, 0 … 18446744073709551615");
        seed = *value;
    };
    return add_word(app, "--seed", "UINT", help, read)->default_str(text_of(seed));
}

}  // namespace hopscope::app
