// hopscope intervene: what a script does to prompts, beside a random control.
#include <nlohmann/json.hpp>
#include <sstream>

#include "app/cli/number_options.h"
#include "app/cli/progress.h"
#include "app/cli/subcommand.h"
#include "core/api/lab.h"

namespace hopscope::app {
namespace {

struct InterveneCall {
    core::lab::InterveneOptions options;
    std::string script, categories;
    Output output;
};

void describe(CLI::App& app, InterveneCall& call) {
    core::lab::InterveneOptions& o = call.options;
    app.add_option("RUN", o.run, "Run folder")->required();
    app.add_option("--script", call.script, "Interventions, one JSON object a line")
        ->type_name("FILE")
        ->required();
    app.add_option(
           "--prompts", o.prompts,
           "JSON lines {\"text\", \"target\"?, \"categories\"?}; default: the beginnings of "
           "20 validation sequences")
        ->type_name("FILE");
    add_number(app, "--controls", o.controls, {0, 10000},
               "Random controls: the same script on as many experts drawn from the same layer");
    add_seed_option(app, o.seed, "Of everything drawn");
    // Times a lambda or a strength within its own range, fp32 holds the square of it.
    add_numbers(app, "--doses", o.doses, {-core::kMostScale, core::kMostScale},
                "Dose curve: factors on lambda and strength, such as 0.5,1,2,4");
    add_categories_option(app, call.categories);
    add_precision_option(app, o.precision);
    add_output_options(app, call.output);
}

/// "median [q25, q75]  n = 20, positive 0.9"; the last of changes alone
std::string spread(const nlohmann::json& s) {
    return shown(s.at("median")) + "  [" + shown(s.at("q25")) + ", " + shown(s.at("q75")) +
           "]  n = " + shown(s.at("n")) +
           (s.contains("share_positive") ? ", positive " + shown(s.at("share_positive")) : "");
}

std::string describe_intervene(const std::string& text) {
    const auto json = nlohmann::json::parse(text);
    const auto& summary = json.at("summary");
    std::ostringstream out;
    out << "median [quartiles] over prompts, measured at the last position\n"
        << "KL                " << spread(summary.at("kl")) << "\n";
    if (summary.contains("control_kl"))
        out << "KL of the control " << spread(summary.at("control_kl")) << "\n"
            << "above the 95 % quantile of its control: "
            << shown(summary.at("share_kl_above_control_95")) << " of the prompts\n";
    out << "change of P(target) " << spread(summary.at("delta_p_target")) << "\n"
        << "most likely token changed: " << shown(summary.at("token_changed_share"))
        << " of the prompts\n";
    for (const auto& [name, s] : summary.at("relative_p_category").items())
        out << "relative change of P(" << name << ")  " << spread(s) << "\n";
    if (json.contains("doses"))
        for (const auto& dose : json.at("doses"))
            out << "dose " << shown(dose.at("factor")) << ": KL "
                << spread(dose.at("summary").at("kl"))
                << (dose.at("summary").contains("control_kl")
                        ? ", of the control " + spread(dose.at("summary").at("control_kl"))
                        : "")
                << "\n";
    return out.str();
}

int intervene(const InterveneCall& call, const Environment& environment) {
    environment.before_computing();
    core::lab::InterveneOptions options = call.options;
    auto script = read_script(call.script);
    if (!script) return report(script.error(), environment);
    options.script = std::move(*script);
    auto dirs = category_dirs(call.categories);
    if (!dirs) return report(dirs.error(), environment);
    options.category_dirs = std::move(*dirs);
    return deliver(with_progress(core::lab::intervene, options, environment), call.output,
                   environment, describe_intervene);
}

}  // namespace

void add_intervene(CLI::App& root, Work& work) {
    declare<InterveneCall>(
        root, "intervene", "What a script does to prompts: before, after, random control",
        "hopscope intervene runs/first --script steer.jsonl --controls 20 --json", work, describe,
        intervene);
}

}  // namespace hopscope::app
