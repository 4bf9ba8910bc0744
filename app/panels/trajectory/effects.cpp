#include "app/panels/trajectory/effects.h"

#include <algorithm>
#include <cmath>
#include <imgui.h>

#include "app/panels/halting/threshold.h"
#include "app/panels/trajectory/cells.h"
#include "app/widgets/depth_bars.h"
#include "app/widgets/fonts.h"
#include "app/widgets/format.h"
#include "app/widgets/marks.h"
#include "app/widgets/number.h"
#include "app/widgets/piece_text.h"
#include "app/widgets/token_row.h"
#include "app/widgets/widgets.h"

namespace hopscope::app {
namespace {

std::string signed_text(double v, int decimals) {
    if (std::isnan(v)) return kNothing;
    return (v >= 0 ? "+" : "\xE2\x88\x92") + rounded(std::fabs(v), decimals);
}

std::string halting_command(const AppState& state, double epsilon) {
    return run_command(state, "halting", "--eps " + exact(epsilon) + " --json");
}

}  // namespace

void EffectTable::update(const AppState& state) {
    if (auto newest = state.session->halting()) effect_ = std::move(newest);
}

const core::HaltingEffect* EffectTable::effect_of(const AppState& state, double epsilon) const {
    if (!effect_ || epsilon <= 0 || !state.trace) return nullptr;
    const bool same = effect_->prompt == state.trace->prompt &&
                      std::fabs(effect_->epsilon - epsilon) <= 1e-6 * std::fabs(effect_->epsilon);
    return same ? effect_.get() : nullptr;
}

/// How much of a row is for the bars, and which of them.
struct EffectTable::Bars {
    float width, label, room, height, most;
    bool compare;  ///< before and after halting
};

void EffectTable::draw_next(AppState& state, const TraceView& view) const {
    const double epsilon = epsilon_at(state.halt_position);
    const float s = state.pixel_scale;
    const int64_t token = shown_token(state);
    const auto& t = state.trace->tokens[static_cast<size_t>(token)];
    const core::HaltingEffect* effect = effect_of(state, epsilon);
    const bool last = token == view.tokens - 1;
    const bool compare = effect && last && effect->error.empty() && !effect->changed.empty();
    const auto rows = compare ? next_rows(effect->base, effect->changed) : next_rows(t.next, {});

    heading(state, "Next token");
    const std::string after = displayable(piece_text(t.piece), state.fonts.text);
    std::string caption = "after " + shortened(after, 16) + ", position " + std::to_string(token);
    if (compare) caption += "   grey: base, amber: halted";
    ImGui::TextColored(state.theme().dim, "%s", caption.c_str());
    if (rows.empty()) return note(state, "No distribution was returned for this token.");

    float most = 1e-6f;
    for (const auto& row : rows)
        for (const float p : {row.base, row.changed})
            if (!std::isnan(p)) most = std::max(most, p);
    const float width = ImGui::GetContentRegionAvail().x, label = 92 * s, number = 58 * s;
    const Bars bars = {.width = width,
                       .label = label,
                       .room = std::max(width - label - number, 40 * s),
                       .height = (compare ? 22 : 18) * s,
                       .most = most,
                       .compare = compare};
    ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(0, 0));
    for (size_t i = 0; i < rows.size(); ++i) {
        ImGui::PushID(static_cast<int>(i));
        draw_next_row(state, rows[i], bars);
        ImGui::PopID();
    }
    ImGui::PopStyleVar();
    if (effect && !last)
        note(state, "Halting is compared at the last position: select the last token.");
}

void EffectTable::draw_next_row(const AppState& state, const NextRow& row, const Bars& bars) {
    const Theme& theme = state.theme();
    const float s = state.pixel_scale;
    ImDrawList* list = ImGui::GetWindowDrawList();
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const std::string piece =
        token_row(state, row.piece, ImVec2(bars.width, bars.height), bars.label);
    const auto bar = [&](float p, float top, float thick, const ImVec4& color) {
        if (std::isnan(p)) return;
        const float left = at.x + bars.label;
        const float length = std::max(bars.room * p / bars.most, 2.0f);
        list->AddRectFilled(ImVec2(left, at.y + top), ImVec2(left + length, at.y + top + thick),
                            packed(color), 2 * s);
    };
    const auto likely = [](float p) {
        return std::isnan(p) ? std::string("not among the ten likeliest") : significant(p, 3);
    };
    std::string value, why = piece + ", id " + std::to_string(row.id) + "\np = " + likely(row.base);
    if (bars.compare) {
        bar(row.base, 4 * s, 6 * s, mixed(theme.panel, theme.dim, 0.75f));
        bar(row.changed, 12 * s, 6 * s, theme.amber);
        const bool both = !std::isnan(row.base) && !std::isnan(row.changed);
        value = both ? signed_text(row.changed - row.base, 3) : kNothing;
        why += " before, " + likely(row.changed) + " halted";
    } else {
        bar(row.base, 5 * s, 8 * s, theme.accent);
        value = percent(row.base, 1);
    }
    const float value_width = text_width(state.fonts.mono, kMonoSize, value);
    list->AddText(state.fonts.mono, kMonoSize * s,
                  ImVec2(at.x + bars.width - value_width, at.y + (bars.height - kMonoSize * s) / 2),
                  packed(theme.text), value.c_str());
    tooltip(why);
}

void EffectTable::draw_halting(AppState& state, const TraceView& view) const {
    heading(state, "Halting");
    draw_threshold(state);
    const double epsilon = epsilon_at(state.halt_position);
    if (epsilon <= 0) {
        const std::string single = state.lacks(core::Need::several_hops);
        note(state,
             single.empty()
                 ? "Move the slider: the cells of hops that are left out are hollow, and loss, "
                   "saving and a random control of the same size appear here."
                 : single + " There is no hop to leave out.");
        return;
    }
    const std::string of = " of " + std::to_string(view.hops) + " hops, this prompt";
    value_row(state, {.label = "executed",
                      .value = view.mean_hops,
                      .shown = rounded(view.mean_hops, 2) + of,
                      .definition = "Mean over the (token, layer) pairs of this prompt",
                      .n = view.pairs,
                      .over = "pairs",
                      .command = panel_command(state, "trajectory", -1)});
    depth_bars(
        state, std::span(view.depth).subspan(1), 26 * state.pixel_scale,
        "Depth of the (token, layer) pairs of this prompt, n = " + with_thousands(view.pairs));
    draw_effect(state, epsilon);
}

void EffectTable::draw_effect(AppState& state, double epsilon) const {
    const core::HaltingEffect* e = effect_of(state, epsilon);
    if (!e) return note(state, "Measuring\xE2\x80\xA6");
    if (!e->error.empty()) {
        problem_text(state, e->error);
        return;
    }
    const std::string halting = halting_command(state, epsilon);
    const std::string n = with_thousands(e->batches) + " batches, " + with_thousands(e->tokens) +
                          " tokens of the validation split";
    value_row(state, {.label = "KL (base, halted)",
                      .value = e->kl,
                      .shown = significant(e->kl, 3) + " nats",
                      .definition = "\xCE\xA3 p log(p / q) of the next token at the last position "
                                    "of the prompt: base p, halted q",
                      .step = e->step,
                      .no_command = kLiveNumber});
    value_row(state, {.label = "mean hops",
                      .value = e->mean_hops,
                      .shown = rounded(e->mean_hops, 2),
                      .definition = "Executed hops a (token, layer) pair, over " + n,
                      .n = e->tokens,
                      .over = "tokens",
                      .step = e->step,
                      .command = halting});
    value_row(state, {.label = "saving",
                      .value = e->saving,
                      .shown = percent(e->saving, 1),
                      .definition = "1 \xE2\x88\x92 executed / possible hops, over " + n,
                      .n = e->tokens,
                      .over = "tokens",
                      .step = e->step,
                      .command = halting});
    if (e->batches == 0) return note(state, "Validation loss is not measured for this run yet.");
    value_row(state, {.label = "validation loss",
                      .value = e->valid_loss_changed,
                      .shown = rounded(e->valid_loss_base, 3) + " \xE2\x86\x92 " +
                               rounded(e->valid_loss_changed, 3),
                      .definition = "Nats a token, base \xE2\x86\x92 halted; the value is the "
                                    "halted one",
                      .n = e->batches,
                      .over = "batches",
                      .step = e->step,
                      .command = halting});
    const double difference = e->valid_loss_changed - e->valid_loss_base;
    value_row(state,
              {.label = "difference",
               .value = difference,
               .shown = signed_text(difference, 4) + " [" + signed_text(e->loss_diff_low, 4) +
                        ", " + signed_text(e->loss_diff_high, 4) + "]",
               .definition = "Nats a token with the 95 % interval of a paired bootstrap "
                             "over batches",
               .low = e->loss_diff_low,
               .high = e->loss_diff_high,
               .n = e->batches,
               .over = "batches",
               .step = e->step,
               .command = halting});
    value_row(state, {.label = "random control",
                      .value = e->control_loss,
                      .shown = rounded(e->control_loss, 3) + " \xC2\xB1 " +
                               rounded(e->control_loss_std, 3),
                      .definition = "Validation loss when as many (token, layer) pairs of each "
                                    "depth are halted, drawn at random; mean \xC2\xB1 standard "
                                    "deviation over the draws",
                      .n = e->control_draws,
                      .over = "draws",
                      .step = e->step,
                      .no_command = kLiveNumber});
    note(state, "n = " + with_thousands(e->tokens) + " tokens, " +
                    std::to_string(e->control_draws) + " control draws, weights of step " +
                    with_thousands(e->step));
}

}  // namespace hopscope::app
