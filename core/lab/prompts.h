// The prompts of `intervene`, each with what is asked of its next token: the lines of a file, or
// beginnings of validation sequences where none is given. Read on the calling thread, then plain
// values.
#pragma once

#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/probe/effect.h"
#include "core/trainer/open_run.h"

namespace hopscope::core::lab {

struct Prompt {
    std::string text;
    PromptQuestion question;
};

/// Of a file, one JSON object a line. Errors (usage) begin with FILE:LINE.
Result<std::vector<Prompt>> read_prompts(const std::string& path, const OpenRun& run,
                                         const Categories& categories);

/// Twenty of the run's validation text, in its order. Errors: as eval_source.
Result<std::vector<Prompt>> sample_prompts(const OpenRun& run, const Categories& categories);

}  // namespace hopscope::core::lab
