// If these fail, a run that ended for want of room or descriptors is kept as one that is running.
#include "core/base/state_text.h"

#include <fcntl.h>
#include <filesystem>
#include <gtest/gtest.h>

#include "core/base/files.h"
#include "core/base/json.h"
#include "tests/base/child_process.h"
#include "tests/base/helpers.h"

namespace hopscope::core {
namespace {

std::string state_text(const std::string& state, size_t filling) {
    return dump_pretty({{"state", state}, {"filling", std::string(filling, 'x')}});
}

/// As after a full disk: no second file gets the name that it needs.
void leave_no_room(const std::string& path) {
    std::filesystem::create_directory(path + ".tmp");
}

// Wrong at those sizes whose last page has no room left for a reason.
TEST(StateFile, AReasonFindsRoomWhateverTheSizeWas) {
    const std::string reason = "failed: " + std::string(900, 'y');
    for (size_t filling = 2900; filling < 4200; filling += 7) {
        const TempFolder dir;
        const std::string path = dir / "run.json";
        ASSERT_TRUE(write_state_file(path, state_text("running", filling)));
        EXPECT_TRUE(parse_object(bytes_of(path), path));
        leave_no_room(path);
        const auto said = write_state_file(path, state_text(reason, filling));
        ASSERT_TRUE(said) << filling << ": " << said.error().message;
        const auto read = parse_object(bytes_of(path), path);
        ASSERT_TRUE(read) << filling << ": " << read.error().message;
        EXPECT_EQ(read->at("state"), reason);
        EXPECT_EQ(read->at("filling").get<std::string>().size(), filling);
    }
}

// Wrong if what a killed process left stays for ever.
TEST(StateFile, TakesALeftoverAway) {
    const TempFolder dir;
    put_bytes(dir / "race.json.tmp", "{");
    ASSERT_TRUE(write_state_file(dir / "race.json", state_text("running", 10)));
    EXPECT_FALSE(std::filesystem::exists(dir / "race.json.tmp"));
}

// Wrong if a report that has grown is not said although its content has room without its layout.
TEST(StateFile, GivesItsLayoutUpBeforeItsContent) {
    const TempFolder dir;
    const std::string path = dir / "race.json";
    const auto report = [](int entries) {
        OrderedJson json = {{"state", std::to_string(entries)}};
        for (int i = 0; i < entries; ++i) json["lanes"].push_back({{"a", {{"step", i}}}});
        return json;
    };
    ASSERT_TRUE(write_state_file(path, dump_pretty(report(400))));
    const auto before = std::filesystem::file_size(path);
    leave_no_room(path);
    ASSERT_GT(dump_pretty(report(700)).size(), before + 8192);
    ASSERT_TRUE(write_state_file(path, dump_pretty(report(700))));
    EXPECT_EQ(OrderedJson::parse(bytes_of(path)), report(700));
    const std::string held = bytes_of(path);
    EXPECT_FALSE(write_state_file(path, dump_pretty(report(4000)))) << "does not fit at all";
    EXPECT_EQ(bytes_of(path), held);
    // With room again it is as it always was.
    std::filesystem::remove(path + ".tmp");
    ASSERT_TRUE(write_state_file(path, dump_pretty(report(3))));
    EXPECT_TRUE(bytes_of(path).starts_with(dump_pretty(report(3))));
}

TEST(StateFile, IsWrittenWhereDescriptorsHaveRunOut) {
    const TempFolder dir;
    const std::string path = dir / "run.json";
    const int code = in_child([&] {
        const rlimit limit{64, 64};
        setrlimit(RLIMIT_NOFILE, &limit);
        if (!write_state_file(path, state_text("running", 10))) return 1;
        while (::open("/dev/null", O_RDONLY) >= 0) continue;
        for (const char* state : {"failed: no descriptors", "failed: again"})
            if (!write_state_file(path, state_text(state, 10))) return 2;
        return ::open("/dev/null", O_RDONLY) < 0 ? 0 : 3;  // the reserve is kept
    });
    EXPECT_EQ(code, 0);
    const auto read = parse_object(bytes_of(path), path);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->at("state"), "failed: again");
}

}  // namespace
}  // namespace hopscope::core
