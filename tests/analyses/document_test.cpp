// A number stated once as JSON and as CSV. If these fail, a table tells something else than the
// document beside it, or an interval has a form of its own.
#include "core/analyses/document.h"

#include <cmath>
#include <gtest/gtest.h>

namespace hopscope::core::analysis {
namespace {

const Estimate kHalf{0.5, {0.25, 0.75}, 8, "batches"};

TEST(Document, AFieldIsInTheObjectAndInTheRow) {
    Fields row;
    row.place("layer", 2)
        .number("gini", 0.5)
        .number("none", NAN)
        .count("id", 7, "expert")
        .text("word", "a,b")
        .flag("hub", true)
        .json("counts", {1, 2})
        .cell("shown", "x \"y\"\n");
    EXPECT_EQ(dump_ordered_line(row.json()),
              R"({"gini":0.5,"none":null,"id":7,"word":"a,b","hub":true,"counts":[1,2]})");
    Table table;
    table.add(row);
    EXPECT_EQ(table.csv(),
              "layer,gini,none,expert,word,hub,shown\n2,0.5,,7,\"a,b\",1,\"x \"\"y\"\"\n\"\n");
}

TEST(Document, AnIntervalHasOneForm) {
    Fields row;
    row.estimate("echo", kHalf).plain_estimate("mean", kHalf, "column");
    const std::string form = R"({"value":0.5,"ci95":[0.25,0.75],"n":8,"over":"batches"})";
    EXPECT_EQ(dump_ordered_line(row.json()["echo"]), form);
    EXPECT_EQ(row.json()["mean"], 0.5);
    EXPECT_EQ(dump_ordered_line(row.json()["mean_interval"]), form);
    Table table;
    table.add(row);
    EXPECT_EQ(table.csv(),
              "echo,echo_ci95_low,echo_ci95_high,column,column_ci95_low,column_ci95_high\n"
              "0.5,0.25,0.75,0.5,0.25,0.75\n");
    Fields nothing;
    nothing.estimate("echo", {});
    EXPECT_TRUE(nothing.json()["echo"]["value"].is_null());
    EXPECT_TRUE(nothing.json()["echo"]["ci95"][1].is_null());
}

TEST(Document, ListsHoldNumbersAndTheirIntervals) {
    Estimates layers, hops;
    hops.add(kHalf);
    layers.add(hops);
    layers.add(Estimates());
    Fields out;
    out.estimates("kl", layers).plain_estimates("per_layer", layers).list("empty");
    EXPECT_EQ(out.json()["kl"][0][0]["n"], 8);
    EXPECT_EQ(out.json()["per_layer"], OrderedJson::parse("[[0.5],[]]"));
    EXPECT_EQ(out.json()["per_layer_interval"], out.json()["kl"]);
    EXPECT_EQ(out.json()["empty"], OrderedJson::array());
    Fields item;
    item.count("n", 1);
    out.add("empty", item).object("one", item);
    EXPECT_EQ(out.json()["empty"][0], out.json()["one"]);
}

TEST(Document, RowsFindTheirColumnsByName) {
    Fields first, second, inner;
    first.cell("a", 1.0).cell("b", 2.0);
    inner.estimate("median", kHalf).number("p", 0.1);
    second.cell("b", 3.0).columns_of(inner, "median", "spearman");
    Table table;
    table.add(first);
    table.add(second);
    EXPECT_EQ(table.csv(),
              "a,b,spearman,spearman_ci95_low,spearman_ci95_high\n1,2,,,\n,3,0.5,0.25,0.75\n");
    Table empty;
    empty.declare(second);
    EXPECT_EQ(empty.csv(), "b,spearman,spearman_ci95_low,spearman_ci95_high\n");
    empty.add(second);
    EXPECT_EQ(empty.rows.size(), 1u);
}

TEST(Document, SharesAndMeansOfUnits) {
    const Estimate share = share_over(3, 4, "experts");
    EXPECT_EQ(share.value, 0.75);
    EXPECT_EQ(share.n, 4);
    EXPECT_GT(share.ci95.low, 0.19);  // Clopper–Pearson: 0.1941 … 0.9937
    EXPECT_LT(share.ci95.high, 0.994);
    EXPECT_TRUE(std::isnan(share_over(0, 0, "experts").value));
    const Estimate mean = mean_over({1, 2, 3}, "words", 7);
    EXPECT_EQ(mean.value, 2);
    EXPECT_EQ(mean.n, 3);
    EXPECT_LE(mean.ci95.low, 2);
    EXPECT_TRUE(std::isnan(mean_over({1}, "words", 7).ci95.low)) << "one unit has no interval";
}

}  // namespace
}  // namespace hopscope::core::analysis
