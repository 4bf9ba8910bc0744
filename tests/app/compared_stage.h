// The stage with runs that are compared: what the tests of several panels begin with.
#pragma once

#include "tests/app/stage.h"

namespace hopscope::gui_test {

/// Three variants, two of them with two seeds.
inline bool give_three_variants(ImGuiTestContext* ctx) {
    stage->session->mutable_status().run_dir = "runs/wide-42";
    stage->state.comparison.margin = core::kLossMargin;
    stage->state.watch_runs({"runs/wide-7", "runs/linear-42", "runs/linear-7", "runs/deep-42"});
    const bool came = wait_for(ctx, [] {
        const auto& result = stage->state.comparison.result();
        return result && result->differences.size() == 3;
    });
    ctx->Yield(3);
    return came;
}

}  // namespace hopscope::gui_test
