// hopscope route: the routing rule of a published model, alone.
#include <nlohmann/json.hpp>
#include <sstream>

#include "app/cli/number_options.h"
#include "app/cli/subcommand.h"
#include "core/api/lab.h"

namespace hopscope::app {
namespace {

struct RouteCall {
    core::lab::RouteOptions options;
    Output output;
};

constexpr double kMostLayer = 1e6;

void describe(CLI::App& app, RouteCall& call) {
    core::lab::RouteOptions& o = call.options;
    app.add_option("MODEL_DIR", o.model, "Folder of the model: config.json and safetensors")
        ->required();
    add_optional_number(app, "--layer", o.layer, {0, kMostLayer},
                        "The model's own number of the layer")
        ->required();
    app.add_option("--pool", o.pool,
                   "Of a layer with several routers which one, e.g. attention; default: that of "
                   "its feed-forward experts")
        ->type_name("NAME");
    app.add_option("--inputs", o.inputs, "Tensor input [T, d] or logits [T, E]")
        ->type_name("FILE")
        ->required();
    call.output.takes_file = true;
    app.add_option("--out", call.output.file,
                   "Writes the tensors experts and weights [T, k] to this safetensors file; "
                   "default: they are printed")
        ->type_name("FILE");
    app.add_flag("--json", call.output.json, "One JSON document on stdout and nothing else");
    add_definitions(app, core::lab::route_definitions());
}

std::string describe_route(const std::string& text) {
    const auto json = nlohmann::json::parse(text);
    std::ostringstream out;
    out << json.at("family").get<std::string>() << ", " << json.at("rule").get<std::string>()
        << ", layer " << shown(json.at("layer")) << ": " << shown(json.at("tokens")) << " tokens, "
        << shown(json.at("k")) << " experts each\n";
    if (!json.contains("experts")) {
        out << "  " << json.at("file").get<std::string>() << "\n";
        return out.str();
    }
    for (size_t t = 0; t < json.at("experts").size(); ++t)
        out << "  " << t << "  " << shown(json.at("experts")[t]) << "  "
            << shown(json.at("weights")[t]) << "\n";
    return out.str();
}

int route(const RouteCall& call, const Environment& environment) {
    core::lab::RouteOptions options = call.options;
    options.out = call.output.file;
    return deliver(core::lab::route(options), {call.output.json, ""}, environment, describe_route);
}

}  // namespace

void add_route(CLI::App& root, Work& work) {
    declare<RouteCall>(root, "route", "Experts and weights by the rule of a published model",
                       "hopscope route models/OLMoE-1B-7B --layer 3 --inputs hidden.safetensors "
                       "--out routed.safetensors",
                       work, describe, route);
}

}  // namespace hopscope::app
