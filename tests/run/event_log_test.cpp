#include "core/run/event_log.h"

#include <filesystem>
#include <gtest/gtest.h>

#include "tests/base/helpers.h"

namespace hopscope::core {
namespace {

std::vector<LoggedCommand> three_commands() {
    const Command freeze{CommandKind::freeze, {{"what", std::string("routing")}}};
    const Command set{CommandKind::set, {{"key", std::string("lr")}, {"value", 0.1 / 3}}};
    const Command pause{CommandKind::pause, {}};
    return {{freeze, 100, 1700000000.125, "window"},
            {set, 101, 0.1, "cli \"x\""},
            {pause, 150, 1.0, "script"}};
}

std::string write_sample(const std::string& path) {
    auto log = EventLog::open(path);
    EXPECT_TRUE(log);
    for (const LoggedCommand& entry : three_commands()) {
        const Status status = log->append(entry);
        EXPECT_TRUE(status);
    }
    return bytes_of(path);
}

// Wrong if a replay would apply another command, at another step, or with another number than was
// applied.
TEST(EventLog, RoundTrip) {
    const TempFolder dir;
    const std::string text = write_sample(dir / "events.jsonl");
    auto read = read_event_log(dir / "events.jsonl");
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(*read, three_commands());
    const auto lines = complete_lines(text);
    ASSERT_EQ(lines.size(), 3u);
    EXPECT_EQ(
        lines[0],
        R"({"command":"freeze","what":"routing","step":100,"time":1700000000.125,"by":"window"})");
}

TEST(EventLog, MissingFileIsAnEmptyLog) {
    const TempFolder dir;
    auto read = read_event_log(dir / "none");
    ASSERT_TRUE(read);
    EXPECT_TRUE(read->empty());
}

// Wrong if a kill at any byte hides commands that were applied, or spoils those logged after the
// resume.
TEST(EventLog, KillAtEveryByte) {
    const TempFolder dir;
    const std::string whole = write_sample(dir / "events.jsonl");
    for (size_t cut = 0; cut <= whole.size(); ++cut) {
        const std::string path = dir / "cut.jsonl", torn = whole.substr(0, cut);
        put_bytes(path, torn);
        const auto complete = static_cast<size_t>(std::count(torn.begin(), torn.end(), '\n'));
        auto read = read_event_log(path);
        ASSERT_TRUE(read) << cut << ": " << read.error().message;
        ASSERT_EQ(read->size(), complete);
        auto log = EventLog::open(path);
        ASSERT_TRUE(log);
        for (size_t i = complete; i < 3; ++i) ASSERT_TRUE(log->append(three_commands()[i]));
        ASSERT_EQ(bytes_of(path), whole) << cut;
    }
}

// Wrong if a damaged size costs as much memory: nobody gives ten million commands.
TEST(EventLog, NoLogIsOfGigabytes) {
    const TempFolder dir;
    put_bytes(dir / "e", "");
    std::filesystem::resize_file(dir / "e", (uint64_t{1} << 30) + 1);
    const auto read = read_event_log(dir / "e");
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().kind, ErrorKind::usage);
    EXPECT_TRUE(contains(read.error().message, dir / "e")) << read.error().message;
}

TEST(EventLog, BadLinesAreNamed) {
    const TempFolder dir;
    const std::string good = R"({"command":"pause","step":1,"time":1,"by":"cli"})"
                             "\n";
    for (const std::string bad : {"nonsense\n", "[1]\n",
                                  R"({"command":"pause"})"
                                  "\n",
                                  R"({"command":"no such","step":1,"time":1,"by":"cli"})"
                                  "\n",
                                  R"({"command":"pause","step":"1","time":1,"by":"cli"})"
                                  "\n",
                                  R"({"command":"pause","step":-14,"time":1,"by":"cli"})"
                                  "\n",
                                  R"({"command":"pause","step":1,"step":2,"time":1,"by":"cli"})"
                                  "\n"}) {
        put_bytes(dir / "e", good + bad + good);
        auto read = read_event_log(dir / "e");
        ASSERT_FALSE(read) << bad;
        EXPECT_EQ(read.error().kind, ErrorKind::usage);
        EXPECT_TRUE(contains(read.error().message, (dir / "e") + ":2")) << read.error().message;
    }
}

}  // namespace
}  // namespace hopscope::core
