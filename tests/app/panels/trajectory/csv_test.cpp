#include "app/panels/trajectory/csv.h"

#include <gtest/gtest.h>
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
}

}  // namespace
}  // namespace hopscope::app
