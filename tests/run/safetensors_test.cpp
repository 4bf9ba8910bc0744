#include "core/run/safetensors.h"

#include <cstring>
#include <gtest/gtest.h>
#include <random>

#include "core/run/safetensors_file.h"
#include "tests/base/child_process.h"
#include "tests/base/helpers.h"

namespace hopscope::core {
namespace {

std::string with_header(const std::string& header, const std::string& data = "") {
    const uint64_t length = header.size();
    return std::string(reinterpret_cast<const char*>(&length), 8) + header + data;
}

struct Sample {
    std::vector<float> a = {1.0f, -0.0f, 3.25e-40f, 4.0f, 5.0f, 6.0f};
    std::vector<uint8_t> b = {1, 2, 3, 4, 5};
    std::vector<int64_t> c = {-7};
    std::vector<uint16_t> d = {0x3c00, 0x7bff, 1};
    std::vector<TensorView> views() const {
        return {{"b", "U8", {5}, b.data(), 5},
                {"a.weight", "F32", {2, 3}, a.data(), 24},
                {"empty", "F64", {4, 0}, nullptr, 0},
                {"c", "I64", {}, c.data(), 8},
                {"d", "F16", {3}, d.data(), 6}};
    }
};

// Wrong if weights read back differ in a bit, in shape, or in order of names.
TEST(Safetensors, RoundTrip) {
    const TempFolder dir;
    const std::string path = dir / "m.safetensors";
    const Sample sample;
    const std::map<std::string, std::string> metadata = {{"config", "[model]\nd = 1 # \"ü\"\n"},
                                                         {"step", "12"}};
    ASSERT_TRUE(write_safetensors(path, sample.views(), metadata));
    auto file = SafetensorsFile::open(path);
    ASSERT_TRUE(file) << file.error().message;
    EXPECT_EQ(file->metadata(), metadata);
    const auto expected = sample.views();
    ASSERT_EQ(file->tensors().size(), expected.size());
    for (size_t i = 0; i < expected.size(); ++i) {
        const TensorView& found = file->tensors()[i];
        EXPECT_EQ(found.name, expected[i].name);
        EXPECT_EQ(found.dtype, expected[i].dtype);
        EXPECT_EQ(found.shape, expected[i].shape);
        ASSERT_EQ(found.bytes, expected[i].bytes);
        EXPECT_TRUE(found.bytes == 0 || std::memcmp(found.data, expected[i].data, found.bytes) == 0)
            << found.name;
        EXPECT_EQ(file->find(found.name), &found);
        EXPECT_EQ(reinterpret_cast<uintptr_t>(found.data) % dtype_bytes(found.dtype), 0u)
            << found.name << " is not aligned";
    }
    EXPECT_EQ(file->find("nothing"), nullptr);
}

// Wrong if the views of a file die with the object it was moved from.
TEST(Safetensors, MovedFileKeepsItsViews) {
    const TempFolder dir;
    const Sample sample;
    ASSERT_TRUE(write_safetensors(dir / "m", sample.views(), {}));
    auto opened = SafetensorsFile::open(dir / "m");
    ASSERT_TRUE(opened);
    const SafetensorsFile file = *std::move(opened);
    float last = 0;
    std::memcpy(&last, static_cast<const char*>(file.find("a.weight")->data) + 20, 4);
    EXPECT_EQ(last, 6.0f);
}

TEST(Safetensors, ExpectNamesBothShapes) {
    const TempFolder dir;
    const Sample sample;
    ASSERT_TRUE(write_safetensors(dir / "m", sample.views(), {}));
    auto file = SafetensorsFile::open(dir / "m");
    ASSERT_TRUE(file);
    EXPECT_TRUE(file->expect("a.weight", "F32", {-1, 3}));
    for (const auto& wrong :
         {file->expect("a.weight", "F32", {3, 2}), file->expect("a.weight", "F16", {2, 3}),
          file->expect("a.weight", "F32", {6})}) {
        ASSERT_FALSE(wrong);
        EXPECT_EQ(wrong.error().kind, ErrorKind::usage);
        EXPECT_TRUE(contains(wrong.error().message, "F32 [2, 3]")) << wrong.error().message;
    }
    EXPECT_FALSE(file->expect("nothing", "F32", {}));
}

TEST(Safetensors, WriterRefusesWhatNoReaderAccepts) {
    const TempFolder dir;
    const std::vector<float> a(4);
    const std::string path = dir / "m";
    const std::vector<std::vector<TensorView>> bad = {
        {{"a", "F32", {5}, a.data(), 16}},                                   // too few bytes
        {{"a", "F31", {4}, a.data(), 16}},                                   // dtype
        {{"a", "F32", {4}, a.data(), 16}, {"a", "F32", {4}, a.data(), 16}},  // twice
        {{"__metadata__", "F32", {4}, a.data(), 16}},                        // reserved
        {{"a\xff", "F32", {4}, a.data(), 16}},                               // not UTF-8
        {{"a", "F32", {-4}, a.data(), 16}},
        {{"a", "F32", {int64_t{1} << 62, 16}, a.data(), 0}},  // 2^68 bytes wrap to 0
    };
    for (size_t i = 0; i < bad.size(); ++i) EXPECT_FALSE(write_safetensors(path, bad[i], {})) << i;
    EXPECT_FALSE(std::filesystem::exists(path));
    // The name of a file, which may be of any bytes, is no reason to lose what was computed.
    ASSERT_TRUE(write_safetensors(path, {}, {{"k", "r\xe9sum"}}));
    const auto file = SafetensorsFile::open(path);
    ASSERT_TRUE(file) << file.error().message;
    EXPECT_EQ(file->metadata().at("k"), "r\ufffdsum");
}

// Wrong if one of these foreign or hostile files is taken for good, or its message does not say
// what is wrong.
TEST(Safetensors, RefusesEachKindOfDamage) {
    const TempFolder dir;
    const std::string f4 = R"({"dtype":"F32","shape":[1],"data_offsets":[0,4]})";
    const std::string data(4, '\0');
    struct Case {
        std::string bytes, says;
    };
    const std::vector<Case> cases = {
        {"", "0 bytes found"},
        {"1234567", "7 bytes found"},
        {std::string(8, '\xff'), "announced"},
        {std::string("\x10\0\0\0\0\0\0\0{}", 10), "16 bytes announced, at most 2"},
        {with_header(""), "does not begin"},
        {with_header(" {}"), "does not begin"},
        {with_header("[1]"), "does not begin"},
        {with_header("{\"a\":" + f4), "not valid JSON"},
        {with_header("{\"a\":" + f4 + "} x", data), "not valid JSON"},
        {with_header("{\"a\xff\":" + f4 + "}", data), "not valid JSON"},
        {with_header("{\"a\":" + f4 + ",\"a\":" + f4 + "}", data), "twice"},
        {with_header(R"({"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}})",
                     data),
         "twice"},
        {with_header(R"({"a":{"dtype":"Q4","shape":[1],"data_offsets":[0,4]}})", data),
         "unknown dtype"},
        {with_header(R"({"a":{"shape":[1],"data_offsets":[0,4]}})", data), "dtype is missing"},
        {with_header(R"({"a":{"dtype":"F32","data_offsets":[0,4]}})", data), "shape is missing"},
        {with_header(R"({"a":{"dtype":"F32","shape":[1]}})", data), "data_offsets are missing"},
        {with_header(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}})", data),
         "two data_offsets"},
        {with_header(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,4]}})", data),
         "more than two"},
        {with_header(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}})", data), "need 8"},
        {with_header(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}})", data),
         "inside 0 to 4"},
        {with_header(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", data),
         "inside 0 to 4"},
        {with_header(R"({"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}})", data),
         "integer from 0"},
        {with_header(R"({"a":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}})", data),
         "integer from 0"},
        {with_header(R"({"a":{"dtype":"F32","shape":"1","data_offsets":[0,4]}})", data),
         "a list of sizes"},
        {with_header(
             R"({"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}})"),
         "2^64"},
        {with_header(R"({"a":{"dtype":"F32","shape":[9223372036854775808],"data_offsets":[0,4]}})",
                     data),
         "2^63"},
        {with_header(R"({"a":{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,4]}})",
                     data),
         "integer from 0"},
        {with_header(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":1}})", data),
         "found the key"},
        {with_header(R"({"a":5})", data), "an object expected"},
        {with_header(R"({"__metadata__":{"k":1}})"), "a text expected"},
        {with_header(R"({"__metadata__":{"k":{}}})"), "a text expected"},
        {with_header(R"({"__metadata__":[]})"), "an object expected"},
        {with_header("{\"a\":" + f4 + ",\"b\":" + f4 + "}", data), "inside another"},
        {with_header(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})", data + data),
         "after a gap"},
        {with_header("{\"a\":" + f4 + "}", data + "x"), "5 bytes of data"},
        {with_header("{}", data), "4 bytes of data"},
        {with_header("{\"a\":" + std::string(500000, '[')), "expected"},
        {with_header(std::string(500000, '{')), "not valid JSON"},
    };
    for (size_t i = 0; i < cases.size(); ++i) {
        const std::string path = dir / ("f" + std::to_string(i));
        put_bytes(path, cases[i].bytes);
        auto file = SafetensorsFile::open(path);
        ASSERT_FALSE(file) << "case " << i;
        EXPECT_EQ(file.error().kind, ErrorKind::usage);
        EXPECT_TRUE(contains(file.error().message, path));
        EXPECT_TRUE(contains(file.error().message, cases[i].says))
            << i << ": " << file.error().message;
        EXPECT_LT(file.error().message.size(), 700u);
    }
    EXPECT_FALSE(SafetensorsFile::open(dir.path()));
    EXPECT_FALSE(SafetensorsFile::open(dir / "none"));
}

// Wrong if a valid file of another writer is refused: trailing blanks, no metadata, data not in
// header order.
TEST(Safetensors, ReadsFilesOfOtherWriters) {
    const TempFolder dir;
    put_bytes(dir / "a", with_header("{}"));
    EXPECT_TRUE(SafetensorsFile::open(dir / "a"));
    put_bytes(dir / "b", with_header(R"({"y":{"dtype":"U8","shape":[3],"data_offsets":[2,5]},)"
                                     R"("x":{"shape":[1],"data_offsets":[0,2],"dtype":"BF16"}}   )",
                                     "12345"));
    auto file = SafetensorsFile::open(dir / "b");
    ASSERT_TRUE(file) << file.error().message;
    EXPECT_EQ(std::string(static_cast<const char*>(file->find("y")->data), 3), "345");
}

/// A small valid file to damage.
std::string sample_bytes(const TempFolder& dir) {
    const Sample sample;
    EXPECT_TRUE(write_safetensors(dir / "sample", sample.views(), {{"config", "x = 1"}}));
    return bytes_of(dir / "sample");
}

// Wrong if a file cut at any byte (a kill without the atomic rename, a broken copy) is taken for
// good.
TEST(Safetensors, CutAtEveryByteIsRefused) {
    const TempFolder dir;
    const std::string whole = sample_bytes(dir);
    for (size_t cut = 0; cut < whole.size(); ++cut) {
        put_bytes(dir / "cut", whole.substr(0, cut));
        ASSERT_FALSE(SafetensorsFile::open(dir / "cut")) << cut;
    }
}

// Wrong if damage in the header crashes the reader, makes it allocate without bound, or yields
// views outside the file.
TEST(Safetensors, HeaderDamageNeverEscapesTheFile) {
    const TempFolder dir;
    const std::string whole = sample_bytes(dir);
    uint64_t length = 0;
    std::memcpy(&length, whole.data(), 8);
    const size_t header_end = 8 + length;
    const auto check = [&](const std::string& bytes) {
        put_bytes(dir / "f", bytes);
        auto file = SafetensorsFile::open(dir / "f");
        if (!file) return;
        size_t sum = 0, covered = 0;
        for (const TensorView& tensor : file->tensors()) {
            for (size_t i = 0; i < tensor.bytes; ++i)
                sum += static_cast<const uint8_t*>(tensor.data)[i];
            covered += tensor.bytes;
        }
        ASSERT_LE(covered, bytes.size());
        ASSERT_LE(sum, 255 * covered);
    };
    const int code = in_child([&] {
        const rlimit limit{rlim_t{4} << 30, rlim_t{4} << 30};
#ifndef HOPSCOPE_SANITIZED
        setrlimit(RLIMIT_AS, &limit);  // a size taken from the file would throw here
#else
        (void)limit;
#endif
        for (size_t at = 0; at < header_end; ++at)
            for (int bit = 0; bit < 8; ++bit) {
                std::string bytes = whole;
                bytes[at] = static_cast<char>(bytes[at] ^ (1 << bit));
                check(bytes);
            }
        std::mt19937 random(7);
        const std::string alphabet = "{}[]\",:0123456789-.eE\\ tfn\xff";
        for (int round = 0; round < 4000; ++round) {
            std::string bytes = whole;
            for (int changes = 1 + static_cast<int>(random() % 4); changes > 0; --changes) {
                const size_t at = 8 + random() % length;
                if (random() % 2)
                    bytes[at] = alphabet[random() % alphabet.size()];
                else
                    bytes[at] = whole[8 + random() % length];
            }
            check(bytes);
        }
        return testing::Test::HasFailure() ? 1 : 0;
    });
    EXPECT_EQ(code, 0);
}

// Wrong if a full disk while a checkpoint is written harms the file of that name.
TEST(Safetensors, FullDiskLeavesTheOldFile) {
    const TempFolder dir;
    const Sample sample;
    ASSERT_TRUE(write_safetensors(dir / "m", sample.views(), {}));
    const std::string before = bytes_of(dir / "m");
    const int code = in_child([&] {
        limit_file_size(2048);
        const std::vector<float> large(4096);
        return write_safetensors(dir / "m", {{"a", "F32", {4096}, large.data(), 16384}}, {}) ? 1
                                                                                             : 0;
    });
    EXPECT_EQ(code, 0);
    EXPECT_EQ(bytes_of(dir / "m"), before);
}

}  // namespace
}  // namespace hopscope::core
