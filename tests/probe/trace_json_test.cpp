// The text of a trace, read by a JSON library: if these fail, a reader sees other numbers than the
// model had, or no document at all.
#include "core/probe/trace_json.h"

#include <cstring>
#include <gtest/gtest.h>
#include <limits>
#include <string>

namespace hopscope::core {
namespace {

using Json = nlohmann::ordered_json;

/// Two tokens, the second halted before the hop; one layer with a hop and one without.
TraceResult two_tokens() {
    TraceResult r;
    r.tokens.resize(2);
    r.tokens[0] = {7, "a \"b\"\n", 0, 6, kNaN, {{1, "x\xff", 0.25f}, {2, "y", 1e-9f}}};
    r.tokens[1] = {8, "\xe2\x96\x81ok", 6, 9, 1.0f, {}};
    TraceHop hop;
    hop.top_k = 2;
    hop.d_space = 3;
    hop.experts = {4, 0, 0, 0};
    hop.weights = {0.1f, 0.9f, 0, 0};
    hop.entropy = {16777216.0f, kNaN};
    hop.max_prob = {std::numeric_limits<float>::min(), kNaN};
    hop.update_norm = {std::numeric_limits<float>::max(), kNaN};
    hop.halt_ratio = {-0.0f, std::numeric_limits<float>::infinity()};
    hop.executed = {1, 0};
    hop.position = {1, -0.5f, 1.0f / 3, 0, 0, 0};
    r.layers.resize(2);
    r.layers[0].attention_norm = {2.5f, 3};
    r.layers[0].update_norm = {1e20f, 1e-20f};
    r.layers[0].hops = {hop};
    return r;
}

/// Bit for bit, as a reader of floats gets it.
void expect_float(const Json& j, float expected) {
    ASSERT_TRUE(j.is_number_float()) << j;
    const auto got = static_cast<float>(j.get<double>());
    EXPECT_EQ(std::memcmp(&got, &expected, sizeof got), 0) << got << " for " << expected;
}

TEST(TraceDocument, ReadsBackToTheSameNumbers) {
    const TraceResult r = two_tokens();
    const std::string text = trace_document({{"format", "f"}, {"step", 3}}, r, true);
    EXPECT_EQ(text.find('\n'), std::string::npos) << "one line";
    const Json j = Json::parse(text);
    std::vector<std::string> keys;
    for (const auto& [key, ignored] : j.items()) keys.push_back(key);
    EXPECT_EQ(keys, (std::vector<std::string>{"format", "step", "tokens", "layers"}));
    const Json& first = j["tokens"][0];
    EXPECT_EQ(first["id"], 7);
    EXPECT_EQ(first["piece"], "a \"b\"\n");
    EXPECT_EQ(first["end"], 6);
    EXPECT_TRUE(first["nll"].is_null());
    EXPECT_EQ(first["next"][0]["piece"], "x\xEF\xBF\xBD") << "no UTF-8";
    expect_float(first["next"][1]["p"], 1e-9f);
    EXPECT_EQ(j["tokens"][1]["piece"], r.tokens[1].piece);
    expect_float(j["tokens"][1]["nll"], 1);
    EXPECT_EQ(j["tokens"][1]["next"], Json::array());
    const Json& layer = j["layers"][0];
    const TraceHop& hop = r.layers[0].hops[0];
    const Json& h = layer["hops"][0];
    EXPECT_EQ(h["experts"], Json({{4, 0}, Json::array()}));
    EXPECT_EQ(h["executed"], Json({true, false}));
    for (size_t i = 0; i < 2; ++i) expect_float(h["weights"][0][i], hop.weights[i]);
    for (size_t i = 0; i < 3; ++i) expect_float(h["position"][0][i], hop.position[i]);
    EXPECT_EQ(h["position"][1], Json::array());
    expect_float(h["entropy"][0], hop.entropy[0]);
    expect_float(h["max_prob"][0], hop.max_prob[0]);
    expect_float(h["update_norm"][0], hop.update_norm[0]);
    expect_float(h["halt_ratio"][0], hop.halt_ratio[0]);
    for (const char* what : {"entropy", "max_prob", "update_norm", "halt_ratio"})
        EXPECT_TRUE(h[what][1].is_null()) << what;
    for (size_t i = 0; i < 2; ++i) {
        expect_float(layer["attention_norm"][i], r.layers[0].attention_norm[i]);
        expect_float(layer["update_norm"][i], r.layers[0].update_norm[i]);
    }
    EXPECT_EQ(j["layers"][1]["hops"], Json::array());
}

TEST(TraceDocument, PositionsOnlyWhereAskedFor) {
    const Json j = Json::parse(trace_document(Json::object(), two_tokens(), false));
    EXPECT_FALSE(j["layers"][0]["hops"][0].contains("position"));
}

}  // namespace
}  // namespace hopscope::core
