// The weights copy behind the session's plain interface: the weights of one step with everything
// that is needed to run them on a prompt and on the validation text. Immutable, shared between the
// thread that made it and the inspector's.
#pragma once

#include "core/model/model.h"
#include "core/session/trainer.h"
#include "core/text/batches.h"
#include "core/text/tokenizer.h"

namespace hopscope::core {

class ModelCopy : public WeightsCopy {
  public:
    ModelCopy(Model m, Tokenizer t, BatchSource v)
        : model(std::move(m)), tokenizer(std::move(t)), valid(std::move(v)) {}
    Model model;  ///< fp32 on the CPU
    Tokenizer tokenizer;
    BatchSource valid;
};

}  // namespace hopscope::core
