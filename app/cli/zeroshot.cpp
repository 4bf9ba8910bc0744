// hopscope zeroshot: multiple choice by log-likelihood.
#include <nlohmann/json.hpp>
#include <sstream>

#include "app/cli/kind_options.h"
#include "app/cli/number_options.h"
#include "app/cli/progress.h"
#include "app/cli/subcommand.h"
#include "core/api/lab.h"

namespace hopscope::app {
namespace {

struct ZeroshotCall {
    core::lab::ZeroshotOptions options;
    std::string script;
    Output output;
};

void describe(CLI::App& app, ZeroshotCall& call) {
    core::lab::ZeroshotOptions& o = call.options;
    app.add_option("RUN", o.run, "Run folder")->required();
    add_required_kind(app, "--task", o.task, "What the file holds");
    app.add_option("--file", o.file, "The task's items, one JSON object a line, plain or .xz")
        ->type_name("FILE")
        ->required();
    add_optional_number(app, "--items", o.items, {1, kMostOfThem},
                        "Only the first N; default: all");
    add_script_option(app, call.script);
    add_precision_option(app, o.precision);
    add_output_options(app, call.output);
    add_definitions(app, core::lab::zeroshot_definitions());
}

using Json = nlohmann::json;

std::string describe_zeroshot(const std::string& text) {
    const Json j = Json::parse(text);
    std::ostringstream out;
    out << j.at("task").get<std::string>() << ": " << j.at("items")
        << " items, a guess is right in " << shown(j.at("chance")) << "\n";
    for (const std::string suffix : {"", "_norm"})
        out << (suffix.empty() ? "summed             " : "length-normalised  ")
            << shown(j.at("accuracy" + suffix)) << " right, standard error "
            << shown(j.at("stderr" + suffix)) << ", 95 % " << shown(j.at("ci95" + suffix)) << "\n";
    if (j.at("cut_items") > 0)
        out << j.at("cut_items") << " items are longer than the model reads and were cut from the "
            << "left; of " << j.at("cut_choices") << " choices a part was lost\n";
    out << j.at("tokens") << " tokens in " << shown(j.at("seconds")) << " s\n";
    if (j.at("saved").is_string())
        out << "saved as " << j.at("saved").get<std::string>() << "\n";
    else
        out << "not saved in the run: " << j.at("not_saved").get<std::string>() << "\n";
    return out.str();
}

int zeroshot(const ZeroshotCall& call, const Environment& environment) {
    environment.before_computing();
    core::lab::ZeroshotOptions options = call.options;
    if (!call.script.empty()) {
        auto script = read_script(call.script);
        if (!script) return report(script.error(), environment);
        options.script = std::move(*script);
    }
    const auto result = with_progress(core::lab::zeroshot, options, environment);
    const int delivered = deliver(result, call.output, environment, describe_zeroshot);
    if (!result || delivered != kDone) return delivered;
    const std::string why = Json::parse(*result).value("not_saved", std::string());
    if (why.empty()) return kDone;
    const auto unsaved = core::failure("the answers could not be saved in the run: " + why);
    const int code = report(unsaved, environment);
    // Who named a file of their own has them.
    return call.output.file.empty() ? code : kDone;
}

}  // namespace

void add_zeroshot(CLI::App& root, Work& work) {
    declare<ZeroshotCall>(root, "zeroshot", "Multiple choice: HellaSwag, ARC-Easy, WinoGrande",
                          "hopscope zeroshot runs/first --task arc_easy --file ITEMS.jsonl --json",
                          work, describe, zeroshot);
}

}  // namespace hopscope::app
