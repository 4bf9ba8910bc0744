// What stands above the picture of a panel.
#include <gtest/gtest.h>

#include "app/window/export_view.h"

namespace hopscope::app {
namespace {

// Wrong if a step stood there twice, or nowhere.
TEST(ExportCaption, NamesTheStepOnce) {
    AppState state;
    state.status.run_name = "wide";
    state.status.step = 1200;
    EXPECT_EQ(caption_of(state, ""), "wide   step 1,200");
    EXPECT_EQ(caption_of(state, "step 1,000"), "wide   step 1,000");
    EXPECT_EQ(caption_of(state, "layer 0   step 1,200"), "wide   layer 0   step 1,200");
    EXPECT_EQ(caption_of(state, "x step   EMA 0.95"), "wide   step 1,200   x step   EMA 0.95");
    state.status.synthetic = true;
    EXPECT_EQ(caption_of(state, ""), "wide   synthetic text   step 1,200");
}

}  // namespace
}  // namespace hopscope::app
