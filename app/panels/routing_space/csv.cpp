#include "app/panels/routing_space/csv.h"

#include <cmath>

#include "core/api/base.h"
#include "core/api/layer_names.h"

namespace hopscope::app {
namespace {

std::string point_cells(const SpaceView& view, const viz::Point& point) {
    std::string out = "," + core::csv_number(point.x) + "," + core::csv_number(point.y) + ",";
    if (view.solid) out += core::csv_number(point.z);
    return out;
}

std::string token_line(const SpaceView& view, const core::GeometrySnapshot& snapshot, size_t i) {
    const SpaceItem& item = view.items[i];
    const auto token = static_cast<size_t>(item.index);
    const auto number = [](const std::vector<float>& of, size_t at) {
        return at < of.size() ? core::csv_number(of[at]) : std::string();
    };
    const size_t position = static_cast<size_t>(item.hop) * snapshot.pieces.size() + token;
    const auto text = [&](const std::vector<std::string>& of) {
        return token < of.size() ? core::csv_text(of[token]) : std::string();
    };
    return "token," + std::to_string(item.index) + "," + std::to_string(item.hop) +
           point_cells(view, view.points[i]) + ",," + text(snapshot.pieces) + "," +
           text(snapshot.classes) + "," +
           number(snapshot.layers[static_cast<size_t>(view.layer)].entropy, position) + "," +
           number(snapshot.next_loss, token) + "\n";
}

}  // namespace

std::string csv_of(const SpaceView& view, const core::GeometrySnapshot& snapshot) {
    const auto layer = static_cast<size_t>(view.layer);
    if (view.empty() || view.layer < 0 || layer >= snapshot.layers.size()) return {};
    const core::LayerGeometry& geometry = snapshot.layers[layer];
    std::string out = "# " + core::layer_name(geometry.name, view.layer) + ", step " +
                      std::to_string(snapshot.step);
    const size_t axes = view.solid ? 3 : 2;
    for (size_t i = 0; i < axes; ++i) {
        out += std::string("; ") + "xyz"[i] + ": " + view.axis_names[i];
        if (std::isfinite(view.variance[i]))
            out += ", " + core::csv_number(std::round(1000 * view.variance[i]) / 10) +
                   " % of the variance";
    }
    out += "\nkind,index,hop,x,y,z,load_share,piece,class,entropy,next_loss\n";
    for (size_t i = 0; i < view.items.size(); ++i) {
        const SpaceItem& item = view.items[i];
        if (!item.expert) continue;
        const auto expert = static_cast<size_t>(item.index);
        const std::string load =
            expert < geometry.load.size() ? core::csv_number(geometry.load[expert]) : "";
        out += "expert," + std::to_string(item.index) + "," + point_cells(view, view.points[i]) +
               "," + load + ",,,,\n";
    }
    for (size_t i = 0; i < view.items.size(); ++i)
        if (!view.items[i].expert) out += token_line(view, snapshot, i);
    return out;
}

}  // namespace hopscope::app
