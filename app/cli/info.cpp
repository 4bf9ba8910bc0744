// hopscope info: what a run or a configuration amounts to.
#include <iomanip>
#include <nlohmann/json.hpp>
#include <sstream>

#include "app/cli/subcommand.h"
#include "core/api/input.h"
#include "core/api/lab.h"

namespace hopscope::app {
namespace {

struct InfoCall {
    std::string run, config;
    std::vector<std::string> overrides;
    Output output;
};

void describe(CLI::App& app, InfoCall& call) {
    app.add_option("RUN", call.run,
                   "Run folder, or that of a published model; it or --config is required");
    app.add_option("--config", call.config, "Configuration (TOML)")->type_name("FILE");
    add_set_option(app, call.overrides);
    add_output_options(app, call.output);
}

/// 84742144 → "84,742,144".
std::string read_easily(const nlohmann::json& number) {
    std::ostringstream text;
    if (number.is_number_integer())
        text << number.get<int64_t>();
    else
        text << std::fixed << std::setprecision(0) << number.get<double>();
    return core::in_thousands(text.str());
}

/// Of a published model: what it is, and each number of parameters.
void describe_model(std::ostream& out, const nlohmann::ordered_json& json) {
    // An imported.json that someone changed may lack what nothing but this reads.
    const auto value = [&](const char* key) -> std::string {
        const auto found = json.find(key);
        if (found == json.end()) return "-";
        return found->is_string() ? found->get<std::string>() : shown(*found);
    };
    out << "Family " << value("family") << " (model_type " << value("model_type") << "), rule "
        << value("rule") << ", dtype " << value("dtype") << "\n"
        << "Layers with a router " << json.at("layers").size() << ", of " << value("hidden_layers")
        << " hidden; experts " << value("experts") << ", a token's " << value("k") << "\n";
    if (json.contains("experts_read"))
        out << "Experts "
            << (value("experts_read") == "true" ? "read: analyze --what coupling"
                                                : "not read (import --experts)")
            << "\n";
    if (!json.contains("warnings")) return;
    for (const auto& warning : json.at("warnings"))
        out << "Warning: " << warning.get<std::string>() << "\n";
}

std::string describe_info(const std::string& text) {
    const auto json = nlohmann::ordered_json::parse(text);
    constexpr std::pair<const char*, const char*> kTables[] = {
        {"parameters", "Parameters"},
        {"flops_per_token", "FLOPs per token (forward, multiply-add = 2)"},
        {"memory_bytes", "Memory in bytes"},
    };
    std::ostringstream out;
    if (json.contains("family")) describe_model(out, json);
    for (const auto& [key, title] : kTables) {
        if (!json.contains(key)) continue;
        out << title << "\n";
        for (const auto& [name, value] : json.at(key).items())
            if (value.is_number())
                out << "  " << std::left << std::setw(20) << name << std::right << std::setw(20)
                    << read_easily(value) << "\n";
    }
    return out.str();
}

int info(const InfoCall& call, const Environment& environment) {
    const bool is_config = !call.config.empty();
    if (is_config != call.run.empty())
        return report(core::usage_error(std::string("found ") +
                                        (is_config ? "both RUN and" : "neither RUN nor") +
                                        " --config FILE, one is required; see hopscope info "
                                        "--help"),
                      environment);
    if (!is_config && !call.overrides.empty())
        return report(
            core::usage_error("--set works with --config FILE; a run's configuration is fixed"),
            environment);
    return deliver(core::lab::info(is_config ? call.config : call.run, is_config, call.overrides),
                   call.output, environment, describe_info);
}

}  // namespace

void add_info(CLI::App& root, Work& work) {
    declare<InfoCall>(
        root, "info", "Parameter counts by group, FLOPs and memory; routers of a published model",
        "hopscope info --config configs/paper/wide_1x12.toml --json", work, describe, info);
}

}  // namespace hopscope::app
