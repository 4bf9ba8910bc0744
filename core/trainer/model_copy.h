// The weights copy behind the session's plain interface: the weights of one step with everything
// that is needed to run them on a prompt and on the validation text. Immutable, shared between the
// thread that made it and the inspector's.
#pragma once

#include <memory>

#include "core/api/config.h"
#include "core/model/weights.h"
#include "core/session/trainer.h"
#include "core/text/batches.h"
#include "core/text/tokenizer.h"

namespace hopscope::core {

class ModelCopy : public WeightsCopy {
  public:
    ModelCopy(Config c, Weights w, Tokenizer t, BatchSource v)
        : config(std::move(c)),
          weights(std::move(w)),
          tokenizer(std::move(t)),
          valid(std::move(v)) {}
    Config config;
    Weights weights;  ///< fp32 on the CPU
    Tokenizer tokenizer;
    BatchSource valid;
};

}  // namespace hopscope::core
