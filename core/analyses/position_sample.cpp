#include "core/analyses/position_sample.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/tensor.h>
#include <c10/core/GradMode.h>

#include "core/api/needs.h"
#include "core/model/forward.h"
#include "core/train/batch_tensors.h"
#include "kernels/reference/reference.h"

namespace hopscope::core::analysis {
namespace {

/// Appends the positions of `rows` at hop 0 of each layer.
class PositionProbe : public Probe {
  public:
    explicit PositionProbe(PositionSample& out) : out_(out) {}
    void look_at(const std::vector<int64_t>& rows, const at::Device& device) {
        rows_ = at::tensor(at::ArrayRef<int64_t>(rows)).to(device);
    }
    void after_hop(int64_t layer, int64_t hop, const HopRecord& r) override {
        if (hop > 0) return;
        const auto pos =
            kernels::reference::l2norm(r.route.pos.index_select(0, rows_).to(at::kDouble))
                .to(at::kCPU)
                .contiguous();
        out_.d_space = pos.size(1);
        const double* p = pos.const_data_ptr<double>();
        auto& to = out_.layers[static_cast<size_t>(layer)];
        to.insert(to.end(), p, p + pos.numel());
    }

  private:
    PositionSample& out_;
    at::Tensor rows_;
};

}  // namespace

Result<PositionSample> sample_positions(const Model& model, const BatchSource& source,
                                        const std::vector<int64_t>& tokens,
                                        const Progress& progress) {
    if (const auto why = missing(Need::positions, model.config)) return usage_error(*why);
    const c10::AutoGradMode no_grad(false);
    PositionSample out;
    out.layers.resize(static_cast<size_t>(model.config.model.n_layers));
    PositionProbe probe(out);
    ForwardOptions options;
    options.probe = &probe;
    const int64_t size = source.batch() * source.seq_len();
    for (size_t i = 0; i < tokens.size();) {
        if (progress.cancelled()) return stopped_on_request();
        progress.report("routing positions",
                        static_cast<double>(i) / static_cast<double>(tokens.size()));
        const int64_t batch = tokens[i] / size;
        std::vector<int64_t> rows;
        for (; i < tokens.size() && tokens[i] / size == batch; ++i)
            rows.push_back(tokens[i] % size);
        probe.look_at(rows, model.weights.embed.device());
        forward(model, eval_tensors(source, batch, model.weights.embed.device()).ids, options);
    }
    return out;
}

}  // namespace hopscope::core::analysis
