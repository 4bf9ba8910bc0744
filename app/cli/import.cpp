// hopscope import: a published model as a run folder.
#include <nlohmann/json.hpp>
#include <sstream>

#include "app/cli/progress.h"
#include "app/cli/subcommand.h"
#include "core/api/lab.h"

namespace hopscope::app {
namespace {

struct ImportCall {
    core::lab::ImportOptions options;
    Output output;
};

void describe(CLI::App& app, ImportCall& call) {
    core::lab::ImportOptions& o = call.options;
    app.add_option("MODEL_DIR", o.model, "Folder of the model: config.json and safetensors")
        ->required();
    app.add_option("--trace", o.traces,
                   "Choices that were recorded: a reply of vLLM or SGLang (JSON, or a reply a "
                   "line), an .npy, or what hopscope_capture.py wrote; may be given again")
        ->type_name("FILE")
        ->allow_extra_args(false);
    app.add_flag("--experts", o.experts,
                 "Reads the experts, too, and measures how router rows lie to them (analysis "
                 "coupling); minutes to hours, by their size");
    app.add_option("--out", o.out, "The new run folder; default: runs/NAME-YYYYMMDD-HHMMSS")
        ->type_name("DIR");
    app.add_flag("--json", call.output.json, "One JSON document on stdout and nothing else");
}

std::string describe_import(const std::string& text) {
    const auto json = nlohmann::json::parse(text);
    std::ostringstream out;
    out << json.at("name").get<std::string>() << ": family " << json.at("family").get<std::string>()
        << ", rule " << json.at("rule").get<std::string>() << ", " << json.at("layers").size()
        << " layers with " << shown(json.at("experts")) << " experts, " << shown(json.at("k"))
        << " a token\n";
    if (json.value("experts_read", false))
        out << "  experts read; hopscope analyze RUN --what coupling has what they showed\n";
    for (const auto& trace : json.at("traces"))
        out << "  trace " << trace.at("name").get<std::string>() << ": "
            << shown(trace.at("tokens")) << " tokens in " << shown(trace.at("layers").size())
            << " routers\n";
    for (const auto& warning : json.at("warnings"))
        out << "  warning: " << warning.get<std::string>() << "\n";
    return out.str();
}

int import(const ImportCall& call, const Environment& environment) {
    return deliver(with_progress(core::lab::import_model, call.options, environment), call.output,
                   environment, describe_import);
}

}  // namespace

void add_import(CLI::App& root, Work& work) {
    declare<ImportCall>(root, "import", "Router geometry and recorded choices of a published model",
                        "hopscope import models/OLMoE-1B-7B --trace reply.json --out runs/olmoe",
                        work, describe, import);
}

}  // namespace hopscope::app
