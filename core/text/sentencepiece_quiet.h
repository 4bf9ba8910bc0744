// Silences SentencePiece's own log, once for the process. Any thread.
#pragma once

namespace hopscope::core {

void quiet_sentencepiece();

}  // namespace hopscope::core
