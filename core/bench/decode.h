// A step of decoding as a piece of work: one more token of one or some texts, by an untrained model
// on random tokens. Made and called on the measuring thread.
#pragma once

#include "core/bench/setting.h"

namespace hopscope::core {

BenchWorks decode_work(BenchSetting& setting);

}  // namespace hopscope::core
