// One analysis by its name, and a run folder for those that read curves and snapshots alone.
#pragma once

#include <gtest/gtest.h>
#include <string>

#include "core/analyses/analysis.h"
#include "core/analyses/table.h"
#include "core/run/run_folder.h"
#include "tests/temp_folder.h"

namespace hopscope::test {

inline core::Result<core::analysis::AnalysisOutput> run_named(
    const std::string& name, const core::analysis::AnalysisContext& context) {
    for (const core::analysis::Analysis* one : core::analysis::analysis_table())
        if (one->name == name) return core::analysis::run_analysis(*one, context);
    return core::failure("no analysis " + name);
}

/// With nothing in it yet.
inline core::RunFolder empty_run(const TempFolder& dir) {
    core::RunInfo info;
    info.config_name = "known";
    info.config_hash = "cafe";
    auto folder = core::RunFolder::create(dir / "run", "x = 1\n", info);
    EXPECT_TRUE(folder) << folder.error().message;
    return std::move(*folder);
}

}  // namespace hopscope::test
