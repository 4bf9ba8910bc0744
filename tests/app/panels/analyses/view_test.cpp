// Documents and tables of the analyses panel, without a screen.
#include "app/panels/analyses/view.h"

#include <algorithm>
#include <filesystem>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <set>

#include "app/panels/analyses/table_plot.h"
#include "app/panels/analyses/words.h"
#include "tests/temp_folder.h"

namespace hopscope::app {
namespace {

// Wrong if a number of a document were lost, or a list of objects were no table.
TEST(AnalysesView, DocumentsBecomeNumbersAndTables) {
    const auto view = read_analysis(R"({"format": "hopscope.analysis/1", "name": "load",
        "definition": "counts", "n": 640, "seed": 7, "step": 300,
        "result": {"mean": 0.25, "none": null, "per_layer": [[0.5, 0.25], [1, 2]],
                   "layers": [{"gini": 0.5, "counts": [1, 2]}, {"gini": 0.25, "cv": "x"}]}})");
    ASSERT_TRUE(view) << view.error().message;
    EXPECT_EQ(view->n, 640);
    EXPECT_EQ(view->step, 300);
    const std::vector<std::pair<std::string, std::string>> numbers = {
        {"mean", "0.25"}, {"none", ""}, {"per_layer[0]", "0.5000 0.2500"}, {"per_layer[1]", "1 2"}};
    EXPECT_EQ(view->numbers, numbers);
    ASSERT_EQ(view->tables.size(), 1u);
    EXPECT_EQ(view->tables[0].columns, (std::vector<std::string>{"layer", "gini", "counts", "cv"}));
    EXPECT_EQ(view->tables[0].rows[1], (std::vector<std::string>{"1", "0.25", "", "x"}));
    for (const char* bad : {"", "[]", "{", R"({"format": "hopscope.trace/1"})",
                            R"({"format": "hopscope.analysis/1", "n": "many"})"})
        EXPECT_FALSE(read_analysis(bad)) << bad;
}

// Wrong if a document that version 0.1 stored could not be read any more.
TEST(AnalysesView, DocumentsOf01) {
    const std::string folder = std::string(HOPSCOPE_FORMATS) + "/0.1/";
    const auto echo = read_analysis(test::bytes_of(folder + "analysis.json"));
    ASSERT_TRUE(echo) << echo.error().message;
    EXPECT_EQ(echo->name, "echo");
    const auto mean = std::find_if(echo->numbers.begin(), echo->numbers.end(),
                                   [](const auto& number) { return number.first == "mean"; });
    ASSERT_NE(mean, echo->numbers.end());
    EXPECT_NEAR(std::stod(mean->second), 0.99996567, 1e-4);
    std::vector<std::string> names;
    const auto all = nlohmann::json::parse(test::bytes_of(folder + "analyses.json"));
    for (const auto& one : all.at("analyses")) {
        const auto view = read_analysis(one.dump());
        ASSERT_TRUE(view) << view.error().message;
        EXPECT_FALSE(view->numbers.empty() && view->tables.empty()) << view->name;
        names.push_back(view->name);
    }
    EXPECT_EQ(names, (std::vector<std::string>{"jaccard", "load", "identity", "drift"}));
}

// Wrong if a document of format 2 that was stored could not be read any more, or lost its
// intervals.
TEST(AnalysesView, DocumentsOf20261128) {
    const std::string folder = std::string(HOPSCOPE_FORMATS) + "/2026-11-28/";
    const auto echo = read_analysis(test::bytes_of(folder + "analysis.json"));
    ASSERT_TRUE(echo) << echo.error().message;
    const auto mean =
        std::find_if(echo->numbers.begin(), echo->numbers.end(),
                     [](const auto& number) { return number.first == "mean_interval"; });
    ASSERT_NE(mean, echo->numbers.end());
    EXPECT_NE(mean->second.find(" to "), std::string::npos) << mean->second;
    std::vector<std::string> names;
    for (const char* file : {"analyses.json", "analyses_more.json"}) {
        const auto all = nlohmann::json::parse(test::bytes_of(folder + file));
        for (const auto& one : all.at("analyses")) {
            const auto view = read_analysis(one.dump());
            ASSERT_TRUE(view) << view.error().message;
            EXPECT_FALSE(view->numbers.empty() && view->tables.empty()) << view->name;
            names.push_back(view->name);
        }
    }
    EXPECT_EQ(names, (std::vector<std::string>{"jaccard", "displacement", "identity", "silhouette",
                                               "grad_norms", "polysemy"}));
}

// Wrong if an interval of format 2 hid the number that it belongs to.
TEST(AnalysesView, NumbersWithIntervals) {
    const auto view = read_analysis(R"({"format": "hopscope.analysis/2", "name": "echo",
        "result": {"mean": {"value": 0.5, "ci95": [0.25, 0.75], "n": 8, "over": "batches"},
                   "none": {"value": 2, "ci95": [null, null], "n": 1, "over": "batches"},
                   "per_layer": [{"value": 3, "ci95": [2, 4], "n": 8, "over": "batches"}],
                   "layers": [{"x": {"value": 7, "ci95": [6, 8], "n": 8, "over": "batches"},
                               "list": [{"value": 9, "ci95": [1, 10], "n": 2, "over": "a"}]},
                              {"late": 1}]}})");
    ASSERT_TRUE(view) << view.error().message;
    const std::vector<std::pair<std::string, std::string>> numbers = {
        {"mean", "0.5000 (0.2500 to 0.7500)"}, {"none", "2"}};
    EXPECT_EQ(view->numbers, numbers);
    ASSERT_EQ(view->tables.size(), 2u);
    EXPECT_EQ(view->tables[0].columns,
              (std::vector<std::string>{"layer", "per_layer", "per_layer_ci95_low",
                                        "per_layer_ci95_high"}));
    EXPECT_EQ(view->tables[0].rows[0], (std::vector<std::string>{"0", "3", "2", "4"}));
    EXPECT_EQ(view->tables[1].columns, (std::vector<std::string>{"layer", "x", "x_ci95_low",
                                                                 "x_ci95_high", "list", "late"}));
    EXPECT_EQ(view->tables[1].rows[0], (std::vector<std::string>{"0", "7", "6", "8", "9", ""}));
    EXPECT_EQ(view->tables[1].rows[1], (std::vector<std::string>{"1", "", "", "", "", "1"}));
    const auto plotted = plot_of(view->tables[1], 1, std::nullopt);
    ASSERT_EQ(plotted.size(), 1u);
    EXPECT_EQ(plotted[0].below, (std::vector<double>{1}));
}

// Wrong if a list inside of a row lost what its values are, or a place in a list were called by
// another name than what it counts.
TEST(AnalysesView, ValuesInsideOfCellsKeepTheirNames) {
    const auto view = read_analysis(R"({"format": "hopscope.analysis/2", "name": "a", "result": {
        "words": [{"truth": {"name": "science", "expert": 10, "best": {"x": 1}}}],
        "per_layer": [[{"value": 1, "ci95": [0, 2]}], [{"value": 1, "ci95": [0, 2]}]],
        "layers": [{"layer": 3, "x": 1}]}})");
    ASSERT_TRUE(view) << view.error().message;
    ASSERT_EQ(view->tables.size(), 4u);
    EXPECT_EQ(view->tables[0].columns[0], "#");
    EXPECT_EQ(view->tables[0].rows[0][1], "name science, expert 10, best \xE2\x80\xA6");
    EXPECT_EQ(view->tables[1].columns[0], "hop");
    EXPECT_EQ(view->tables[3].columns[0], "#") << "the layer is said by the row itself";
}

// Wrong if a reader met a key of a document instead of words, or two keys that differ had the same.
TEST(AnalysesWords, KeysBecomeWords) {
    EXPECT_EQ(words_of_key("decided_before.same.ci95"), "decided before, same, 95 % interval");
    EXPECT_EQ(words_of_key("p_target_ci95_low"), "P(target), 95 % interval from");
    EXPECT_EQ(words_of_key("mean_interval"), "mean, 95 % interval");
    EXPECT_EQ(words_of_key("per_layer[2]_ci95_high"), "layer 2, 95 % interval to");
    EXPECT_EQ(words_of_key("experts.largest[1]"), "experts, largest, layer 1");
    EXPECT_EQ(words_of_key("a[1][2]"), "a, number 1, number 2");
    EXPECT_EQ(words_of_key("#"), "row");
    EXPECT_EQ(words_of_key("rank_12"), "rank 12");
    EXPECT_EQ(words_of_key(""), "");
    EXPECT_FALSE(words_of_key("[.]_").empty()) << "whatever is written, something comes out";
    size_t keys = 0;
    for (const char* folder : {"/0.1/", "/2026-11-28/"})
        for (const char* file : {"analysis.json", "analyses.json", "analyses_more.json"}) {
            const std::string path = std::string(HOPSCOPE_FORMATS) + folder + file;
            if (!std::filesystem::exists(path)) continue;
            const auto all = nlohmann::json::parse(test::bytes_of(path));
            for (const auto& one : all.value("analyses", nlohmann::json::array({all}))) {
                const auto view = read_analysis(one.dump());
                ASSERT_TRUE(view);
                std::set<std::string> names, words;
                for (const auto& [key, value] : view->numbers) names.insert(key);
                for (const auto& table : view->tables)
                    names.insert(table.columns.begin(), table.columns.end());
                for (const auto& name : names) {
                    words.insert(words_of_key(name));
                    EXPECT_EQ(words_of_key(name).find_first_of("_[]"), std::string::npos) << name;
                }
                EXPECT_EQ(words.size(), names.size()) << view->name;
                keys += names.size();
            }
        }
    EXPECT_GT(keys, 40u);
}

// Wrong if a quoted cell broke a row, or sorting put 10 before 9 or empty cells first.
TEST(AnalysesView, TablesReadAndSort) {
    ResultTable t = read_csv("id,word\r\n10,\"a,\"\"b\"\"\"\n\"\"\n9,c\n,x\n", "t");
    EXPECT_EQ(t.columns, (std::vector<std::string>{"id", "word"}));
    ASSERT_EQ(t.rows.size(), 4u);
    EXPECT_EQ(t.rows[0][1], "a,\"b\"");
    EXPECT_EQ(t.rows[1], (std::vector<std::string>{"", ""})) << "a short row is filled up";
    sort_rows(t, 0, false);
    EXPECT_EQ(t.rows[0][0], "9");
    EXPECT_EQ(t.rows[1][0], "10");
    sort_rows(t, 0, true);
    EXPECT_EQ(t.rows[0][0], "10");
    EXPECT_EQ(t.rows[3][0], "");
    sort_rows(t, 9, true);  // no such column
    EXPECT_TRUE(read_csv("", "e").columns.empty());
    // The head of a table is no row; a cell that begins like it is.
    t = read_csv("# name: load\n# definition: a, \"b\n#x,y\n", "t");
    EXPECT_TRUE(t.columns.empty()) << "nothing but a head";
    t = read_csv("# name: load\n# definition: a, \"b\nid,y\n#,2\n", "t");
    EXPECT_EQ(t.columns, (std::vector<std::string>{"id", "y"}));
    ASSERT_EQ(t.rows.size(), 1u);
    EXPECT_EQ(t.rows[0], (std::vector<std::string>{"#", "2"}));
    EXPECT_EQ(shown_cell("0.123456789"), "0.1235");
    EXPECT_EQ(shown_cell("12345"), "12,345");
    EXPECT_EQ(shown_cell("a1"), "a1");
}

// Wrong if a picture were drawn of a place instead of a measurement, a row without a number shifted
// the others, or an interval belonged to another column.
TEST(TablePlot, DrawsWhatIsMeasuredWithItsInterval) {
    const ResultTable t = read_csv(
        "layer,expert,mean,ci95_low,ci95_high,share,share_low,share_high,word\n"
        "0,3,0.5,0.25,1,7,6,9,a\n0,4,,,,8,8,8,b\n1,3,2,1.5,,9,9,9,c\n",
        "t");
    EXPECT_EQ(plot_columns(t), (std::vector<size_t>{0, 1, 2, 5}));
    ASSERT_EQ(first_measured(t), std::optional<size_t>(2));
    const auto means = plot_of(t, 2, std::nullopt);
    ASSERT_EQ(means.size(), 2u) << "a series a layer";
    EXPECT_EQ(means[0].name, "layer 0");
    EXPECT_EQ(means[0].y, (std::vector<double>{0.5}));
    EXPECT_EQ(means[0].below, (std::vector<double>{0.25}));
    EXPECT_EQ(means[0].above, (std::vector<double>{0.5}));
    EXPECT_EQ(means[1].x, (std::vector<double>{2})) << "the row it stands in";
    EXPECT_EQ(means[1].rows, (std::vector<size_t>{2}));
    EXPECT_EQ(means[1].above, (std::vector<double>{0})) << "no upper end is known";
    const auto shares = plot_of(t, 5, 1);
    EXPECT_EQ(shares[0].x, (std::vector<double>{3, 4}));
    EXPECT_EQ(shares[0].below, (std::vector<double>{1, 0}));
    EXPECT_TRUE(plot_of(t, 0, 1)[0].below.empty());
    EXPECT_FALSE(first_measured(read_csv("layer,word\n1,a\n", "t")));
}

// Wrong if a picture had an axis of lists, units or rows where the table says what its rows are, or
// a series of one point for each layer.
TEST(TablePlot, BeginsWithAMeasurementOverItsPlace) {
    const auto axes = [](const std::string& csv) {
        const ResultTable table = read_csv(csv, "t");
        const auto y = first_measured(table), x = first_place(table);
        return (x ? table.columns[*x] : "rows") + ":" + (y ? table.columns[*y] : "none");
    };
    EXPECT_EQ(axes("layer,hop,jaccard\n0,0,1\n0,1,2\n1,0,1\n"), "hop:jaccard");
    EXPECT_EQ(axes("layer,expert,choices\n0,0,1\n0,1,2\n"), "expert:choices");
    EXPECT_EQ(axes("layer,experts,unit,x\n0,1,2,3\n1,2,2,4\n"), "layer:x");
    EXPECT_EQ(axes("words,list,x\na,1,3\nb,1 2,4\n"), "rows:x") << "a list is no measurement";
    EXPECT_EQ(axes("layer,x\n0,3\n0,4\n"), "rows:x") << "all of one layer";
    EXPECT_EQ(axes("quantity,step,step_ci95_low,step_ci95_high,clear\na,9,8,10,1\nb,7,6,9,1\n"),
              "rows:step")
        << "what has an interval is measured";
    const ResultTable table = read_csv("layer,x\n0,3\n1,4\n2,5\n", "t");
    EXPECT_EQ(plot_of(table, 1, 0).size(), 1u);
    EXPECT_EQ(plot_of(table, 1, std::nullopt).size(), 1u);
    EXPECT_EQ(whole_ticks(plot_of(table, 1, 0)), (std::vector<double>{0, 1, 2}));
    EXPECT_TRUE(whole_ticks({{"", {0, 0.5}, {1, 1}, {}, {}, {0, 1}}}).empty());
    EXPECT_TRUE(whole_ticks({}).empty());
}

}  // namespace
}  // namespace hopscope::app
