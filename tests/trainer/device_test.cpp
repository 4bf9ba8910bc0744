// If these fail, the end of memory is told in the words of an allocator, without what to do.
#include "core/trainer/device.h"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <new>
#include <stdexcept>
#include <sys/resource.h>

#include "core/config/arithmetic.h"
#include "core/trainer/peak_memory.h"
#include "core/trainer/prepare_run.h"
#include "tests/base/child_process.h"

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

#ifndef HOPSCOPE_SANITIZED  // which reserves more addresses than any limit gives
// Wrong if a process that gets no more threads (ulimit -v) waits for ever, or ends by the library.
TEST(UseThreads, SaysThatTheSystemGivesNone) {
    const int code = in_child([] {
        std::ifstream pages("/proc/self/statm");
        rlim_t used = 0;
        pages >> used;
        const rlimit limit{used * static_cast<rlim_t>(sysconf(_SC_PAGESIZE)) + (64 << 20),
                           RLIM_INFINITY};
        if (setrlimit(RLIMIT_AS, &limit) != 0) return 2;
        const Status given = use_threads(64);
        return !given && given.error().message.find("ulimit -v") != std::string::npos ? 0 : 1;
    });
    EXPECT_EQ(code, 0);
}
#endif

TEST(RunMemory, AModelThatDoesNotFitIsRefusedWithBothFigures) {
    Config config;
    config.model.d_model = 1024;
    EXPECT_TRUE(check_run_memory(config, -1)) << "unknown";
    EXPECT_TRUE(check_run_memory(config, int64_t{1} << 50));
    const auto refused = check_run_memory(config, int64_t{1} << 20);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::usage);
    const std::string& said = refused.error().message;
    EXPECT_NE(said.find(" parameters), and 1 MiB are available"), std::string::npos) << said;
    const MemoryCounts memory = count_memory(config);
    EXPECT_NE(said.find(mebibytes(memory.total - memory.activations)), std::string::npos) << said;
    EXPECT_EQ(mebibytes((int64_t{1234} << 20) - 1), "1,234 MiB");
}

}  // namespace
}  // namespace hopscope::core
