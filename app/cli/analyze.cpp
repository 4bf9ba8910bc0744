// hopscope analyze: analyses of a run, one document each.
#include <nlohmann/json.hpp>

#include "app/cli/number_options.h"
#include "app/cli/progress.h"
#include "app/cli/subcommand.h"
#include "core/api/input.h"
#include "core/api/lab.h"

namespace hopscope::app {
namespace {

struct AnalyzeCall {
    core::lab::AnalyzeOptions options;
    std::string categories;
    bool json = false;
};

void describe(CLI::App& app, AnalyzeCall& call) {
    core::lab::AnalyzeOptions& o = call.options;
    app.add_option("RUN", o.run, "Run folder")->required();
    app.add_option("--what", o.what, "Names of analyses joined by commas, or all")
        ->capture_default_str()
        ->type_name("NAME,…");
    app.add_option("--against", o.against, "Second run, for analyses of two")->type_name("RUN");
    app.add_option("--corpus", o.corpus, "Text to analyse; default: the run's own")
        ->type_name("FILE");
    app.add_option("--prompts", o.prompts,
                   "Words of two meanings for polysemy, JSON lines {\"text\", \"word\", "
                   "\"meaning\"}; not the lines of intervene, which name no word")
        ->type_name("FILE");
    add_categories_option(app, call.categories);
    add_seed_option(app, o.seed, "Seed of whatever is drawn");
    app.add_option("--out", o.out,
                   "Folder for NAME.json and NAME.csv; default: stdout. A CSV begins with lines "
                   "\"# key: value\"")
        ->type_name("DIR");
    app.add_flag("--json", call.json, "One JSON document on stdout and nothing else");
    add_definitions(app, core::lab::analysis_definitions());
}

int analyze(const AnalyzeCall& call, const Environment& environment) {
    environment.before_computing();
    core::lab::AnalyzeOptions options = call.options;
    auto dirs = category_dirs(call.categories);
    if (!dirs) return report(dirs.error(), environment);
    options.category_dirs = std::move(*dirs);
    const auto result = with_progress(core::lab::analyze, options, environment);
    if (!result) return report(result.error(), environment);
    // The documents are what it is for; with a folder they lie there.
    if (options.out.empty() || call.json) return deliver_text(result, {}, environment);
    const auto document = nlohmann::json::parse(*result);
    const auto all =
        document.contains("analyses") ? document.at("analyses") : nlohmann::json::array({document});
    for (const auto& one : all) {
        environment.err << one.at("name").get<std::string>() << "  ";
        if (one.contains("skipped"))
            environment.err << "skipped: " << one.at("skipped").get<std::string>() << "\n";
        else
            environment.err << "n = " << one.at("n") << ", in " << core::shown_path(options.out)
                            << "/" << one.at("name").get<std::string>() << ".json\n";
    }
    return kDone;
}

}  // namespace

void add_analyze(CLI::App& root, Work& work) {
    declare<AnalyzeCall>(root, "analyze", "Analyses of a run, one JSON (and CSV) each",
                         "hopscope analyze runs/first --what phases,convergence --out analysis",
                         work, describe, analyze);
}

}  // namespace hopscope::app
