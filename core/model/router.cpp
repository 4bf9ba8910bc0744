#include "core/model/router.h"

#include "core/model/routers/centroids.h"
#include "core/model/routers/form.h"

namespace hopscope::core {

at::Tensor at_rows(const at::Tensor& all, const at::Tensor& rows) {
    return rows.defined() ? all.index_select(0, rows) : all;
}

Nearness nearness(const MoeConfig& moe, const LayerWeights& w, Pool pool, const at::Tensor& at) {
    return form_of(moe.router).nearness(moe, w, pool, at);
}

LayerRouter::LayerRouter(const Config& config, const LayerWeights& weights, int64_t layer,
                         const TokenBatch& tokens, const ForwardOptions& options)
    : pass_(new RoutingPass{config, weights, layer, tokens, options}),
      pools_(pools_of(config, layer)) {}

LayerRouter::~LayerRouter() = default;

const std::vector<Assignment>& LayerRouter::assignments() const {
    return pass_->assignments;
}

HopRoute LayerRouter::hop(int64_t hop, const at::Tensor& h, const at::Tensor& rows) {
    const Pool pool = pools_[pools_.size() == 1 ? 0 : static_cast<size_t>(hop)];
    RouteInput input;
    input.pool_offset = pool.offset;
    input.pool_size = pool.size;
    input.rows = rows;
    input.active = h.size(0);
    // Without rows there are neither scores nor positions to change.
    if (pass_->options.probe && pass_->config.moe.has_rows())
        pass_->options.probe->before_route(pass_->layer, hop, input);
    return form_of(pass_->config.moe.router).hop(*pass_, {hop, h, rows, pool, input});
}

void LayerRouter::moved_by(const HopRoute& chosen, const at::Tensor& rows) {
    if (pass_->config.moe.reads_kinematic()) move_positions(*pass_, chosen, rows);
}

}  // namespace hopscope::core
