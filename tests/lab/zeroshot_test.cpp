// zeroshot on a trained run: if these fail, scores are not the log-likelihoods the contract names,
// depend on what else is in the file, or cannot be compared afterwards.
#include <algorithm>
#include <cmath>

#include "core/lab/zeroshot_score.h"
#include "core/trainer/open_run.h"
#include "tests/trainer/trained_run.h"

namespace hopscope::core::lab {
namespace {

using namespace hopscope::test;
using nlohmann::json;

const char* kArc =
    R"({"id": "q1", "question": {"stem": "Who walks to the market?", "choices": [)"
    R"({"text": "the baker", "label": "A"}, {"text": "x", "label": "B"}, )"
    R"({"text": "the old king dreams of the green hill today", "label": "C"}]}, "answerKey": "A"})"
    "\n"
    R"({"id": "q2", "question": {"stem": "Where?", "choices": [)"
    R"({"text": "her garden", "label": "1"}, {"text": "the harbour", "label": "2"}, )"
    R"({"text": "äö", "label": "3"}, {"text": "a small town", "label": "4"}]}, "answerKey": "2"})"
    "\n";

class Zeroshot : public TrainedRun {
  protected:
    lab::ZeroshotOptions arc() const {
        lab::ZeroshotOptions o;
        o.run = *runs_ / "run";
        o.task = ZeroshotTask::arc_easy;
        o.file = write("arc.jsonl", kArc);
        return o;
    }
};

TEST_F(Zeroshot, DocumentHoldsWhatTheContractNames) {
    const auto got = lab::zeroshot(arc());
    const auto j = document(got);
    EXPECT_EQ(j["format"], "hopscope.zeroshot/1");
    EXPECT_EQ(j["run"], "run");
    EXPECT_EQ(j["step"], 30);
    EXPECT_TRUE(j["config_hash"].is_string());
    EXPECT_EQ(j["task"], "arc_easy");
    EXPECT_EQ(j["items"], 2);
    EXPECT_NEAR(j["chance"].get<double>(), (1.0 / 3 + 1.0 / 4) / 2, 1e-12);
    ASSERT_EQ(j["per_item"].size(), 2u);
    int right = 0, right_norm = 0;
    const std::vector<double> bytes[] = {{9, 1, 43}, {10, 11, 4, 12}};
    for (size_t i = 0; i < 2; ++i) {
        const auto& item = j["per_item"][i];
        EXPECT_EQ(item["id"], i == 0 ? "q1" : "q2");
        EXPECT_EQ(item["gold"], i);
        const auto scores = item["scores"].get<std::vector<double>>(),
                   norm = item["scores_norm"].get<std::vector<double>>();
        ASSERT_EQ(scores.size(), bytes[i].size());
        for (size_t c = 0; c < scores.size(); ++c) {
            EXPECT_LT(scores[c], 0);
            EXPECT_EQ(norm[c], scores[c] / bytes[i][c]);
        }
        const auto best = [](const std::vector<double>& x) {
            return std::max_element(x.begin(), x.end()) - x.begin();
        };
        EXPECT_EQ(item["pred"], best(scores));
        EXPECT_EQ(item["pred_norm"], best(norm));
        right += item["pred"] == item["gold"];
        right_norm += item["pred_norm"] == item["gold"];
    }
    EXPECT_EQ(j["accuracy"], right / 2.0);
    EXPECT_EQ(j["accuracy_norm"], right_norm / 2.0);
    const double a = right / 2.0;
    EXPECT_NEAR(j["stderr"].get<double>(), std::sqrt(a * (1 - a) / 2), 1e-12);
    EXPECT_LE(j["ci95"][0].get<double>(), a);
    EXPECT_GE(j["ci95"][1].get<double>(), a);
    // The same document lies in the run.
    EXPECT_EQ(j["saved"], *runs_ / "run/analysis/zeroshot-arc_easy.json");
    EXPECT_EQ(bytes_of(j["saved"]), *got);
}

TEST_F(Zeroshot, ScoreIsTheSumOfTheLossesThatTraceGives) {
    const auto j = document(lab::zeroshot(arc()));
    const std::string context = "Question: Where?\nAnswer:";
    const std::vector<std::string> choices = {" her garden", " the harbour", " äö",
                                              " a small town"};
    for (size_t c = 0; c < choices.size(); ++c) {
        lab::TraceOptions o;
        o.run = *runs_ / "run";
        o.text = context + choices[c];
        const auto traced = document(lab::trace(o));
        double sum = 0;
        int tokens = 0;
        for (const auto& token : traced["tokens"])
            if (token["end"].get<size_t>() > context.size()) {
                sum -= token["nll"].get<double>();
                ++tokens;
            }
        EXPECT_GT(tokens, 1);
        EXPECT_NEAR(j["per_item"][1]["scores"][c].get<double>(), sum, 1e-4);
    }
}

// Fails if padding or another sequence of the pass reaches a score, also where a script names
// tokens: they are those of each sequence.
TEST_F(Zeroshot, ScoresDoNotDependOnWhatElseIsScored) {
    const std::string text = kArc;
    const auto second = write("second.jsonl", text.substr(text.find('\n') + 1));
    for (const char* line :
         {"", R"({"command": "halt", "max_hops": 1, "tokens": [4, 9]})",
          R"({"command": "steer", "layer": 0, "expert": 3, "lambda": 3, "tokens": [4, 9]})",
          R"({"command": "knock_out", "layer": 1, "expert": "top"})"}) {
        auto o = arc();
        if (*line) o.script = script(line);
        const auto both = document(lab::zeroshot(o));
        o.file = second;
        const auto alone = document(lab::zeroshot(o));
        for (size_t c = 0; c < 4; ++c)
            EXPECT_NEAR(both["per_item"][1]["scores"][c].get<double>(),
                        alone["per_item"][0]["scores"][c].get<double>(), 1e-4)
                << line << " choice " << c;
    }
    // Each text in a pass of its own.
    const auto run = open_run(*runs_ / "run", Precision::fp32);
    ASSERT_TRUE(run.ok());
    std::vector<ScoredText> texts;
    for (const std::string words : {" today", " the baker walks to the harbour", " x", " market"}) {
        auto encoded =
            encode_choice(run->model.config, run->tokenizer, {"my sister looks at", words, 1});
        ASSERT_TRUE(encoded.ok()) << encoded.error().message;
        texts.push_back(*encoded);
    }
    const auto together = score_texts(run->model, {}, texts, {});
    ASSERT_TRUE(together.ok());
    for (size_t i = 0; i < texts.size(); ++i) {
        const auto alone = score_texts(run->model, {}, {texts[i]}, {});
        EXPECT_NEAR((*alone)[0], (*together)[i], 1e-4);
    }
}

TEST_F(Zeroshot, AScriptChangesScoresAndLeavesThePlainResultAlone) {
    const auto plain = lab::zeroshot(arc());
    auto o = arc();
    o.script = script(R"({"command": "zero_experts"})");
    const auto j = document(lab::zeroshot(o));
    EXPECT_NE(j["per_item"][0]["scores"], document(plain)["per_item"][0]["scores"]);
    EXPECT_EQ(j["script"][0]["command"], "zero_experts");
    EXPECT_EQ(j["saved"], *runs_ / "run/analysis/zeroshot-arc_easy-changed.json");
    EXPECT_EQ(bytes_of(*runs_ / "run/analysis/zeroshot-arc_easy.json"), *plain);
}

TEST_F(Zeroshot, APartOfTheItemsLeavesTheWholeResultAlone) {
    const auto whole = lab::zeroshot(arc());
    auto o = arc();
    o.items = 1;
    EXPECT_EQ(document(lab::zeroshot(o))["saved"],
              *runs_ / "run/analysis/zeroshot-arc_easy-first-1.json");
    EXPECT_EQ(bytes_of(*runs_ / "run/analysis/zeroshot-arc_easy.json"), *whole);
    o.items = 2;  // all there are
    EXPECT_EQ(document(lab::zeroshot(o))["saved"], *runs_ / "run/analysis/zeroshot-arc_easy.json");
    o.items = 1;
    o.script = script(R"({"command": "zero_experts"})");
    EXPECT_EQ(document(lab::zeroshot(o))["saved"],
              *runs_ / "run/analysis/zeroshot-arc_easy-changed-first-1.json");
}

TEST_F(Zeroshot, TheBorderOfTokensIsThatOfBytes) {
    const auto run = open_run(*runs_ / "run", Precision::fp32);
    ASSERT_TRUE(run.ok());
    const ZeroshotChoice choice{"Question: a\nAnswer:", " the baker", 9};
    const auto text = encode_choice(run->model.config, run->tokenizer, choice);
    ASSERT_TRUE(text.ok());
    std::vector<int32_t> tail(text->ids.begin() + text->first, text->ids.end());
    // Decoding takes the first blank for the dummy prefix.
    EXPECT_EQ(*run->tokenizer.decode(tail), "the baker");
    EXPECT_FALSE(text->joined || text->context_cut);
    // "today." is learned as pieces that join "to" and "day".
    const auto joined =
        encode_choice(run->model.config, run->tokenizer, {"a small tow", "n today.", 8});
    ASSERT_TRUE(joined.ok());
    EXPECT_TRUE(joined->joined);
    tail.assign(joined->ids.begin() + joined->first, joined->ids.end());
    EXPECT_TRUE(run->tokenizer.decode(tail)->ends_with("n today."));
}

TEST_F(Zeroshot, LongItemsAreCutFromTheLeftAndCounted) {
    const auto run = open_run(*runs_ / "run", Precision::fp32);
    ASSERT_TRUE(run.ok());
    std::string context;
    for (int i = 0; i < 100; ++i) context += "zq ";
    const auto text =
        encode_choice(run->model.config, run->tokenizer, {context + "the baker", " x", 1});
    ASSERT_TRUE(text.ok());
    EXPECT_EQ(text->ids.size(), 65u) << "64 tokens are read, the last one is only asked for";
    EXPECT_TRUE(text->context_cut && !text->continuation_cut);
    const auto whole = encode_choice(run->model.config, run->tokenizer, {"the baker", " x", 1});
    const int64_t scored = static_cast<int64_t>(whole->ids.size()) - whole->first;
    EXPECT_EQ(static_cast<int64_t>(text->ids.size()) - text->first, scored);
    EXPECT_TRUE(std::equal(whole->ids.end() - scored, whole->ids.end(), text->ids.end() - scored));
    const auto lost = encode_choice(run->model.config, run->tokenizer, {"a", " " + context, 300});
    ASSERT_TRUE(lost.ok());
    EXPECT_TRUE(lost->continuation_cut);
    EXPECT_EQ(lost->first, 1);
    EXPECT_EQ(lost->ids.size(), 65u);

    lab::ZeroshotOptions o = arc();
    o.task = ZeroshotTask::winogrande;
    o.file = write(
        "long.jsonl",
        json{{"sentence", context + "_ b"}, {"option1", "x"}, {"option2", "y"}, {"answer", "1"}}
                .dump() +
            "\n" + R"({"sentence": "a _ b", "option1": "x", "option2": "y", "answer": 1})");
    const auto j = document(lab::zeroshot(o));
    EXPECT_EQ(j["cut_items"], 1);
    EXPECT_EQ(j["cut_choices"], 0);
    EXPECT_EQ(j["items"], 2);
}

TEST_F(Zeroshot, BadCallsAreRefusedWithTheirPlace) {
    auto o = arc();
    o.file = write("torn.jsonl", std::string(kArc) + "{\"id\": 3}\n");
    refused(lab::zeroshot(o), "torn.jsonl:3: ");
    o = arc();
    o.run = *runs_ / "nothing";
    refused(lab::zeroshot(o), "nothing");
    o = arc();
    o.items = -1;
    refused(lab::zeroshot(o), "--items");
    o = arc();
    o.script = script(R"({"command": "steer", "layer": 0, "expert": 3, "lambda": 1,
                          "tokens": [400, 401]})");
    refused(lab::zeroshot(o), "tokens");
}

TEST_F(Zeroshot, StopsWhenAskedTo) {
    lab::interrupt_flag() = 1;
    const auto got = lab::zeroshot(arc());
    lab::interrupt_flag() = 0;
    ASSERT_FALSE(got.ok());
    EXPECT_EQ(got.error().kind, ErrorKind::interrupted);
}

// Fails if compare does not accept exactly what zeroshot wrote.
TEST_F(Zeroshot, CompareReadsWhatZeroshotSaved) {
    train("other", 7);
    auto o = arc();
    const auto a = document(lab::zeroshot(o));
    o.run = *runs_ / "other";
    const auto b = document(lab::zeroshot(o));
    lab::CompareOptions c;
    c.runs = {a["saved"], b["saved"]};
    const auto j = document(lab::compare(c));
    EXPECT_EQ(j["margin"], 0.02);
    EXPECT_EQ(j["pairs"][0]["n"], 2);
    EXPECT_EQ(j["pairs"][0]["accuracy_a"], a["accuracy"]);
    EXPECT_EQ(j["pairs"][0]["norm"]["accuracy_b"], b["accuracy_norm"]);
    EXPECT_NEAR(j["tost"]["diff"].get<double>(),
                a["accuracy"].get<double>() - b["accuracy"].get<double>(), 1e-12);
    EXPECT_TRUE(j["mcnemar"]["p"].is_number());
    // The same ids and answers, another text: no comparison.
    std::string other = kArc;
    other.replace(other.find("Where"), 5, "When ");
    o.file = write("other.jsonl", other);
    c.runs[1] = document(lab::zeroshot(o))["saved"];
    refused(lab::compare(c), "content hash");
}

TEST_F(Zeroshot, DataAccuracyOfAnUntrainedMindIsNearChance) {
    const char* data = std::getenv("HOPSCOPE_DATA");
    if (!data) GTEST_SKIP() << "skipped: HOPSCOPE_DATA not set";
    for (const auto& [task, file] : std::vector<std::pair<ZeroshotTask, std::string>>{
             {ZeroshotTask::hellaswag, "hellaswag_val.jsonl.xz"},
             {ZeroshotTask::arc_easy, "arc_easy_validation.jsonl"},
             {ZeroshotTask::winogrande, "winogrande_validation.jsonl"}}) {
        lab::ZeroshotOptions o = arc();
        o.task = task;
        o.file = std::string(data) + "/eval/" + file;
        o.items = 40;
        const auto j = document(lab::zeroshot(o));
        ASSERT_EQ(j["items"], 40) << file;
        // 40 answers of chance p lie this close to it but for 1 in 10,000.
        const double p = j["chance"].get<double>(), wide = 3.9 * std::sqrt(p * (1 - p) / 40);
        EXPECT_NEAR(j["accuracy"].get<double>(), p, wide) << file;
        EXPECT_NEAR(j["accuracy_norm"].get<double>(), p, wide) << file;
    }
}

}  // namespace
}  // namespace hopscope::core::lab
