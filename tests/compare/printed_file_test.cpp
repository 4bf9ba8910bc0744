// A file of printed claims through `compare --printed`: the paper's numbers [def:printed_claims] as
// shipped, altered ones, and lines that are wrong. A failure would let a contradiction pass.
#include "core/compare/printed_file.h"

#include <fstream>
#include <set>

#include "core/compare/compare_json.h"
#include "core/compare/warnings.h"
#include "tests/compare/eval_files.h"

namespace hopscope::core {
namespace {

using testing::put_bytes;
using testing::TempFolder;

std::vector<PrintedClaim> claims_of(const std::string& text, double margin = kLossMargin) {
    const TempFolder dir;
    put_bytes(dir / "claims.jsonl", text);
    auto claims = read_printed(dir / "claims.jsonl", margin);
    EXPECT_TRUE(claims) << text << claims.error().message;
    return claims ? *claims : std::vector<PrintedClaim>();
}

TEST(PrintedFile, ThePaperContradictsItselfWhereA13SaysSo) {
    auto claims = read_printed(HOPSCOPE_ASSETS "/printed/st_moe.jsonl", kLossMargin);
    ASSERT_TRUE(claims) << claims.error().message;
    EXPECT_GT(claims->size(), 40u);
    std::set<std::string> not_following, undecided;
    for (const Warning& warning : warnings_of(*claims))
        (warning.code == "touches_bound" ? undecided : not_following).insert(warning.a);
    // Table 3's Hash and rank-16 rows, the gain at 36M, the interval of blocks of 5, the "width".
    EXPECT_EQ(
        not_following,
        (std::set<std::string>{
            "Table 3, Hash (065) against dense", "Table 3, Wide 1x4 rank-16 (070) against dense",
            "MLP against static at 36M (304.50 of 321.43)",
            "Appendix C, MLP 76M, Wide against Deep", "Wide-Deep 90 % interval, blocks of 5",
            "Table 13, \"typical width 0.008\" of Wide against Deep"}));
    EXPECT_EQ(undecided, (std::set<std::string>{"Wide-Deep 90 % interval, plain",
                                                "Wide-Deep 90 % interval, blocks of 10"}));
}

TEST(PrintedFile, AlteredNumbersChangeTheVerdict) {
    const auto codes = [](const std::string& line) {
        std::string out;
        for (const Warning& warning : warnings_of(claims_of(line))) out += warning.code;
        return out;
    };
    const std::string percent = R"({"check": "percent", "from": "34.49", "to": "36.04", )";
    EXPECT_EQ(codes(percent + R"("printed": "+4.6"})"), "printed_does_not_follow");
    EXPECT_EQ(codes(percent + R"("printed": "+4.5"})"), "");
    EXPECT_EQ(codes(percent + R"("printed": "−4.5"})"), "printed_does_not_follow");
    const std::string std = R"({"check": "std", "values": ["33.93", "34.35", "34.37"], )";
    EXPECT_EQ(codes(std + R"("printed": "0.25"})"), "");
    EXPECT_EQ(codes(std + R"("printed": "0.20"})"), "printed_does_not_follow");
    const std::string two = R"({"check": "std", "values": ["33.93", "34.35"], )";
    EXPECT_EQ(codes(two + R"("printed": "0.30"})"), "") << "two values have a deviation";
    EXPECT_EQ(codes(two + R"("printed": "0.20"})"), "printed_does_not_follow");
    const std::string saving = R"({"check": "saving", "mean_hops": "2.08", "hops": 3, )";
    EXPECT_EQ(codes(saving + R"("printed": "30.7"})"), "");
    EXPECT_EQ(codes(saving + R"("printed": "31.7"})"), "printed_does_not_follow");
    const std::string ratio = R"({"check": "ratio", "numerator": "2.7", "denominator": "0.4", )";
    EXPECT_EQ(codes(ratio + R"("printed": "6.75"})"), "");
    EXPECT_EQ(codes(ratio + R"("printed": "6.6"})"), "") << "rounding may give it";
    EXPECT_EQ(codes(ratio + R"("printed": "8.6"})"), "printed_does_not_follow");
    const std::string difference = R"({"check": "difference", "a": "34.72", "b": "33.93", )";
    EXPECT_EQ(codes(difference + R"("printed": "0.79"})"), "");
    EXPECT_EQ(codes(difference + R"("printed": "0.75"})"), "printed_does_not_follow");
    const std::string low = R"({"check": "interval", "low": "-0.031", "high": "-0.019", )";
    EXPECT_EQ(codes(low + R"("printed": "inside"})"), "interval_outside_margin");
    EXPECT_EQ(codes(low + R"("printed": "outside"})"), "");
    EXPECT_EQ(codes(low + R"("margin": "0.05", "printed": "inside"})"), "");
    EXPECT_TRUE(warnings_of(claims_of(low + R"("printed": "inside"})", 0.05)).empty())
        << "the comparison's margin holds where a line names none";
}

TEST(PrintedFile, TheDocumentHoldsEveryClaimAndItsWarnings) {
    const auto claims = claims_of(
        "\n"
        R"({"check": "percent", "label": "Hash", "from": "34.49", "to": "36.04", "printed": "4.6"})"
        "\r\n"
        R"({"check": "ratio", "numerator": "2.7", "denominator": "0.4", "printed": "6.6"})");
    auto document = compare_json(CompareResult{});
    add_printed(document, claims);
    EXPECT_EQ(document["format"], "hopscope.compare/1");
    EXPECT_TRUE(document["pairs"].empty());
    EXPECT_TRUE(document["definitions"].contains("printed"));
    ASSERT_EQ(document["printed"].size(), 2u);
    const auto& hash = document["printed"][0];
    EXPECT_EQ(hash["line"], 2);
    EXPECT_EQ(hash["label"], "Hash");
    EXPECT_EQ(hash["inputs"]["to"], "36.04");
    EXPECT_EQ(hash["printed"], "4.6");
    EXPECT_EQ(hash["follows"], "no");
    EXPECT_NEAR(hash["computed"].get<double>(), 100 * (36.04 / 34.49 - 1), 1e-12);
    EXPECT_LT(hash["possible"][1].get<double>(), 4.55);
    EXPECT_EQ(document["printed"][1]["follows"], "within_rounding");
    ASSERT_EQ(document["warnings"].size(), 1u);
    EXPECT_EQ(document["warnings"][0]["code"], "printed_does_not_follow");
    EXPECT_EQ(document["warnings"][0]["a"], "Hash");
}

TEST(PrintedFile, BadLinesAreNamed) {
    const TempFolder dir;
    const std::string path = dir / "claims.jsonl";
    const std::string good = R"({"check": "difference", "a": "2", "b": "1", "printed": "1"})"
                             "\n\n";
    struct Case {
        const char *line, *says;
    };
    constexpr Case kCases[] = {
        {"nothing", ""},
        {"[1]", ""},
        {R"({"from": "1"})", "\"check\": found nothing, allowed: percent, ratio"},
        {R"({"check": "product", "printed": "1"})", "\"check\": found \"product\""},
        {R"({"check": "percent", "to": "1", "printed": "1"})", "\"from\": found nothing"},
        {R"({"check": "percent", "from": 34.5, "to": "1", "printed": "1"})",
         "\"from\": found 34.5, allowed: a number in quotes"},
        {R"({"check": "percent", "from": "1e3", "to": "1", "printed": "1"})", "\"from\""},
        {R"({"check": "percent", "from": "1.", "to": "1", "printed": "1"})", "\"from\""},
        {R"({"check": "percent", "from": "1.2.3", "to": "1", "printed": "1"})", "\"from\""},
        {R"({"check": "percent", "from": "", "to": "1", "printed": "1"})", "\"from\""},
        {R"({"check": "percent", "from": "1", "to": "1"})", "\"printed\": found nothing"},
        {R"({"check": "percent", "from": "1", "to": "1", "printed": "1", "too": 1})",
         "\"too\": found 1, allowed: the fields check, from, label, printed, to"},
        {R"({"check": "std", "values": ["1"], "printed": "1"})", "\"values\""},
        {R"({"check": "std", "values": ["1", "x"], "printed": "1"})", "\"values\""},
        {R"({"check": "saving", "mean_hops": "2", "hops": 0, "printed": "1"})", "1 … 1000"},
        {R"({"check": "saving", "mean_hops": "2", "hops": "3", "printed": "1"})", "\"hops\""},
        {R"({"check": "interval", "low": "0", "high": "1", "printed": "1"})", "\"inside\""},
        {R"({"check": "interval", "low": "2", "high": "1", "printed": "inside"})", "\"low\""},
        {R"({"check": "interval", "low": "0", "high": "1", "margin": "-1", "printed": "inside"})",
         "\"margin\""},
        {R"({"check": "percent", "label": 3, "from": "1", "to": "1", "printed": "1"})",
         "\"label\""},
    };
    for (const Case& c : kCases) {
        put_bytes(path, good + c.line + "\n");
        const auto claims = read_printed(path, 0.03);
        ASSERT_FALSE(claims) << c.line;
        EXPECT_EQ(claims.error().kind, ErrorKind::usage);
        EXPECT_TRUE(claims.error().message.starts_with(path + ":3: ")) << claims.error().message;
        EXPECT_NE(claims.error().message.find(c.says), std::string::npos) << claims.error().message;
    }
    put_bytes(path, "\n \n");
    EXPECT_NE(read_printed(path, 0.03).error().message.find("no claim"), std::string::npos);
    EXPECT_EQ(read_printed(dir / "absent", 0.03).error().kind, ErrorKind::usage);
    const auto less =
        claims_of(R"({"check":"difference","a":"34.5","b":"2.25","printed":"32.25"})");
    EXPECT_TRUE(less[0].check.text.starts_with("34.5 - 2.25 is 32.250 ")) << less[0].check.text;
    // Nothing to divide by is no contradiction and no fault, and is said in words.
    const auto nothing = claims_of(R"({"check":"percent","from":"0","to":"0","printed":"4.5"})");
    EXPECT_NE(nothing[0].check.text.find("nothing to divide by"), std::string::npos);
    EXPECT_EQ(nothing[0].check.text.find("nan"), std::string::npos);
    EXPECT_TRUE(
        warnings_of(claims_of(R"({"check":"percent","from":"0.0","to":"1.0","printed":"7"})"))
            .empty());
}

}  // namespace
}  // namespace hopscope::core
