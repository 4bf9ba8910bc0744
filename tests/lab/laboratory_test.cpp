// intervene and analyze on a trained run: if these fail, a document lacks what docs/formats.md
// promises or its numbers do not repeat.
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <thread>

#include "core/analyses/measured.h"
#include "core/analyses/table.h"
#include "core/api/arguments.h"
#include "core/api/command_registry.h"
#include "core/api/session.h"
#include "core/base/utf8.h"
#include "core/trainer/open_run.h"
#include "tests/trainer/trained_run.h"

namespace hopscope::core {
namespace {

using namespace hopscope::test;
using nlohmann::json;

class Laboratory : public SharedRuns {
  protected:
    static void SetUpTestSuite() {
        SharedRuns::SetUpTestSuite();
        train_run("run", {"train.threads=1", "train.steps=20", "train.eval_every=20",
                          "train.checkpoint_every=20", "train.snapshot_every=10"});
    }
    lab::InterveneOptions steer() const {
        lab::InterveneOptions o;
        o.run = *runs_ / "run";
        o.script = {
            *parse_command(R"({"command": "steer", "layer": 0, "expert": 3, "lambda": 2})")};
        o.controls = 3;
        return o;
    }
    std::string prompts(const std::string& text) const {
        const auto path = *runs_ / "prompts.jsonl";
        std::ofstream(path) << text;
        return path;
    }
};

TEST_F(Laboratory, InterveneReportsEffectAndControlAndRepeatsExactly) {
    auto o = steer();
    o.prompts = prompts(R"({"text": "the baker walks to", "target": " the"})"
                        "\n"
                        R"({"text": "my sister looks at"})"
                        "\n");
    const auto first = lab::intervene(o), again = lab::intervene(o);
    ASSERT_TRUE(first.ok()) << first.error().message;
    EXPECT_EQ(*first, *again);
    const auto j = json::parse(*first);
    EXPECT_EQ(j["format"], "hopscope.intervene/1");
    EXPECT_EQ(j["step"], 20);
    ASSERT_EQ(j["prompts"].size(), 2u);
    for (const auto& p : j["prompts"]) {
        EXPECT_GT(p["kl"].get<double>(), 0.0);
        EXPECT_EQ(p["jaccard"].size(), 2u);
        EXPECT_EQ(p["control"]["draws"], 3);
        EXPECT_TRUE(p["control"]["delta_p_mean"].contains("target"));
        EXPECT_NEAR(p["base"]["nll"].get<double>(), -std::log(p["base"]["p_target"].get<double>()),
                    1e-9);
    }
    EXPECT_EQ(j["summary"]["kl"]["n"], 2);
    o.seed = 43;
    EXPECT_NE(*lab::intervene(o), *first) << "the control must depend on the seed";
}

/// The answer of the window's inspector, once it is whole.
std::shared_ptr<const InterventionEffect> ask(Session& session, const InterventionRequest& asked) {
    session.request_intervention(asked);
    for (int i = 0; i < 3000; ++i) {
        const auto effect = session.intervention();
        if (effect && effect->request == asked && (effect->whole || !effect->error.empty()))
            return effect;
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    ADD_FAILURE() << "no answer within 30 s";
    return std::make_shared<const InterventionEffect>();
}

TEST_F(Laboratory, TheWindowsInspectorGivesTheNumbersOfIntervene) {
    // Wrong if the same script, prompt and seed gave other numbers in the window than on the
    // command line, for any command of the registry that acts on prompts.
    SessionOptions options;
    options.run_dir = *runs_ / "run";
    options.open_only = true;
    options.start = false;
    auto opened = Session::open(options);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    // Where the first values of a form would say too little.
    std::map<std::string, std::vector<std::string>> lines = {
        {"steer", {R"({"command": "steer", "layer": 0, "expert": [3, 5], "lambda": 2})"}},
        {"suppress", {R"({"command": "suppress", "layer": 1, "expert": 3, "neighbours": 4})"}},
        {"force", {R"({"command": "force", "layer": 0, "expert": 3})"}},
        {"boost", {R"({"command": "boost", "layer": 0, "expert": 3, "strength": 30})"}},
        {"knock_out", {R"({"command": "knock_out", "layer": 0, "expert": "top"})"}},
        {"surgery",
         {R"({"command": "surgery", "layer": 0, "expert": [0, 1, 2, 3], "with": "random"})"}},
        {"move_centroid",
         {R"({"command": "move_centroid", "layer": 0, "expert": 3, "to": [1,2,3,4,5,6,7,8]})"}},
        {"freeze", {R"({"command": "freeze", "what": "routing"})"}},
        {"unfreeze",
         {R"({"command": "freeze", "what": "routing"})",
          R"({"command": "unfreeze", "what": "routing"})",
          R"({"command": "knock_out", "layer": 0, "expert": "top"})"}},
        {"halt", {R"({"command": "halt", "max_hops": 1})"}},
        {"zero_experts", {R"({"command": "zero_experts", "layers": 0, "hops": 1})"}}};
    for (const auto& spec : command_registry()) {
        if (!spec.inference) continue;
        auto o = steer();
        o.script.clear();
        if (!lines.count(spec.name)) o.script = {first_command(spec.kind, {0, {3}, 8})};
        for (const auto& line : lines[spec.name]) o.script.push_back(*parse_command(line));
        o.prompts = prompts(R"({"text": "the baker walks to", "target": "the"})");
        const auto document = lab::intervene(o);
        ASSERT_TRUE(document.ok()) << spec.name << ": " << document.error().message;
        const auto expected = json::parse(*document)["prompts"][0];

        InterventionRequest asked;
        asked.prompt = "the baker walks to";
        asked.target = "the";
        asked.script = o.script;
        asked.controls = o.controls;
        asked.seed = o.seed;
        const auto effect = ask(**opened, asked);
        ASSERT_EQ(effect->error, "") << spec.name;
        SCOPED_TRACE(spec.name);
        EXPECT_EQ(effect->step, 20);
        EXPECT_NEAR(effect->kl, expected["kl"].get<double>(), 1e-9);
        EXPECT_NEAR(effect->target.base, expected["base"]["p_target"].get<double>(), 1e-9);
        EXPECT_NEAR(effect->nll_changed, expected["changed"]["nll"].get<double>(), 1e-9);
        EXPECT_EQ(effect->token_changed, expected["changed"]["token_changed"].get<bool>());
        ASSERT_EQ(effect->jaccard.size(), expected["jaccard"].size());
        for (size_t l = 0; l < effect->jaccard.size(); ++l)
            EXPECT_NEAR(effect->jaccard[l], expected["jaccard"][l].get<double>(), 1e-12);
        EXPECT_EQ(effect->control_draws, expected["control"]["draws"].get<int64_t>());
        if (effect->control_draws > 0) {
            EXPECT_NEAR(effect->control_kl.mean, expected["control"]["kl_mean"].get<double>(),
                        1e-9);
            EXPECT_NEAR(effect->control_kl.std, expected["control"]["kl_std"].get<double>(), 1e-9);
        }
        ASSERT_GE(effect->next.size(), 10u);
        for (size_t i = 1; i < effect->next.size(); ++i)
            EXPECT_GE(effect->next[i - 1].base, effect->next[i].base);
    }

    // Dose curve: factor 1 is the effect itself, factor 0 none; words are summed.
    InterventionRequest asked;
    asked.prompt = "the baker walks to";
    asked.script = steer().script;
    asked.doses = {0, 1};
    asked.categories = {{"places", {"the", "a", "her"}}, {"none", {"qqqqqq"}}};
    const auto effect = ask(**opened, asked);
    ASSERT_EQ(effect->error, "");
    ASSERT_EQ(effect->doses.size(), 2u);
    EXPECT_NEAR(effect->doses[0].kl, 0, 1e-9);
    EXPECT_EQ(effect->doses[1].kl, effect->kl);
    ASSERT_EQ(effect->groups.size(), 2u);
    EXPECT_GT(effect->groups[0].words, 0);
    EXPECT_GT(effect->groups[0].base, 0);
    EXPECT_EQ(effect->groups[1].words, 0);
    EXPECT_EQ(effect->groups[1].base, 0);

    asked.prompt = "";
    EXPECT_NE(ask(**opened, asked)->error.find("empty"), std::string::npos);
    asked.prompt = "the baker";
    asked.script = {
        *parse_command(R"({"command": "steer", "layer": 0, "expert": 16, "lambda": 1})")};
    EXPECT_NE(ask(**opened, asked)->error.find("15"), std::string::npos);
}

TEST_F(Laboratory, NothingChangedMeansNoEffect) {
    auto o = steer();
    o.script = {*parse_command(R"({"command": "steer", "layer": 0, "expert": 3, "lambda": 0})")};
    const auto got = lab::intervene(o);
    ASSERT_TRUE(got.ok()) << got.error().message;
    const auto document = json::parse(*got);
    for (const auto& p : document["prompts"]) {
        EXPECT_NEAR(p["kl"].get<double>(), 0.0, 1e-9);
        for (const auto& x : p["jaccard"]) EXPECT_EQ(x, 1.0);
        EXPECT_FALSE(p["changed"]["token_changed"].get<bool>());
    }
}

TEST_F(Laboratory, WhereTheControlWouldBeTheSameThereIsNone) {
    auto o = steer();
    o.script = {*parse_command(R"({"command": "halt", "max_hops": 1})")};
    const auto got = lab::intervene(o);
    ASSERT_TRUE(got.ok()) << got.error().message;
    const auto control = json::parse(*got)["prompts"][0]["control"];
    EXPECT_EQ(control["draws"], 0);
    EXPECT_NE(control["reason"].get<std::string>().find("same depth"), std::string::npos);
}

TEST_F(Laboratory, SharesCountThePromptsWithoutAChange) {
    // Wrong if a share were taken of the prompts that changed, and stood beside the n of all.
    auto o = steer();
    o.script = {*parse_command(R"({"command": "suppress", "layer": 0, "expert": 3})"),
                *parse_command(R"({"command": "boost", "layer": 0, "expert": 3, "strength": 0})")};
    o.doses = {0.5};
    const auto got = lab::intervene(o);
    ASSERT_TRUE(got.ok()) << got.error().message;
    const auto document = json::parse(*got);
    const auto rise = document["summary"]["delta_p_target"];
    int64_t positive = 0, nonzero = 0;
    for (const auto& p : document["prompts"]) {
        const double delta =
            p["changed"]["p_target"].get<double>() - p["base"]["p_target"].get<double>();
        positive += delta > 0;
        nonzero += delta != 0;
        EXPECT_GE(p["kl"].get<double>(), 0.0);
        EXPECT_EQ(p["control"]["jaccard_mean"].size(), p["jaccard"].size());
        EXPECT_GT(p["control"]["nll_mean"].get<double>(), 0.0);
    }
    const auto n = static_cast<double>(document["prompts"].size());
    EXPECT_EQ(rise["share_positive"].get<double>(), static_cast<double>(positive) / n);
    EXPECT_EQ(rise["sign_test_n"], nonzero);
    EXPECT_FALSE(document["summary"]["kl"].contains("share_positive")) << "a KL is never negative";
    EXPECT_TRUE(document["doses"][0]["summary"].contains("control_kl"));
    o.doses = {std::nan("")};
    EXPECT_NE(lab::intervene(o).error().message.find("--doses"), std::string::npos);
}

TEST_F(Laboratory, PromptFilesAreRefusedWithTheirLine) {
    for (const auto& [text, word] : std::vector<std::pair<std::string, std::string>>{
             {"{\"text\": \"a\"}\nnothing\n", ":2:"},
             {"{\"text\": \"a\", \"topic\": \"b\"}\n", "topic"},
             {"{\"text\": \"\"}\n", "empty"},
             {"\n\n", "no prompt"},
             {"{\"text\": \"a\", \"categories\": [\"moon\"]}\n", "moon"},
             {"{\"text\": \"a\", \"categories\": " + std::string(1'000'000, '['), "deep"}}) {
        auto o = steer();
        o.prompts = prompts(text);
        const auto got = lab::intervene(o);
        ASSERT_FALSE(got.ok()) << text;
        EXPECT_EQ(got.error().kind, ErrorKind::usage);
        EXPECT_NE(got.error().message.find(word), std::string::npos) << got.error().message;
    }
}

TEST_F(Laboratory, HopsThatWriteNextToNothingAreNotProposed) {
    auto run = open_run(*runs_ / "run", Precision::fp32);
    ASSERT_TRUE(run.ok()) << run.error().message;
    run->model.weights.layers[1].up.zero_();
    analysis::Measured measured(*run, "");
    analysis::AnalysisContext context{run->folder, run->model.config};
    context.model = &*run;
    context.measured = &measured;
    const auto& table = analysis::analysis_table();
    const auto one = std::find_if(table.begin(), table.end(), [](const analysis::Analysis* a) {
        return a->name == std::string("hop_knockout");
    });
    ASSERT_NE(one, table.end());
    const auto found = analysis::run_analysis(**one, context);
    ASSERT_TRUE(found.ok()) << found.error().message;
    const auto result = json::parse(found->result.json().dump());
    const double first = result["per_layer"][0][0]["value"],
                 last = result["per_layer"][0][1]["value"];
    EXPECT_GT(first, 0);
    // Up to the last hop above a tenth of the dearest of all; one hop is the least.
    EXPECT_EQ(result["proposed_hops"],
              json::array({last >= 0.1 * std::max(first, last) ? 2 : 1, 1}));
}

TEST_F(Laboratory, EveryAnalysisRunsAndHoldsItsFields) {
    lab::AnalyzeOptions o;
    o.run = *runs_ / "run";
    const auto got = lab::analyze(o);
    ASSERT_TRUE(got.ok()) << got.error().message;
    std::map<std::string, json> by_name;
    const auto all = json::parse(*got);
    for (const auto& a : all["analyses"]) by_name[a["name"]] = a;
    for (const auto& [name, field] :
         std::vector<std::pair<std::string, std::string>>{{"jaccard", "per_layer"},
                                                          {"echo", "per_layer"},
                                                          {"identity", "share_abs_under_0_2"},
                                                          {"load", "layers"},
                                                          {"confidence", "layers"},
                                                          {"norms", "mean"},
                                                          {"collinearity", "layers"},
                                                          {"zeroing", "perplexity_zeroed"},
                                                          {"frozen_routing", "jaccard_frozen"},
                                                          {"coupling", "alignment"},
                                                          {"amplification", "first_hop_alone"},
                                                          {"drift", "intervals"},
                                                          {"grad_norms", "loss_phases"},
                                                          {"density", "layers"},
                                                          {"hop_knockout", "proposed_hops"}}) {
        ASSERT_TRUE(by_name.count(name)) << name;
        ASSERT_FALSE(by_name[name].contains("skipped")) << by_name[name].dump();
        EXPECT_TRUE(by_name[name]["result"].contains(field)) << name;
        EXPECT_GT(by_name[name]["n"].get<int64_t>(), 0) << name;
        EXPECT_FALSE(by_name[name]["definition"].get<std::string>().empty());
    }
    EXPECT_EQ(by_name["frozen_routing"]["result"]["jaccard_frozen"], 1.0);
    EXPECT_EQ(by_name["load"]["result"]["layers"][0]["counts"].size(), 16u);

    const auto& jaccard = by_name["jaccard"]["result"];
    ASSERT_EQ(jaccard["between_steps"].size(), 1u);
    EXPECT_EQ(jaccard["between_steps"][0]["from"], 10);
    EXPECT_EQ(jaccard["between_layers"][0]["layers"], json::array({0, 1}));
    // Two pairs of 16, drawn evenly: Σ P(i) i / (4 − i) = (28 / 120) / 3 + (1 / 120).
    EXPECT_NEAR(jaccard["between_layers"][0]["random"].get<double>(), 28.0 / 360 + 1.0 / 120, 1e-9);

    const auto& knocked = by_name["hop_knockout"]["result"]["experts"];
    ASSERT_EQ(knocked["per_layer"].size(), 2u);
    for (size_t l = 0; l < 2; ++l) {
        const auto& first = knocked["per_layer"][l];
        const double kl = first["value"], second = knocked["control"]["per_layer"][l]["value"];
        EXPECT_GT(kl, 0);
        EXPECT_GT(second, 0);
        EXPECT_EQ(first["n"], by_name["hop_knockout"]["n"]);
        EXPECT_NEAR(knocked["control"]["difference"][l]["value"].get<double>(), kl - second, 1e-12);
        EXPECT_LE(first["ci95"][0].get<double>(), kl);
        EXPECT_GE(knocked["largest"][l].get<double>(), kl);
        EXPECT_EQ(knocked["per_hop"][l].size(),
                  by_name["hop_knockout"]["result"]["per_layer"][l].size());
    }

    const auto& drift = by_name["drift"]["result"];
    EXPECT_GT(drift["intervals"][0]["angle_degrees"][0]["value"].get<double>(), 0);
    // Jaccard and the share of changed choices tell of the same pairs of sets.
    const double changed = drift["intervals"][0]["choices_changed"][0]["value"];
    const double kept = jaccard["between_steps"][0]["per_layer"][0]["value"];
    EXPECT_LE(kept, 1 - changed);
    EXPECT_GE(kept, (1 - changed) / 2);

    const auto& coupling = by_name["coupling"]["result"];
    ASSERT_EQ(coupling["alignment"].size(), 2u);
    EXPECT_EQ(coupling["alignment"][0]["matrix"], "down");
    EXPECT_EQ(coupling["alignment"][0]["n"], 32);
    EXPECT_NEAR(coupling["alignment"][0]["random_baseline"].get<double>(), 1.0 / 32, 1e-12);
    EXPECT_GT(coupling["spearman"]["groups"].get<int>(), 0);
    EXPECT_EQ(coupling["deciles"].size(), 10u);
    EXPECT_EQ(coupling["ranks"].size(), 2u);
    EXPECT_GT(coupling["ranks"][0]["score_per_layer"][0],
              coupling["ranks"][1]["score_per_layer"][0]);
    // The number of the run is that of its layers' experts together.
    double gradient = 0, experts = 0;
    for (const auto& layer : coupling["layers"]) {
        const auto& match = layer["gradient"]["match"];
        gradient += match["n"].get<double>() * match["cosine"]["value"].get<double>();
        experts += match["n"].get<double>();
    }
    ASSERT_GT(experts, 0);
    EXPECT_EQ(coupling["gradient"]["n"], experts);
    const auto& cosine = coupling["gradient"]["cosine"];
    EXPECT_EQ(cosine["n"], experts);
    EXPECT_NEAR(cosine["value"].get<double>(), gradient / experts, 1e-9);
    EXPECT_NE(cosine["value"], coupling["gradient"]["cosine_mismatched"]);

    const auto& amplified = by_name["amplification"]["result"];
    for (const auto& layer : amplified["layers"]) {
        const double r2 = layer["r2"]["value"];
        EXPECT_GT(r2, 0.0) << "the first hop is a part of the sum";
        EXPECT_LT(r2, 1.0) << "and not all of it";
        for (const char* name : {"a", "r2"}) {
            EXPECT_LE(layer[name]["ci95"][0], layer[name]["value"]) << name;
            EXPECT_GE(layer[name]["ci95"][1], layer[name]["value"]) << name;
        }
    }
    lab::EvalOptions one_hop;
    one_hop.run = o.run;
    one_hop.hops = 1;
    const auto evaluated = lab::eval(one_hop);
    ASSERT_TRUE(evaluated.ok()) << evaluated.error().message;
    EXPECT_NEAR(amplified["first_hop_alone"]["perplexity_first_hop"].get<double>(),
                json::parse(*evaluated)["perplexity"].get<double>(), 1e-3)
        << "a = 1 is the model with one hop";
    EXPECT_NE(amplified["perplexity_amplified"],
              amplified["first_hop_alone"]["perplexity_first_hop"]);
    EXPECT_EQ(amplified["perplexity_base"], by_name["zeroing"]["result"]["perplexity_base"]);
    const auto& norms = by_name["grad_norms"]["result"]["groups"];
    EXPECT_GT(norms["total"]["median"].get<double>(), norms["router"]["median"].get<double>());
    for (size_t l = 0; l < 2; ++l) {
        const auto& crowd = by_name["density"]["result"]["layers"][l];
        const auto& rows = by_name["collinearity"]["result"]["layers"][l];
        EXPECT_EQ(crowd["effective_rank"], rows["effective_rank"]);
        EXPECT_NEAR(crowd["per_effective_dimension"].get<double>(),
                    16 / crowd["effective_rank"].get<double>(), 1e-9);
        // Of two cosines times tau = 30, over batches that differ.
        const double margin = crowd["margin"]["value"];
        EXPECT_GT(margin, 0.01);
        EXPECT_LT(margin, 60.0);
        EXPECT_LT(crowd["margin"]["ci95"][0], margin);
        EXPECT_GT(crowd["margin"]["ci95"][1], margin);
    }

    // What was recorded while it trained is what the newest checkpoint shows.
    const auto records = records_of(*runs_ / "run");
    ASSERT_EQ(records.size(), 20u);
    for (const auto& r : records)
        for (const auto& layer : r.layers)
            for (const float recorded :
                 {layer.coupling, layer.score_spearman, layer.gradient_cosine}) {
                EXPECT_EQ(std::isnan(recorded), r.step % 10 != 0) << r.step;
                EXPECT_FALSE(std::abs(recorded) > 1) << "a correlation or a cosine";
            }
    for (size_t l = 0; l < 2; ++l) {
        const auto& seen = by_name["collinearity"]["result"]["layers"][l];
        const auto& recorded = records.back().layers[l];
        EXPECT_NEAR(seen["mean_cosine"].get<double>(), recorded.collinearity, 1e-5);
        EXPECT_NEAR(seen["nearest_cosine"].get<double>(), recorded.nearest_cosine, 1e-5);
        EXPECT_NEAR(coupling["layers"][l]["alignment"][0]["cosine"]["value"].get<double>(),
                    recorded.coupling, 1e-5);
        EXPECT_EQ(seen["model_space"].size(), 1u);
    }
}

TEST_F(Laboratory, CouplingSaysWhatARunLacks) {
    const auto refusal = [&](const std::string& name, std::vector<std::string> settings) {
        lab::TrainOptions options;
        options.config_path = *runs_ / "c.toml";
        options.overrides = {"train.steps=2"};
        options.overrides.insert(options.overrides.end(), settings.begin(), settings.end());
        options.out = *runs_ / name;
        const auto done = lab::train(options);
        EXPECT_TRUE(done.ok()) << (done ? "" : done.error().message);
        lab::AnalyzeOptions o;
        o.run = options.out;
        o.what = "coupling";
        const auto got = lab::analyze(o);
        return got ? std::string("nothing") : got.error().message;
    };
    const auto of = [&](const std::string& name) {
        return shown_path(*runs_ / name) + ": coupling: ";
    };
    EXPECT_EQ(refusal("hash", {"moe.router=\"hash\""}), of("hash") + "a hash router has no rows");
    EXPECT_EQ(refusal("dense", {"model.ffn=\"dense\""}),
              of("dense") + "a dense model has no router");
    EXPECT_EQ(refusal("static", {"moe.expert=\"static\""}),
              of("static") + "static experts read nothing");
}

std::string write_function_words(const TempFolder& runs) {
    const auto dir = runs / "categories";
    std::filesystem::create_directories(dir);
    std::ofstream(dir + "/function.toml")
        << "words = [\"the\", \"a\", \"at\", \"to\", \"my\", \"from\", \"about\", \"of\", "
           "\"her\", \"before\"]\n";
    return dir;
}

TEST_F(Laboratory, AnalysesOfExpertsHoldTheirFieldsAndRepeatExactly) {
    lab::AnalyzeOptions o;
    o.run = *runs_ / "run";
    o.category_dirs = {write_function_words(*runs_)};
    o.what = "saturation,grammar,logit_lens,contexts,coactivation,specialisation";
    o.out = *runs_ / "analyses";
    const auto got = lab::analyze(o), again = lab::analyze(o);
    ASSERT_TRUE(got.ok()) << got.error().message;
    EXPECT_EQ(*got, *again);
    std::map<std::string, json> by_name;
    const auto all = json::parse(*got);  // named: a range-for would outlive it
    for (const auto& a : all["analyses"]) by_name[a["name"]] = a["result"];
    ASSERT_EQ(by_name.size(), 6u);
    const auto& grammar = by_name["grammar"];
    EXPECT_NE(grammar["classes_from"].get<std::string>().find("10 words"), std::string::npos);
    ASSERT_EQ(grammar["layers"].size(), 2u);
    EXPECT_EQ(grammar["layers"][0]["experts"], 16);
    for (const auto& layer : grammar["layers"]) {
        // The words of the text alternate in kind, and so do the experts of most of them.
        ASSERT_FALSE(layer["top"].empty());
        const auto& enriched = layer["enriched"];
        EXPECT_EQ(layer["top"].size(), std::min(10L, std::lround(enriched["value"].get<double>() *
                                                                 enriched["n"].get<double>())));
        for (const auto& expert : layer["top"]) {
            const auto& odds = expert["odds_ratio"];
            EXPECT_GT(odds["value"].get<double>(), 1.5);
            EXPECT_LT(expert["q"].get<double>(), 0.05);
            EXPECT_LE(odds["ci95"][0], odds["value"]);
            EXPECT_FALSE(expert["words"].empty());
        }
    }
    const auto& lens = by_name["logit_lens"]["layers"][1];
    ASSERT_EQ(lens["stages"].size(), 3u) << "before, and after each of two hops";
    EXPECT_GT(lens["stages"][2]["p_target"]["value"].get<double>(), 0.0);
    EXPECT_GE(lens["stages"][2]["rank"]["value"].get<double>(), 1.0);
    EXPECT_GT(by_name["contexts"]["layers"][0]["experts"].size(), 0u);
    EXPECT_GT(by_name["coactivation"]["layers"][0]["pairs"].size(), 0u);
    EXPECT_EQ(by_name["specialisation"]["even_share"], 2.0 / 16);
    EXPECT_EQ(by_name["saturation"]["snapshots"].back()["mean"]["value"], 1.0);
    for (const char* file : {"grammar.csv", "contexts.csv", "coactivation.matrix.csv",
                             "specialisation.position.csv", "saturation.csv"})
        EXPECT_TRUE(std::filesystem::exists(o.out + "/" + file)) << file;
}

TEST_F(Laboratory, AnalysesOfExpertsSayWhatTheyLack) {
    lab::AnalyzeOptions o;
    o.run = *runs_ / "run";
    const auto refused = [&](const std::string& what, const std::string& word) {
        o.what = what;
        const auto got = lab::analyze(o);
        ASSERT_FALSE(got.ok()) << what;
        EXPECT_EQ(got.error().kind, ErrorKind::usage);
        EXPECT_NE(got.error().message.find(word), std::string::npos) << got.error().message;
    };
    refused("grammar", "word lists");
    refused("grammar", shown_path(o.run) + ": grammar: ");
    refused("polysemy", "JSON lines");
    o.category_dirs = {write_function_words(*runs_)};
    refused("silhouette", "too short");  // the text has fewer than 50 content words
    o.prompts = prompts("{\"text\": \"a\"}\n");
    refused("polysemy", ":1:");
    refused("polysemy", "{\"text\", \"word\", \"meaning\"}");
    refused("polysemy", "`intervene`");
    o.prompts = prompts(std::string(100'000, '[') + "\n");
    refused("polysemy", ":1: ");
    o.prompts = prompts("\n{\"text\": \"the baker\", \"word\": \"king\", \"meaning\": \"a\"}\n");
    refused("polysemy", ":2: the word \"king\"");
    o.prompts = prompts("{\"text\": \"the king\", \"word\": \"king\", \"meaning\": \"a\"}\n");
    refused("polysemy", "two meanings");
}

TEST_F(Laboratory, PolysemyOfPromptsComparesTheirSets) {
    lab::AnalyzeOptions o;
    o.run = *runs_ / "run";
    o.what = "polysemy";
    const std::string one = R"({"text": "the old king walks", "word": "king", "meaning": "a"})",
                      other = R"({"text": "MY SISTER, THE KING", "word": "King", "meaning": "b"})";
    // In capitals the word is spelled by other tokens, so that even a hardly trained model parts
    // it.
    o.prompts = prompts(one + "\n" + one + "\n" + other + "\n");
    const auto got = lab::analyze(o);
    ASSERT_TRUE(got.ok()) << got.error().message;
    const auto result = json::parse(*got)["result"];
    const auto& word = result["words"][0];
    EXPECT_EQ(word["word"], "king");
    EXPECT_EQ(word["same"], 1.0) << "the same prompt twice";
    EXPECT_LT(word["different"].get<double>(), 1.0);
    EXPECT_EQ(result["per_layer"].size(), 2u);
    EXPECT_EQ(result["words"].back()["kind"], "control");
}

}  // namespace
}  // namespace hopscope::core
