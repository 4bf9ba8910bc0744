// Analyses of saved curves on runs whose truth is known, and how analyses are chosen and written.
#include "core/analyses/analysis.h"

#include "core/analyses/table.h"
#include "core/run/metrics_csv.h"
#include "tests/analyses/run_named.h"
#include "tests/compare/eval_files.h"

namespace hopscope::core::analysis {
namespace {

using test::empty_run;
using test::run_named;
using test::TempFolder;
using testing::evaluation;

/// Loss falls fast to step 200, then slowly; layer 0 routes alike until step 500, then differently.
std::vector<ScalarRecord> known_curves(int64_t steps, bool noise_only) {
    std::mt19937_64 random(3);
    std::normal_distribution<double> normal;
    std::vector<ScalarRecord> out;
    for (int64_t step = 1; step <= steps; ++step) {
        const double x = std::log(static_cast<double>(step));
        ScalarRecord record;
        record.step = step;
        const double truth = 8 - 0.8 * x + 0.6 * std::max(0.0, x - std::log(200));
        record.loss = static_cast<float>((noise_only ? 3 : truth) + 0.05 * normal(random));
        record.layers.resize(1);
        record.layers[0].jaccard =
            static_cast<float>((step < 500 || noise_only ? 0.2 : 0.4) + 0.02 * normal(random));
        out.push_back(record);
    }
    return out;
}

TEST(Phases, KnownChangesAreFoundAndNamed) {
    const TempFolder dir;
    const auto folder = empty_run(dir);
    AnalysisContext context{folder, Config()};
    context.metrics = known_curves(4000, false);
    const auto found = run_named("phases", context);
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(found->n, 4000);
    const auto& curves = found->result.json()["curves"];
    ASSERT_EQ(curves.size(), 2u) << "columns without numbers are left out";
    EXPECT_EQ(curves[0]["name"], "loss");
    ASSERT_EQ(curves[0]["changes"].size(), 1u);
    EXPECT_NEAR(curves[0]["changes"][0]["step"]["value"].get<double>(), 200, 30);
    EXPECT_LE(curves[0]["changes"][0]["step"]["ci95"][0], curves[0]["changes"][0]["step"]["value"]);
    EXPECT_EQ(curves[0]["pieces"][0]["course"], "falling");
    EXPECT_EQ(curves[1]["name"], "jaccard/layer0");
    ASSERT_EQ(curves[1]["changes"].size(), 1u);
    EXPECT_EQ(curves[1]["changes"][0]["kind"], "jump");
    EXPECT_NEAR(curves[1]["changes"][0]["step"]["value"].get<double>(), 500, 15);
    EXPECT_EQ(curves[1]["pieces"][0]["course"], "level");
    ASSERT_EQ(found->tables.size(), 1u);
    EXPECT_EQ(found->tables[0].rows.size(), 2u);
}

TEST(GradNorms, EachUpdateBelongsToOnePhaseOfTheLoss) {
    // Wrong if the norms of one phase are told of another, or an update counts twice.
    const TempFolder dir;
    const auto folder = empty_run(dir);
    AnalysisContext context{folder, Config()};
    context.metrics = known_curves(4000, false);
    for (ScalarRecord& record : context.metrics) {
        record.grad_norm = static_cast<float>(record.step);
        record.clipped = record.step % 4 == 0 ? 1 : 0;
    }
    const auto found = run_named("grad_norms", context);
    ASSERT_TRUE(found) << found.error().message;
    const auto& result = found->result.json();
    EXPECT_EQ(result["groups"]["total"]["n"], 4000);
    EXPECT_EQ(result["groups"]["total"]["last"], 4000);
    EXPECT_EQ(result["groups"]["total"]["median"], 2000.5);
    EXPECT_EQ(result["clipped_share"]["value"], 0.25);
    const auto& phases = result["loss_phases"];
    ASSERT_EQ(phases.size(), 2u);
    double from = 1;
    for (const auto& phase : phases) {
        EXPECT_EQ(phase["from"], from);
        const double to = phase["to"];
        const auto& total = phase["groups"]["total"];
        EXPECT_EQ(total["n"].get<double>(), to - from + 1);
        EXPECT_EQ(total["median"].get<double>(), (from + to) / 2);
        EXPECT_FALSE(total.contains("last"));
        from = to + 1;
    }
    EXPECT_EQ(from, 4001);
    EXPECT_NEAR(phases[0]["to"].get<double>(), 200, 30);
}

TEST(Phases, NoiseHasOnePhase) {
    const TempFolder dir;
    const auto folder = empty_run(dir);
    AnalysisContext context{folder, Config()};
    context.metrics = known_curves(3000, true);
    const auto found = run_named("phases", context);
    ASSERT_TRUE(found);
    for (const auto& curve : found->result.json()["curves"]) {
        EXPECT_EQ(curve["changes"].size(), 0u);
        ASSERT_EQ(curve["pieces"].size(), 1u);
    }
    context.metrics.clear();
    EXPECT_FALSE(run_named("phases", context));
    context.metrics = known_curves(5, true);
    EXPECT_TRUE(run_named("phases", context)) << "too few updates say nothing, and break nothing";
    context.metrics = known_curves(3000, true);
    context.progress.cancelled = [] { return true; };
    const auto stopped = run_named("phases", context);
    ASSERT_FALSE(stopped);
    EXPECT_EQ(stopped.error().kind, ErrorKind::interrupted);
}

std::vector<EvalRecord> evaluations(double slope, double scatter) {
    std::mt19937_64 random(4);
    std::normal_distribution<double> normal;
    std::vector<EvalRecord> out;
    for (int i = 0; i < 8; ++i) {
        const double noise = scatter * normal(random);
        out.push_back(evaluation("a", 1, 4 + slope * 0.2 * i + noise));
        out.back().step = 200 * (i + 1);
    }
    return out;
}

TEST(Crossings, NameTheStepAndWhoIsAheadAfterIt) {
    const TempFolder dir;
    const auto folder = empty_run(dir);
    AnalysisContext mine{folder, Config()}, other{folder, Config()};
    EXPECT_FALSE(run_named("crossings", mine)) << "one run alone crosses nothing";
    mine.against = &other;
    mine.evals = evaluations(-1.0, 0);  // 4 at step 200, falling by 1 a thousand updates
    other.evals = evaluations(0, 0);
    for (auto& e : other.evals) e.loss = 3.5;
    const auto found = run_named("crossings", mine);
    ASSERT_TRUE(found) << found.error().message;
    ASSERT_EQ(found->result.json()["valid_loss"].size(), 1u);
    EXPECT_NEAR(found->result.json()["valid_loss"][0]["step"]["value"].get<double>(),
                std::sqrt(600.0 * 800), 0.1);
    EXPECT_EQ(found->result.json()["valid_loss"][0]["ahead_after"], "this");
    EXPECT_TRUE(found->result.json()["loss"].empty());
}

TEST(Convergence, AFallingLossIsFallingAndAFlatOneIsNot) {
    // "Trained to convergence" while the loss still falls is what this must catch.
    const TempFolder dir;
    const auto folder = empty_run(dir);
    AnalysisContext context{folder, Config()};
    context.evals = evaluations(-0.3, 0.002);
    context.metrics = known_curves(1600, true);
    auto found = run_named("convergence", context);
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(found->n, 5);
    EXPECT_NEAR(found->result.json()["slope"]["value"].get<double>(), -0.3, 0.05);
    EXPECT_EQ(found->result.json()["verdict"], "falling");
    EXPECT_EQ(found->result.json()["first_step"], 800);
    EXPECT_EQ(found->result.json()["best_step"], 1600);
    const auto& gap = found->result.json()["train_valid"];
    EXPECT_EQ(gap["updates"], 200);
    EXPECT_NEAR(gap["train_loss"].get<double>(), 3, 0.02);
    EXPECT_NEAR(gap["gap"]["value"].get<double>(), context.evals.back().loss - 3, 0.02);
    EXPECT_LT(gap["gap"]["ci95"][0], gap["gap"]["value"]);
    context.evals = evaluations(0, 0.01);
    found = run_named("convergence", context);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->result.json()["verdict"], "not shown to change");
    EXPECT_LT(found->result.json()["slope"]["ci95"][0], 0);
    EXPECT_GT(found->result.json()["slope"]["ci95"][1], 0);
    context.evals.resize(2);
    found = run_named("convergence", context);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->result.json()["verdict"], "undecided") << "two points always lie on a line";
    EXPECT_TRUE(found->result.json()["slope"]["ci95"][0].is_null());
    context.evals.resize(1);
    EXPECT_FALSE(run_named("convergence", context));
}

Result<AnalysisOutput> nothing(const AnalysisContext&) {
    return AnalysisOutput{};
}

TEST(AnalysisTable, NamesAreChosenInTheOrderOfTheTable) {
    const Analysis phases{"phases", {}, "a", nothing}, load{"load", {Need::model}, "b", nothing};
    const Analysis* const table[] = {&phases, &load};
    const auto names = [&](const std::string& what) {
        std::string out;
        const auto found = select_analyses(table, what);
        if (!found) return found.error().message;
        for (const Analysis* one : found->list) out += std::string(one->name) + " ";
        return out;
    };
    EXPECT_EQ(names("all"), "phases load ");
    EXPECT_EQ(names("load,phases"), "phases load ");
    EXPECT_EQ(names("load"), "load ");
    EXPECT_NE(names("phase").find("did you mean \"phases\"?"), std::string::npos) << names("phase");
    for (const char* wrong : {"", "load,", ",", "ALL"})
        EXPECT_NE(names(wrong).find("allowed all, phases, load"), std::string::npos) << wrong;
}

TEST(AnalysisTable, DocumentsAndTables) {
    const TempFolder dir;
    const auto folder = empty_run(dir);
    const Analysis one{"load", {}, "counts", nothing};
    AnalysisContext context{folder, Config()};
    context.curve_step = 9;
    context.model_step = 7;
    AnalysisOutput output;
    output.n = 3;
    output.result.number("x", NAN);
    auto json = analysis_json(one, output, context);
    EXPECT_EQ(json["step"], 9) << "of the curves";
    EXPECT_FALSE(json.contains("corpus"));
    for (const char* key :
         {"format", "name", "definition", "run", "step", "config_hash", "n", "seed", "result"})
        EXPECT_TRUE(json.contains(key)) << key;
    EXPECT_EQ(json["format"], "hopscope.analysis/2");
    EXPECT_EQ(json["config_hash"], "cafe");
    const Analysis modelled{"load", {Need::model}, "two\nlines", nothing};
    output.text = TextRead{"a.txt", "beef", 5};
    output.used_against = output.used_prompts = true;
    context.prompts = "p.jsonl";
    context.against = &context;
    json = analysis_json(modelled, output, context);
    EXPECT_EQ(json["step"], 7) << "of the checkpoint";
    EXPECT_EQ(json["corpus"], "a.txt");
    EXPECT_EQ(json["data_hash"], "beef");
    EXPECT_EQ(json["batches"], 5);
    EXPECT_EQ(json["prompts"], "p.jsonl");
    EXPECT_EQ(json["against"]["run"], "run");
    EXPECT_EQ(json["against"]["step"], 7);
    EXPECT_EQ(csv_head(json),
              "# format: hopscope.analysis/2\n# name: load\n# run: run\n# step: 7\n# config_hash: "
              "cafe\n# definition: two lines [def:load]\n"
              "# live: {}\n# n: 3\n# seed: 42\n# corpus: a.txt\n# data_hash: beef\n# batches: 5\n"
              "# prompts: p.jsonl\n# against: {\"run\":\"run\",\"step\":7,\"config_hash\":\"cafe\","
              "\"live\":{}}\n");
}

}  // namespace
}  // namespace hopscope::core::analysis
