#include "core/base/debug_points.h"

#include <chrono>
#include <gtest/gtest.h>
#include <thread>

#include "core/base/files.h"
#include "tests/base/child_process.h"
#include "tests/base/helpers.h"

namespace hopscope::core {
namespace {

constexpr DebugPoint kRename = DebugPoint::checkpoint_rename;

// Wrong if a point is not the Nth of its name, or is that of another name or thread.
TEST(DebugPoints, KillAtTheNthTimeTheArmingThread) {
    const auto reached = [](const char* at, int times) {
        return in_child([&] {
            set_debug_points(at, 0);
            debug_point(DebugPoint::none);
            debug_point(DebugPoint::checkpoint_write);
            std::thread([] { debug_point(kRename); }).join();
            for (int i = 0; i < times; ++i) debug_point(kRename);
            return 0;
        });
    };
    EXPECT_EQ(reached("", 3), 0);
    EXPECT_EQ(reached("metrics.append", 3), 0);
    EXPECT_EQ(reached("checkpoint.rename", 0), 0);
    EXPECT_EQ(reached("checkpoint.rename", 1), -1);
    EXPECT_EQ(reached("checkpoint.rename:3", 2), 0);
    EXPECT_EQ(reached("checkpoint.rename:3", 3), -1);
    for (const std::string_view name : debug_point_names()) EXPECT_TRUE(is_debug_point(name));
}

// Wrong if a death in the middle leaves what no death in the middle would.
TEST(DebugPoints, TearALineAndKeepAFile) {
    const TempFolder dir;
    ASSERT_TRUE(write_file_atomic(dir / "a", "before"));
    EXPECT_EQ(in_child([&] {
                  set_debug_points("eval.rename", 0);
                  return write_file_atomic(dir / "a", "after", DebugPoint::eval_rename) ? 0 : 1;
              }),
              -1);
    EXPECT_EQ(*read_file(dir / "a"), "before");
    EXPECT_EQ(*read_file(dir / "a.tmp"), "after");
    EXPECT_EQ(in_child([&] {
                  set_debug_points("events.append:2", 0);
                  auto file = AppendFile::open(dir / "b");
                  for (int i = 0; i < 2; ++i)
                      if (!file->append("12345\n", DebugPoint::events_append)) return 1;
                  return 0;
              }),
              -1);
    EXPECT_EQ(*read_file(dir / "b"), "12345\n123");
}

// Wrong if a slow disk is not slow, or slow for others than the writer of the run.
TEST(DebugPoints, AWriteComesLate) {
    const TempFolder dir;
    const auto seconds = [&] {
        const auto begin = std::chrono::steady_clock::now();
        EXPECT_TRUE(write_file_atomic(dir / "a", "x"));
        EXPECT_TRUE(AppendFile::open(dir / "b")->append("x\n"));
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    };
    double armed = 0, other = 0;
    std::thread([&] {
        set_debug_points("", 1500);
        std::thread([&] { other = seconds(); }).join();
        armed = seconds();
    }).join();
    EXPECT_GE(armed, 3.0);
    EXPECT_LT(other, 3.0);
}

}  // namespace
}  // namespace hopscope::core
