// hopscope race: several configurations stepped in turn on the same batches.
#include <nlohmann/json.hpp>
#include <ostream>

#include "app/cli/kind_options.h"
#include "app/cli/race_progress.h"
#include "app/cli/subcommand.h"
#include "app/cli/text_table.h"
#include "core/api/input.h"
#include "core/api/lab.h"

namespace hopscope::app {
namespace {

struct RaceCall {
    core::lab::RaceOptions options;
    bool json = false;
};

void describe(CLI::App& app, RaceCall& call) {
    core::lab::RaceOptions& o = call.options;
    app.add_option("--config", o.config_paths,
                   "Configuration of a lane (TOML); give it for each, two or more. All must agree "
                   "in data.*, model.vocab_size, train.seed, batch, seq_len, grad_accum")
        ->type_name("FILE")
        ->allow_extra_args(false);
    app.add_option("--out", o.out,
                   "Folder of the race; each lane is the run folder DIR/CONFIG-NAME")
        ->type_name("DIR")
        ->required();
    add_set_option(app, o.overrides);
    add_optional_kind(app, "--device", o.device, "Device of all lanes; default: as configured");
    app.add_flag("--resume", o.resume,
                 "Goes on with the race of --out, each lane from its newest complete checkpoint");
    add_debug_option(app, o.allow_debug);
    app.add_flag("--json", call.json, "The finished race.json on stdout instead of the tables");
}

std::string describe_race(const std::string& text) {
    const auto json = nlohmann::json::parse(text);
    const auto word = [](const nlohmann::json& value) { return value.get<std::string>(); };
    TextTable lanes(
        {"lane", "state", "step", "tokens", "valid loss", "perplexity", "parameters", "seconds"});
    for (const auto& lane : json.at("lanes"))
        lanes.add({word(lane.at("name")), word(lane.at("state")), shown(lane.at("step")),
                   shown(lane.at("tokens")), shown(lane.at("valid_loss")),
                   shown(lane.at("perplexity")), shown(lane.at("parameters")),
                   shown(lane.at("seconds"))});
    std::string out = lanes.text();
    const auto& crossings = json.at("crossings");
    if (crossings.empty()) return out + "\nno lane overtook another\n";
    TextTable table({"who goes ahead", "of", "quantity", "step", "tokens"});
    for (const auto& c : crossings) {
        const bool a = c.at("ahead") == c.at("a");
        table.add({word(c.at(a ? "a" : "b")), word(c.at(a ? "b" : "a")), word(c.at("quantity")),
                   shown(c.at("step")), shown(c.at("tokens"))});
    }
    return out + "\n" + table.text();
}

int race(const RaceCall& call, const Environment& environment) {
    environment.before_computing();
    environment.catch_signals();
    RaceProgress progress(environment);
    core::lab::RaceOptions options = call.options;
    options.on_status = [&](const core::RunStatus& status) { progress.status(status); };
    options.on_step = [&](const core::ScalarRecord& record, const core::RunStatus& status) {
        progress.step(record, status);
    };
    const auto result = core::lab::race(options);
    progress.finish();
    const int delivered = deliver(result, {call.json, ""}, environment, describe_race);
    if (!result)
        tell_resume(result.error(), options.resume, "race", options.out, "race", environment);
    if (delivered == kInterrupted)
        environment.err << "Go on with: hopscope race --resume --out "
                        << core::shell_word(call.options.out) << std::endl;
    if (!result || delivered != kDone) return delivered;
    int code = kDone;
    const auto json = nlohmann::json::parse(*result);
    for (const auto& lane : json.at("lanes")) {
        const auto state = core::kind_of<core::RunState>(lane.at("state").get<std::string>());
        if (state != core::RunState::failed) continue;
        code = kFailed;
        environment.err << "failed: " << lane.at("name").get<std::string>() << ": "
                        << core::printable(lane.value("reason", std::string())) << std::endl;
    }
    return code;
}

}  // namespace

void add_race(CLI::App& root, Work& work) {
    declare<RaceCall>(root, "race", "Trains several variants in turn on the same batches",
                      "hopscope race --config MINE.toml --config OTHER.toml --out runs/race", work,
                      describe, race);
}

}  // namespace hopscope::app
