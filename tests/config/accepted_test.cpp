// Every word of docs/formats.md#configuration is taken.
#include <gtest/gtest.h>

#include "core/config/parse.h"

namespace hopscope::core {
namespace {

// Fails if a value that users may write is refused.
TEST(Accepted, EveryWordOfTheContract) {
    for (const char* assignment : {"model.ffn=dense",
                                   "moe.expert_rank=4",
                                   "moe.projection=per_hop",
                                   "moe.projection=identity",
                                   "moe.balance=none",
                                   "moe.reroute=frozen",
                                   "moe.learn_tau=true",
                                   "moe.output_scale=global",
                                   "moe.output_scale=per_layer",
                                   "moe.returns=state",
                                   "moe.renormalise=false",
                                   "moe.top_k=1",
                                   "moe.legacy_param_count=true",
                                   "moe.hops=[1,2,3,4]",
                                   "train.decay=all",
                                   "train.precision=bf16",
                                   "train.curriculum=[[0,1]]",
                                   "data.train=a.txt",
                                   "moe.expert=static",
                                   "moe.expert=swiglu",
                                   "moe.router=linear",
                                   "moe.router=hash",
                                   "moe.router=random_fixed",
                                   "moe.router=kmeans",
                                   "moe.pools=unrolled",
                                   "moe.score=sigmoid",
                                   "moe.balance=loss_free",
                                   "moe.balance=sequence",
                                   "moe.reroute=kinematic",
                                   "moe.reroute=hybrid",
                                   "moe.composition=grouped_silu",
                                   "moe.composition=cross_gated",
                                   "moe.shared_expert=8",
                                   "moe.z_loss=0.1",
                                   "data.pack=document"}) {
        const auto config = parse_config("", "x.toml", {assignment});
        EXPECT_TRUE(config.ok()) << assignment << ": " << config.error().message;
    }
}

}  // namespace
}  // namespace hopscope::core
