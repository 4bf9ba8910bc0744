// The real inspector: answers questions about a prompt on its own copy of the weights. Inspector
// thread alone.
#pragma once

#include <memory>

#include "core/lab/weights_copy.h"
#include "core/session/trainer.h"

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
    std::shared_ptr<const ModelCopy> model_;
};

}  // namespace hopscope::core
