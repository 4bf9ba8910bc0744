// Wrong if an imported model were taken for a run, a view that was asked for did not come, or a
// damaged folder ended the window.
#include "core/follow/imported_session.h"

#include <filesystem>
#include <gtest/gtest.h>

#include "core/api/watch.h"
#include "core/imported/import_model.h"
#include "core/imported/imported_run.h"
#include "tests/imported/replies.h"
#include "tests/imported/tiny_model.h"
#include "tests/session/waiting.h"

namespace hopscope::core {
namespace {

using namespace test;
using namespace std::chrono_literals;

struct Imported {
    Imported() {
        model.add_routers(2, "block_sparse_moe.gate.weight");
        model.add("model.layers.1.post_attention_layernorm.weight", {3});
        model.save();
        const std::vector<int> ids = {0, 1, 2, 3, 1, 0, 3, 1};
        const std::string a = model.folder().write("a.json", sglang_reply(ids)),
                          b = model.folder().write("b.json", sglang_reply(ids));
        const auto made = import_model({model.dir(), {a, b}, dir}, {});
        EXPECT_TRUE(made) << made.error().message;
    }
    Result<std::unique_ptr<Session>> open() {
        SessionOptions options;
        options.run_dir = dir;
        options.open_only = true;
        options.wake = wake.callback();
        return open_imported_session(std::move(options));
    }
    bool wait(const std::function<bool()>& condition) { return wait_until_true(wake, condition); }
    TinyModel model;
    std::string dir = model.folder() / "out";
    HeadlessWake wake;
};

TEST(ImportedSession, ShowsRowsAndTheFirstText) {
    Imported f;
    auto session = f.open();
    ASSERT_TRUE(session) << session.error().message;
    EXPECT_EQ((*session)->status().state, RunState::imported);
    EXPECT_EQ((*session)->config().model.n_layers, 2);
    ASSERT_TRUE(f.wait([&] { return (*session)->imported() != nullptr; }));
    const auto look = (*session)->imported();
    EXPECT_EQ(look->problem, "");
    EXPECT_EQ(look->view.trace, "a");
    EXPECT_EQ(look->family, "mixtral");
    ASSERT_EQ(look->traces.size(), 2u);
    EXPECT_EQ(look->traces[0].tokens, 2);
    const auto geometry = (*session)->geometry();
    ASSERT_TRUE(geometry);
    EXPECT_EQ(geometry->token_ids.size(), 2u);
    EXPECT_EQ(geometry->layers[0].choices, (std::vector<int32_t>{0, 1, 0, 1}));
    ASSERT_TRUE((*session)->trace());
    EXPECT_EQ((*session)->trace()->tokens.size(), 2u);
}

// Wrong if a run beside which others stand told of an imported one as of a damaged folder.
TEST(ImportedSession, AmongWatchedRunsItIsNoFault) {
    Imported f;
    const auto watch = RunWatch::open({f.dir}, f.wake.callback());
    ASSERT_TRUE(f.wait([&] { return watch->runs().front().state == RunState::imported; }));
    EXPECT_TRUE(watch->drain_messages().empty());
    EXPECT_TRUE(watch->drain().empty());
}

TEST(ImportedSession, AnotherViewIsAnswered) {
    Imported f;
    auto session = f.open();
    ASSERT_TRUE(session);
    ASSERT_TRUE(f.wait([&] { return (*session)->imported() != nullptr; }));
    const auto before = (*session)->geometry();
    ImportedView view = (*session)->imported()->view;
    view.trace = "b";
    view.centre = true;
    (*session)->request_view(view);
    ASSERT_TRUE(f.wait([&] { return (*session)->imported()->view == view; }));
    EXPECT_GT((*session)->geometry()->version, before->version);
    EXPECT_NE((*session)->geometry()->layers[0].centroids, before->layers[0].centroids);
    EXPECT_EQ((*session)->trace()->prompt, "b, text 0");
    view.trace = "c";
    (*session)->request_view(view);
    ASSERT_TRUE(f.wait([&] { return !(*session)->imported()->problem.empty(); }));
    EXPECT_NE((*session)->imported()->problem.find("\"c\""), std::string::npos);
    // The next one is not lost over it.
    view.trace = "a";
    (*session)->request_view(view);
    ASSERT_TRUE(f.wait([&] { return (*session)->imported()->problem.empty(); }));
    EXPECT_EQ((*session)->trace()->prompt, "a, text 0");
}

TEST(ImportedSession, NothingCanBeDoneToIt) {
    Imported f;
    auto session = f.open();
    ASSERT_TRUE(session);
    (*session)->submit({CommandKind::resume, {}}, "test");
    const auto answers = (*session)->answers();
    ASSERT_EQ(answers.size(), 1u);
    EXPECT_EQ(answers[0].state, AnswerState::refused);
    (*session)->request_trace({"a prompt"});
    (*session)->close();
    EXPECT_TRUE(f.wait([&] { return (*session)->finished(); }));
}

TEST(ImportedSession, ADamagedTraceLeavesTheRows) {
    Imported f;
    std::filesystem::resize_file(imported_trace_path(f.dir, "a"), 20);
    auto session = f.open();
    ASSERT_TRUE(session);
    ASSERT_TRUE(f.wait([&] { return (*session)->imported() != nullptr; }));
    EXPECT_NE((*session)->imported()->problem.find("a.safetensors"), std::string::npos);
    ASSERT_TRUE((*session)->geometry());
    EXPECT_TRUE((*session)->geometry()->token_ids.empty());
    // Rows of another view are published although the trace is damaged still.
    ImportedView view;
    view.centre = true;
    const auto before = (*session)->geometry();
    (*session)->request_view(view);
    ASSERT_TRUE(f.wait([&] { return (*session)->imported()->view.centre; }));
    EXPECT_NE((*session)->geometry()->layers[0].centroids, before->layers[0].centroids);
    view.trace = "b";
    (*session)->request_view(view);
    ASSERT_TRUE(f.wait([&] { return (*session)->imported()->problem.empty(); }));
    EXPECT_EQ((*session)->geometry()->token_ids.size(), 2u);
}

TEST(ImportedSession, DamagedRowsAreTold) {
    Imported f;
    std::filesystem::resize_file(imported_rows_path(f.dir), 20);
    auto session = f.open();
    ASSERT_TRUE(session);
    ASSERT_TRUE(f.wait([&] { return (*session)->imported() != nullptr; }));
    EXPECT_NE((*session)->imported()->problem.find("step_00000000.safetensors"), std::string::npos);
    EXPECT_EQ((*session)->geometry(), nullptr);
}

}  // namespace
}  // namespace hopscope::core
