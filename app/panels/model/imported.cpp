#include "app/panels/model/imported.h"

#include <algorithm>
#include <cmath>
#include <imgui.h>
#include <map>
#include <vector>

#include "app/widgets/export.h"
#include "app/widgets/format.h"
#include "app/widgets/number_table.h"
#include "app/widgets/widgets.h"

namespace hopscope::app {
namespace {

using core::ImportedLook;
using core::ImportedRouter;

constexpr NumberColumn kColumns[] = {
    {"experts", "Rows of the router"},
    {"k", "Experts that each token is sent to"},
    {"width", "Of the stream that the router reads"},
    {"gain", "Whether the gain of a norm before the router was found"},
    {"bias", "Whether it adds a number to each logit"},
    {"correction", "Whether it adds a number to each score for the choice alone"},
};

std::string yes(bool has) {
    return has ? "yes" : kNothing;
}

/// The routers of each layer by the model's own numbers.
std::map<int64_t, std::vector<size_t>> by_layer(const ImportedLook& look) {
    std::map<int64_t, std::vector<size_t>> out;
    for (const int64_t layer : look.dense) out[layer];
    for (size_t i = 0; i < look.routers.size(); ++i) out[look.routers[i].layer].push_back(i);
    return out;
}

void draw_figures(const AppState& state, const ImportedLook& look) {
    int64_t rows = 0, numbers = 0;
    for (const ImportedRouter& router : look.routers) {
        rows += router.experts;
        numbers += router.experts * router.width;
    }
    value_row(
        state, "family",
        look.family + (look.family == look.model_type ? "" : ", model_type " + look.model_type));
    value_row(state, "routing rule", look.rule,
              look.rule == "unknown"
                  ? "The family is not known, so rows can be shown and no choice can be made"
                  : "How logits become experts and weights [def:routing_rule]");
    value_row(state, "hidden layers",
              with_thousands(look.hidden_layers) + ", " + with_thousands(std::ssize(look.dense)) +
                  " of them dense");
    value_row(state, "routers",
              with_thousands(std::ssize(look.routers)) + " with " + with_thousands(rows) + " rows",
              "All routers together, one row an expert");
    value_row(state, "router parameters", with_thousands(numbers));
    value_row(state, "parameters", with_thousands(state.status.parameters));
}

/// One box a layer, filled where a router stands in it; a second router is a second box below.
void draw_layers(AppState& state, const ImportedLook& look) {
    const auto layers = by_layer(look);
    if (layers.empty()) return;
    const Theme& theme = state.theme();
    const float s = state.pixel_scale, room = ImGui::GetContentRegionAvail().x;
    const auto count = static_cast<float>(layers.size());
    const float box = std::floor(std::clamp(room / std::min(count, 32.0f) - 4 * s, 14 * s, 40 * s));
    const float step = box + 4 * s;
    const auto columns = std::max<size_t>(1, static_cast<size_t>(room / step));
    size_t pools = 1;
    for (const auto& [layer, routers] : layers) pools = std::max(pools, routers.size());
    const float row_height = static_cast<float>(pools) * (box + 2 * s) + 16 * s;
    ImDrawList* list = ImGui::GetWindowDrawList();
    const ImVec2 from = ImGui::GetCursorScreenPos();
    size_t place = 0;
    for (const auto& [layer, routers] : layers) {
        const size_t line = place / columns;
        const ImVec2 at(from.x + static_cast<float>(place % columns) * step,
                        from.y + static_cast<float>(line) * row_height);
        ++place;
        const std::string number = std::to_string(layer);
        ImGui::PushID(static_cast<int>(layer));
        for (size_t i = 0; i < std::max<size_t>(1, routers.size()); ++i) {
            const ImVec2 low(at.x, at.y + static_cast<float>(i) * (box + 2 * s));
            const ImVec2 high(low.x + box, low.y + box);
            ImGui::SetCursorScreenPos(low);
            ImGui::PushID(static_cast<int>(i));
            const bool pressed = ImGui::InvisibleButton("box", ImVec2(box, box));
            ImGui::PopID();
            if (routers.empty()) {
                list->AddRect(low, high, packed(theme.border), 3 * s, 0, 1.5f * s);
                tooltip("layer " + number + ": dense, without a router");
                continue;
            }
            const auto index = static_cast<int64_t>(routers[i]);
            const ImportedRouter& router = look.routers[routers[i]];
            const bool chosen = index == state.selection.layer;
            list->AddRectFilled(low, high,
                                packed(router.prediction ? theme.dim : faded(theme.accent, 0.55f)),
                                3 * s);
            if (chosen) list->AddRect(low, high, packed(theme.text), 3 * s, 0, 2 * s);
            tooltip(router.name + ": " + with_thousands(router.experts) + " experts" +
                    (router.top_k > 0 ? ", " + std::to_string(router.top_k) + " a token" : "") +
                    "; a click shows it in all panels");
            if (pressed) state.selection.set_layer(index);
        }
        const ImVec2 size = ImGui::CalcTextSize(number.c_str());
        if (size.x <= step || layer % 5 == 0)
            list->AddText(ImVec2(at.x + (box - size.x) * 0.5f, at.y + row_height - 16 * s),
                          packed(theme.dim), number.c_str());
        ImGui::PopID();
    }
    const size_t lines = (layers.size() + columns - 1) / columns;
    ImGui::SetCursorScreenPos(from);
    ImGui::Dummy(ImVec2(room, static_cast<float>(lines) * row_height));
}

void draw_routers(AppState& state, const ImportedLook& look) {
    if (!begin_number_table(state, "routers", "router", kColumns)) return;
    for (const ImportedRouter& router : look.routers) {
        number_row(state, router.name);
        number_cell(state, with_thousands(router.experts));
        number_cell(state, router.top_k > 0 ? std::to_string(router.top_k) : kNothing);
        number_cell(state, with_thousands(router.width));
        number_cell(state, yes(router.gain));
        number_cell(state, yes(router.bias));
        number_cell(state, yes(router.correction));
    }
    ImGui::EndTable();
}

}  // namespace

void draw_imported_model(AppState& state) {
    if (!state.imported) {
        empty_state(state, "Reading the model", state.status.activity.c_str());
        return;
    }
    const ImportedLook& look = *state.imported;
    if (button(state, "CSV", nullptr, "Writes a line a router into the folder of the import"))
        export_text(state, "model.csv", imported_csv(state));
    draw_figures(state, look);
    heading(state, "Hidden layers");
    draw_layers(state, look);
    for (const std::string& warning : look.warnings) note(state, warning);
    heading(state, "Routers");
    draw_routers(state, look);
}

std::string imported_csv(const AppState& state) {
    if (!state.imported) return {};
    std::string out = "layer,router,experts,top_k,width,gain,bias,correction,prediction\n";
    for (const ImportedRouter& r : state.imported->routers) {
        out += std::to_string(r.layer) + "," + r.pool + "," + std::to_string(r.experts) + "," +
               (r.top_k > 0 ? std::to_string(r.top_k) : "") + "," + std::to_string(r.width);
        for (const bool has : {r.gain, r.bias, r.correction, r.prediction})
            out += has ? ",1" : ",0";
        out += "\n";
    }
    return out;
}

}  // namespace hopscope::app
