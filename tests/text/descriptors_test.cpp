// If this fails, a file is called bad that a limit of the process alone kept from being read.
#include <functional>
#include <gtest/gtest.h>

#include "core/text/corpus.h"
#include "core/text/corpus_files.h"
#include "core/text/token_file.h"
#include "core/text/tokenizer.h"
#include "core/text/truth.h"
#include "tests/base/child_process.h"
#include "tests/base/helpers.h"

namespace hopscope::core {
namespace {

#ifndef HOPSCOPE_SANITIZED  // the sanitizer's own look at a virtual call takes a descriptor
TEST(Readers, TellAWantOfDescriptorsFromABadFile) {
    const TempFolder dir;
    put_bytes(dir / "a", "text\n");
    const std::vector<std::function<Error()>> readers = {
        [&] { return TokenFile::open(dir / "a").error(); },
        [&] { return TokenFile::read_info(dir / "a").error(); },
        [&] { return corpus_files(dir.path(), "corpus").error(); },
        [&] {
            const auto reader = CorpusReader::open(dir / "a");
            std::string line;
            return reader ? (*reader)->next(line).error() : reader.error();
        },
        [&] { return Tokenizer::load(dir / "a").error(); },
        [&] { return Truth::load(dir / "a").error(); }};
    for (size_t i = 0; i < readers.size(); ++i) {
        const int code = in_child([&] {
            const rlimit limit{0, 0};
            setrlimit(RLIMIT_NOFILE, &limit);
            const Error error = readers[i]();
            if (!contains(error.message, "ulimit -n")) return 1;
            return error.kind == ErrorKind::failed ? 0 : 2;
        });
        EXPECT_EQ(code, 0) << "reader " << i;
    }
}
#endif

}  // namespace
}  // namespace hopscope::core
