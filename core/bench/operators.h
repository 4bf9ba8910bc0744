// Single operators as pieces of work: on random numbers of a configuration's sizes, each in its own
// form, in its reference form and as LibTorch offers it. Made and called on the measuring thread.
#pragma once

#include "core/bench/setting.h"

namespace hopscope::core {

// Errors (usage): the configuration has no such part.
BenchWorks route_work(BenchSetting& setting);
BenchWorks experts_work(BenchSetting& setting);
BenchWorks classifier_work(BenchSetting& setting);
BenchWorks attention_work(BenchSetting& setting);
BenchWorks adamw_work(BenchSetting& setting);

}  // namespace hopscope::core
