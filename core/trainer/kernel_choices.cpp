#include "core/trainer/kernel_choices.h"

#include <algorithm>
#include <iterator>
#include <optional>

#include "core/base/names.h"
#include "core/base/utf8.h"

namespace hopscope::core {
namespace {

using kernels::Form;

constexpr const char* kOperators[] = {"attention", "route", "experts", "classifier", "adamw"};

}  // namespace

std::map<std::string, std::string> kernel_choices(Form form) {
    std::map<std::string, std::string> out;
    for (const char* name : kOperators) out[name] = word(form);
    return out;
}

Result<Form> stored_form(const std::map<std::string, std::string>& choices,
                         const std::string& file) {
    const std::string start = shown_path(file) + ": kernel_choices: ";
    std::optional<Form> chosen;
    for (const auto& [name, text] : choices) {
        if (std::find(std::begin(kOperators), std::end(kOperators), name) == std::end(kOperators))
            return usage_error(start + "found the operator " + in_quotes(name) + ", allowed " +
                               joined({std::begin(kOperators), std::end(kOperators)}));
        const auto form = kind_of<Form>(text);
        if (!form)
            return usage_error(start + name + ": found " + in_quotes(text) + ", allowed " +
                               joined(word_list<Form>()));
        if (chosen.value_or(*form) != *form)
            return usage_error(start + name + " is " + text +
                               " and others are not; a run is trained in one form");
        chosen = form;
    }
    return chosen.value_or(Form::fused);
}

}  // namespace hopscope::core
