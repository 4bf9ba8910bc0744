#include "tests/run/event_reader.h"

#include <bit>
#include <cstring>
#include <string_view>

#include "core/base/files.h"
#include "core/run/crc32c.h"

namespace hopscope::test {
namespace {

// Field numbers of tensorflow.Event and the messages inside it.
enum : uint32_t { kWallTime = 1, kStep = 2, kFileVersion = 3, kSummary = 5, kSessionLog = 7 };
enum : uint32_t { kSummaryValue = 1, kValueTag = 1, kValueSimple = 2, kSessionStatus = 1 };
constexpr uint64_t kSessionStart = 1;
enum : uint32_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

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

template <class Number>
Number number_at(std::string_view bytes, size_t offset) {
    Number value;
    std::memcpy(&value, bytes.data() + offset, sizeof value);
    return value;
}

}  // namespace

core::Result<std::vector<ScalarEvent>> read_event_file(const std::string& path) {
    auto text = core::read_file(path, SIZE_MAX);
    if (!text) return text.error();
    const std::string_view bytes = *text;
    constexpr size_t kHead = sizeof(uint64_t) + sizeof(uint32_t), kTail = sizeof(uint32_t);
    std::vector<ScalarEvent> events;
    size_t at = 0;
    while (bytes.size() - at >= kHead) {
        const auto bad = [&](const std::string& what) {
            return core::usage_error(path + ": no valid event file: " + what + " at byte " +
                                     std::to_string(at));
        };
        if (number_at<uint32_t>(bytes, at + 8) != core::masked_crc32c(bytes.substr(at, 8)))
            return bad("wrong checksum of a record's length");
        const auto length = number_at<uint64_t>(bytes, at);
        const size_t rest = bytes.size() - at - kHead;
        if (rest < kTail || length > rest - kTail) break;  // torn
        const std::string_view body = bytes.substr(at + kHead, length);
        if (number_at<uint32_t>(bytes, at + kHead + length) != core::masked_crc32c(body))
            return bad("wrong checksum of a record");
        ScalarEvent event;
        if (!decode_event(body, event)) return bad("a record that is no Event");
        events.push_back(std::move(event));
        at += kHead + length + kTail;
    }
    return events;
}

}  // namespace hopscope::test
