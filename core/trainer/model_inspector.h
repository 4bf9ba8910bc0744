// The real inspector: it looks into a model instead of training it, and answers what a prompt does
// in it and what an intervention would change. It works on its own copy of the weights, so a run
// goes on meanwhile. Inspector thread alone.
#pragma once

#include <memory>

#include "core/session/trainer.h"
#include "core/trainer/model_copy.h"

namespace hopscope::core {

class ModelInspector : public Inspector {
  public:
    void refresh(std::shared_ptr<const WeightsCopy> weights) override;
    TraceResult trace(const TraceRequest& request, const std::function<bool()>& cancelled) override;
    HaltingEffect halting(const std::string& prompt, double epsilon,
                          const std::function<bool()>& cancelled) override;
    InterventionEffect intervene(
        const InterventionRequest& request, const std::function<bool()>& cancelled,
        const std::function<void(const InterventionEffect&)>& publish) override;

  private:
    std::shared_ptr<const ModelCopy> copy_;
};

}  // namespace hopscope::core
