// hopscope bench: what the operators, whole passes, a trace and live statistics take, as a table.
#include <cstdio>
#include <nlohmann/json.hpp>

#include "app/cli/kind_options.h"
#include "app/cli/number_options.h"
#include "app/cli/progress.h"
#include "app/cli/subcommand.h"
#include "app/cli/text_table.h"
#include "core/api/lab.h"

namespace hopscope::app {
namespace {

struct BenchCall {
    core::lab::BenchOptions options;
    bool turns = false;
    Output output;
};

void describe(CLI::App& app, BenchCall& call) {
    core::lab::BenchOptions& o = call.options;
    app.add_option("--what", o.what, "What to measure, names joined by commas, or all")
        ->capture_default_str()
        ->type_name("NAME,…");
    app.add_option("--forms", o.forms, "Which forms of it, joined by commas, or all")
        ->capture_default_str()
        ->type_name("FORM,…");
    app.add_option("--cases", o.cases,
                   "Sizes of operators, joined by commas, or all: configured, or the names below")
        ->capture_default_str()
        ->type_name("CASE,…");
    app.add_option("--keep", o.keep,
                   "Also write what a form is given and what comes of it, so that other programs "
                   "can be held against it: DIR/NAME.FORM.safetensors, of operators with a "
                   "gradient and of step")
        ->type_name("DIR");
    app.add_option("--config", o.config, "Configuration whose sizes are taken; default: defaults")
        ->type_name("FILE");
    add_set_option(app, o.overrides);
    add_number(app, "--repeats", o.repeats, {1, 100'000},
               "Timed rounds; in each, all forms have their turn");
    app.add_flag("--turns", call.turns,
                 "In place of rounds: one form prints its row as a line of JSON, then answers each "
                 "line N on standard input by N times in ms, and prints the document at the end; "
                 "for something that is timed in turns with it");
    add_optional_kind(app, "--device", o.device, "Where to measure; default: as configured");
    add_output_options(app, call.output);
    add_definitions(app, core::lab::bench_definitions());
}

std::string printed(const char* format, const nlohmann::json& x, double factor = 1) {
    if (!x.is_number()) return "-";
    char text[48];
    std::snprintf(text, sizeof text, format, factor * x.get<double>());
    return text;
}

/// The sizes of a row, for the line above those that share them.
std::string sizes(const nlohmann::ordered_json& shape) {
    std::string out;
    for (const auto& [key, value] : shape.items())
        out += (out.empty() ? "" : ", ") + key + " " +
               (value.is_string() ? value.get<std::string>() : shown(value));
    return out;
}

std::string describe_limit(const nlohmann::ordered_json& limit) {
    const auto& interval = limit.at("ci95");
    return limit.at("name").get<std::string>() + " (" + limit.at("form").get<std::string>() +
           "): " + limit.at("what").get<std::string>() + " " + printed("%.3g", limit.at("found")) +
           " [" + printed("%.3g", interval.at(0)) + ", " + printed("%.3g", interval.at(1)) +
           "], allowed " + printed("%.3g", limit.at("limit")) + ": " +
           (limit.at("holds").get<bool>() ? "holds" : "fails") + "\n";
}

std::string describe_bench(const std::string& json) {
    constexpr double kMebi = 1.0 / (1 << 20);
    const auto j = nlohmann::ordered_json::parse(json);
    std::string out = j.at("device").get<std::string>() + " (" +
                      j.at("processor").get<std::string>() + "), " +
                      j.at("precision").get<std::string>() + ", " + shown(j.at("repeats")) +
                      " rounds, load before " + shown(j.at("load_average")) + "\n\n";
    TextTable table({"", "form", "direction", "median ms", "p10", "p90", "tokens/s", "peak MiB",
                     "ratio", "to"});
    std::string shapes, last;
    for (const auto& row : j.at("rows")) {
        const auto name = row.at("name").get<std::string>();
        table.add({name, row.at("form").get<std::string>(), row.at("direction").get<std::string>(),
                   printed("%.3f", row.at("median_ms")), printed("%.3f", row.at("p10_ms")),
                   printed("%.3f", row.at("p90_ms")), printed("%.0f", row.at("tokens_per_s")),
                   printed("%.1f", row.at("peak_bytes"), kMebi), printed("%.3f", row.at("ratio")),
                   row.at("reference").is_null() ? "-" : row.at("reference").get<std::string>()});
        if (name == last) continue;
        shapes +=
            name + ": " + sizes(row.at("shape")) + "; " + row.at("data").get<std::string>() + "\n";
        last = name;
    }
    out += table.text() + "\n" + shapes;
    if (!j.at("limits").empty()) out += "\n";
    for (const auto& limit : j.at("limits")) out += describe_limit(limit);
    for (const auto& one : j.at("skipped"))
        out += one.at("name").get<std::string>() +
               " skipped: " + one.at("reason").get<std::string>() + "\n";
    return out;
}

/// The calls that the next line of standard input asks for; 0 where it ends, or is no number.
int64_t next_turn(const Environment& environment, bool& slip) {
    constexpr int64_t kMostCalls = 100'000;
    std::string line;
    if (!std::getline(environment.in, line)) return 0;
    const auto calls = core::read_integer(line);
    if (calls && *calls >= 1 && *calls <= kMostCalls) return *calls;
    slip = true;
    environment.err << "error: --turns: found \"" << core::printable(line)
                    << "\" on standard input, allowed a number of calls, 1 … 100000" << std::endl;
    return 0;
}

int bench(const BenchCall& call, const Environment& environment) {
    environment.before_computing();  // it times updates
    BenchCall asked = call;
    bool slip = false;
    if (call.turns) {
        asked.options.next_turn = [&] { return next_turn(environment, slip); };
        asked.options.answer = [&](const std::string& json) {
            environment.out << json << std::endl;  // someone waits for it
        };
    }
    const int code = deliver(with_progress(core::lab::bench, asked.options, environment),
                             asked.output, environment, describe_bench);
    return slip ? kUsage : code;
}

}  // namespace

void add_bench(CLI::App& root, Work& work) {
    declare<BenchCall>(root, "bench",
                       "What operators, a step, a trace and live statistics take, against the "
                       "reference forms",
                       "hopscope bench --what route,experts --repeats 50 --json", work, describe,
                       bench);
}

}  // namespace hopscope::app
