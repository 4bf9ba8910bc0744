// The numbers of panels as JSON: what becomes a number, and where a table ends.
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "app/panels/csv_reader.h"
#include "app/panels/numbers_json.h"
#include "core/api/base.h"
#include "tests/temp_folder.h"

namespace hopscope::app {
namespace {

using Json = nlohmann::json;

const PanelNumbers kOf = {"curves", "Curves", "first", "of first, steps 1 \xE2\x80\xA6 40", 1, 40};

/// The cells of a row, read back from the document of a table with that row alone.
Json cells(const std::string& line) {
    const size_t columns = core::csv_cells(line).size();
    std::string head = "c0";
    for (size_t i = 1; i < columns; ++i) head += ",c" + std::to_string(i);
    return Json::parse(json_of(kOf, head + "\n" + line + "\n")).at("rows").at(0);
}

// Fails if a number became text, a text a number, or what is not known a number.
TEST(NumbersJson, CellsAreNumbersTextOrNull) {
    EXPECT_EQ(cells("-3,0.25,-1.5e-7,1e+30"), Json({-3, 0.25, -1.5e-7, 1e30}));
    EXPECT_TRUE(cells("3").at(0).is_number_integer());
    EXPECT_EQ(cells("9007199254740993").at(0).get<int64_t>(), 9007199254740993) << "all digits";
    EXPECT_EQ(cells("18446744073709551615").at(0).get<uint64_t>(), ~uint64_t{0}) << "a seed";
    EXPECT_EQ(cells(",nan,-nan,inf,-inf"), Json({nullptr, nullptr, nullptr, nullptr, nullptr}));
    EXPECT_EQ(cells("1e5x,0x10, 5,+5,1.2.3,true"),
              Json({"1e5x", "0x10", " 5", "+5", "1.2.3", "true"}));
    EXPECT_EQ(cells("\"3\",\"nan\",\"\""), Json({"3", "nan", ""})) << "text by its quotes";
    EXPECT_EQ(cells("\"a \"\"b\"\"\""), Json({"a \"b\""}));
    EXPECT_EQ(Json::parse(json_of(kOf, "x,y\n\"a, b\nc\",2\n")).at("rows"),
              Json::parse(R"([["a, b\nc", 2]])"));
}

// Fails if what a panel writes as text comes back as anything else.
TEST(NumbersJson, TextOfPanelsStaysText) {
    for (const std::string text :
         {"river", "3", "-1e9", "nan", "inf", "# x", "#", "a,b", "\"", "1e5x"}) {
        const Json document =
            Json::parse(json_of(kOf, "piece,n\n" + core::csv_text(text) + ",1\n"));
        EXPECT_EQ(document.at("rows"), Json::array({Json::array({text, 1})})) << text;
    }
    EXPECT_EQ(core::csv_text("river"), "river") << "no quotes where none are needed";
    EXPECT_EQ(core::csv_text(""), "");
}

// Fails if the document does not say what it is of.
TEST(NumbersJson, SaysWhatItIsOf) {
    const Json all = Json::parse(json_of(kOf, "# loss, nats\nstep,loss\n1,2.5\n"));
    EXPECT_EQ(all, Json::parse(R"({"format": "hopscope.panel/1", "panel": "curves",
        "title": "Curves", "run": "first", "origin": "of first, steps 1 … 40", "steps": [1, 40],
        "about": "loss, nats", "columns": ["step", "loss"], "rows": [[1, 2.5]]})"));
    PanelNumbers bare = kOf;
    bare.origin.clear();
    bare.first = bare.last = -1;
    const Json itself = Json::parse(json_of(bare, "# halting of first, step 40\nx\n"));
    EXPECT_EQ(itself.at("origin"), "halting of first, step 40") << "as the table says it";
    EXPECT_FALSE(itself.contains("steps") || itself.contains("about") ||
                 itself.contains("further"));
    EXPECT_EQ(itself.at("rows"), Json::array());
    EXPECT_EQ(json_of(kOf, ""), "");
    EXPECT_EQ(json_of(kOf, "# nothing\n"), "") << "a head without a table";
}

// Fails if a second table became rows of the first, or a row a head.
TEST(NumbersJson, FurtherTablesAreTheirOwn) {
    const std::string csv =
        "# by \"step\", of a\nx,y\n1,2\n3\n# second\n# of two lines\nz\n#4\n\nu,v\n5,6,7";
    const Json all = Json::parse(json_of(kOf, csv));
    EXPECT_EQ(all.at("about"), "by \"step\", of a");
    EXPECT_EQ(all.at("rows"), Json::parse("[[1, 2], [3, null]]")) << "a short row is filled up";
    ASSERT_EQ(all.at("further").size(), 2u);
    EXPECT_EQ(all.at("further").at(0), Json::parse(R"({"about": "second\nof two lines",
        "columns": ["z"], "rows": [["#4"]]})"));
    EXPECT_EQ(all.at("further").at(1), Json::parse(R"({"columns": ["u", "v"], "rows": [[5, 6]]})"))
        << "behind a blank line, and cut";
    EXPECT_EQ(read_csv_tables("a\r\n1\r\n\r\nb\r\n2\r\n").size(), 2u);
}

// Fails if the format changes without a new name: tests/formats keeps a file of it.
TEST(NumbersJson, IsWrittenAsItIsKept) {
    const PanelNumbers of = {"trajectory", "Trajectory", "first", "of first, step 40", 40, 40};
    const std::string written =
        json_of(of,
                "# experts of a prompt\ntoken,piece,expert,weight,halt_ratio\n0,the,3,0.625,\n"
                "1,\"3\",11,0.375,0.25\n# means\nlayer,share\n0,0.5\n1,0.25\n");
    EXPECT_EQ(written, test::bytes_of(HOPSCOPE_FORMATS "/2026-11-29c/window/panel.json"));
}

}  // namespace
}  // namespace hopscope::app
