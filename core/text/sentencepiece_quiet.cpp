#include "core/text/sentencepiece_quiet.h"

#include <mutex>

// Exported by the library but declared in none of its installed headers; without it every training
// writes hundreds of lines to stderr.
namespace sentencepiece::logging {
void SetMinLogLevel(int level);
}

namespace hopscope::core {

void quiet_sentencepiece() {
    static std::once_flag once;
    std::call_once(once, [] { sentencepiece::logging::SetMinLogLevel(3); });
}

}  // namespace hopscope::core
