#include "core/run/event_file.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <filesystem>

#include "core/base/clock.h"
#include "core/run/crc32c.h"

namespace hopscope::core {
namespace {

static_assert(std::endian::native == std::endian::little,
              "numbers are written as they lie in memory");

// Field numbers of tensorflow.Event and the messages inside it.
enum : uint32_t { kWallTime = 1, kStep = 2, kFileVersion = 3, kSummary = 5, kSessionLog = 7 };
enum : uint32_t { kSummaryValue = 1, kValueTag = 1, kValueSimple = 2, kSessionStatus = 1 };
constexpr uint64_t kSessionStart = 1;
enum : uint32_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

/// Encoder of one protobuf message.
class Message {
  public:
    void put_varint(uint32_t field, uint64_t value) {
        varint((field << 3) | kVarint);
        varint(value);
    }
    void put_double(uint32_t field, double value) { fixed(field, kFixed64, &value, sizeof value); }
    void put_float(uint32_t field, float value) { fixed(field, kFixed32, &value, sizeof value); }
    void put_bytes(uint32_t field, std::string_view value) {
        varint((field << 3) | kBytes);
        varint(value.size());
        bytes_ += value;
    }
    const std::string& bytes() const { return bytes_; }

  private:
    void varint(uint64_t value) {
        for (; value >= 0x80; value >>= 7) bytes_ += static_cast<char>(value | 0x80);
        bytes_ += static_cast<char>(value);
    }
    void fixed(uint32_t field, uint32_t type, const void* value, size_t size) {
        varint((field << 3) | type);
        bytes_.append(static_cast<const char*>(value), size);
    }
    std::string bytes_;
};

constexpr std::string_view kPrefix = "events.out.tfevents.";

/// Seconds in the name of the next file: now, or one after the newest there (clocks go back,
/// resumes are quick).
int64_t next_stamp(const std::string& dir) {
    auto stamp = static_cast<int64_t>(unix_seconds());
    std::error_code ignored;
    for (std::filesystem::directory_iterator it(dir, ignored), end; !ignored && it != end;
         it.increment(ignored)) {
        const std::string name = it->path().filename().string();
        if (!name.starts_with(kPrefix)) continue;
        int64_t seen = 0;
        std::from_chars(name.data() + kPrefix.size(), name.data() + name.size(), seen);
        if (seen < INT64_MAX) stamp = std::max(stamp, seen + 1);
    }
    return stamp;
}

template <class Number>
std::string raw(Number value) {
    return {reinterpret_cast<const char*>(&value), sizeof value};
}

}  // namespace

Result<EventFile> EventFile::create(const std::string& dir, int64_t layers, int64_t first_step) {
    if (auto made = make_folder(dir); !made) return made.error();
    auto file = AppendFile::create(dir + "/" + std::string(kPrefix) +
                                   std::to_string(next_stamp(dir)) + ".hopscope");
    if (!file) return file.error();
    EventFile events(*std::move(file), metric_columns(layers));

    Message version;
    version.put_double(kWallTime, unix_seconds());
    version.put_bytes(kFileVersion, "brain.Event:2");
    Message session;
    session.put_varint(kSessionStatus, kSessionStart);
    Message start;
    start.put_double(kWallTime, unix_seconds());
    start.put_varint(kStep, static_cast<uint64_t>(first_step));
    start.put_bytes(kSessionLog, session.bytes());
    for (const Message* message : {&version, &start})
        if (auto status = events.append_record(message->bytes()); !status) return status.error();
    return events;
}

Status EventFile::append(const ScalarRecord& record) {
    Message summary;
    for (const Column& column : columns_) {
        const double value = column_value(column, record);
        if (column.tag.empty() || std::isnan(value)) continue;
        Message scalar;
        scalar.put_bytes(kValueTag, column.tag);
        scalar.put_float(kValueSimple, static_cast<float>(value));
        summary.put_bytes(kSummaryValue, scalar.bytes());
    }
    Message event;
    event.put_double(kWallTime, unix_seconds());
    event.put_varint(kStep, static_cast<uint64_t>(record.step));
    event.put_bytes(kSummary, summary.bytes());
    return append_record(event.bytes());
}

Status EventFile::append_record(const std::string& event) {
    const std::string length = raw(static_cast<uint64_t>(event.size()));
    return file_.append(length + raw(masked_crc32c(length)) + event + raw(masked_crc32c(event)));
}

}  // namespace hopscope::core
