#include "core/lab/interrupt.h"

#include <utility>

#include "core/api/lab.h"

namespace hopscope::core::lab {

std::atomic<int>& interrupt_flag() {
    static std::atomic<int> flag{0};
    return flag;
}

bool interrupted() {
    return interrupt_flag().load() != 0;
}

Progress interruptible(std::function<void(const std::string&, double)> report) {
    Progress progress;
    progress.cancelled = interrupted;
    if (report) progress.report = std::move(report);
    return progress;
}

}  // namespace hopscope::core::lab
