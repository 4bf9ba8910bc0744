// Passes of a whole model as pieces of work: on a run of their own with an untrained model and
// prepared text. Made and called on the measuring thread.
#pragma once

#include "core/bench/setting.h"

namespace hopscope::core {

BenchWorks forward_work(BenchSetting& setting);
BenchWorks step_work(BenchSetting& setting);
BenchWorks trace_work(BenchSetting& setting);
BenchWorks statistics_work(BenchSetting& setting);

}  // namespace hopscope::core
