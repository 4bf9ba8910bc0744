// The answer of the intervene panel: effect beside chance, next-token bars before, after and under
// the control, numbers, dose curve, export.
#include <algorithm>
#include <cmath>
#include <implot.h>

#include "app/panels/intervene_panel.h"
#include "app/panels/token_row.h"
#include "app/window/export.h"
#include "app/window/fonts.h"
#include "app/window/format.h"
#include "app/window/widgets.h"

namespace hopscope::app {
namespace {

/// The grey of everything that is chance.
ImVec4 control_color(const Theme& theme) {
    return mixed(theme.panel, theme.dim, 0.75f);
}

std::string odds(double p) {
    return std::isnan(p) ? std::string(kNothing) : p < 0.001 ? significant(p, 1) : rounded(p, 3);
}

}  // namespace

void IntervenePanel::draw_summary(AppState& state) {
    const Theme& theme = state.theme();
    const float s = state.pixel_scale;
    const auto& e = *effect_;
    ImGui::AlignTextToFramePadding();
    ImGui::TextColored(theme.amber_text, "KL %s nats", significant(e.kl, 3).c_str());
    tooltip("KL(base \xE2\x80\x96 changed) of the next-token distribution at the last position");
    ImGui::SameLine(0, 12 * s);
    const std::string chance = beside_chance(e);
    const char* const measures = e.whole ? "" : "measuring the random control\xE2\x80\xA6";
    const std::string reason =
        e.control_reason.empty() ? measures : "no control: " + e.control_reason;
    const bool stale = state.status.step > e.step;
    const float again = stale ? ImGui::CalcTextSize("Measure again").x + 24 * s : 0;
    const float export_width = ImGui::CalcTextSize("Export").x + 24 * s;
    const float room = ImGui::GetContentRegionAvail().x - again - export_width;
    ImGui::BeginChild("chance", ImVec2(std::max(room, 60 * s), ImGui::GetFrameHeight()));
    ImGui::SetCursorPosY(ImGui::GetCursorPosY() + ImGui::GetStyle().FramePadding.y);
    text_cut(state, chance.empty() ? reason : chance, theme.dim);
    ImGui::EndChild();
    if (stale) {
        ImGui::SameLine(0, 8 * s);
        if (button(state, "Measure again", nullptr, "On the newest weights of the run")) ask(state);
    }
    ImGui::SameLine(0, 8 * s);
    if (button(state, "Export", e.whole ? nullptr : "It is still being measured.",
               "Writes all numbers as CSV into the run folder"))
        export_text(state, "intervention_shown.csv", effect_csv(*effect_));
    draw_chance(state);
    if (!e.whole) progress_line(state, e.progress);
}

/// The effect's KL as a mark among the draws of the control.
void IntervenePanel::draw_chance(AppState& state) {
    const auto& e = *effect_;
    if (e.control_kls.empty()) return;
    const Theme& theme = state.theme();
    const float s = state.pixel_scale, height = 22 * s, pad = 6 * s;
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const float width = ImGui::GetContentRegionAvail().x;
    double most = e.kl;
    for (const double kl : e.control_kls) most = std::max(most, kl);
    const auto place = [&](double kl) {
        return at.x + pad + static_cast<float>(kl / std::max(most, 1e-12)) * (width - 2 * pad);
    };
    ImGui::Dummy(ImVec2(width, height));
    tooltip("KL of the " + std::to_string(e.control_kls.size()) +
            " random controls (grey) and of the intervention (amber), from 0 to " +
            significant(most, 3) + " nats. Seed " + std::to_string(e.request.seed) + ".");
    ImDrawList* list = ImGui::GetWindowDrawList();
    const float middle = at.y + height / 2;
    list->AddLine(ImVec2(at.x + pad, middle), ImVec2(at.x + width - pad, middle),
                  packed(theme.border));
    for (const double kl : e.control_kls)
        list->AddCircleFilled(ImVec2(place(kl), middle), 3.5f * s,
                              packed(faded(control_color(theme), 0.8f)));
    const float x = place(e.kl);
    list->AddRectFilled(ImVec2(x - 1.5f * s, at.y + 2 * s),
                        ImVec2(x + 1.5f * s, at.y + height - 2 * s), packed(theme.amber), 1);
}

void IntervenePanel::draw_bars(AppState& state) {
    const Theme& theme = state.theme();
    const float s = state.pixel_scale;
    const auto rows = next_rows(*effect_);
    const double most = largest(rows);
    heading(state, "Next token");
    const float width = ImGui::GetContentRegionAvail().x;
    const float label = std::clamp(width * 0.24f, 72 * s, 130 * s), gap = 12 * s;
    const float column = (width - label - 2 * gap) / 3, height = 22 * s;
    const float number = text_width(state.fonts.mono, kMonoSize, "0.000") + 6 * s;
    ImDrawList* list = ImGui::GetWindowDrawList();
    const char* names[] = {"before", "after", "control"};
    const ImVec4 colors[] = {theme.accent, theme.amber, control_color(theme)};
    const auto left_of = [&](int c) { return label + static_cast<float>(c) * (column + gap); };

    const ImVec2 head = ImGui::GetCursorScreenPos();
    ImGui::Dummy(ImVec2(width, ImGui::GetTextLineHeight()));
    for (int c = 0; c < 3; ++c)
        list->AddText(ImVec2(head.x + left_of(c), head.y), packed(theme.dim), names[c]);
    ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(0, 0));
    for (size_t i = 0; i < rows.size(); ++i) {
        const core::OddsRow& row = rows[i];
        const ImVec2 at = ImGui::GetCursorScreenPos();
        ImGui::PushID(static_cast<int>(i));
        const std::string piece = token_row(state, row.name, ImVec2(width, height), label);
        const double values[] = {row.base, row.changed, row.control.mean};
        for (int c = 0; c < 3; ++c) {
            const double p = values[c];
            const float x = at.x + left_of(c), room = std::max(column - number, 10 * s);
            const std::string text = odds(p);
            const float text_at = x + column - text_width(state.fonts.mono, kMonoSize, text);
            list->AddText(state.fonts.mono, kMonoSize * s,
                          ImVec2(text_at, at.y + (height - kMonoSize * s) / 2),
                          packed(std::isnan(p) ? theme.dim : theme.text), text.c_str());
            if (std::isnan(p)) continue;
            const auto length = [&](double v) {
                return std::clamp(static_cast<float>(v / most) * room, 0.0f, room);
            };
            list->AddRectFilled(ImVec2(x, at.y + 7 * s),
                                ImVec2(x + std::max(length(p), 2.0f), at.y + height - 7 * s),
                                packed(colors[c]), 2 * s);
            if (c == 2 && !std::isnan(row.control.std)) {  // ± one standard deviation
                const float low = x + length(p - row.control.std),
                            high = x + length(p + row.control.std);
                list->AddLine(ImVec2(low, at.y + height / 2), ImVec2(high, at.y + height / 2),
                              packed(theme.text), 1.5f * s);
            }
        }
        tooltip(piece + ", id " + std::to_string(row.id) + "\nP before " +
                significant(row.base, 3) + ", after " + significant(row.changed, 3) +
                (std::isnan(row.control.mean)
                     ? std::string()
                     : "\ncontrol " + significant(row.control.mean, 3) + " \xC2\xB1 " +
                           significant(row.control.std, 2) +
                           " (sd), n = " + std::to_string(effect_->control_draws) +
                           " draws, seed " + std::to_string(effect_->request.seed)));
        ImGui::PopID();
    }
    ImGui::PopStyleVar();
    note(state, "The ten likeliest tokens after the last of " + std::to_string(effect_->tokens) +
                    " tokens.");
}

void IntervenePanel::draw_numbers(AppState& state) {
    heading(state, "Numbers");
    const Theme& theme = state.theme();
    const auto rows = numbers_of(*effect_);
    if (!ImGui::BeginTable("numbers", 5,
                           ImGuiTableFlags_SizingStretchProp | ImGuiTableFlags_NoSavedSettings |
                               ImGuiTableFlags_PadOuterX))
        return;
    const char* names[] = {"", "before", "after", "change", "control"};
    const float weights[] = {1.35f, 0.8f, 0.9f, 0.9f, 1.75f};
    for (int c = 0; c < 5; ++c)
        ImGui::TableSetupColumn(names[c], ImGuiTableColumnFlags_WidthStretch, weights[c]);
    const auto right = [&](const std::string& text, const ImVec4& color) {
        const float room = ImGui::GetContentRegionAvail().x,
                    wide = ImGui::CalcTextSize(text.c_str()).x;
        if (wide < room) ImGui::SetCursorPosX(ImGui::GetCursorPosX() + room - wide);
        text_cut(state, text, color);
    };
    ImGui::TableNextRow();
    for (const char* name : names) {
        ImGui::TableNextColumn();
        right(name, theme.dim);
    }
    for (size_t i = 0; i < rows.size(); ++i) {
        const NumberRow& row = rows[i];
        ImGui::TableNextRow();
        ImGui::TableNextColumn();
        ImGui::PushID(static_cast<int>(i));
        ImGui::Selectable("##row", false,
                          ImGuiSelectableFlags_SpanAllColumns | ImGuiSelectableFlags_AllowOverlap);
        tooltip(row.why);
        ImGui::SameLine(0, 0);
        text_cut(state, displayable(row.label, state.fonts.text), theme.dim);
        ImGui::PushFont(state.fonts.mono, kMonoSize);
        for (const std::string* text : {&row.before, &row.after, &row.change, &row.control}) {
            ImGui::TableNextColumn();
            if (!text->empty())
                right(displayable(*text, state.fonts.mono),
                      text == &row.control ? theme.dim : theme.text);
        }
        ImGui::PopFont();
        ImGui::PopID();
    }
    ImGui::EndTable();
}

void IntervenePanel::draw_dose(AppState& state) {
    const Theme& theme = state.theme();
    const float s = state.pixel_scale;
    heading(state, "Dose curve");
    if (!has_dose(effect_->request.script))
        return note(state, "Steer or boost something: the effect over its strength appears here.");
    for (const DoseValue what : {DoseValue::kl, DoseValue::p_target}) {
        const bool kl = what == DoseValue::kl;
        if (!kl) ImGui::SameLine(0, 4 * s);
        if (button(state, kl ? "KL" : "P(target)", nullptr,
                   kl ? "KL(base \xE2\x80\x96 changed), nats" : "Probability of the target token",
                   0, dose_ == what))
            dose_ = what;
    }
    const DoseCurve curve = dose_curve(*effect_, dose_);
    const int n = static_cast<int>(curve.factor.size());
    if (n == 0)
        return note(state,
                    effect_->whole ? "No point could be measured." : "Measuring\xE2\x80\xA6");
    const float height = std::clamp(ImGui::GetContentRegionAvail().y - 4 * s, 150 * s, 260 * s);
    if (!ImPlot::BeginPlot("##dose", ImVec2(-1, height),
                           ImPlotFlags_NoTitle | ImPlotFlags_NoMouseText | ImPlotFlags_NoMenus |
                               ImPlotFlags_NoBoxSelect))
        return;
    ImPlot::SetupAxes("factor on lambda and strength",
                      dose_ == DoseValue::kl ? "KL, nats" : "P(target)",
                      ImPlotAxisFlags_NoHighlight | ImPlotAxisFlags_AutoFit,
                      ImPlotAxisFlags_NoHighlight | ImPlotAxisFlags_AutoFit);
    ImPlot::SetupLegend(ImPlotLocation_North, ImPlotLegendFlags_NoMenus |
                                                  ImPlotLegendFlags_Outside |
                                                  ImPlotLegendFlags_Horizontal);
    ImPlotSpec band;
    band.FillColor = control_color(theme);
    band.FillAlpha = 0.4f;
    ImPlotSpec grey;
    grey.LineColor = control_color(theme);
    grey.LineWeight = 1.8f * s;
    ImPlotSpec amber;
    amber.LineColor = theme.amber;
    amber.LineWeight = 1.8f * s;
    amber.Marker = ImPlotMarker_Circle;
    amber.MarkerSize = 3 * s;
    amber.MarkerFillColor = amber.MarkerLineColor = theme.amber;
    if (!std::isnan(curve.control.front())) {
        ImPlot::PlotShaded("control, mean \xC2\xB1 sd", curve.factor.data(),
                           curve.control_low.data(), curve.control_high.data(), n, band);
        ImPlot::PlotLine("control, mean \xC2\xB1 sd", curve.factor.data(), curve.control.data(), n,
                         grey);
    }
    ImPlot::PlotLine("intervention", curve.factor.data(), curve.value.data(), n, amber);
    if (ImPlot::IsPlotHovered()) {
        const double x = ImPlot::GetPlotMousePos().x;
        size_t near = 0;
        for (size_t i = 1; i < curve.factor.size(); ++i)
            if (std::fabs(curve.factor[i] - x) < std::fabs(curve.factor[near] - x)) near = i;
        ImGui::SetTooltip(
            "factor %s: %s\ncontrol %s, n = %lld draws", plain(curve.factor[near]).c_str(),
            significant(curve.value[near], 3).c_str(), significant(curve.control[near], 3).c_str(),
            static_cast<long long>(effect_->request.dose_controls));
    }
    ImPlot::EndPlot();
}

}  // namespace hopscope::app
