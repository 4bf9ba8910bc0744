#include "core/run/event_file.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstring>
#include <filesystem>

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

double now() {
    using namespace std::chrono;
    return duration<double>(system_clock::now().time_since_epoch()).count();
}

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

struct Field {
    uint32_t number = 0, type = 0;
    uint64_t integer = 0;  ///< varints and the bits of fixed numbers
    std::string_view bytes;
};

/// Decoder of one protobuf message; ok() turns false for bytes that are none.
class Fields {
  public:
    explicit Fields(std::string_view bytes) : rest_(bytes) {}
    bool ok() const { return ok_; }
    bool next(Field& field) {
        if (!ok_ || rest_.empty()) return false;
        const uint64_t key = varint();
        field = {static_cast<uint32_t>(key >> 3), static_cast<uint32_t>(key & 7), 0, {}};
        if (key >> 32) ok_ = false;
        if (field.type == kVarint)
            field.integer = varint();
        else if (field.type == kFixed64)
            field.integer = fixed(8);
        else if (field.type == kFixed32)
            field.integer = fixed(4);
        else if (field.type == kBytes)
            field.bytes = take(varint());
        else
            ok_ = false;
        return ok_;
    }

  private:
    uint64_t varint() {
        uint64_t value = 0;
        for (uint32_t shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
            const auto byte = static_cast<uint8_t>(rest_.front());
            rest_.remove_prefix(1);
            value |= static_cast<uint64_t>(byte & 0x7fu) << shift;
            if (byte < 0x80) return value;
        }
        ok_ = false;
        return 0;
    }
    uint64_t fixed(size_t size) {
        uint64_t value = 0;
        const std::string_view bytes = take(size);
        std::memcpy(&value, bytes.data(), bytes.size());
        return value;
    }
    /// The next `size` bytes, or none where there are fewer.
    std::string_view take(uint64_t size) {
        if (!ok_ || size > rest_.size()) {
            ok_ = false;
            return rest_.substr(0, 0);
        }
        const std::string_view bytes = rest_.substr(0, size);
        rest_.remove_prefix(size);
        return bytes;
    }
    std::string_view rest_;
    bool ok_ = true;
};

bool decode_value(std::string_view bytes, ScalarEvent& event) {
    std::string tag;
    float value = 0;
    bool is_scalar = false;
    Fields fields(bytes);
    for (Field field; fields.next(field);) {
        if (field.number == kValueTag && field.type == kBytes) tag = field.bytes;
        if (field.number == kValueSimple && field.type == kFixed32) {
            value = std::bit_cast<float>(static_cast<uint32_t>(field.integer));
            is_scalar = true;
        }
    }
    if (is_scalar) event.scalars.emplace_back(std::move(tag), value);
    return fields.ok();
}

bool decode_summary(std::string_view bytes, ScalarEvent& event) {
    Fields fields(bytes);
    for (Field field; fields.next(field);)
        if (field.number == kSummaryValue && field.type == kBytes &&
            !decode_value(field.bytes, event))
            return false;
    return fields.ok();
}

bool decode_session(std::string_view bytes, ScalarEvent& event) {
    Fields fields(bytes);
    for (Field field; fields.next(field);)
        if (field.number == kSessionStatus && field.type == kVarint)
            event.session_start = field.integer == kSessionStart;
    return fields.ok();
}

bool decode_event(std::string_view bytes, ScalarEvent& event) {
    Fields fields(bytes);
    for (Field field; fields.next(field);) {
        bool ok = true;
        if (field.number == kWallTime && field.type == kFixed64)
            event.wall_time = std::bit_cast<double>(field.integer);
        else if (field.number == kStep && field.type == kVarint)
            event.step = static_cast<int64_t>(field.integer);
        else if (field.number == kFileVersion && field.type == kBytes)
            event.file_version = field.bytes;
        else if (field.number == kSummary && field.type == kBytes)
            ok = decode_summary(field.bytes, event);
        else if (field.number == kSessionLog && field.type == kBytes)
            ok = decode_session(field.bytes, event);
        if (!ok) return false;
    }
    return fields.ok();
}

constexpr std::string_view kPrefix = "events.out.tfevents.";

/// Seconds in the name of the next file: now, or one after the newest there (clocks go back,
/// resumes are quick).
int64_t next_stamp(const std::string& dir) {
    auto stamp = static_cast<int64_t>(now());
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

template <class Number>
Number number_at(std::string_view bytes, size_t offset) {
    Number value;
    std::memcpy(&value, bytes.data() + offset, sizeof value);
    return value;
}

}  // namespace

Result<EventFile> EventFile::create(const std::string& dir, int64_t layers, int64_t first_step) {
    std::error_code error;
    std::filesystem::create_directories(dir, error);
    if (error) return file_error("cannot create the folder", dir, error.value());
    auto file = AppendFile::create(dir + "/" + std::string(kPrefix) +
                                   std::to_string(next_stamp(dir)) + ".hopscope");
    if (!file) return file.error();
    EventFile events(*std::move(file), metric_columns(layers));

    Message version;
    version.put_double(kWallTime, now());
    version.put_bytes(kFileVersion, "brain.Event:2");
    Message session;
    session.put_varint(kSessionStatus, kSessionStart);
    Message start;
    start.put_double(kWallTime, now());
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
    event.put_double(kWallTime, now());
    event.put_varint(kStep, static_cast<uint64_t>(record.step));
    event.put_bytes(kSummary, summary.bytes());
    return append_record(event.bytes());
}

Status EventFile::append_record(const std::string& event) {
    const std::string length = raw(static_cast<uint64_t>(event.size()));
    return file_.append(length + raw(masked_crc32c(length)) + event + raw(masked_crc32c(event)));
}

Result<std::vector<ScalarEvent>> read_event_file(const std::string& path) {
    auto text = read_file(path, SIZE_MAX);
    if (!text) return text.error();
    const std::string_view bytes = *text;
    constexpr size_t kHead = sizeof(uint64_t) + sizeof(uint32_t), kTail = sizeof(uint32_t);
    std::vector<ScalarEvent> events;
    size_t at = 0;
    while (bytes.size() - at >= kHead) {
        const auto bad = [&](const std::string& what) {
            return usage_error(path + ": no valid event file: " + what + " at byte " +
                               std::to_string(at));
        };
        if (number_at<uint32_t>(bytes, at + 8) != masked_crc32c(bytes.substr(at, 8)))
            return bad("wrong checksum of a record's length");
        const auto length = number_at<uint64_t>(bytes, at);
        const size_t rest = bytes.size() - at - kHead;
        if (rest < kTail || length > rest - kTail) break;  // torn
        const std::string_view body = bytes.substr(at + kHead, length);
        if (number_at<uint32_t>(bytes, at + kHead + length) != masked_crc32c(body))
            return bad("wrong checksum of a record");
        ScalarEvent event;
        if (!decode_event(body, event)) return bad("a record that is no Event");
        events.push_back(std::move(event));
        at += kHead + length + kTail;
    }
    return events;
}

}  // namespace hopscope::core
