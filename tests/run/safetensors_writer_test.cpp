#include "core/run/safetensors_writer.h"

#include <filesystem>
#include <gtest/gtest.h>

#include "core/base/files.h"
#include "tests/base/child_process.h"
#include "tests/base/helpers.h"

namespace hopscope::core {
namespace {

std::vector<TensorView> specs() {
    return {{"small", "U8", {4}, nullptr, 4},
            {"wide", "F64", {2, 2}, nullptr, 32},
            {"empty", "F32", {0, 3}, nullptr, 0}};
}

// Wrong if parts end up at another place than the same tensors written at once.
TEST(SafetensorsWriter, PartsGiveTheFileThatOneWriteGives) {
    const TempFolder dir;
    const std::vector<uint8_t> small = {1, 2, 3, 4};
    const std::vector<double> wide = {1.5, -2, 3e300, 4};
    auto whole = specs();
    whole[0].data = small.data();
    whole[1].data = wide.data();
    const std::map<std::string, std::string> metadata = {{"format", "x"}};
    ASSERT_TRUE(write_safetensors(dir / "once", whole, metadata));
    auto writer = SafetensorsWriter::create(dir / "parts", specs(), metadata);
    ASSERT_TRUE(writer.ok()) << writer.error().message;
    for (size_t half = 0; half < 2; ++half) {
        ASSERT_TRUE(writer->append(1, wide.data() + 2 * half, 16));
        ASSERT_TRUE(writer->append(0, small.data() + 2 * half, 2));
        EXPECT_FALSE(std::filesystem::exists(dir / "parts"));
    }
    ASSERT_TRUE(writer->finish());
    EXPECT_EQ(bytes_of(dir / "parts"), bytes_of(dir / "once"));
    EXPECT_EQ(writer->bytes(), bytes_of(dir / "once").size());
    EXPECT_FALSE(std::filesystem::exists(dir / "parts.tmp"));
}

// Wrong if a file appears that lacks bytes, or an older one is lost by a try that fails.
TEST(SafetensorsWriter, AnUnfinishedFileLeavesNothing) {
    const TempFolder dir;
    const std::string path = dir / "t";
    ASSERT_TRUE(write_file_atomic(path, "older"));
    {
        auto writer = SafetensorsWriter::create(path, specs(), {});
        ASSERT_TRUE(writer.ok());
        const double part[2] = {1, 2};
        ASSERT_TRUE(writer->append(1, part, 16));
        const auto done = writer->finish();
        ASSERT_FALSE(done.ok());
        EXPECT_NE(done.error().message.find("\"small\": 4 bytes are missing"), std::string::npos)
            << done.error().message;
        const double more[3] = {3, 4, 5};
        const auto over = writer->append(1, more, 24);
        ASSERT_FALSE(over.ok());
        EXPECT_NE(over.error().message.find("\"wide\": 24 bytes more, but only 16"),
                  std::string::npos)
            << over.error().message;
    }
    EXPECT_EQ(bytes_of(path), "older");
    EXPECT_FALSE(std::filesystem::exists(path + ".tmp"));
}

// Wrong if a call that cannot succeed is found out only after hours of work.
TEST(SafetensorsWriter, RefusesAtTheBeginning) {
    const TempFolder dir;
    EXPECT_FALSE(SafetensorsWriter::create(dir / "no/folder", specs(), {}).ok());
    auto twice = specs();
    twice.push_back(twice[0]);
    EXPECT_FALSE(SafetensorsWriter::create(dir / "t", twice, {}).ok());
    auto short_one = specs();
    short_one[1].bytes = 31;
    EXPECT_FALSE(SafetensorsWriter::create(dir / "t", short_one, {}).ok());
    EXPECT_FALSE(std::filesystem::exists(dir / "t.tmp"));
    const int too_large = in_child([&] {
        limit_file_size(1 << 20);
        const auto got = SafetensorsWriter::create(
            dir / "t", {{"a", "U8", {1 << 21}, nullptr, size_t{1} << 21}}, {});
        return !got && got.error().kind == ErrorKind::failed &&
                       contains(got.error().message, "ulimit -f")
                   ? 7
                   : 1;
    });
    EXPECT_EQ(too_large, 7);
    EXPECT_FALSE(std::filesystem::exists(dir / "t.tmp"));
}

}  // namespace
}  // namespace hopscope::core
