// An imported model on the stage of a panel: small numbers under the names of a family, with two
// recorded traces, read by the session that the program has for it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/follow/imported_session.h"
#include "core/imported/import_model.h"
#include "tests/app/stage.h"
#include "tests/imported/replies.h"
#include "tests/imported/tiny_model.h"

namespace hopscope::gui_test {

/// In the place of the fake session; waits until it has been read. Two layers of four experts, two
/// a token; trace "a" has two tokens, "b" three. With experts their alignment is made up.
class ImportedStage {
  public:
    explicit ImportedStage(ImGuiTestContext* ctx, bool traces = true, bool experts = false) {
        model_.add_routers(2, "block_sparse_moe.gate.weight");
        model_.add("model.layers.1.post_attention_layernorm.weight", {3});
        for (const char* layer : {"0", "1"}) {
            const std::string before =
                std::string("model.layers.") + layer + ".block_sparse_moe.experts.";
            model_.add(before + "gate_up_proj", {4, 2, 3});
            model_.add(before + "down_proj", {4, 3, 1});
        }
        model_.save();
        std::vector<std::string> files;
        if (traces)
            files = {model_.folder().write("a.json", test::sglang_reply({0, 1, 2, 3, 1, 0, 3, 1})),
                     model_.folder().write(
                         "b.json", test::sglang_reply({0, 1, 2, 3, 1, 0, 3, 1, 2, 3, 0, 2}))};
        const std::string dir = model_.folder() / "out";
        core::ImportRequest request{model_.dir(), files, dir};
        if (experts) request.align = made_up_alignment;
        const auto made = core::import_model(request, {});
        IM_CHECK_NO_RET(made.ok());
        core::SessionOptions options;
        options.run_dir = dir;
        options.open_only = true;
        auto opened = core::open_imported_session(std::move(options));
        IM_CHECK_NO_RET(opened.ok());
        if (!opened) return;
        stage->session = nullptr;
        stage->state.attach(*std::move(opened));
        IM_CHECK_NO_RET(wait_for(ctx, [] { return stage->state.imported != nullptr; }));
    }

  private:
    static core::Result<std::vector<core::Alignment>> made_up_alignment(
        const std::vector<std::vector<float>>& row_sets, int64_t experts,
        const core::MatrixOfExpert&) {
        core::Alignment one;
        for (const auto& [name, list] : core::kAlignmentLists)
            (one.*list).assign(static_cast<size_t>(experts), 0.5);
        return std::vector<core::Alignment>(row_sets.size(), one);
    }
    test::TinyModel model_;
};

}  // namespace hopscope::gui_test
