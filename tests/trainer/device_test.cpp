// If these fail, the end of memory is told in the words of an allocator, without what to do.
#include "core/trainer/device.h"

#include <filesystem>
#include <gtest/gtest.h>
#include <new>
#include <stdexcept>

namespace hopscope::core {
namespace {

TEST(TorchError, OutOfMemorySaysWhatWasAskedForAndWhatToReduce) {
    const std::pair<const char*, const char*> cases[] = {
        {"[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate "
         "memory: you tried to allocate 268435456 bytes. Error code 12 (Cannot allocate memory)",
         "256.0 MiB were asked for"},
        {"DefaultCPUAllocator: not enough memory: you tried to allocate 1048576 bytes.",
         "1.0 MiB were asked for"},
        {"CUDA out of memory. Tried to allocate 2.50 GiB. GPU 0 has a total capacity of 78 GiB",
         "2560.0 MiB were asked for"}};
    for (const auto& [text, asked] : cases) {
        const Error error = torch_error(std::runtime_error(text));
        EXPECT_EQ(error.kind, ErrorKind::failed);
        for (const std::string part : {"out of memory", asked, "train.batch"})
            EXPECT_NE(error.message.find(part), std::string::npos) << error.message;
        EXPECT_EQ(error.message.find("Allocator"), std::string::npos) << error.message;
    }
    const std::string plain = torch_error(std::bad_alloc()).message;
    EXPECT_EQ(plain.rfind("out of memory; use a smaller train.batch", 0), 0u) << plain;
}

TEST(TorchError, FilesAndThreadsAreSentences) {
    const auto code = std::make_error_code(std::errc::no_space_on_device);
    EXPECT_EQ(torch_error(std::filesystem::filesystem_error("create", "/a/b", code)).message,
              "/a/b: No space left on device");
    const auto busy = std::make_error_code(std::errc::resource_unavailable_try_again);
    EXPECT_NE(torch_error(std::system_error(busy)).message.find("lower train.threads"),
              std::string::npos);
    EXPECT_EQ(torch_error(std::runtime_error("first\nsecond")).message, "first");
}

}  // namespace
}  // namespace hopscope::core
