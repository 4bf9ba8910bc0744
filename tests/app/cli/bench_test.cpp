// If these fail, `hopscope bench` measures something else than it was asked to, or people cannot
// read what it found.
#include <gtest/gtest.h>

#include "tests/app/cli/calls.h"

namespace hopscope::app::testing {
namespace {

class Bench : public Calls {};

TEST_F(Bench, OptionsReachTheLaboratory) {
    fake_lab().answer = R"({"format": "hopscope.bench/1"})";
    const Outcome got =
        run({"bench",  "--what",      "route,step", "--config",         "c.toml",
             "--set",  "moe.top_k=4", "--set",      "model.d_model=64", "--repeats",
             "7",      "--device",    "cpu",        "--forms",          "fused,gather",
             "--keep", "kept",        "--cases",    "tiny,paper",       "--json"});
    EXPECT_EQ(got.code, 0) << got.err;
    EXPECT_EQ(got.out, "{\"format\": \"hopscope.bench/1\"}\n");
    EXPECT_NE(got.err.find("route: timing"), std::string::npos) << "no progress on stderr";
    ASSERT_TRUE(fake_lab().bench);
    EXPECT_EQ(fake_lab().bench->what, "route,step");
    EXPECT_EQ(fake_lab().bench->config, "c.toml");
    EXPECT_EQ(fake_lab().bench->overrides,
              (std::vector<std::string>{"moe.top_k=4", "model.d_model=64"}));
    EXPECT_EQ(fake_lab().bench->repeats, 7);
    EXPECT_EQ(fake_lab().bench->forms, "fused,gather");
    EXPECT_EQ(fake_lab().bench->keep, "kept");
    EXPECT_EQ(fake_lab().bench->cases, "tiny,paper");
    EXPECT_FALSE(fake_lab().bench->next_turn) << "turns were not asked for";
    EXPECT_EQ(fake_lab().bench->device, core::DeviceKind::cpu);
    EXPECT_TRUE(world.signals_caught);

    ASSERT_EQ(run({"bench", "--json"}).code, 0);
    EXPECT_EQ(fake_lab().bench->what, "all");
    EXPECT_EQ(fake_lab().bench->repeats, 20);
    EXPECT_EQ(fake_lab().bench->config, "");
    EXPECT_EQ(fake_lab().bench->forms, "all");
    EXPECT_EQ(fake_lab().bench->keep, "");
    EXPECT_EQ(fake_lab().bench->cases, "configured");
}

// Wrong if who times something in turns with a form waits for an answer for ever, or is answered
// although it asked for nothing that can be counted.
TEST_F(Bench, TurnsAreReadFromStandardInput) {
    fake_lab().answer = R"({"format": "hopscope.bench/1"})";
    world.input = "3\n100000\n";
    Outcome got = run({"bench", "--turns", "--json"});
    EXPECT_EQ(got.code, 0) << got.err;
    EXPECT_EQ(got.out, "{}\n[3]\n[100000]\n{\"format\": \"hopscope.bench/1\"}\n");
    for (const char* line : {"0", "-1", "100001", "two", ""}) {
        world.input = std::string("3\n") + line + "\n4\n";
        got = run({"bench", "--turns", "--json"});
        EXPECT_EQ(got.code, 2) << line;
        EXPECT_NE(got.err.find("found \"" + std::string(line) + "\" on standard input"),
                  std::string::npos)
            << got.err;
        EXPECT_EQ(got.out.find("[4]"), std::string::npos) << got.out;
    }
}

TEST_F(Bench, WrongCallsAreRefused) {
    const auto refused = [&](const std::vector<std::string>& args, const std::string& part) {
        const Outcome got = run(args);
        EXPECT_EQ(got.code, 2);
        EXPECT_EQ(got.out, "");
        EXPECT_NE(got.err.find(part), std::string::npos) << got.err;
        EXPECT_FALSE(fake_lab().bench) << "the laboratory was called all the same";
    };
    refused({"bench", "--repeats", "0"}, "found 0");
    refused({"bench", "--repeats", "2.5"}, "--repeats");
    refused({"bench", "--device", "tpu"}, "cuda");
    refused({"bench", "--waht", "route"}, "did you mean \"--what\"");
    refused({"bench", "RUN"}, "unexpected argument \"RUN\"");
}

TEST_F(Bench, ErrorsAndInterruptionsKeepTheirExitCodes) {
    fake_lab().error = core::usage_error("--what: found \"rout\", did you mean \"route\"?");
    Outcome got = run({"bench", "--what", "rout"});
    EXPECT_EQ(got.code, 2);
    EXPECT_NE(got.err.find("did you mean \"route\""), std::string::npos);
    fake_lab().error = core::Error{core::ErrorKind::interrupted, "stopped"};
    got = run({"bench"});
    EXPECT_EQ(got.code, 130);
    EXPECT_EQ(got.out, "");
}

TEST_F(Bench, PeopleGetATableWithRatiosAndLimits) {
    fake_lab().answer = R"({"device": "cpu, 2 threads", "processor": "Some CPU",
        "precision": "fp32", "repeats": 20, "load_average": 0.25,
        "rows": [
          {"name": "route", "shape": {"tokens": 2048, "expert": "mlp"}, "form": "fused",
           "direction": "forward", "median_ms": 1.25, "p10_ms": 1.125, "p90_ms": 2.5,
           "tokens_per_s": 1638400, "peak_bytes": 3145728, "reference": "reference",
           "ratio": 0.125, "data": "random numbers"},
          {"name": "statistics", "shape": {"hops": [1, 2]}, "form": "with",
           "direction": "snapshot", "median_ms": 30, "p10_ms": 29, "p90_ms": 31,
           "tokens_per_s": null, "peak_bytes": null, "reference": null, "ratio": null,
           "data": "synthetic text"}],
        "limits": [{"name": "trace", "form": "trace", "what": "time over a plain pass",
                    "limit": 2, "found": 1.5, "ci95": [1.25, 1.75], "holds": true},
                   {"name": "statistics", "form": "with", "what": "share",
                    "limit": 0.03, "found": 0.5, "ci95": [null, null],
                    "holds": false}],
        "skipped": [{"name": "experts", "reason": "a dense model"}]})";
    const Outcome got = run({"bench"});
    ASSERT_EQ(got.code, 0) << got.err;
    for (const char* part :
         {"cpu, 2 threads (Some CPU), fp32, 20 rounds, load before 0.25", "1.250", "1.125", "2.500",
          "1638400", "3.0", "0.125", "route: tokens 2048, expert mlp; random numbers",
          "statistics: hops [1, 2]; synthetic text", "1.5 [1.25, 1.75], allowed 2: holds",
          "0.5 [-, -], allowed 0.03: fails", "experts skipped: a dense model"})
        EXPECT_NE(got.out.find(part), std::string::npos) << part << "\n" << got.out;
}

}  // namespace
}  // namespace hopscope::app::testing
