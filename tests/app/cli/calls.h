// Calls of the command line over a laboratory that only records: what every test of them needs.
#pragma once

#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "tests/app/cli/fake_lab.h"
#include "tests/app/cli/run.h"
#include "tests/temp_folder.h"

namespace hopscope::app::testing {

class Calls : public ::testing::Test {
  protected:
    void SetUp() override { fake_lab() = {}; }
    Outcome run(const std::vector<std::string>& args) { return world.run(args); }
    /// Exit 2, nothing on stdout, and every part in a message that a person can read.
    void refused(const std::vector<std::string>& args, const std::vector<std::string>& parts) {
        const Outcome got = run(args);
        EXPECT_EQ(got.code, 2) << got.err;
        EXPECT_EQ(got.out, "");
        EXPECT_LT(got.err.size(), 400u) << got.err;
        for (const std::string& part : parts)
            EXPECT_NE(got.err.find(part), std::string::npos) << "missing: " << part << "\n"
                                                             << got.err;
    }

    test::TempFolder dir;
    World world;
};

}  // namespace hopscope::app::testing
