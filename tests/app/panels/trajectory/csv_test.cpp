#include "app/panels/trajectory/csv.h"

#include <gtest/gtest.h>
#include <memory>
#include <string>

namespace hopscope::app {
namespace {

// Fails if an expert stands beside another token or hop, or a hop that a token did not make is
// listed.
TEST(TrajectoryCsv, HasALineForEachChoice) {
    core::TraceResult trace;
    trace.tokens.resize(2);
    trace.tokens[0].piece = "a";
    trace.tokens[1].piece = ",";
    trace.layers.resize(1);
    core::TraceHop hop;
    hop.top_k = 2;
    hop.experts = {7, 3, 5, 1};
    hop.weights = {0.75f, 0.25f, 0.5f, 0.5f};
    hop.entropy = {0.5f, 1.0f};
    hop.update_norm = {2, 3};
    hop.halt_ratio = {core::kNaN, 0.125f};
    hop.executed = {1, 1};
    trace.layers[0].hops = {hop, hop};
    trace.layers[0].hops[1].executed = {0, 1};
    EXPECT_EQ(csv_of(trace),
              "token,piece,layer,hop,rank,expert,weight,\"entropy, nats\",update_norm,halt_ratio\n"
              "0,a,0,0,0,7,0.75,0.5,2,\n"
              "0,a,0,0,1,3,0.25,0.5,2,\n"
              "1,\",\",0,0,0,5,0.5,1,3,0.125\n"
              "1,\",\",0,0,1,1,0.5,1,3,0.125\n"
              "1,\",\",0,1,0,5,0.5,1,3,0.125\n"
              "1,\",\",0,1,1,1,0.5,1,3,0.125\n");
    EXPECT_EQ(csv_of(core::TraceResult{}), "");
    // A set that a server recorded has no first.
    core::TraceResult set = trace;
    set.layers[0].name = "layer 7";
    set.layers[0].hops.resize(1);
    set.layers[0].hops[0].weights.assign(4, core::kNaN);
    EXPECT_NE(csv_of(set).find("\n0,a,7,0,,7,,0.5,2,\n"), std::string::npos) << csv_of(set);

    core::TraceResult other = trace;
    other.tokens[0].piece = "b";
    other.layers[0].hops[0].experts = {7, 4, 1, 5};
    trace.second = std::make_shared<const core::TraceResult>(other);
    const std::string both = csv_of(trace);
    EXPECT_TRUE(both.starts_with("prompt,token,piece,"));
    EXPECT_NE(both.find("\n1,0,a,0,0,0,7,"), std::string::npos) << both;
    EXPECT_NE(both.find("\n2,0,b,0,0,0,7,"), std::string::npos) << both;

    const Alignment pairs = alignment_of(trace, other, 0);
    const std::vector<HopColumn> columns = {{0, 0}, {0, 1}};
    const std::string text =
        csv_of_pair(trace, 1, pairs, columns, paired_hops(trace, other, columns, 0));
    EXPECT_NE(text.find("\n0,0,1,1,1,0.6666667,"), std::string::npos) << text;
    EXPECT_NE(text.find("\n0,1,1,1,1,1,,,1,"), std::string::npos) << text;
    EXPECT_EQ(csv_of_pair(other, 1, pairs, columns, {}), "");
}

}  // namespace
}  // namespace hopscope::app
