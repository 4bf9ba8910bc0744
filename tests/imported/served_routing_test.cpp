// Wrong if the experts of one wrapping come out otherwise than of another, or a trace of another
// model, or one that was cut, is taken for one of this.
#include "core/imported/served_routing.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/imported/replies.h"
#include "tests/imported/tiny_model.h"

namespace hopscope::core {
namespace {

using namespace test;
using Ids = std::vector<int32_t>;

/// Three layers of four experts, two a token; layer 1 is dense.
ModelLayout model() {
    ModelLayout layout;
    layout.family = "mixtral";
    layout.rule = {RoutingRule::softmax_top_k, 2};
    layout.hidden_layers = 3;
    for (const int64_t l : {0, 2}) {
        ModelRouter router;
        router.experts = 4;
        router.width = 3;
        layout.layers.push_back({l, false, {router}});
    }
    layout.dense = {1};
    return layout;
}

// Three tokens [3, 3, 2]; the dense layer says 0, 0 as it does.
const std::vector<int> kAll = {0, 1, 0, 0, 2, 3, 1, 0, 0, 0, 3, 1, 2, 1, 0, 0, 0, 3};
const std::vector<int> kMixtures = {0, 1, 2, 3, 1, 0, 3, 1, 2, 1, 0, 3};
const std::string kShape = "(3, 3, 2)";

Result<RecordedRouting> read(const std::string& bytes, const ModelLayout& layout = model()) {
    const TempFolder folder;
    auto served = read_served_trace(folder.write("reply.json", bytes));
    if (!served) return served.error();
    return routing_of(*std::move(served), layout, folder / "reply.json");
}

void expect_three_tokens(const Result<RecordedRouting>& routing, const std::string& what) {
    ASSERT_TRUE(routing) << what << ": " << routing.error().message;
    EXPECT_EQ(routing->sequences, 1) << what;
    EXPECT_EQ(routing->length, 3) << what;
    ASSERT_EQ(routing->layers.size(), 2u) << what;
    EXPECT_EQ(routing->layers[0].layer, 0) << what;
    EXPECT_EQ(routing->layers[1].layer, 2) << what;
    EXPECT_EQ(routing->layers[0].chosen, (Ids{0, 1, 1, 0, 2, 1})) << what;
    EXPECT_EQ(routing->layers[1].chosen, (Ids{2, 3, 3, 1, 0, 3})) << what;
    EXPECT_TRUE(routing->layers[0].weights.empty()) << what;
    EXPECT_TRUE(routing->layers[0].entropy.empty()) << what;
    EXPECT_EQ(routing->rows(), 3) << what;
}

TEST(ServedRouting, EveryWrappingHoldsTheSame) {
    const std::string u1 = npy("|u1", kShape, bytes_as<uint8_t>(kAll));
    const std::string raw = base64(bytes_as<int32_t>(kAll));
    const ReplyJson wrapped = {{"data", base64(bytes_as<uint16_t>(kAll))},
                               {"shape", {3, 3, 2}},
                               {"dtype", "uint16"},
                               {"start", 0}};
    const std::map<std::string, std::string> cases = {
        {"a bare .npy", u1},
        {"vLLM, uint8", vllm_reply(base64(u1))},
        {"vLLM, uint16", vllm_reply(base64(npy("<u2", kShape, bytes_as<uint16_t>(kAll))))},
        {"vLLM, int32", vllm_reply(base64(npy("<i4", kShape, bytes_as<int32_t>(kAll))))},
        {"int64", npy("<i8", kShape, bytes_as<int64_t>(kAll))},
        {"an array that says its shape twice",
         vllm_reply({{"data", base64(u1)}, {"shape", {3, 3, 2}}, {"dtype", "uint8"}})},
        {"base64 alone", ReplyJson(raw).dump()},
        {"a line of base64 behind an empty one", "\n" + ReplyJson(base64(u1)).dump() + "\n"},
        {"vLLM, mixture layers alone",
         vllm_reply(base64(npy("|u1", "(3, 2, 2)", bytes_as<uint8_t>(kMixtures))))},
        {"SGLang", sglang_reply(kAll)},
        {"SGLang, mixture layers alone", sglang_reply({0, 1, 2, 3, 1, 0, 3, 1, 2, 1, 0, 3})},
        {"SGLang's OpenAI route", ReplyJson({{"sglext", {{"routed_experts", raw}}}}).dump()},
        {"the same in a choice",
         ReplyJson({{"choices", {{{"sglext", {{"routed_experts", raw}}}}}}}).dump()},
        {"a choice alone", ReplyJson({{"routed_experts", raw}}).dump()},
        {"a proxy", wrapped.dump()},
        {"a proxy in a choice", vllm_reply(wrapped)},
        {"a line", sglang_reply(kAll) + "\n"},
        {"a pretty document", ReplyJson::parse(sglang_reply(kAll)).dump(2)},
    };
    for (const auto& [what, bytes] : cases) expect_three_tokens(read(bytes), what);
}

TEST(ServedRouting, BareNumbersOfMixtureLayersAreToldByTheirTokens) {
    // 12 numbers are 2 rows of 3 layers or 3 of 2: the first counts unless the prompt says more.
    const std::vector<int> two = {0, 1, 2, 2, 2, 3, 1, 0, 3, 3, 3, 1};
    const auto found = read(sglang_reply(two));
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(found->length, 2);
    ReplyJson reply = ReplyJson::parse(sglang_reply(kMixtures));
    reply["meta_info"]["prompt_tokens"] = 4;
    expect_three_tokens(read(reply.dump()), "four tokens");
}

TEST(ServedRouting, BareNumbersThatCanBeReadInTwoWaysAreRefused) {
    ModelLayout one = model();
    one.rule.top_k = 1;
    // Six numbers: two tokens of three layers, or three of the two with experts.
    const std::vector<int> ids = {0, 0, 1, 3, 0, 2};
    EXPECT_EQ(
        lacks(read(sglang_reply(ids), one), {"reply.json", "two ways", "2 tokens of all 3 layers",
                                             "3 tokens of the 2 with experts", "shape"}),
        "");
    // What tells them apart: the number of tokens, or a number that only one divides.
    for (const int tokens : {3, 4}) {
        ReplyJson reply = ReplyJson::parse(sglang_reply(ids));
        reply["meta_info"]["prompt_tokens"] = tokens - 1;
        reply["meta_info"]["completion_tokens"] = 1;
        const auto found = read(reply.dump(), one);
        ASSERT_TRUE(found) << found.error().message;
        EXPECT_EQ(found->length, tokens - 1);
    }
    EXPECT_EQ(read(sglang_reply({0, 0, 1}), one)->length, 1);
    EXPECT_EQ(read(sglang_reply({0, 1}), one)->length, 1);
    EXPECT_EQ(read(npy("|u1", "(3, 2, 1)", bytes_as<uint8_t>(ids)), one)->length, 3);
    // All layers have experts: there is one way.
    one.hidden_layers = 1;
    one.layers.pop_back();
    EXPECT_EQ(read(sglang_reply(ids), one)->length, 6);
}

TEST(ServedRouting, UsageIsHeldAgainstTheRows) {
    ReplyJson reply = ReplyJson::parse(sglang_reply(kAll));
    reply = ReplyJson::parse(vllm_reply(base64(npy("|u1", kShape, bytes_as<uint8_t>(kAll)))));
    const auto with = [&](int prompt, int answer) {
        reply["usage"] = {{"prompt_tokens", prompt}, {"completion_tokens", answer}};
        return read(reply.dump());
    };
    EXPECT_TRUE(with(2, 2));
    EXPECT_EQ(lacks(with(2, 5), {"3 rows found", "6 expected", "7 tokens"}), "");
    EXPECT_EQ(lacks(with(1, 1), {"3 rows found", "1 expected", "2 tokens"}), "");
    // The ids say otherwise.
    reply["prompt_token_ids"] = {7, 8};
    reply["choices"][0]["token_ids"] = {9, 10};
    EXPECT_TRUE(with(2, 2));
    EXPECT_EQ(lacks(with(2, 3), {"usage", "5 tokens", "4 ids"}), "");
    // Of several answers together only the prompt is told.
    reply["choices"].push_back(reply["choices"][0]);
    EXPECT_TRUE(with(2, 4));
    reply["choices"][0].erase("token_ids");
    reply["choices"][1].erase("token_ids");
    reply.erase("prompt_token_ids");
    EXPECT_EQ(lacks(with(5, 4), {"3 rows found", "at least 4", "prompt of 5"}), "");
    // SGLang's route has them beside its own field.
    ReplyJson other = {{"sglext", {{"routed_experts", base64(bytes_as<int32_t>(kAll))}}},
                       {"usage", {{"prompt_tokens", 3}, {"completion_tokens", 9}}}};
    EXPECT_EQ(lacks(read(other.dump()), {"3 rows found", "11 expected"}), "");
}

TEST(ServedRouting, AListOfRepliesIsTheirTexts) {
    const std::string one = sglang_reply(kAll);
    for (const std::string& list :
         {"[" + one + ", " + one + "]", "[\n" + one + ",\n" + one + "\n]"}) {
        const auto found = read(list);
        ASSERT_TRUE(found) << found.error().message;
        EXPECT_EQ(found->sequences, 2);
        EXPECT_EQ(found->layers[0].chosen, (Ids{0, 1, 1, 0, 2, 1, 0, 1, 1, 0, 2, 1}));
    }
    EXPECT_EQ(lacks(read("[" + one + ", {}]"), {"reply.json", "[1]", "no routed experts"}), "");
    EXPECT_EQ(lacks(read("[" + one + ", 3]"), {"reply.json", "[1]", "object"}), "");
    EXPECT_EQ(lacks(read("[]"), {"reply.json", "no repl"}), "");
    EXPECT_EQ(lacks(read("3"), {"reply.json", "object"}), "");
}

TEST(ServedRouting, WhatIsNotAskedForIsNotKept) {
    // As much text as a server may send beside it, in a form that costs a tree many times its size.
    std::string reply = R"({"logprobs": [)";
    for (int i = 0; i < 3'000'000; ++i) reply += "0,";
    reply += R"([{"x": {}}]], "routed_experts": ")" + base64(bytes_as<int32_t>(kAll)) + "\"}";
    const TempFolder folder;
    const std::string path = folder.write("reply.json", reply);
    const pid_t child = ::fork();  // a process of its own, whose peak is its own
    ASSERT_GE(child, 0);
    if (child == 0) {
        const auto found = read_served_trace(path);
        ::_exit(found && found->texts.size() == 1 ? 0 : 1);
    }
    rusage before = {}, used = {};
    ::getrusage(RUSAGE_SELF, &before);
    int status = 0;
    ASSERT_EQ(::wait4(child, &status, 0, &used), child);
    EXPECT_EQ(status, 0);
#if !HOPSCOPE_SANITIZED
    EXPECT_LT((used.ru_maxrss - before.ru_maxrss) >> 10, 30);  // MiB; the text has 6
#endif
}

TEST(ServedRouting, FieldsThatAreKeptAreReadOnce) {
    const std::string experts = R"("routed_experts": ")" + base64(bytes_as<int32_t>(kAll)) + "\"";
    EXPECT_EQ(lacks(read("{" + experts + ", " + experts + "}"),
                    {"reply.json", "routed_experts", "twice"}),
              "");
    std::string deep = R"({"choices": )";
    for (int i = 0; i < 40; ++i) deep += R"([{"choices": )";
    EXPECT_EQ(lacks(read(deep), {"reply.json", "deep", "32"}), "");
}

TEST(ServedRouting, SeveralTextsAreFilledUp) {
    const std::vector<int> short_text = {3, 2, 0, 0, 1, 0};
    const auto good =
        read(sglang_reply(kAll) + "\n\n" +
             vllm_reply(base64(npy("|u1", "(1, 3, 2)", bytes_as<uint8_t>(short_text)))) +
             "\n{\"choices\": [{\"routed_experts\": null}]}\n");
    ASSERT_TRUE(good) << good.error().message;
    EXPECT_EQ(good->sequences, 2);
    EXPECT_EQ(good->layers[0].chosen, (Ids{0, 1, 1, 0, 2, 1, 3, 2, -1, -1, -1, -1}));
    EXPECT_EQ(good->rows(), 4);
    ASSERT_FALSE(good->notes.empty());
    EXPECT_NE(good->notes[0].find("line 4"), std::string::npos);
    EXPECT_NE(good->notes[0].find("aborted"), std::string::npos);
}

TEST(ServedRouting, TokensAreThoseWhoseRowsThereAre) {
    const auto experts = base64(npy("|u1", kShape, bytes_as<uint8_t>(kAll)));
    const auto found = read(vllm_reply(experts, {7, 8, 9, 10}));
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(found->tokens, (Ids{7, 8, 9}));
    EXPECT_EQ(found->next_token, Ids{10});
    // Of a prompt of two the ids of the answer are not told, and none are made up.
    const auto part = read(vllm_reply(experts, {7, 8}));
    ASSERT_TRUE(part) << part.error().message;
    EXPECT_TRUE(part->tokens.empty());
    EXPECT_EQ(part->notes.size(), 1u);
    ReplyJson reply = ReplyJson::parse(vllm_reply(experts, {7, 8}));
    reply["choices"][0]["token_ids"] = {9, 10};
    const auto whole = read(reply.dump());
    ASSERT_TRUE(whole) << whole.error().message;
    EXPECT_EQ(whole->tokens, (Ids{7, 8, 9}));
    reply["choices"][0]["token_ids"] = {9, 10, 11};
    EXPECT_EQ(lacks(read(reply.dump()), {"3 rows found", "4 expected", "5 tokens"}), "");
    EXPECT_EQ(lacks(read(vllm_reply(experts, {7, 8, 9, 10, 11})),
                    {"3 rows found", "at least 4", "prompt of 5"}),
              "");
}

TEST(ServedRouting, NumbersKeepTheirSignAndWidth) {
    const auto of = [](const char* dtype, const std::string& bytes) {
        const auto array = integer_array(bytes, dtype, {1});
        EXPECT_TRUE(array) << array.error().message;
        return array->values;
    };
    EXPECT_EQ(of("uint8", "\xff"), Ids{255});
    EXPECT_EQ(of("int8", "\xff"), Ids{-1});
    EXPECT_EQ(of("<u2", "\xff\xff"), Ids{65535});
    EXPECT_EQ(of("<i2", "\xfe\xff"), Ids{-2});
    EXPECT_EQ(of("int32", "\xfd\xff\xff\xff"), Ids{-3});
    // What int32 does not hold is no expert, and does not wrap round to one.
    EXPECT_EQ(of("<u4", "\xfd\xff\xff\xff"), Ids{INT32_MAX});
    EXPECT_EQ(of("<i8", std::string("\1\0\0\0\1\0\0\0", 8)), Ids{INT32_MAX});
    EXPECT_EQ(of("<u8", std::string("\1\0\0\0\0\0\0\x80", 8)), Ids{INT32_MAX});
}

TEST(ServedRouting, LinesMayBeOfAnyForm) {
    const std::string raw = ReplyJson(base64(bytes_as<int32_t>(kAll))).dump();
    const std::string reply = sglang_reply(kAll);
    const auto routing = read("\n" + raw + "\n" + reply + "\n\n[" + reply + ", " + reply + "]\n");
    ASSERT_TRUE(routing) << routing.error().message;
    EXPECT_EQ(routing->sequences, 4);
    EXPECT_EQ(lacks(read(raw + "\n5\n"), {"line 2", "number"}), "");
    EXPECT_EQ(lacks(read(vllm_reply({{"data", base64(npy("|u1", kShape, bytes_as<uint8_t>(kAll)))},
                                     {"shape", {9, 1, 2}},
                                     {"dtype", "uint8"}})),
                    {"shape", "another"}),
              "");
}

TEST(ServedRouting, RowsThatBeginLaterBelongToLaterTokens) {
    ReplyJson wrapped = {{"data", base64(bytes_as<uint8_t>(kAll))},
                         {"shape", {3, 3, 2}},
                         {"dtype", "uint8"},
                         {"start", 2}};
    const auto found = read(vllm_reply(wrapped, {5, 6, 7, 8, 9, 10}));
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(found->tokens, (Ids{7, 8, 9}));
    EXPECT_EQ(found->skipped, Ids{2});
    EXPECT_EQ(found->skipped_of(0), 2);
    wrapped["start"] = -1;
    EXPECT_EQ(lacks(read(vllm_reply(wrapped)), {"start", "-1"}), "");
    // A fault is said of the token's own place in its text.
    wrapped["start"] = 2;
    auto ids = kAll;
    ids[6] = 9;
    wrapped["data"] = base64(bytes_as<uint8_t>(ids));
    EXPECT_EQ(lacks(read(vllm_reply(wrapped)), {"token 3, layer 0", "expert 9"}), "");
}

TEST(ServedRouting, TracesOfOtherModelsAreRefusedByTokenAndLayer) {
    const auto with = [](size_t place, int id) {
        auto ids = kAll;
        ids[place] = id;
        return read(sglang_reply(ids));
    };
    EXPECT_EQ(lacks(with(6, 4), {"reply.json", "token 1, layer 0", "expert 4", "0 … 3"}), "");
    EXPECT_EQ(lacks(with(17, -1), {"token 2, layer 2", "expert -1"}), "");
    EXPECT_EQ(lacks(with(16, 3), {"token 2, layer 2", "expert 3", "twice"}), "");
    EXPECT_EQ(lacks(with(8, 1), {"token 1, layer 1", "no router"}), "");
    const auto shaped = [](const std::string& shape, const std::vector<int>& ids) {
        return read(npy("|u1", shape, bytes_as<uint8_t>(ids)));
    };
    EXPECT_EQ(lacks(shaped("(3, 2, 3)", kAll), {"3 experts a token", "this model has 2"}), "");
    EXPECT_EQ(lacks(shaped("(1, 9, 2)", kAll), {"9 layers", "3 (all) or 2 (with experts)"}), "");
    EXPECT_EQ(lacks(shaped("(9, 2)", kAll), {"2 dimensions", "[tokens, layers, k]"}), "");
    EXPECT_EQ(lacks(shaped("(0, 3, 2)", {}), {"no rows"}), "");
    EXPECT_EQ(lacks(read(sglang_reply({0, 1, 2, 3, 0})), {"5 numbers", "2 experts a token"}), "");
    EXPECT_EQ(lacks(read(sglang_reply({})), {"no rows"}), "");
}

TEST(ServedRouting, AModelWithoutOneRouterALayerTakesNone) {
    ModelLayout other = model();
    for (ModelLayer& layer : other.layers) layer.routers[0].pool = "attention";
    EXPECT_EQ(lacks(read(npy("|u1", "(999999999, 0, 2)", {}), other), {"one router a layer"}), "");
    EXPECT_EQ(lacks(read(sglang_reply(kAll), other), {"one router a layer"}), "");
}

TEST(ServedRouting, DamagedFilesAreRefused) {
    const std::string array = npy("|u1", kShape, bytes_as<uint8_t>(kAll));
    EXPECT_EQ(lacks(read(array.substr(0, array.size() - 1)), {"17 bytes", "18 expected"}), "");
    EXPECT_EQ(lacks(read(array.substr(0, 60)), {"npy", "cut"}), "");
    EXPECT_EQ(lacks(read(npy("<f4", kShape, bytes_as<int32_t>(kAll))), {"<f4", "whole numbers"}),
              "");
    EXPECT_EQ(lacks(read(npy("|u1", "(3, 3, x)", "")), {"shape"}), "");
    std::string columns = array;
    columns.replace(columns.find("False"), 5, "True ");
    EXPECT_EQ(lacks(read(columns), {"columns first"}), "");
    EXPECT_EQ(lacks(read(npy("|u1", "(9223372036854775807, 9223372036854775807, 9)", "x")),
                    {"impossible size"}),
              "");
    std::string reply = sglang_reply(kAll);
    const std::string text = base64(bytes_as<int32_t>(kAll));
    const auto with = [&](const std::string& other) {
        std::string changed = reply;
        return read(changed.replace(changed.find(text), text.size(), other));
    };
    EXPECT_EQ(lacks(with(text.substr(0, 50)), {"routed_experts", "50 characters", "cut"}), "");
    EXPECT_EQ(lacks(with(text.substr(0, 48) + "!AAA"), {"character 48", "!"}), "");
    EXPECT_EQ(lacks(with("AAA="), {"2 bytes", "4 of an int32"}), "");
    EXPECT_EQ(lacks(read(reply.substr(0, 40)), {"reply.json"}), "");
    EXPECT_EQ(lacks(read("{}"), {"no routed experts", "--enable-return-routed-experts"}), "");
    EXPECT_EQ(lacks(read(R"({"choices": [{"text": "x"}]})"), {"no routed experts"}), "");
    EXPECT_EQ(lacks(read(vllm_reply(nullptr)), {"aborted"}), "");
    EXPECT_EQ(lacks(read(vllm_reply(3)), {"choices[0].routed_experts", "found 3"}), "");
    EXPECT_EQ(
        lacks(read(vllm_reply({{"data", "AAAA"}, {"shape", {1, 1, 1.5}}, {"dtype", "uint8"}})),
              {"shape"}),
        "");
    EXPECT_EQ(lacks(read(sglang_reply(kAll) + "\nno reply\n"), {"line 2"}), "");
}

TEST(ServedRouting, AShortAndManyLongTextsAreNotFilledUpWithoutEnd) {
    std::string lines;
    ReplyJson line = ReplyJson::parse(sglang_reply({0, 1, 0, 0, 2, 3}));
    for (int i = 0; i < 4000; ++i) lines += line.dump() + "\n";
    std::vector<int> longest;
    for (int i = 0; i < 3000; ++i) longest.insert(longest.end(), {0, 1, 0, 0, 2, 3});
    lines += sglang_reply(longest) + "\n";
    EXPECT_EQ(lacks(read(lines), {"4001 texts", "3000 tokens"}), "");
}

}  // namespace
}  // namespace hopscope::core
