// If these fail, `set` writes another key than the one it names, or offers what no key allows.
#include "core/api/live_settings.h"

#include <gtest/gtest.h>

#include "core/api/config_keys.h"
#include "core/api/live_settings.h"
#include "core/config/write.h"

namespace hopscope::core {
namespace {

TEST(LiveKeys, EachIsReadAndWrittenAtItsOwnPlace) {
    for (const LiveSetting& setting : live_settings()) {
        const Key* key = find_key(setting.key);
        ASSERT_TRUE(key && key->live) << setting.key;
        EXPECT_EQ(setting.value.name, key->leaf());
        EXPECT_EQ(find_live_setting(setting.key), &setting);
        EXPECT_EQ(find_live_setting(setting.value.name), &setting);
        const Config before;
        Config after;
        set_live_value(setting, after, 7);
        EXPECT_EQ(differing_keys(before, after, false).size(), 1u) << setting.key;
        const Value value = live_value(setting, after);
        EXPECT_EQ(value, setting.value.type == ArgType::integer ? Value(int64_t{7}) : Value(7.0))
            << setting.key;
    }
}

TEST(LiveKeys, AllThatAreMarkedAreOffered) {
    size_t marked = 0;
    for (const Key& key : config_keys()) marked += key.live.has_value();
    EXPECT_EQ(live_settings().size(), marked);
}

// Fails if a bound that is out as fp32 rounds is not said to be, or the range of a key is worded in
// another way than where a configuration names it.
TEST(LiveKeys, RangesReadAsThoseOfTheConfiguration) {
    for (const LiveSetting& setting : live_settings()) {
        const Key& key = *find_key(setting.key);
        if (!key.live->allowed.empty()) continue;
        NumberRange range = key.allowed.range;
        EXPECT_EQ(setting.value.allowed.ends_with(", in fp32"), range.low_open || range.high_open)
            << setting.key << ": " << setting.value.allowed;
        if (key.live->most > 0) range.high = key.live->most;
        EXPECT_EQ(setting.value.allowed, range.text()) << setting.key;
    }
    const auto allowed = [](const char* name) { return find_live_setting(name)->value.allowed; };
    EXPECT_EQ(allowed("lr"), "0 … 1000000");
    EXPECT_EQ(allowed("tau"), "above 0 and at most 1000000, in fp32");
    EXPECT_EQ(allowed("dropout"), "at least 0 and below 1, in fp32");
    EXPECT_EQ(allowed("top_k"), "1 … experts");
}

}  // namespace
}  // namespace hopscope::core
