// The file of what a person did: written, read, damaged.
#include "app/window/input_record.h"

#include <gtest/gtest.h>
#include <imgui.h>

#include "tests/temp_folder.h"

namespace hopscope::app {
namespace {

using Kind = InputEvent::Kind;

const std::vector<InputEvent>& one_of_each() {
    static const std::vector<InputEvent> kAll = {
        {.kind = Kind::position, .at = 0.125, .x = 12.5f, .y = 700},
        {.kind = Kind::position, .at = 0.125, .inside = false},
        {.kind = Kind::button, .at = 0.25, .code = ImGuiMouseButton_Right, .down = true},
        {.kind = Kind::button, .at = 0.3, .code = ImGuiMouseButton_Right},
        {.kind = Kind::wheel, .at = 0.3, .x = 0, .y = -1},
        {.kind = Kind::key, .at = 1, .code = ImGuiMod_Ctrl, .down = true},
        {.kind = Kind::key, .at = 1, .code = ImGuiKey_P, .down = true},
        {.kind = Kind::key, .at = 2, .code = ImGuiKey_Keypad7},
        {.kind = Kind::text, .at = 2, .code = 0x4E2D},
        {.kind = Kind::text, .at = 2, .code = '"'},
        {.kind = Kind::text, .at = 1e6, .code = 0x1F600},
    };
    return kAll;
}

std::string written(const std::vector<InputEvent>& events) {
    std::string out = input_head(1280, 800);
    for (const InputEvent& event : events) out += input_line(event);
    return out;
}

std::string refusal(const std::string& lines) {
    const auto read = parse_input_record(lines, "clicks.jsonl");
    return read ? "" : read.error().message;
}

// Wrong if an event came back as another, or a crash took more than the line that it cut.
TEST(InputRecord, ReadsBackWhatWasDone) {
    const auto read = parse_input_record(written(one_of_each()), "clicks.jsonl");
    ASSERT_TRUE(read.ok()) << read.error().message;
    EXPECT_EQ(read->width, 1280);
    EXPECT_EQ(read->height, 800);
    EXPECT_EQ(read->events, one_of_each());
    const auto torn = parse_input_record(written(one_of_each()) + "{\"at\": 1e6, \"te", "x");
    ASSERT_TRUE(torn.ok()) << torn.error().message;
    EXPECT_EQ(torn->events, one_of_each());
}

// Wrong if a recording that was kept came to mean something else.
TEST(InputRecord, IsWrittenAsItWas) {
    EXPECT_EQ(test::bytes_of(HOPSCOPE_FORMATS "/2026-11-29c/window/input.jsonl"),
              written(one_of_each()));
}

// Wrong if a damaged line were done, or refused without its place.
TEST(InputRecord, DamageIsNamedByItsLine) {
    const std::string head = input_head(1280, 800);
    for (const char* line :
         {"{\"at\": 1}", "{\"at\": 1, \"key\": \"Any\", \"down\": true}",
          "{\"at\": 1, \"key\": \"MouseLeft\", \"down\": true}", "{\"at\": 1, \"text\": \"\"}",
          "{\"at\": 1, \"text\": \"ab\"}", "{\"at\": 1, \"button\": 5, \"down\": true}",
          "{\"at\": 1, \"button\": -1}", "{\"at\": 1, \"position\": [1]}",
          "{\"at\": 1, \"position\": [1, 1e30]}", "{\"at\": 1, \"wheel\": []}",
          "{\"wheel\": [0, 1]}", "{\"at\": null, \"wheel\": [0, 1]}",
          "{\"at\": -1, \"wheel\": [0, 1]}", "[]", "x"})
        EXPECT_NE(refusal(head + line + "\n").find("clicks.jsonl, line 2"), std::string::npos)
            << line << ": " << refusal(head + line + "\n");
    const std::string later = "{\"at\": 2, \"wheel\": [0, 1]}\n",
                      earlier = "{\"at\": 1, \"wheel\": [0, 1]}\n";
    EXPECT_EQ(refusal(head + earlier + later), "");
    EXPECT_NE(refusal(head + later + earlier).find("line 3: its time lies before"),
              std::string::npos);
    EXPECT_NE(refusal("").find("--record"), std::string::npos);
    EXPECT_NE(refusal("{\"format\": \"hopscope.trace/1\"}\n").find("hopscope.input/1"),
              std::string::npos);
    EXPECT_NE(refusal(input_head(0, 800)).find("found a window of 0 by 800"), std::string::npos);
    EXPECT_NE(refusal(input_head(20000, 800)).find("allowed is 1 to 16384"), std::string::npos);
}

}  // namespace
}  // namespace hopscope::app
