#include "app/panels/routing_space/paths.h"

#include <cmath>
#include <span>

#include "viz/quantity.h"

namespace hopscope::app {

TokenPath prompt_path(const core::TraceResult& trace, int64_t token, int64_t layer,
                      const viz::Basis& basis) {
    TokenPath path;
    path.prompt = true;
    if (token < 0 || static_cast<size_t>(token) >= trace.tokens.size() || layer < 0 ||
        static_cast<size_t>(layer) >= trace.layers.size() || !basis.valid())
        return path;
    path.label = trace.tokens[static_cast<size_t>(token)].piece;
    const size_t t = static_cast<size_t>(token), dim = static_cast<size_t>(basis.dim);
    const auto& hops = trace.layers[static_cast<size_t>(layer)].hops;
    for (size_t h = 0; h < hops.size(); ++h) {
        const auto& hop = hops[h];
        const bool ran = t >= hop.executed.size() || hop.executed[t] != 0;
        if (!ran || hop.d_space != basis.dim || hop.position.size() < (t + 1) * dim) continue;
        const auto at = viz::project(basis, std::span(hop.position).subspan(t * dim, dim));
        if (!std::isfinite(at[0]) || !std::isfinite(at[1]) || !std::isfinite(at[2])) continue;
        path.at.push_back({at[0], at[1], at[2]});
        path.hops.push_back(static_cast<int64_t>(h));
    }
    return path;
}

TokenPath probe_path(const core::GeometrySnapshot& snapshot, int64_t token, int64_t layer,
                     const viz::Basis& basis) {
    TokenPath path;
    if (layer < 0 || static_cast<size_t>(layer) >= snapshot.layers.size()) return path;
    const auto& g = snapshot.layers[static_cast<size_t>(layer)];
    const int64_t tokens = viz::tokens_of(g);
    if (token < 0 || token >= tokens || !basis.valid() || basis.dim != g.d_space) return path;
    if (static_cast<size_t>(token) < snapshot.pieces.size())
        path.label = snapshot.pieces[static_cast<size_t>(token)];
    const size_t dim = static_cast<size_t>(g.d_space);
    for (int64_t h = 0; h < g.hops; ++h) {
        const size_t row = static_cast<size_t>(h * tokens + token);
        const auto at = viz::project(basis, std::span(g.positions).subspan(row * dim, dim));
        if (!std::isfinite(at[0]) || !std::isfinite(at[1]) || !std::isfinite(at[2])) continue;
        path.at.push_back({at[0], at[1], at[2]});
        path.hops.push_back(h);
    }
    return path;
}

}  // namespace hopscope::app
