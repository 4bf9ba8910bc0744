// generate on a trained run and the drawing of a token: if these fail, a text does not follow from
// model, seed and script.
#include <cmath>
#include <map>

#include "core/lab/sampling.h"
#include "core/trainer/open_run.h"
#include "tests/trainer/trained_run.h"

namespace hopscope::core::lab {
namespace {

using namespace hopscope::test;
using nlohmann::json;

std::vector<float> logs(const std::vector<double>& p) {
    std::vector<float> out;
    for (const double x : p) out.push_back(static_cast<float>(std::log(x)));
    return out;
}

TEST(PickToken, ZeroTemperatureTakesTheFirstOfTheMostLikely) {
    EXPECT_EQ(pick_token(logs({0.1, 0.4, 0.4, 0.1}), {0, 1}, 0.99), 1u);
}

TEST(PickToken, DrawsFallByProbability) {
    const auto p = logs({0.2, 0.5, 0.3});  // in order: 1, 2, 0
    EXPECT_EQ(pick_token(p, {}, 0), 1u);
    EXPECT_EQ(pick_token(p, {}, 0.499), 1u);
    EXPECT_EQ(pick_token(p, {}, 0.501), 2u);
    EXPECT_EQ(pick_token(p, {}, 0.799), 2u);
    EXPECT_EQ(pick_token(p, {}, 0.801), 0u);
    EXPECT_EQ(pick_token(p, {}, 0.9999999), 0u);
}

TEST(PickToken, TopPKeepsTheFewestThatReachIt) {
    const auto p = logs({0.2, 0.5, 0.3});
    EXPECT_EQ(pick_token(p, {1, 0.5}, 0.999), 1u) << "0.5 is reached by the first alone";
    EXPECT_EQ(pick_token(p, {1, 0.51}, 0.999), 2u);
    EXPECT_EQ(pick_token(p, {1, 0.51}, 0.62), 1u) << "normalised again: 0.5 / 0.8 = 0.625";
    EXPECT_EQ(pick_token(p, {1, 0.51}, 0.63), 2u);
    EXPECT_EQ(pick_token(p, {1, 1e-9}, 0.999), 1u) << "one token always stays";
}

TEST(PickToken, TemperatureSharpensAndEvens) {
    const auto p = logs({0.8, 0.2});  // T = 0.5: 0.64 / 0.68; T = 2: √ 0.8 / (√ 0.8 + √ 0.2)
    EXPECT_EQ(pick_token(p, {0.5, 1}, 0.940), 0u);
    EXPECT_EQ(pick_token(p, {0.5, 1}, 0.942), 1u);
    EXPECT_EQ(pick_token(p, {2, 1}, 0.666), 0u);
    EXPECT_EQ(pick_token(p, {2, 1}, 0.667), 1u);
}

// Wrong if a large vocabulary, which is not sorted to its end, were cut or ordered otherwise.
TEST(PickToken, OfALargeVocabularyEveryTokenIsDrawnInItsPlace) {
    constexpr size_t kTokens = 1000;
    std::vector<double> p;  // rising by index, in pairs of equals
    for (size_t i = 0; i < kTokens; ++i) p.push_back(static_cast<double>(i / 2 + 1));
    double all = 0;
    for (const double x : p) all += x;
    const auto log_p = logs(p);
    double below = 0;
    for (size_t rank = 0; rank < kTokens; ++rank) {
        const size_t id = (kTokens - 2 - rank / 2 * 2) + rank % 2;  // the lower of a pair first
        EXPECT_EQ(pick_token(log_p, {}, (below + p[id] / 2) / all), id) << rank;
        below += p[id];
    }
    EXPECT_EQ(pick_token(log_p, {1, 0.5}, 0.9999999), 707u) << "half of the sum is reached there";
}

class Generate : public TrainedRun {
  protected:
    lab::GenerateOptions options() const {
        lab::GenerateOptions o;
        o.run = *runs_ / "run";
        o.text = "the baker walks";
        o.tokens = 12;
        return o;
    }
    json trace(const std::string& text) const {
        lab::TraceOptions o;
        o.run = *runs_ / "run";
        o.text = text;
        return document(lab::trace(o));
    }
};

TEST_F(Generate, GreedyTakesWhatTraceCallsMostLikely) {
    auto o = options();
    o.temperature = 0;
    const auto j = document(lab::generate(o));
    EXPECT_EQ(j["format"], "hopscope.generate/1");
    EXPECT_EQ(j["step"], 30);
    ASSERT_EQ(j["tokens"].size(), 12u);
    EXPECT_EQ(j["stopped"], "tokens");
    const auto first = trace(o.text)["tokens"].back()["next"][0];
    EXPECT_EQ(j["tokens"][0]["id"], first["id"]);
    EXPECT_EQ(j["tokens"][0]["piece"], first["piece"]);
    EXPECT_NEAR(j["tokens"][0]["p"].get<double>(), first["p"].get<double>(), 1e-6);
    // And on the way: the trace of the whole text predicts each of its drawn tokens.
    const auto whole = trace(j["text"]);
    const auto prompt = j["prompt_tokens"].get<size_t>();
    ASSERT_EQ(whole["tokens"].size(), prompt + 12)
        << "the text of this model encodes to what was drawn";
    for (size_t t = 0; t < 12; ++t)
        EXPECT_EQ(whole["tokens"][prompt + t - 1]["next"][0]["id"], j["tokens"][t]["id"]);
}

TEST_F(Generate, TheSeedDecidesTheText) {
    auto o = options();
    const auto a = document(lab::generate(o)), again = document(lab::generate(o));
    EXPECT_EQ(a["tokens"], again["tokens"]);
    o.seed = 43;
    EXPECT_NE(document(lab::generate(o))["tokens"], a["tokens"]);
    o.temperature = 0;
    const auto greedy = document(lab::generate(o));
    o = options();
    o.top_p = 1e-9;
    EXPECT_EQ(document(lab::generate(o))["tokens"], greedy["tokens"]) << "only the likeliest stays";
}

TEST_F(Generate, TextIsWhatTheTokenizerDecodes) {
    auto o = options();
    o.temperature = 3;  // bytes of broken characters among them
    o.tokens = 40;
    std::string streamed;
    o.on_text = [&](const std::string& part) { streamed += part; };
    const auto j = document(lab::generate(o));
    const auto run = open_run(o.run, Precision::fp32);
    ASSERT_TRUE(run.ok());
    std::vector<int32_t> ids;
    const auto pieces = run->tokenizer.encode_prompt(o.text);
    ASSERT_TRUE(pieces.ok());
    for (const auto& p : *pieces) ids.push_back(p.id);
    for (const auto& t : j["tokens"]) ids.push_back(t["id"].get<int32_t>());
    EXPECT_EQ(j["text"], *run->tokenizer.decode(ids));
    EXPECT_EQ(j["text"], o.text + j["continuation"].get<std::string>());
    EXPECT_EQ(streamed, j["text"]) << "what a person saw";
}

TEST_F(Generate, AScriptChangesWhatIsWritten) {
    auto o = options();
    o.temperature = 0;
    const auto plain = document(lab::generate(o));
    o.script = script(R"({"command": "zero_experts"})");
    const auto changed = document(lab::generate(o));
    EXPECT_NE(changed["tokens"], plain["tokens"]);
    lab::TraceOptions t;
    t.run = o.run;
    t.text = o.text;
    t.script = o.script;
    EXPECT_EQ(changed["tokens"][0]["id"],
              document(lab::trace(t))["tokens"].back()["next"][0]["id"]);
    // A scope behind the prompt acts once the text reaches it.
    o.script = script(R"({"command": "steer", "layer": 0, "expert": 3, "lambda": 9,
                          "tokens": [8, 60]})");
    EXPECT_TRUE(lab::generate(o).ok());
    o.script = script(R"({"command": "steer", "layer": 0, "expert": 3, "lambda": 9,
                          "tokens": [80, 90]})");
    refused(lab::generate(o), "tokens");
}

TEST_F(Generate, StopsWhereTheModelReadsNoMore) {
    auto o = options();
    o.temperature = 0;
    o.tokens = 1000;
    const auto j = document(lab::generate(o));
    if (j["stopped"] == "max_seq_len")
        EXPECT_EQ(j["prompt_tokens"].get<size_t>() + j["tokens"].size(), 65u);
    else
        EXPECT_EQ(j["tokens"].back()["piece"], "</s>");
    lab::interrupt_flag() = 1;
    const auto stopped = lab::generate(o);
    lab::interrupt_flag() = 0;
    ASSERT_FALSE(stopped.ok());
    EXPECT_EQ(stopped.error().kind, ErrorKind::interrupted);
}

TEST_F(Generate, BadCallsAreRefused) {
    auto o = options();
    o.text = "";
    refused(lab::generate(o), "empty");
    o.text = std::string(1000, 'z');
    refused(lab::generate(o), "max_seq_len");
    o = options();
    o.text = "\xff";
    refused(lab::generate(o), "UTF-8");
    o = options();
    o.tokens = 0;
    refused(lab::generate(o), "--tokens");
    o = options();
    o.temperature = std::nan("");
    refused(lab::generate(o), "--temperature");
    o = options();
    o.top_p = 0;
    refused(lab::generate(o), "--top-p");
}

}  // namespace
}  // namespace hopscope::core::lab
