// intervene on a trained run: if these fail, its document lacks what docs/formats.md promises, its
// numbers do not repeat, or the window shows others.
#include <chrono>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "core/api/arguments.h"
#include "core/api/command_registry.h"
#include "core/api/session.h"
#include "tests/trainer/trained_run.h"

namespace hopscope::core {
namespace {

using namespace hopscope::test;
using nlohmann::json;

class Intervene : public SharedRuns {
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
};

TEST_F(Intervene, InterveneReportsEffectAndControlAndRepeatsExactly) {
    auto o = steer();
    o.prompts = runs_->write("prompts.jsonl", R"({"text": "the baker walks to", "target": " the"})"
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

TEST_F(Intervene, TheWindowsInspectorGivesTheNumbersOfIntervene) {
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
        o.prompts =
            runs_->write("prompts.jsonl", R"({"text": "the baker walks to", "target": "the"})");
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

TEST_F(Intervene, NothingChangedMeansNoEffect) {
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

TEST_F(Intervene, WhereTheControlWouldBeTheSameThereIsNone) {
    auto o = steer();
    o.script = {*parse_command(R"({"command": "halt", "max_hops": 1})")};
    const auto got = lab::intervene(o);
    ASSERT_TRUE(got.ok()) << got.error().message;
    const auto control = json::parse(*got)["prompts"][0]["control"];
    EXPECT_EQ(control["draws"], 0);
    EXPECT_NE(control["reason"].get<std::string>().find("same depth"), std::string::npos);
}

TEST_F(Intervene, SharesCountThePromptsWithoutAChange) {
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

TEST_F(Intervene, PromptFilesAreRefusedWithTheirLine) {
    for (const auto& [text, word] : std::vector<std::pair<std::string, std::string>>{
             {"{\"text\": \"a\"}\nnothing\n", ":2:"},
             {"{\"text\": \"a\", \"topic\": \"b\"}\n", "topic"},
             {"{\"text\": \"\"}\n", "empty"},
             {"\n\n", "no prompt"},
             {"{\"text\": \"a\", \"categories\": [\"moon\"]}\n", "moon"},
             {"{\"text\": \"a\", \"categories\": " + std::string(1'000'000, '['), "deep"}}) {
        auto o = steer();
        o.prompts = runs_->write("prompts.jsonl", text);
        const auto got = lab::intervene(o);
        ASSERT_FALSE(got.ok()) << text;
        EXPECT_EQ(got.error().kind, ErrorKind::usage);
        EXPECT_NE(got.error().message.find(word), std::string::npos) << got.error().message;
    }
}

// Fails if prompts are made up where the validation text is shorter than what is taken of a long
// one.
TEST_F(Intervene, WithoutPromptsTheValidationTextGivesThemAsFarAsItGoes) {
    const std::string text = bytes_of(write_corpus(*runs_ / "short.txt", 20));
    train_run("short", {"train.threads=1", "train.steps=1", "train.warmup=1",
                        "data.valid=\"" + (*runs_ / "short.txt") + "\""});
    auto o = steer();
    o.run = *runs_ / "short";
    const auto found = lab::intervene(o);
    ASSERT_TRUE(found.ok()) << found.error().message;
    const auto prompts = json::parse(*found)["prompts"];
    EXPECT_GT(prompts.size(), 0u);
    EXPECT_EQ(prompts.size() % 4, 0u) << "sequences of whole batches";
    EXPECT_LT(prompts.size(), 20u);
    std::set<std::string> seen;
    for (const auto& prompt : prompts) {
        const auto said = prompt["text"].get<std::string>();
        EXPECT_NE(text.find(said), std::string::npos) << said;
        EXPECT_TRUE(seen.insert(said).second) << "twice: " << said;
    }
}

}  // namespace
}  // namespace hopscope::core
