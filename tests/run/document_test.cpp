// If these fail, a number made under a changed setting carries no word of the change.
#include "core/run/document.h"

#include <algorithm>
#include <gtest/gtest.h>

#include "core/api/live_settings.h"

namespace hopscope::core {
namespace {

TEST(LiveSettingsOfADocument, EachChangedKeyIsThereByItsWholeName) {
    const Config configured;
    EXPECT_EQ(live_settings(configured, configured), nlohmann::ordered_json::object());
    Config all = configured;
    for (const LiveSetting& setting : live_settings()) {
        Config now = configured;
        set_live_value(setting, now, 3);
        set_live_value(setting, all, 3);
        const auto json = live_settings(configured, now);
        ASSERT_EQ(json.size(), 1u) << setting.key;
        EXPECT_EQ(json.at(setting.key), 3) << setting.key;
        EXPECT_EQ(json.at(setting.key).is_number_integer(), setting.value.type == ArgType::integer);
    }
    // In the order that documents have had so far, table by table; a key made live later comes in
    // between.
    const std::vector<std::string> published = {"train.lr", "train.balance_alpha", "train.clip",
                                                "moe.tau",  "moe.top_k",           "model.dropout"};
    std::vector<std::string> keys;
    const auto document = live_settings(configured, all);
    for (const auto& [key, value] : document.items())
        if (std::count(published.begin(), published.end(), key)) keys.push_back(key);
    EXPECT_EQ(keys, published);
}

}  // namespace
}  // namespace hopscope::core
