// Reading a metrics.csv that grows. If these fail, a followed run's curve has a gap, a row twice,
// or rows of a course that the run has left.
#include "core/run/metrics_tail.h"

#include <filesystem>
#include <gtest/gtest.h>

#include "core/run/metrics_csv.h"
#include "tests/base/helpers.h"

namespace hopscope::core {
namespace {

MetricsCsv opened(const std::string& path) {
    auto csv = MetricsCsv::open(path, 1);
    EXPECT_TRUE(csv) << csv.error().message;
    return std::move(*csv);
}

void append(MetricsCsv& csv, int64_t from, int64_t to, float loss = 1.0F) {
    for (int64_t step = from; step <= to; ++step) {
        ScalarRecord record;
        record.step = step;
        record.loss = loss;
        record.layers.resize(1);
        EXPECT_TRUE(csv.append(record));
    }
}

/// What came, and whether it replaces what came before: "1 2 3", "anew 1 2".
std::string news_of(MetricsTail& tail) {
    const auto read = tail.read();
    EXPECT_TRUE(read) << read.error().message;
    if (!read) return "";
    std::string out = read->restarted ? "anew" : "";
    for (const ScalarRecord& record : read->records)
        out += (out.empty() ? "" : " ") + std::to_string(record.step);
    return out;
}

// Fails if the first look, or one at which nothing happened, is taken for a file written anew: the
// window would throw its curve away each time.
TEST(MetricsTail, ShowsEachRecordOnce) {
    const TempFolder dir;
    MetricsTail tail(dir / "m.csv");
    EXPECT_EQ(news_of(tail), "") << "no file yet";
    auto csv = opened(dir / "m.csv");
    EXPECT_EQ(news_of(tail), "") << "a header alone";
    append(csv, 1, 3);
    EXPECT_EQ(news_of(tail), "1 2 3");
    EXPECT_EQ(news_of(tail), "");
    append(csv, 4, 4);
    EXPECT_EQ(news_of(tail), "4");
    EXPECT_EQ(news_of(tail), "");
}

// Fails if a resumed run's rows are added to those it took back, whether the file is shorter now or
// has grown past its old length meanwhile.
TEST(MetricsTail, ACutFileIsReadAnew) {
    const TempFolder dir;
    MetricsTail tail(dir / "m.csv");
    auto csv = opened(dir / "m.csv");
    append(csv, 1, 4);
    EXPECT_EQ(news_of(tail), "1 2 3 4");
    EXPECT_TRUE(csv.cut_to_step(2));
    EXPECT_EQ(news_of(tail), "anew 1 2");
    append(csv, 3, 4, 1.0F);
    EXPECT_EQ(news_of(tail), "3 4");
    EXPECT_TRUE(csv.cut_to_step(2));
    append(csv, 3, 6, 2.5F);
    EXPECT_EQ(news_of(tail), "anew 1 2 3 4 5 6");
}

// Fails if the rows of a file that is gone stay, or those of the one in its place are taken for its
// going on.
TEST(MetricsTail, AnotherFileInItsPlaceIsReadAnew) {
    const TempFolder dir;
    MetricsTail tail(dir / "m.csv");
    {
        auto csv = opened(dir / "m.csv");
        append(csv, 1, 2);
        EXPECT_EQ(news_of(tail), "1 2");
    }
    std::filesystem::rename(dir / "m.csv", dir / "old.csv");
    EXPECT_EQ(news_of(tail), "anew");
    EXPECT_EQ(news_of(tail), "") << "it is told once";
    auto csv = opened(dir / "m.csv");
    append(csv, 7, 8);
    EXPECT_EQ(news_of(tail), "7 8");
    std::filesystem::rename(dir / "old.csv", dir / "m.csv");
    EXPECT_EQ(news_of(tail), "anew 1 2");
}

// Fails if a damaged line is passed over, its place in the file is another than is told, or the
// file is not read again once it is mended.
TEST(MetricsTail, ADamagedLineIsNamedAndOvercome) {
    const TempFolder dir;
    const std::string path = dir / "m.csv";
    MetricsTail tail(path);
    {
        auto csv = opened(path);
        append(csv, 1, 2);
    }
    const std::string good = bytes_of(path);
    EXPECT_EQ(news_of(tail), "1 2");
    put_bytes(path, good + "three,and,nothing\n");
    const auto damaged = tail.read();
    ASSERT_FALSE(damaged);
    EXPECT_EQ(damaged.error().kind, ErrorKind::usage);
    EXPECT_TRUE(contains(damaged.error().message, path + ":5")) << damaged.error().message;
    put_bytes(path, good);
    const auto mended = tail.read();
    ASSERT_TRUE(mended) << mended.error().message;
    EXPECT_EQ(mended->records.size(), 2u) << "all of them, once";
}

}  // namespace
}  // namespace hopscope::core
