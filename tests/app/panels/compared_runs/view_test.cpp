// The rows of the compared runs, computed without a window.
#include "app/panels/compared_runs/view.h"

#include <gtest/gtest.h>

#include "tests/app/fake_runs.h"

namespace hopscope::app {
namespace {

std::vector<ComparedEntry> entries_of(const std::vector<std::string>& dirs) {
    std::vector<ComparedEntry> out;
    for (const std::string& dir : dirs) {
        ComparedEntry entry;
        entry.dir = entry.name = dir;
        entry.given = true;
        out.push_back(entry);
    }
    return out;
}

// Wrong if runs were missing before they are read, seeds stood apart, the best were not first, or
// one that cannot be read did not say why.
TEST(ComparedRows, VariantsBestFirst) {
    const std::vector<std::string> dirs = {"r/deep-42", "r/wide-42", "r/bad-1", "r/deep-7"};
    const auto entries = entries_of(dirs);
    EXPECT_EQ(variant_rows(entries, nullptr, {}).size(), 4u);
    const core::Comparison comparison = gui_test::fake_comparison(dirs);
    const auto rows = variant_rows(entries, &comparison, 0);
    ASSERT_EQ(rows.size(), 3u);
    EXPECT_EQ(rows[0].name, "wide");
    EXPECT_EQ(rows[1].name, "deep");
    EXPECT_TRUE(rows[1].reference);
    ASSERT_EQ(rows[1].runs.size(), 2u);
    EXPECT_EQ(rows[1].runs[1].label, "seed 7");
    EXPECT_EQ(rows[1].seeds, 2u);
    EXPECT_EQ(rows[2].runs[0].left_out, "r/bad-1/run.json: no such file");
    const std::string csv = csv_of(rows);
    EXPECT_NE(csv.find("wide,r/wide-42,r/wide-42,"), std::string::npos) << csv;
    EXPECT_NE(csv.find("no: r/bad-1/run.json"), std::string::npos);
}

}  // namespace
}  // namespace hopscope::app
