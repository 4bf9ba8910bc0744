// What documents and tables of a run say about themselves: if these fail, a number cannot be traced
// to what it was measured on, or one bad file costs a whole analysis.
#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "core/run/safetensors_file.h"
#include "core/run/step_names.h"
#include "tests/trainer/trained_run.h"

namespace hopscope::core {
namespace {

using namespace hopscope::test;
using nlohmann::json;
namespace fs = std::filesystem;

/// Layers of 3 and 2 hops with a pool each: 6, 5, 5 and 8, 8 of 16 experts.
class Documents : public SharedRuns {
  protected:
    static void SetUpTestSuite() {
        SharedRuns::SetUpTestSuite();
        train("run", {"moe.pools=unrolled", "moe.hops=[3, 2]"});
    }
    static void train(const std::string& name, const std::vector<std::string>& more) {
        train_run(name,
                  {"train.threads=1", "train.steps=30", "train.eval_every=15",
                   "train.checkpoint_every=15", "train.snapshot_every=10"},
                  more);
    }
    /// A copy of the run that a test may damage.
    static std::string copy(const std::string& name) {
        fs::copy(*runs_ / "run", *runs_ / name, fs::copy_options::recursive);
        return *runs_ / name;
    }
    /// Documents by name.
    static std::map<std::string, json> analyze(lab::AnalyzeOptions o) {
        const auto got = lab::analyze(o);
        EXPECT_TRUE(got.ok()) << got.error().message;
        std::map<std::string, json> out;
        if (!got) return out;
        const auto all = json::parse(*got);
        if (!all.contains("analyses")) out[all["name"]] = all;
        for (const auto& a : all.value("analyses", json::array())) out[a["name"]] = a;
        return out;
    }
    static std::map<std::string, json> analyze(const std::string& run, const std::string& what) {
        lab::AnalyzeOptions o;
        o.run = run;
        o.what = what;
        return analyze(o);
    }
    /// Evaluation batches, at most the 50 that are looked at.
    static size_t batches_of_text() {
        lab::EvalOptions o;
        o.run = *runs_ / "run";
        return json::parse(*lab::eval(o))["batches"].size();
    }
    static json info_of(const std::string& run) { return json::parse(bytes_of(run + "/run.json")); }
};

/// Lines of a table: those of its head, and the columns.
struct Head {
    std::map<std::string, std::string> said;
    std::string columns;
};

Head head_of(const std::string& path) {
    Head out;
    std::istringstream lines(bytes_of(path));
    while (std::getline(lines, out.columns) && out.columns.starts_with("# ")) {
        const size_t colon = out.columns.find(": ");
        out.said[out.columns.substr(2, colon - 2)] = out.columns.substr(colon + 2);
    }
    return out;
}

TEST_F(Documents, FilesOfOthersStay) {
    lab::AnalyzeOptions o;
    o.run = *runs_ / "run";
    o.what = "jaccard";
    o.out = *runs_ / "an";
    fs::create_directories(o.out);
    // A table of it: nothing says before which there will be.
    put_bytes(o.out + "/jaccard.steps.csv", "mine");
    const std::string told = "jaccard.steps.csv stands there already";
    const auto complaint_of = [](const Result<std::string>& result) {
        return result ? std::string() : result.error().message;
    };
    EXPECT_NE(complaint_of(lab::analyze(o)).find(told), std::string::npos);
    EXPECT_EQ(bytes_of(o.out + "/jaccard.steps.csv"), "mine");
    fs::remove(o.out + "/jaccard.steps.csv");
    ASSERT_TRUE(lab::analyze(o));
    ASSERT_TRUE(lab::analyze(o)) << "one of its own is replaced";
    fs::remove(o.out + "/jaccard.steps.csv");
    fs::create_directories(o.out + "/jaccard.steps.csv");
    EXPECT_NE(complaint_of(lab::analyze(o)).find("jaccard.steps.csv"), std::string::npos);

    o.what = "load";
    o.corpus = o.out = *runs_ / "texts";
    fs::create_directories(o.out);
    put_bytes(o.out + "/a.txt", "the river\n");
    EXPECT_NE(complaint_of(lab::analyze(o)).find("which is read by this call"), std::string::npos);
    EXPECT_EQ(names_in(o.out), std::vector<std::string>{"a.txt"});
}

TEST_F(Documents, EveryDocumentAndTableSaysWhatItRestsOn) {
    lab::AnalyzeOptions o;
    o.run = *runs_ / "run";
    o.out = *runs_ / "out";
    o.prompts = *runs_ / "prompts.jsonl";
    std::ofstream(o.prompts) << "{\"text\": \"the king\", \"target\": \" walks\"}\n";
    const auto documents = analyze(o);
    const auto info = info_of(o.run);
    for (const auto& [name, document] : documents) {
        SCOPED_TRACE(name);
        for (const char* key : {"run", "step", "config_hash"})
            ASSERT_TRUE(document.contains(key)) << key;
        EXPECT_EQ(document["run"], "run");
        EXPECT_EQ(document["step"], 30);
        EXPECT_EQ(document["config_hash"], info["config_hash"]);
        if (document.contains("skipped")) continue;
        bool table = false;
        for (const auto& entry : fs::directory_iterator(o.out)) {
            const auto file = entry.path().filename().string();
            if (!file.starts_with(name + ".") || !file.ends_with(".csv")) continue;
            table = true;
            const auto head = head_of(entry.path());
            for (const char* key : {"name", "run", "config_hash", "definition"})
                EXPECT_EQ(head.said.at(key), document[key].get<std::string>()) << file;
            for (const char* key : {"n", "seed", "step"})
                EXPECT_EQ(head.said.at(key), document[key].dump()) << file;
            EXPECT_FALSE(head.columns.empty());
        }
        EXPECT_TRUE(table);
    }
    for (const char* name : {"zeroing", "frozen_routing", "jaccard", "hop_divergence", "echo",
                             "norms", "displacement", "confidence", "density", "hop_knockout",
                             "amplification", "coupling", "router_gradient"}) {
        ASSERT_TRUE(fs::exists(o.out + "/" + name + ".csv")) << name;
        EXPECT_NE(head_of(o.out + "/" + name + ".csv").columns.find("ci95_low"), std::string::npos)
            << name;
    }
    EXPECT_NE(documents.at("polysemy")["skipped"].get<std::string>().find("\"meaning\""),
              std::string::npos)
        << "a prompt file of intervene is skipped with what is needed instead";
    // The text and how much of it was read, where a model was run over some.
    for (const auto& [name, batches] :
         std::map<std::string, size_t>{{"zeroing", 50}, {"logit_lens", 20}, {"hop_knockout", 5}}) {
        const auto& document = documents.at(name);
        EXPECT_EQ(document["corpus"], *runs_ / "corpus.txt") << name;
        EXPECT_EQ(document["data_hash"], info["corpus_hashes"]["valid"]) << name;
        EXPECT_EQ(document["batches"], std::min(batches, batches_of_text())) << name;
    }
    for (const char* name : {"identity", "collinearity", "phases"})
        EXPECT_FALSE(documents.at(name).contains("corpus")) << name;
    EXPECT_FALSE(documents.at("zeroing").contains("against"));
    EXPECT_EQ(documents.at("zeroing")["live"], json::object());
}

TEST_F(Documents, TheSecondRunIsNamedWhereItCounts) {
    lab::AnalyzeOptions o;
    o.run = *runs_ / "run";
    o.against = copy("other");
    o.what = "crossings,cross_seed,grad_norms,identity";
    const auto documents = analyze(o);
    for (const char* name : {"crossings", "cross_seed", "grad_norms"}) {
        const auto& against = documents.at(name).at("against");
        EXPECT_EQ(against["run"], "other") << name;
        EXPECT_EQ(against["step"], 30) << name;
        EXPECT_EQ(against["config_hash"], info_of(o.run)["config_hash"]) << name;
    }
    EXPECT_FALSE(documents.at("identity").contains("against"));
}

TEST_F(Documents, OneHashWhateverWasSetLive) {
    const auto run = copy("live");
    const auto path = run + "/checkpoints/step_00000030/state.json";
    auto state = json::parse(bytes_of(path));
    ASSERT_EQ(state["live"]["top_k"], 2);
    state["live"]["top_k"] = 3;
    std::ofstream(path) << state.dump();
    const auto hash = info_of(run)["config_hash"];
    const json live = {{"moe.top_k", 3}};
    lab::EvalOptions e;
    e.run = run;
    e.batches = 2;
    const auto evaluated = lab::eval(e);
    ASSERT_TRUE(evaluated.ok()) << evaluated.error().message;
    EXPECT_EQ(json::parse(*evaluated)["config_hash"], hash);
    EXPECT_EQ(json::parse(*evaluated)["live"], live);
    const auto documents = analyze(run, "jaccard,phases");
    EXPECT_EQ(documents.at("jaccard")["config_hash"], hash);
    EXPECT_EQ(documents.at("jaccard")["live"], live);
    EXPECT_FALSE(documents.at("phases").contains("live")) << "rests on no checkpoint";
    lab::RoutingDumpOptions t;
    t.run = run;
    t.out = run + "/routing.safetensors";
    t.batches = 1;
    ASSERT_TRUE(lab::trace_corpus(t).ok());
    const auto file = SafetensorsFile::open(t.out);
    ASSERT_TRUE(file.ok()) << file.error().message;
    EXPECT_EQ(file->metadata().at("config_hash"), hash);
    EXPECT_EQ(json::parse(file->metadata().at("live")), live);
    // Two sets of three of the larger first pool's 8, the k that the weights were used with:
    // P(i common) of 56 sets: 10, 30, 15, 1.
    EXPECT_NEAR(documents.at("jaccard")["result"]["between_layers"][0]["random"].get<double>(),
                (30 * 1.0 / 5 + 15 * 2.0 / 4 + 1) / 56, 1e-9);
}

TEST_F(Documents, TheStepIsThatOfWhatWasRead) {
    // Wrong if the step of an analysis of curves depended on what else the call makes.
    const auto run = copy("stopped_later");
    fs::remove_all(run + "/checkpoints/step_00000030");
    for (const char* what : {"convergence", "convergence,identity"})
        EXPECT_EQ(analyze(run, what).at("convergence")["step"], 30) << what;
    EXPECT_EQ(analyze(run, "convergence,identity").at("identity")["step"], 15);
    const auto info = lab::info(run, false, {});
    ASSERT_TRUE(info.ok());
    const auto j = json::parse(*info);
    EXPECT_EQ(j["run"], "stopped_later");
    EXPECT_EQ(j["step"], 15);
    EXPECT_EQ(j["config_hash"], info_of(run)["config_hash"]);
    EXPECT_EQ(j["run_info"]["state"], "done");
}

/// The one form of a number with an interval, which holds it.
void expect_estimate(const json& estimate, const std::string& what) {
    ASSERT_TRUE(estimate.is_object()) << what;
    for (const char* key : {"value", "ci95", "n", "over"})
        ASSERT_TRUE(estimate.contains(key)) << what << ": " << key;
    const double value = estimate["value"];
    const auto& interval = estimate["ci95"];
    ASSERT_EQ(interval.size(), 2u) << what;
    ASSERT_TRUE(interval[0].is_number()) << what;
    EXPECT_LE(interval[0].get<double>(), value + 1e-12) << what;
    EXPECT_GE(interval[1].get<double>(), value - 1e-12) << what;
}

TEST_F(Documents, HeadlineNumbersHaveIntervals) {
    const auto documents = analyze(
        *runs_ / "run",
        "jaccard,hop_divergence,echo,displacement,norms,identity,drift,grad_norms,confidence");
    for (const char* name : {"jaccard", "hop_divergence", "echo", "displacement", "norms"}) {
        const auto& r = documents.at(name)["result"];
        // A number where the contract has one, with its interval beside it.
        const bool plain = r["mean"].is_number();
        const auto& mean = plain ? r["mean_interval"] : r["mean"];
        expect_estimate(mean, name);
        EXPECT_LT(mean["ci95"][0], mean["ci95"][1]) << name;
        EXPECT_EQ(mean["n"], batches_of_text()) << name;
        EXPECT_EQ(mean["over"], "batches") << name;
        EXPECT_EQ(plain,
                  name != std::string("hop_divergence") && name != std::string("displacement"))
            << name;
        if (!plain) continue;
        EXPECT_EQ(mean["value"], r["mean"]) << name;
        EXPECT_EQ(r["per_layer_interval"].size(), r["per_layer"].size()) << name;
    }
    const auto& jaccard = documents.at("jaccard")["result"];
    double sum = 0, n = 0;
    for (const auto& layer : jaccard["per_layer"])
        for (const double x : layer) sum += x, ++n;
    ASSERT_EQ(n, 3) << "two pairs of hops and one";
    EXPECT_NEAR(jaccard["mean"].get<double>(), sum / n, 1e-12);
    for (const auto& step : jaccard["between_steps"]) {
        for (size_t l = 0; l < 2; ++l) {
            expect_estimate(step["per_layer"][l], step.dump());
            EXPECT_GT(step["per_layer"][l]["n"], 0);
        }
    }
    const auto& identity = documents.at("identity")["result"];
    for (const std::string share : {"share_abs_over_0_8", "share_abs_under_0_2"})
        expect_estimate(identity[share + "_interval"], share);
    const auto& drift = documents.at("drift")["result"]["intervals"][0];
    for (size_t l = 0; l < 2; ++l) {
        expect_estimate(drift["angle_degrees"][l], "angle");
        expect_estimate(drift["choices_changed"][l], "changed");
        EXPECT_EQ(drift["angle_degrees"][l]["n"], 16);
        EXPECT_EQ(drift["angle_degrees"][l]["over"], "experts");
        EXPECT_GT(drift["choices_changed"][l]["n"], 0);
    }
    const auto& norms = documents.at("grad_norms")["result"];
    expect_estimate(norms["clipped_share"], "clipped");
    EXPECT_LT(norms["clipped_share"]["ci95"][0], norms["clipped_share"]["ci95"][1]);
}

/// Cells of the rows below the columns.
std::vector<std::vector<std::string>> rows_of(const std::string& path) {
    std::vector<std::vector<std::string>> out;
    std::istringstream lines(bytes_of(path));
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("# ")) continue;
        out.emplace_back();
        std::istringstream cells(line);
        for (std::string cell; std::getline(cells, cell, ',');) out.back().push_back(cell);
    }
    if (!out.empty()) out.erase(out.begin());
    return out;
}

// Fails if a row of a table stands beside other steps, layers or ranks than the same number of the
// document.
TEST_F(Documents, RowsOfTablesLieWhereTheirNumbersDo) {
    lab::AnalyzeOptions o;
    o.run = *runs_ / "run";
    o.what = "jaccard,hop_knockout";
    o.out = *runs_ / "rows";
    const auto documents = analyze(o);
    const auto near = [](const std::string& cell, const json& value) {
        EXPECT_NEAR(std::stod(cell), value.get<double>(), 1e-9);
    };
    const auto steps = rows_of(o.out + "/jaccard.steps.csv");
    size_t at = 0;
    for (const auto& step : documents.at("jaccard")["result"]["between_steps"])
        for (size_t l = 0; l < step["per_layer"].size(); ++l, ++at) {
            ASSERT_LT(at, steps.size());
            EXPECT_EQ(steps[at][0], step["from"].dump());
            EXPECT_EQ(steps[at][1], step["to"].dump());
            EXPECT_EQ(steps[at][2], std::to_string(l));
            near(steps[at][3], step["per_layer"][l]["value"]);
        }
    EXPECT_EQ(at, steps.size());
    EXPECT_GT(at, 2u);

    // By layer: the first-ranked expert in all hops and in each, then the second-ranked.
    const auto& experts = documents.at("hop_knockout")["result"]["experts"];
    const auto rows = rows_of(o.out + "/hop_knockout.experts.csv");
    at = 0;
    const auto expect_row = [&](size_t layer, const std::string& hop, const char* rank,
                                const json& value) {
        ASSERT_LT(at, rows.size());
        EXPECT_EQ(rows[at][0], std::to_string(layer));
        EXPECT_EQ(rows[at][1], hop);
        EXPECT_EQ(rows[at][2], rank);
        near(rows[at++][3], value);
    };
    for (size_t l = 0; l < 2; ++l) {
        expect_row(l, "", "1", experts["per_layer"][l]["value"]);
        for (size_t h = 0; h < experts["per_hop"][l].size(); ++h)
            expect_row(l, std::to_string(h), "1", experts["per_hop"][l][h]["value"]);
        expect_row(l, "", "2", experts["control"]["per_layer"][l]["value"]);
    }
    EXPECT_EQ(at, rows.size());
}

TEST_F(Documents, ChanceAndDensityAreOfPoolsThatCompete) {
    // Of layers whose hops choose from pools of their own; the first layer's first pool has 6.
    const auto documents =
        analyze(*runs_ / "run", "saturation,specialisation,density,collinearity,confidence");
    const double first = (2.0 / 6 + 2.0 / 5 + 2.0 / 5) / 3, second = 2.0 / 8;
    const auto& saturation = documents.at("saturation")["result"];
    EXPECT_NEAR(saturation["chance_per_layer"][0].get<double>(), first, 1e-12);
    EXPECT_NEAR(saturation["chance_per_layer"][1].get<double>(), second, 1e-12);
    EXPECT_NEAR(saturation["chance"].get<double>(), (first + second) / 2, 1e-12);
    const auto& shares = documents.at("specialisation")["result"];
    EXPECT_NEAR(shares["even_share"].get<double>(), (3 * first + 2 * second) / 5, 1e-12);
    EXPECT_EQ(shares["layers"][0]["even_share"], json({2.0 / 6, 2.0 / 5, 2.0 / 5}));
    EXPECT_NEAR(documents.at("confidence")["result"]["layers"][1]["uniform_entropy"].get<double>(),
                std::log(8.0), 1e-12);
    for (size_t l = 0; l < 2; ++l) {
        const auto& dense = documents.at("density")["result"]["layers"][l];
        const auto& rows = documents.at("collinearity")["result"]["layers"][l];
        ASSERT_EQ(dense["pools"].size(), rows["pools"].size());
        double weighted = 0, all = 0;
        for (size_t p = 0; p < rows["pools"].size(); ++p) {
            EXPECT_EQ(dense["pools"][p]["hop"], p) << "a pool belongs to one hop";
            EXPECT_EQ(dense["pools"][p]["effective_rank"], rows["pools"][p]["effective_rank"]);
            const double n = rows["pools"][p]["n"];
            weighted += n * dense["pools"][p]["nearest_angle_degrees"].get<double>();
            all += n;
            // Mean angle and mean cosine: within what the curvature of the cosine allows.
            EXPECT_GE(std::acos(rows["pools"][p]["nearest_cosine"].get<double>()) * 180 / M_PI + 15,
                      dense["pools"][p]["nearest_angle_degrees"].get<double>());
        }
        EXPECT_EQ(all, 16);
        EXPECT_NEAR(dense["nearest_angle_degrees"].get<double>(), weighted / all, 1e-9);
    }
}

TEST_F(Documents, SpecialisedExpertsAreThoseOfTheTable) {
    lab::AnalyzeOptions o;
    o.run = *runs_ / "run";
    o.out = *runs_ / "specialised";
    o.what = "specialisation";
    const auto document = analyze(o).at("specialisation");
    // Of each layer and expert the largest share of an eighth of the sequence.
    std::map<std::pair<int64_t, int64_t>, double> largest;
    std::istringstream lines(bytes_of(o.out + "/specialisation.position.csv"));
    for (std::string line; std::getline(lines, line);) {
        if (line.empty() || !std::isdigit(static_cast<unsigned char>(line[0]))) continue;
        const size_t comma = line.find(','), last = line.rfind(',');
        double& share = largest[{std::stoll(line), std::stoll(line.substr(comma + 1))}];
        share = std::max(share, std::stod(line.substr(last + 1)));
    }
    for (int64_t l = 0; l < 2; ++l) {
        const auto& position = document["result"]["layers"][static_cast<size_t>(l)]["position"];
        ASSERT_EQ(position["top"].size(), 5u);
        double sum = 0, n = 0, before = 1;
        for (const auto& [place, share] : largest)
            if (place.first == l) sum += share, ++n;
        EXPECT_NEAR(position["largest_share"]["value"].get<double>(), sum / n, 1e-4);
        for (const auto& expert : position["top"]) {
            const double share = expert["share"];
            EXPECT_NEAR(share, largest.at({l, expert["id"].get<int64_t>()}), 1e-4);
            EXPECT_LE(share, before);
            EXPECT_GE(share, expert["overall"].get<double>());
            before = share;
        }
    }
}

TEST_F(Documents, ADamagedSnapshotCostsNoAnalysis) {
    const auto run = copy("torn");
    fs::resize_file(run + "/geometry/step_00000020.safetensors", 100);
    const auto documents = analyze(run, "jaccard,drift,saturation");
    const auto& steps = documents.at("jaccard")["result"]["between_steps"];
    std::vector<json> whole, damaged;
    for (const auto& step : steps) (step.contains("damaged") ? damaged : whole).push_back(step);
    ASSERT_EQ(damaged.size(), 1u);
    EXPECT_EQ(damaged[0]["to"], 20);
    EXPECT_NE(damaged[0]["damaged"].get<std::string>().find("step_00000020"), std::string::npos);
    ASSERT_FALSE(whole.empty());
    for (const auto& step : whole) {
        EXPECT_NE(step["from"], 20);
        EXPECT_NE(step["to"], 20);
    }
    for (const char* name : {"drift", "saturation"}) {
        const auto& list = documents.at(name)["result"]["damaged"];
        ASSERT_EQ(list.size(), 1u) << name;
        EXPECT_EQ(list[0]["step"], 20) << name;
    }
}

TEST_F(Documents, AFileInPlaceOfTheFolderIsAWrongCall) {
    std::ofstream(*runs_ / "file") << "mine";
    for (const std::string out : {"file", "file/below"}) {
        lab::AnalyzeOptions o;
        o.run = *runs_ / "run";
        o.what = "identity";
        o.out = *runs_ / out;
        const auto got = lab::analyze(o);
        ASSERT_FALSE(got.ok()) << out;
        EXPECT_EQ(got.error().kind, ErrorKind::usage) << out;
        EXPECT_NE(got.error().message.find("--out"), std::string::npos) << got.error().message;
    }
    EXPECT_EQ(bytes_of(*runs_ / "file"), "mine");
}

TEST_F(Documents, EvaluationTellsItsBatchesAndStopsBetweenThem) {
    lab::EvalOptions o;
    o.run = *runs_ / "run";
    int told = 0;
    o.on_progress = [&](const std::string&, double share) {
        EXPECT_LE(share, 1.0);
        if (++told == 3) lab::interrupt_flag() = 1;
    };
    const auto got = lab::eval(o);
    lab::interrupt_flag() = 0;
    EXPECT_EQ(told, 3);
    ASSERT_FALSE(got.ok());
    EXPECT_EQ(got.error().kind, ErrorKind::interrupted);
}

TEST_F(Documents, RoutersWithoutPositionsStillUpdateTheStream) {
    train("hash", {"moe.router=\"hash\""});
    const auto result = analyze(*runs_ / "hash", "displacement").at("displacement")["result"];
    EXPECT_TRUE(result["mean"]["value"].is_null());
    EXPECT_TRUE(result.contains("reason"));
    const auto& relative = result["relative_update"];
    EXPECT_GT(relative["mean"]["value"], 0.0);
    expect_estimate(relative["mean"], "relative_update");
    EXPECT_EQ(relative["per_layer"].size(), 2u);
}

TEST_F(Documents, TheLensLooksBeforeAndBehindADenseLayer) {
    train("dense", {"model.ffn=\"dense\"", "model.d_ff=16"});
    const auto layers =
        analyze(*runs_ / "dense", "logit_lens").at("logit_lens")["result"]["layers"];
    ASSERT_EQ(layers.size(), 2u);
    for (const auto& layer : layers) {
        ASSERT_EQ(layer["stages"].size(), 2u);
        EXPECT_EQ(layer["stages"][1]["stage"], "after the layer");
    }
    // What leaves the first layer enters the second's attention; the two looks are not the same.
    EXPECT_NE(layers[0]["stages"][1]["nll"]["value"], layers[1]["stages"][0]["nll"]["value"]);
}

TEST_F(Documents, TheTableOfContextsHoldsEveryExpert) {
    train("many", {"moe.experts=400", "moe.top_k=16", "train.steps=3"});
    lab::AnalyzeOptions o;
    o.run = *runs_ / "many";
    o.what = "contexts";
    o.out = *runs_ / "contexts";
    const auto layer = analyze(o).at("contexts")["result"]["layers"][0];
    const size_t used = layer["experts_used"];
    ASSERT_GT(used, 256u);
    EXPECT_EQ(layer["experts"].size(), 256u);
    EXPECT_EQ(layer["experts_listed"], 256);
    std::set<std::string> in_table;
    std::istringstream lines(bytes_of(o.out + "/contexts.csv"));
    for (std::string line; std::getline(lines, line);)
        if (line.starts_with("0,")) in_table.insert(line.substr(2, line.find(',', 2) - 2));
    EXPECT_EQ(in_table.size(), used);
}

// Wrong if a window could not grey what a run cannot have, or greyed what it can.
TEST(AnalysisRefusals, AreKnownBeforeARunIsOpened) {
    const auto refused = [](const Config& config, const RunHolds& holds = {}) {
        std::map<std::string, std::string> out;
        for (const auto& [name, why] : lab::analysis_refusals(config, holds)) out[name] = why;
        for (const char* name :
             {"standing_committee", "expert_sets", "domains", "gate_against_use", "succession"}) {
            // Whatever is trained here has none of these.
            EXPECT_NE(out[name].find("published model"), std::string::npos) << name;
            out.erase(name);
        }
        return out;
    };
    Config config;
    config.moe.hops = {1, 3, 1, 1};
    EXPECT_TRUE(refused(config).empty()) << "what is not known is not refused";
    config.moe.hops = {1};
    auto found = refused(config);
    EXPECT_EQ(found.size(), 3u);
    EXPECT_EQ(found.at("echo"), "Every layer has one hop.");
    found = refused(config, {.checkpoints = 0, .updates = 0, .second_run = false});
    for (const char* name : {"load", "phases", "grad_norms", "crossings", "cross_seed"})
        EXPECT_TRUE(found.contains(name)) << name;
    EXPECT_FALSE(found.contains("convergence"));
    config.model.ffn = FfnKind::dense;
    found = refused(config);
    for (const auto& [name, definition] : lab::analysis_definitions()) {
        if (definition.starts_with("of an imported model")) continue;
        const bool curves = name == "phases" || name == "convergence" || name == "crossings" ||
                            name == "grad_norms";
        EXPECT_EQ(found.contains(name), !curves && name != "logit_lens") << name;
    }
    EXPECT_EQ(found.at("zeroing"), "A dense model has no experts.");
}

// Wrong if a result of an imported model stood beside the definition of another one.
TEST(AnalysisDefinitions, OfAnImportedModelAreItsOwn) {
    std::map<std::string, std::string> of_run, of_import;
    for (const auto& [name, text] : lab::analysis_definitions()) of_run[name] = text;
    for (const auto& [name, text] : lab::analysis_definitions(true)) of_import[name] = text;
    EXPECT_EQ(of_run.size(), of_import.size());
    EXPECT_NE(of_run.at("load"), of_import.at("load"));
    EXPECT_NE(of_import.at("load").find("traces of the run"), std::string::npos)
        << of_import.at("load");
    EXPECT_EQ("of an imported model: " + of_import.at("domains"), of_run.at("domains"));
    EXPECT_EQ(of_run.at("zeroing"), of_import.at("zeroing"));
}

// Wrong if an imported model were offered what would have to run, or refused what was recorded.
TEST(AnalysisRefusals, OfAnImportedModelWhatAsksForRowsAndChoicesIsLeft) {
    const auto refused = [](const RunHolds& holds) {
        std::map<std::string, std::string> out;
        for (const auto& [name, why] : lab::analysis_refusals(Config(), holds)) out[name] = why;
        return out;
    };
    RunHolds holds;
    holds.imported = ImportedHolds();
    auto found = refused(holds);
    EXPECT_FALSE(found.contains("collinearity"));
    EXPECT_EQ(found.at("load"), "No trace was imported with the model, so no choices are known.");
    EXPECT_TRUE(found.contains("zeroing"));
    EXPECT_EQ(
        found.at("coupling"),
        "Its experts were not read, only its routers; import the model again with --experts.");
    holds.imported->experts = true;
    EXPECT_FALSE(refused(holds).contains("coupling"));
    holds.imported->choices = true;
    EXPECT_FALSE(refused(holds).contains("load"));
    EXPECT_FALSE(refused(holds).contains("standing_committee"));
    EXPECT_FALSE(refused(holds).contains("cross_seed"));
    holds.second_run = false;
    EXPECT_TRUE(refused(holds).contains("cross_seed"));
}

}  // namespace
}  // namespace hopscope::core
