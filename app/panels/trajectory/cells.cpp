#include "app/panels/trajectory/cells.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "app/widgets/fonts.h"
#include "app/widgets/format.h"
#include "app/widgets/marks.h"
#include "app/widgets/piece_text.h"
#include "viz/colour.h"

namespace hopscope::app {

bool has_trace(const AppState& state) {
    return state.trace && state.trace->error.empty() && !state.trace->tokens.empty();
}

int64_t shown_token(const AppState& state) {
    if (!has_trace(state)) return -1;
    const int64_t last = static_cast<int64_t>(state.trace->tokens.size()) - 1;
    return std::clamp<int64_t>(state.selection.first_prompt_token().value_or(last), 0, last);
}

void select_token(AppState& state, int64_t token, bool add) {
    const int64_t last = static_cast<int64_t>(state.trace->tokens.size()) - 1;
    state.selection.pick_prompt_token(std::clamp<int64_t>(token, 0, last), add);
    state.keep_drawing();
}

void draw_cell(const AppState& state, const TraceView& view, const HopCell& cell, int64_t layer,
               CellValue value, ImVec2 low, ImVec2 high) {
    const Theme& theme = state.theme();
    const float s = state.pixel_scale;
    ImDrawList* list = ImGui::GetWindowDrawList();
    switch (look_of(cell, value)) {
        case CellLook::nothing:
            return;
        case CellLook::halted:
            return list->AddRect(low, high, packed(faded(theme.dim, 0.55f)), 2 * s, 0, s);
        case CellLook::unmeasured:
            return list->AddCircleFilled(ImVec2((low.x + high.x) / 2, (low.y + high.y) / 2),
                                         1.2f * s, packed(theme.dim));
        case CellLook::filled:
            break;
    }
    viz::Rgb color = state.places.expert_color(layer, cell.expert, theme.dark);
    if (value != CellValue::expert) {
        const size_t i = static_cast<size_t>(value);
        const float range = view.high[i] - view.low[i];
        const float t = range > 0 ? (cell.value(value) - view.low[i]) / range : 0.5f;
        color = state.value_colours().at(t);
    }
    list->AddRectFilled(low, high, viz::packed(color), 2 * s);
}

void token_tooltip(const AppState& state, const core::TraceResult& trace, int64_t token) {
    const auto& t = trace.tokens[static_cast<size_t>(token)];
    const ImVec4 dim = state.theme().dim;
    ImGui::PushFont(state.fonts.mono, kMonoSize);
    ImGui::TextUnformatted(displayable(piece_text(t.piece), state.fonts.mono).c_str());
    ImGui::PopFont();
    ImGui::SameLine();
    if (state.imported) {
        // Nothing ran: there is no loss, and what was recorded has no places in a prompt.
        const std::string id = t.id < 0 ? "" : "id " + std::to_string(t.id) + ", ";
        ImGui::TextColored(dim, "%sposition %lld of %lld", id.c_str(),
                           static_cast<long long>(token),
                           static_cast<long long>(trace.tokens.size()));
        return;
    }
    ImGui::TextColored(dim, "id %d, position %lld of %lld, bytes %lld\xE2\x80\x93%lld", t.id,
                       static_cast<long long>(token), static_cast<long long>(trace.tokens.size()),
                       static_cast<long long>(t.begin), static_cast<long long>(t.end));
    if (std::isnan(t.nll))
        ImGui::TextColored(dim, "first token: nothing before it to predict it from");
    else
        ImGui::Text("loss %s nats, p = %s", significant(t.nll, 3).c_str(),
                    significant(std::exp(-static_cast<double>(t.nll)), 2).c_str());
    if (!std::isnan(t.nll))
        ImGui::TextColored(dim, "of this token given the %lld before it",
                           static_cast<long long>(token));
}

void cell_tooltip(const AppState& state, const core::TraceResult& trace, int64_t token,
                  int64_t layer, int64_t hop) {
    const HopCell cell = cell_of(trace, token, layer, hop);
    const ImVec4 dim = state.theme().dim;
    const float s = state.pixel_scale;
    ImGui::PushFont(state.fonts.text, kTextSize);
    ImGui::Text("%s, hop %lld", state.layer_name(layer).c_str(), static_cast<long long>(hop));
    if (!cell.executed) {
        ImGui::TextColored(dim, "not executed: the token had halted before");
        ImGui::PopFont();
        return;
    }
    const auto number = [&](const char* label, float v, const char* unit) {
        if (std::isnan(v)) return;
        ImGui::TextColored(dim, "%s", label);
        ImGui::SameLine(110 * s);
        ImGui::Text("%s%s", significant(static_cast<double>(v), 3).c_str(), unit);
    };
    number("entropy", cell.entropy, " nats");
    number("highest p", cell.max_prob, "");
    number("update norm", cell.update_norm, "");
    number("halt ratio", cell.halt_ratio, "");
    const auto choice = choice_of(trace, token, layer, hop);
    ImGui::TextColored(dim, "experts, weight (top-%zu)", choice.size());
    ImGui::PushFont(state.fonts.mono, kMonoSize);
    for (size_t j = 0; j < std::min<size_t>(choice.size(), 16); ++j) {
        swatch(viz::packed(state.places.expert_color(layer, choice[j].expert, state.theme().dark)),
               s);
        ImGui::Text("%-6s %s", ("E" + std::to_string(choice[j].expert)).c_str(),
                    rounded(static_cast<double>(choice[j].weight), 3).c_str());
    }
    ImGui::PopFont();
    ImGui::PopFont();
}

}  // namespace hopscope::app
