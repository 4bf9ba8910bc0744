#include "core/run/event_file.h"

#include <gtest/gtest.h>
#include <random>

#include "core/run/crc32c.h"
#include "tests/base/child_process.h"
#include "tests/base/helpers.h"
#include "tests/run/event_reader.h"
#include "tests/run/records.h"

namespace hopscope::core {
namespace {

// Vectors of RFC 3720, appendix B.4, and of the CRC catalogue.
TEST(Crc32c, KnownVectors) {
    EXPECT_EQ(crc32c(""), 0u);
    EXPECT_EQ(crc32c("123456789"), 0xe3069283u);
    EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8a9136aau);
    EXPECT_EQ(crc32c(std::string(32, '\xff')), 0x62a8ab43u);
    std::string rising, falling;
    for (int i = 0; i < 32; ++i) {
        rising += static_cast<char>(i);
        falling += static_cast<char>(31 - i);
    }
    EXPECT_EQ(crc32c(rising), 0x46dd794eu);
    EXPECT_EQ(crc32c(falling), 0x113fdb5cu);
    EXPECT_EQ(masked_crc32c(""), 0xa282ead8u);
}

std::string write_events(const TempFolder& dir, std::vector<ScalarRecord>& records, int64_t count) {
    std::mt19937_64 random(5);
    auto file = EventFile::create(dir.path(), 2, 1);
    EXPECT_TRUE(file) << file.error().message;
    for (int64_t step = 1; step <= count; ++step) {
        records.push_back(random_record(random, step, 2));
        EXPECT_TRUE(file->append(records.back()));
    }
    return file->path();
}

// Wrong if the curves of TensorBoard differ from those of metrics.csv.
TEST(EventFile, RoundTrip) {
    const TempFolder dir;
    std::vector<ScalarRecord> records;
    const std::string path = write_events(dir, records, 5);
    auto events = test::read_event_file(path);
    ASSERT_TRUE(events) << events.error().message;
    ASSERT_EQ(events->size(), 7u);
    EXPECT_EQ((*events)[0].file_version, "brain.Event:2");
    EXPECT_TRUE((*events)[1].session_start);
    EXPECT_EQ((*events)[1].step, 1);
    for (size_t i = 0; i < records.size(); ++i) {
        const test::ScalarEvent& event = (*events)[i + 2];
        EXPECT_EQ(event.step, records[i].step);
        EXPECT_GT(event.wall_time, 1.6e9);
        size_t at = 0;
        for (const Column& column : metric_columns(2)) {
            const double value = column_value(column, records[i]);
            if (column.tag.empty() || std::isnan(value)) continue;
            ASSERT_LT(at, event.scalars.size());
            EXPECT_EQ(event.scalars[at].first, column.tag);
            EXPECT_TRUE(same_bits(event.scalars[at].second, static_cast<float>(value)))
                << column.tag;
            ++at;
        }
        EXPECT_EQ(at, event.scalars.size());
    }
}

// Wrong if TensorBoard, which reads the files of a folder by name, would meet a resumed file before
// its forerunner.
TEST(EventFile, LaterFilesSortLater) {
    const TempFolder dir;
    std::string last;
    for (int i = 0; i < 4; ++i) {
        auto file = EventFile::create(dir.path(), 1, i + 1);
        ASSERT_TRUE(file) << file.error().message;
        EXPECT_LT(last, file->path());
        EXPECT_TRUE(contains(file->path(), "tfevents"));
        last = file->path();
    }
}

// Wrong if a kill at any byte hides complete records, or shows a torn one, or counts as corruption.
TEST(EventFile, KillAtEveryByte) {
    const TempFolder dir;
    std::vector<ScalarRecord> records;
    const std::string path = write_events(dir, records, 2);
    const std::string whole = bytes_of(path);
    size_t seen = 0;
    for (size_t cut = 0; cut <= whole.size(); ++cut) {
        put_bytes(dir / "cut", whole.substr(0, cut));
        auto events = test::read_event_file(dir / "cut");
        ASSERT_TRUE(events) << cut << ": " << events.error().message;
        ASSERT_GE(events->size(), seen);
        ASSERT_LE(events->size(), seen + 1);
        seen = events->size();
        if (cut + 1 == whole.size()) {
            EXPECT_EQ(seen, 3u);
        }
    }
    EXPECT_EQ(seen, 4u);
}

// Wrong if a damaged byte goes unnoticed or crashes the reader.
TEST(EventFile, EveryDamagedByteIsFound) {
    const TempFolder dir;
    std::vector<ScalarRecord> records;
    const std::string whole = bytes_of(write_events(dir, records, 1));
    for (size_t at = 0; at < whole.size(); ++at) {
        std::string bytes = whole;
        bytes[at] = static_cast<char>(bytes[at] ^ (1 << (at % 8)));
        put_bytes(dir / "bad", bytes);
        auto events = test::read_event_file(dir / "bad");
        ASSERT_FALSE(events) << at;
        EXPECT_EQ(events.error().kind, ErrorKind::usage);
        EXPECT_TRUE(contains(events.error().message, dir / "bad"));
    }
}

// Wrong if a record with right checksums but no Event inside crashes the reader.
TEST(EventFile, RecordsThatAreNoEvents) {
    const TempFolder dir;
    std::mt19937 random(11);
    int refused = 0;
    for (int round = 0; round < 3000; ++round) {
        std::string body(random() % 40, '\0');
        for (char& c : body) c = static_cast<char>(random() % 3 ? random() % 64 : random());
        const uint64_t size = body.size();
        const std::string length(reinterpret_cast<const char*>(&size), 8);
        const auto sum = [](const std::string& bytes) {
            const uint32_t crc = masked_crc32c(bytes);
            return std::string(reinterpret_cast<const char*>(&crc), 4);
        };
        put_bytes(dir / "f", length + sum(length) + body + sum(body));
        auto events = test::read_event_file(dir / "f");
        if (!events) ++refused;
    }
    EXPECT_GT(refused, 1000);
}

// Wrong if a full disk leaves half a record, behind which no later record can be read.
TEST(EventFile, FullDiskTakesTheRecordBack) {
    const TempFolder dir;
    const int code = in_child([&] {
        auto file = EventFile::create(dir.path(), 2, 1);
        if (!file) return 1;
        limit_file_size(3000);
        std::mt19937_64 random(5);
        int written = 0;
        Status status;
        while (written < 100 && (status = file->append(random_record(random, written + 1, 2))))
            ++written;
        if (status || written == 0 || !contains(status.error().message, file->path())) return 2;
        auto events = test::read_event_file(file->path());
        return events && events->size() == static_cast<size_t>(written) + 2 &&
                       std::filesystem::file_size(file->path()) < 3000
                   ? 0
                   : 3;
    });
    EXPECT_EQ(code, 0);
}

}  // namespace
}  // namespace hopscope::core
