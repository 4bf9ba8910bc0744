#include "core/run/metrics_csv.h"

#include <gtest/gtest.h>
#include <random>
#include <set>

#include "tests/base/child_process.h"
#include "tests/base/helpers.h"
#include "tests/run/records.h"

namespace hopscope::core {
namespace {

constexpr const char* kFixed = "step,tokens,seconds,loss,balance_loss,lr,grad_norm,valid_loss";

std::vector<ScalarRecord> write_records(const std::string& path, int64_t count, size_t layers) {
    std::mt19937_64 random(3);
    auto csv = MetricsCsv::open(path, static_cast<int64_t>(layers));
    EXPECT_TRUE(csv) << csv.error().message;
    std::vector<ScalarRecord> records;
    for (int64_t step = 1; step <= count; ++step) {
        records.push_back(random_record(random, step, layers));
        EXPECT_TRUE(csv->append(records.back()));
    }
    return records;
}

// Wrong if scripts that read the fixed columns break, or units and columns do not match one to one.
TEST(MetricsCsv, UnitsThenFixedHeader) {
    const TempFolder dir;
    write_records(dir / "m.csv", 1, 2);
    const std::string text = bytes_of(dir / "m.csv");
    const auto lines = complete_lines(text);
    ASSERT_EQ(lines.size(), 3u);
    EXPECT_EQ(lines[0].substr(0, 2), "# ");
    EXPECT_TRUE(lines[1].starts_with(kFixed)) << lines[1];
    const auto commas = [](std::string_view line) {
        return std::count(line.begin(), line.end(), ',');
    };
    EXPECT_EQ(commas(lines[0]), commas(lines[1]));
    EXPECT_EQ(commas(lines[0]), commas(lines[2]));
    for (const char* name :
         {"tokens_per_s", "grad_norm/embedding", "entropy/layer0", "jaccard/layer1",
          "load/max_over_mean/layer0", "load/cv/layer1", "load/dead/layer0", "tau/layer1"})
        EXPECT_TRUE(contains("," + std::string(lines[1]) + ",", "," + std::string(name) + ","))
            << name;
}

TEST(MetricsCsv, ColumnNamesAndTagsAreUnique) {
    std::set<std::string> names, tags;
    for (const Column& column : metric_columns(3)) {
        EXPECT_TRUE(names.insert(column.name).second) << column.name;
        EXPECT_TRUE(column.tag.empty() || tags.insert(column.tag).second) << column.tag;
        EXPECT_FALSE(column.unit.empty()) << column.name;
    }
}

// Wrong if a resumed run shows other numbers than it had, in any bit (denormals, infinities,
// negative zero included).
TEST(MetricsCsv, NumbersReadBackBitExactly) {
    const TempFolder dir;
    auto records = write_records(dir / "m.csv", 300, 3);
    ScalarRecord special;
    special.step = 301;
    special.loss = -0.0f;
    special.balance_loss = INFINITY;
    special.lr = -INFINITY;
    special.grad_norm = std::numeric_limits<float>::denorm_min();
    special.valid_loss = std::numeric_limits<float>::max();
    special.tokens_per_s = 0.1f;
    special.layers.resize(3);
    {
        auto csv = MetricsCsv::open(dir / "m.csv", 3);
        ASSERT_TRUE(csv);
        ASSERT_TRUE(csv->append(special));
    }
    records.push_back(special);
    auto read = read_metrics_csv(dir / "m.csv");
    ASSERT_TRUE(read) << read.error().message;
    ASSERT_EQ(read->size(), records.size());
    for (size_t i = 0; i < records.size(); ++i) expect_same(records[i], (*read)[i]);
}

TEST(MetricsCsv, NaNIsAnEmptyCell) {
    const TempFolder dir;
    auto csv = MetricsCsv::open(dir / "m.csv", 0);
    ASSERT_TRUE(csv);
    ScalarRecord record;
    record.step = 1;
    record.loss = 2.5f;
    ASSERT_TRUE(csv->append(record));
    EXPECT_TRUE(contains(bytes_of(dir / "m.csv"), "\n1,0,0,2.5,,,,,")) << bytes_of(dir / "m.csv");
}

// Wrong if a kill at any byte makes the file unreadable, loses a complete record, or lets the next
// one stick to it.
TEST(MetricsCsv, KillAtEveryByte) {
    const TempFolder dir;
    const auto records = write_records(dir / "m.csv", 2, 1);
    const std::string whole = bytes_of(dir / "m.csv");
    for (size_t cut = 0; cut <= whole.size(); ++cut) {
        const std::string path = dir / "cut.csv", torn = whole.substr(0, cut);
        put_bytes(path, torn);
        const auto lines = static_cast<size_t>(std::count(torn.begin(), torn.end(), '\n'));
        const size_t complete = lines < 2 ? 0 : lines - 2;
        auto read = read_metrics_csv(path);
        ASSERT_TRUE(read) << cut << ": " << read.error().message;
        ASSERT_EQ(read->size(), complete) << cut;
        auto csv = MetricsCsv::open(path, 1);
        ASSERT_TRUE(csv) << cut << ": " << csv.error().message;
        for (size_t i = complete; i < records.size(); ++i) ASSERT_TRUE(csv->append(records[i]));
        ASSERT_EQ(bytes_of(path), whole) << cut;
    }
}

// Wrong if resume keeps records after the checkpoint, or drops the one of the checkpoint's step.
TEST(MetricsCsv, CutToStep) {
    const TempFolder dir;
    const auto records = write_records(dir / "m.csv", 10, 2);
    for (const int64_t step : {20, 10, 7, 7, 1, 0}) {
        auto csv = MetricsCsv::open(dir / "m.csv", 2);
        ASSERT_TRUE(csv);
        ASSERT_TRUE(csv->cut_to_step(step));
        auto read = read_metrics_csv(dir / "m.csv");
        ASSERT_TRUE(read);
        ASSERT_EQ(read->size(), static_cast<size_t>(std::min<int64_t>(step, 10)));
        if (!read->empty()) expect_same(read->back(), records[read->size() - 1]);
    }
}

// Wrong if a validation loss that came late were lost, changed other records, or ended up at
// another update.
TEST(MetricsCsv, AmendReplacesTheLastRecordOnly) {
    const TempFolder dir;
    auto records = write_records(dir / "m.csv", 3, 2);
    auto csv = MetricsCsv::open(dir / "m.csv", 2);
    ASSERT_TRUE(csv);
    records[2].valid_loss = 1.25f;
    ASSERT_TRUE(csv->amend(records[2]));
    EXPECT_FALSE(csv->amend(records[1])) << "not the last";
    std::mt19937_64 random(4);
    records.push_back(random_record(random, 4, 2));
    ASSERT_TRUE(csv->append(records.back()));
    const auto read = read_metrics_csv(dir / "m.csv");
    ASSERT_TRUE(read);
    ASSERT_EQ(read->size(), 4u);
    for (size_t i = 0; i < 4; ++i) expect_same((*read)[i], records[i]);
}

// Wrong if a run of another version loses its history or gets lines of two shapes into one file.
TEST(MetricsCsv, OtherColumnsAreConvertedAndTheOldFileKept) {
    const TempFolder dir;
    const std::string path = dir / "m.csv",
                      old = "# u\nstep,tokens,loss,novel\n1,8,2.5,9\n2,16,2.25,\n";
    put_bytes(path, old);
    {
        auto csv = MetricsCsv::open(path, 2);
        ASSERT_TRUE(csv) << csv.error().message;
        std::mt19937_64 random(1);
        ASSERT_TRUE(csv->append(random_record(random, 3, 2)));
    }
    EXPECT_EQ(bytes_of(path + ".old"), old);
    auto read = read_metrics_csv(path);
    ASSERT_TRUE(read) << read.error().message;
    ASSERT_EQ(read->size(), 3u);
    EXPECT_EQ((*read)[1].tokens, 16);
    EXPECT_EQ((*read)[1].loss, 2.25f);
    EXPECT_EQ((*read)[1].layers.size(), 2u);
}

// Wrong if a run that was begun before the live coupling columns were recorded cannot be read or
// go on, or its old records gain numbers.
TEST(MetricsCsv, FilesWithoutTheLiveCouplingColumnsGoOn) {
    const TempFolder dir;
    const std::string path = dir / "m.csv";
    const auto is_new = [](const std::string& name) {
        return name.starts_with("score_spearman/") || name.starts_with("gradient_cosine/");
    };
    std::mt19937_64 random(5);
    const std::vector<ScalarRecord> records = {random_record(random, 1, 2),
                                               random_record(random, 2, 2)};
    std::string text = "# u\n";
    std::vector<Column> old;
    for (const Column& column : metric_columns(2))
        if (!is_new(column.name)) old.push_back(column);
    EXPECT_EQ(metric_columns(2).size(), old.size() + 4);
    for (const Column& column : old) text += (&column == &old[0] ? "" : ",") + column.name;
    for (const auto& record : records) {
        text += '\n';
        for (const Column& column : old)
            text += (&column == &old[0] ? "" : ",") + column_text(column, record);
    }
    put_bytes(path, text + '\n');
    const auto check = [&](size_t count) {
        const auto read = read_metrics_csv(path);
        ASSERT_TRUE(read) << read.error().message;
        ASSERT_EQ(read->size(), count);
        for (size_t i = 0; i < records.size(); ++i)
            for (const Column& column : metric_columns(2)) {
                const double found = column_value(column, (*read)[i]);
                if (is_new(column.name))
                    EXPECT_TRUE(std::isnan(found)) << column.name;
                else
                    EXPECT_TRUE(same_bits(found, column_value(column, records[i]))) << column.name;
            }
    };
    check(2);
    const auto next = random_record(random, 3, 2);
    {
        auto csv = MetricsCsv::open(path, 2);
        ASSERT_TRUE(csv) << csv.error().message;
        ASSERT_TRUE(csv->append(next));
    }
    check(3);
    expect_same(read_metrics_csv(path)->back(), next);
}

TEST(MetricsCsv, BadFilesAreNamedWithTheirLine) {
    const TempFolder dir;
    struct Case {
        std::string text, says;
    };
    const std::vector<Case> cases = {
        {"hello,world\n1,2\n", ":1: found a header that begins with \"hello\""},
        {"step,loss\n1,2\n2\n", ":3: 1 values found, the header has 2 columns"},
        {"step,loss\n1,2\n2,3,4\n", ":3: 3 values found"},
        {"step,loss\n1,two\n", ":2: column loss: found \"two\""},
        {"step,loss\n,2\n", ":2: column step: found \"\""},
        {"step,loss\n1.5,2\n", ":2: column step"},
        {"step,loss\n99999999999999999999,2\n", ":2: column step"},
        {"step,tau/layer99999999\n", "a layer below 2 expected"},
        {"step,tau/layer-1\n", "a layer below 2 expected"},
        {"step,loss\n1,2\n3,2\n3,2\n", ":4: update 3 after update 3; allowed rising ones"},
        {"step,loss\n5,2\n# a note\n4,2\n", ":4: update 4 after update 5"},
    };
    for (const Case& c : cases) {
        put_bytes(dir / "m.csv", c.text);
        auto read = read_metrics_csv(dir / "m.csv");
        ASSERT_FALSE(read) << c.text;
        EXPECT_EQ(read.error().kind, ErrorKind::usage);
        EXPECT_TRUE(contains(read.error().message, (dir / "m.csv") + c.says) ||
                    contains(read.error().message, c.says))
            << read.error().message;
        EXPECT_TRUE(contains(read.error().message, dir / "m.csv"));
    }
}

// Wrong if opening destroys a file that is not ours.
TEST(MetricsCsv, ForeignFileIsLeftAlone) {
    const TempFolder dir;
    for (const std::string text : {"no line end, no table", "hello,world\n1,2\n"}) {
        put_bytes(dir / "m.csv", text);
        EXPECT_FALSE(MetricsCsv::open(dir / "m.csv", 1));
        EXPECT_EQ(bytes_of(dir / "m.csv"), text);
    }
}

TEST(MetricsCsv, ReadsFilesWithWindowsLineEnds) {
    const TempFolder dir;
    put_bytes(dir / "m.csv", "step,loss\r\n1,2.5\r\n");
    auto read = read_metrics_csv(dir / "m.csv");
    ASSERT_TRUE(read) << read.error().message;
    ASSERT_EQ(read->size(), 1u);
    EXPECT_EQ((*read)[0].loss, 2.5f);
}

}  // namespace
}  // namespace hopscope::core
