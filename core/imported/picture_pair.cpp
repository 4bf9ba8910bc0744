#include "core/imported/picture_pair.h"

#include <algorithm>

#include "core/base/utf8.h"
#include "core/imported/picture.h"
#include "core/imported/row_directions.h"

namespace hopscope::core {
namespace {

Result<ImportedRouter> router_at(const ImportedRun& run, int64_t index) {
    const auto routers = routers_of(run.layout());
    if (index >= 0 && index < std::ssize(routers)) return routers[static_cast<size_t>(index)];
    return usage_error(shown_path(run.dir()) + ": has " + std::to_string(routers.size()) +
                       " routers, none of number " + std::to_string(index));
}

/// The routers' names, and the choices of the first trace.
Result<GeometrySnapshot> recorded(const ImportedRun& run) {
    const auto routers = routers_of(run.layout());
    GeometrySnapshot out;
    for (const ImportedRouter& router : routers) {
        LayerGeometry layer;
        layer.name = router.name;
        layer.experts = router.experts;
        layer.hops = 1;
        layer.top_k = router.top_k;
        out.layers.push_back(std::move(layer));
    }
    if (run.traces().empty()) return out;
    const auto routing = run.trace(run.traces().front());
    if (!routing) return routing.error();
    add_choices(out, routers, *routing);
    return out;
}

}  // namespace

Result<std::pair<GeometrySnapshot, GeometrySnapshot>> picture_pair(const ImportedRun& a,
                                                                   const ImportedRun& b,
                                                                   int64_t index) {
    std::pair<GeometrySnapshot, GeometrySnapshot> out;
    std::vector<float> all;
    int64_t experts = 0, width = 0;
    for (auto [run, picture] : {std::pair(&a, &out.first), {&b, &out.second}}) {
        const auto router = router_at(*run, index);
        if (!router) return router.error();
        if (width != 0 && router->width != width)
            return usage_error(shown_path(b.dir()) + ": rows of " + router->name + " have " +
                               std::to_string(router->width) + " numbers, those of " +
                               shown_path(a.dir()) + " " + std::to_string(width) +
                               "; rows of models of other widths have no common space");
        width = router->width;
        auto rows = folded_rows(*run, *router, {});
        if (!rows) return rows.error();
        auto made = recorded(*run);
        if (!made) return made.error();
        *picture = *std::move(made);
        experts += router->experts;
        all.insert(all.end(), rows->begin(), rows->end());
    }
    const RowDirections directions = row_directions(all, experts);
    auto from = directions.unit.begin();
    for (GeometrySnapshot* picture : {&out.first, &out.second}) {
        LayerGeometry& layer = picture->layers[static_cast<size_t>(index)];
        layer.d_space = directions.dim;
        const auto to = from + layer.experts * directions.dim;
        layer.centroids.assign(from, to);
        from = to;
    }
    return out;
}

}  // namespace hopscope::core
