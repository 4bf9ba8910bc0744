#include "app/panels/intervene/report.h"

#include <algorithm>
#include <cmath>
#include <imgui.h>
#include <nlohmann/json.hpp>

#include "app/panels/intervene/view.h"
#include "app/widgets/export.h"
#include "app/widgets/fonts.h"
#include "app/widgets/format.h"
#include "app/widgets/number.h"
#include "app/widgets/token_row.h"
#include "app/widgets/widgets.h"

namespace hopscope::app {
namespace {

std::string odds(double p) {
    return std::isnan(p) ? std::string(kNothing) : p < 0.001 ? significant(p, 1) : rounded(p, 3);
}

/// The command line that measures the same, with the two files that it reads.
std::string effect_command(const AppState& state, const core::InterventionEffect& effect) {
    const core::InterventionRequest& asked = effect.request;
    const std::string run =
        run_command(state, "intervene",
                    "--script $S --prompts $P --controls " + std::to_string(asked.controls) +
                        " --seed " + std::to_string(asked.seed) + " --json");
    if (run.empty()) return run;
    std::string script;
    for (const core::Command& command : asked.script)
        script += (script.empty() ? "" : " ") + shell_word(core::to_json(command));
    nlohmann::ordered_json prompt = {{"text", asked.prompt}};
    if (!asked.target.empty()) prompt["target"] = asked.target;
    const std::string text =
        prompt.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
    return "S=$(mktemp) P=$(mktemp) && printf '%s\\n' " + script + " > $S && printf '%s\\n' " +
           shell_word(text) + " > $P && " + run;
}

Number number_of(const AppState& state, const core::InterventionEffect& effect,
                 const NumberRow& row) {
    std::string shown = row.after;
    if (!row.before.empty()) shown = row.before + " \xE2\x86\x92 " + shown;
    if (!row.control.empty()) shown += ", control " + row.control;
    return {.label = row.label,
            .value = row.value,
            .shown = shown,
            .definition = row.why,
            .step = effect.step,
            .command = effect_command(state, effect)};
}

Number odds_number(const AppState& state, const core::InterventionEffect& effect,
                   const core::OddsRow& row, const std::string& piece) {
    return {.label = "P(" + piece + ")",
            .value = row.changed,
            .shown = significant(row.base, 3) + " \xE2\x86\x92 " + significant(row.changed, 3),
            .definition = "Probability of the token after the prompt under the intervention",
            .n = 1,
            .over = "prompt",
            .step = effect.step,
            .command = effect_command(state, effect)};
}

/// The effect's KL as a mark among the draws of the control.
void draw_chance(const AppState& state, const core::InterventionEffect& effect) {
    if (effect.control_kls.empty()) return;
    const Theme& theme = state.theme();
    const float s = state.pixel_scale, height = 22 * s, pad = 6 * s;
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const float width = ImGui::GetContentRegionAvail().x;
    double most = effect.kl;
    for (const double kl : effect.control_kls) most = std::max(most, kl);
    const auto place = [&](double kl) {
        return at.x + pad + static_cast<float>(kl / std::max(most, 1e-12)) * (width - 2 * pad);
    };
    ImGui::Dummy(ImVec2(width, height));
    tooltip("KL of the " + std::to_string(effect.control_kls.size()) +
            " random controls (grey) and of the intervention (amber), from 0 to " +
            significant(most, 3) + " nats. Seed " + std::to_string(effect.request.seed) + ".");
    ImDrawList* list = ImGui::GetWindowDrawList();
    const float middle = at.y + height / 2;
    list->AddLine(ImVec2(at.x + pad, middle), ImVec2(at.x + width - pad, middle),
                  packed(theme.border));
    for (const double kl : effect.control_kls)
        list->AddCircleFilled(ImVec2(place(kl), middle), 3.5f * s,
                              packed(faded(control_color(theme), 0.8f)));
    const float x = place(effect.kl);
    list->AddRectFilled(ImVec2(x - 1.5f * s, at.y + 2 * s),
                        ImVec2(x + 1.5f * s, at.y + height - 2 * s), packed(theme.amber), 1);
}

/// True if "Measure again" was pressed.
bool draw_summary(AppState& state, const core::InterventionEffect& effect) {
    const Theme& theme = state.theme();
    const float s = state.pixel_scale;
    ImGui::AlignTextToFramePadding();
    ImGui::TextColored(theme.amber_text, "KL %s nats", significant(effect.kl, 3).c_str());
    explain_when_asked(state, [&] {
        return Number{.label = "KL",
                      .value = effect.kl,
                      .shown = significant(effect.kl, 3) + " nats",
                      .definition =
                          "KL(base \xE2\x80\x96 changed) of the next-token distribution at "
                          "the last position",
                      .n = 1,
                      .over = "prompt",
                      .step = effect.step,
                      .command = effect_command(state, effect)};
    });
    ImGui::SameLine(0, 12 * s);
    const std::string chance = beside_chance(effect);
    const char* const measures = effect.whole ? "" : "measuring the random control\xE2\x80\xA6";
    const std::string reason =
        effect.control_reason.empty() ? measures : "no control: " + effect.control_reason;
    const bool stale = state.status.step > effect.step;
    const float again = stale ? ImGui::CalcTextSize("Measure again").x + 24 * s : 0;
    const float export_width = ImGui::CalcTextSize("Export").x + 24 * s;
    const float room = ImGui::GetContentRegionAvail().x - again - export_width;
    ImGui::BeginChild("chance", ImVec2(std::max(room, 60 * s), ImGui::GetFrameHeight()));
    ImGui::SetCursorPosY(ImGui::GetCursorPosY() + ImGui::GetStyle().FramePadding.y);
    text_cut(state, chance.empty() ? reason : chance, theme.dim);
    ImGui::EndChild();
    bool pressed = false;
    if (stale) {
        ImGui::SameLine(0, 8 * s);
        pressed = button(state, "Measure again", nullptr, "On the newest weights of the run");
    }
    ImGui::SameLine(0, 8 * s);
    if (button(state, "Export", effect.whole ? nullptr : "It is still being measured.",
               "Writes all numbers as CSV into the run folder"))
        export_text(state, "intervention_shown.csv",
                    "# Intervene " + origin_of(state, effect.step, effect.step).words + "\n" +
                        effect_csv(effect));
    draw_chance(state, effect);
    if (!effect.whole) progress_line(state, effect.progress);
    return pressed;
}

/// Where the three columns of the bars stand.
struct OddsColumns {
    OddsColumns(const AppState& state, float all) {
        const float s = state.pixel_scale;
        width = all;
        label = std::clamp(width * 0.24f, 72 * s, 130 * s);
        gap = 12 * s;
        column = (width - label - 2 * gap) / 3;
        number = text_width(state.fonts.mono, kMonoSize, "0.000") + 6 * s;
        height = 22 * s;
    }
    float left_of(int c) const { return label + static_cast<float>(c) * (column + gap); }

    float width, label, gap, column, number, height;
};

/// A probability as number and bar; `spread`, not NaN: a line over it of twice this length.
void draw_odds(const AppState& state, ImVec2 at, const OddsColumns& columns, const ImVec4& color,
               double p, double spread, double most) {
    const Theme& theme = state.theme();
    const float s = state.pixel_scale, height = columns.height;
    ImDrawList* list = ImGui::GetWindowDrawList();
    const std::string text = odds(p);
    const float text_at = at.x + columns.column - text_width(state.fonts.mono, kMonoSize, text);
    list->AddText(state.fonts.mono, kMonoSize * s,
                  ImVec2(text_at, at.y + (height - kMonoSize * s) / 2),
                  packed(std::isnan(p) ? theme.dim : theme.text), text.c_str());
    if (std::isnan(p)) return;
    const float room = std::max(columns.column - columns.number, 10 * s);
    const auto length = [&](double v) {
        return std::clamp(static_cast<float>(v / most) * room, 0.0f, room);
    };
    list->AddRectFilled(ImVec2(at.x, at.y + 7 * s),
                        ImVec2(at.x + std::max(length(p), 2.0f), at.y + height - 7 * s),
                        packed(color), 2 * s);
    if (std::isnan(spread)) return;
    list->AddLine(ImVec2(at.x + length(p - spread), at.y + height / 2),
                  ImVec2(at.x + length(p + spread), at.y + height / 2), packed(theme.text),
                  1.5f * s);
}

void draw_bars(const AppState& state, const core::InterventionEffect& effect) {
    const Theme& theme = state.theme();
    const auto rows = next_rows(effect);
    const double most = largest(rows);
    heading(state, "Next token");
    const OddsColumns columns(state, ImGui::GetContentRegionAvail().x);
    const char* names[] = {"before", "after", "control"};
    const ImVec4 colors[] = {theme.accent, theme.amber, control_color(theme)};

    const ImVec2 head = ImGui::GetCursorScreenPos();
    ImGui::Dummy(ImVec2(columns.width, ImGui::GetTextLineHeight()));
    for (int c = 0; c < 3; ++c)
        ImGui::GetWindowDrawList()->AddText(ImVec2(head.x + columns.left_of(c), head.y),
                                            packed(theme.dim), names[c]);
    ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(0, 0));
    for (size_t i = 0; i < rows.size(); ++i) {
        const core::OddsRow& row = rows[i];
        const ImVec2 at = ImGui::GetCursorScreenPos();
        ImGui::PushID(static_cast<int>(i));
        const std::string piece =
            token_row(state, row.name, ImVec2(columns.width, columns.height), columns.label);
        const double values[] = {row.base, row.changed, row.control.mean};
        const double spreads[] = {core::kNaN, core::kNaN, row.control.std};
        for (int c = 0; c < 3; ++c)
            draw_odds(state, ImVec2(at.x + columns.left_of(c), at.y), columns, colors[c], values[c],
                      spreads[c], most);
        tooltip(piece + ", id " + std::to_string(row.id) + "\nP before " +
                significant(row.base, 3) + ", after " + significant(row.changed, 3) +
                (std::isnan(row.control.mean)
                     ? std::string()
                     : "\ncontrol " + significant(row.control.mean, 3) + " \xC2\xB1 " +
                           significant(row.control.std, 2) +
                           " (sd), n = " + std::to_string(effect.control_draws) + " draws, seed " +
                           std::to_string(effect.request.seed)));
        explain_when_clicked(state, [&] { return odds_number(state, effect, row, piece); });
        ImGui::PopID();
    }
    ImGui::PopStyleVar();
    note(state, "The ten likeliest tokens after the last of " + std::to_string(effect.tokens) +
                    " tokens.");
}

void draw_numbers(const AppState& state, const core::InterventionEffect& effect) {
    heading(state, "Numbers");
    const Theme& theme = state.theme();
    const auto rows = numbers_of(effect);
    if (!ImGui::BeginTable("numbers", 5,
                           ImGuiTableFlags_SizingStretchProp | ImGuiTableFlags_NoSavedSettings |
                               ImGuiTableFlags_PadOuterX))
        return;
    const char* names[] = {"", "before", "after", "change", "control"};
    // Each as wide as its longest text wants it, so that one is cut only where all are.
    for (size_t c = 0; c < 5; ++c) {
        float wide = ImGui::CalcTextSize(names[c]).x;
        for (const NumberRow& row : rows) {
            const std::string* const cells[] = {&row.label, &row.before, &row.after, &row.change,
                                                &row.control};
            wide = std::max(wide, c == 0 ? ImGui::CalcTextSize(row.label.c_str()).x
                                         : text_width(state.fonts.mono, kMonoSize, *cells[c]));
        }
        ImGui::TableSetupColumn(names[c], ImGuiTableColumnFlags_WidthStretch,
                                wide + 4 * state.pixel_scale);
    }
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
        explain_when_asked(state, [&] { return number_of(state, effect, row); });
        ImGui::SameLine(0, 0);
        // "Jaccard, layer 2": what tells rows apart stands at the end.
        const std::string label =
            fitted(displayable(row.label, state.fonts.text), ImGui::GetContentRegionAvail().x);
        ImGui::TextColored(theme.dim, "%s", label.c_str());
        if (label != row.label) tooltip(row.label);
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

}  // namespace

bool EffectReport::draw(AppState& state, const core::InterventionEffect& effect) {
    const float s = state.pixel_scale, gap = 20 * s;
    const float width = ImGui::GetContentRegionAvail().x;
    const bool again = draw_summary(state, effect);
    const auto column = [&](const char* name, float share, auto... parts) {
        ImGui::BeginChild(name, ImVec2(share > 0 ? std::floor(width * share) : 0, 0));
        (parts(), ...);
        ImGui::EndChild();
    };
    const auto bars = [&] { draw_bars(state, effect); };
    const auto numbers = [&] { draw_numbers(state, effect); };
    const auto curve = [&] { dose_.draw(state, effect); };
    if (width >= 960 * s && has_dose(effect.request.script)) {
        column("bars", 0.35f, bars);
        ImGui::SameLine(0, gap);
        column("numbers", 0.39f, numbers);
        ImGui::SameLine(0, gap);
        column("dose", 0, curve);
    } else if (width >= 640 * s) {
        column("bars", 0.50f, bars);
        ImGui::SameLine(0, gap);
        column("numbers", 0, numbers, curve);
    } else {
        bars();
        numbers();
        curve();
    }
    return again;
}

}  // namespace hopscope::app
