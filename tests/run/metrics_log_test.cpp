#include "core/run/metrics_log.h"

#include <algorithm>
#include <filesystem>
#include <gtest/gtest.h>
#include <random>

#include "core/run/run_folder.h"
#include "tests/base/child_process.h"
#include "tests/base/helpers.h"
#include "tests/run/event_reader.h"
#include "tests/run/records.h"

namespace hopscope::core {
namespace {

namespace fs = std::filesystem;

// Wrong if resume leaves records after the checkpoint in one of the two files, or the two disagree.
TEST(MetricsLog, ResumeCutsAndStartsANewEventFile) {
    const TempFolder dir;
    std::mt19937_64 random(9);
    auto folder = RunFolder::create(dir / "a", "x", RunInfo());
    ASSERT_TRUE(folder);
    for (const int64_t done : {0, 3}) {
        auto log = MetricsLog::open(*folder, 1, done);
        ASSERT_TRUE(log) << log.error().message;
        for (int64_t step = done + 1; step <= 6; ++step)
            ASSERT_TRUE(log->append(random_record(random, step, 1)));
        ASSERT_TRUE(log->sync());
    }
    auto records = read_metrics_csv(folder->metrics_path());
    ASSERT_TRUE(records);
    ASSERT_EQ(records->size(), 6u);
    std::vector<std::string> files;
    for (const auto& entry : fs::directory_iterator(folder->event_dir()))
        files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    ASSERT_EQ(files.size(), 2u);
    auto events = test::read_event_file(files[1]);
    ASSERT_TRUE(events);
    ASSERT_EQ(events->size(), 5u);
    EXPECT_EQ((*events)[1].step, 4) << "TensorBoard drops the older file from here on";
    EXPECT_EQ((*events)[4].step, 6);
}

// Wrong if a failed record could not simply be written again: metrics.csv would have it twice.
TEST(MetricsLog, FailedAppendLeavesNeitherFileAhead) {
    const TempFolder dir;
    auto folder = RunFolder::create(dir / "a", "x", RunInfo());
    ASSERT_TRUE(folder);
    const int code = in_child([&] {
        auto log = MetricsLog::open(*folder, 1, 0);
        if (!log) return 1;
        limit_file_size(4000);
        std::mt19937_64 random(9);
        int64_t step = 1;
        while (step < 100 && log->append(random_record(random, step, 1))) ++step;
        auto records = read_metrics_csv(folder->metrics_path());
        return records && step > 1 && records->size() == static_cast<size_t>(step) - 1 ? 0 : 2;
    });
    EXPECT_EQ(code, 0);
}

}  // namespace
}  // namespace hopscope::core
