#include "app/panels/curves/controls.h"

#include <algorithm>
#include <imgui.h>
#include <string_view>

#include "app/panels/kept_view.h"
#include "app/widgets/format.h"
#include "app/widgets/widgets.h"

namespace hopscope::app {
namespace {

constexpr Quantity kQuantities[] = {Quantity::loss,      Quantity::perplexity, Quantity::lr,
                                    Quantity::grad_norm, Quantity::balance,    Quantity::routing,
                                    Quantity::fork,      Quantity::versus};
constexpr XAxis kAxes[] = {XAxis::step, XAxis::tokens, XAxis::time, XAxis::elapsed};
constexpr YScale kScales[] = {YScale::linear, YScale::log, YScale::symlog};
constexpr Mean kMeans[] = {Mean::none, Mean::exponential, Mean::running};
constexpr int kLongestWindow = 1000;
constexpr const char* kAxesButton = "Axes\xE2\x80\xA6";

/// A list to choose from, `width` unscaled pixels wide; true when something was chosen.
template <class Items, class Value>
bool combo(const AppState& state, const char* id, float width, const Items& items, Value& value) {
    bool chosen = false;
    ImGui::SetNextItemWidth(width * state.pixel_scale);
    by_name(state, id, std::string(id + 2) + "\xE2\x80\xA6");
    if (!ImGui::BeginCombo(id, name_of(value), ImGuiComboFlags_HeightLarge)) return false;
    for (const Value item : items)
        if (ImGui::Selectable(name_of(item), item == value)) {
            value = item;
            chosen = true;
        }
    ImGui::EndCombo();
    return chosen;
}

}  // namespace

void CurvesControls::draw_quantities(AppState& state, bool narrow, const Offers& offers) {
    narrow ? draw_list(state, offers) : draw_tabs(state, offers);
}

PanelView CurvesControls::view() const {
    const CurveChoice& choice = choice_;
    return {{"quantity", text_of(choice.quantity).tab},
            {"statistic", row_of(choice.stat).name},
            {"x", name_of(choice.x)},
            {"log x", yes_or_no(plot_.log_x)},
            {"y", name_of(plot_.y_scale)},
            {"mean", name_of(choice.mean)},
            {"past", plain(static_cast<double>(choice.past))},
            {"window", std::to_string(choice.window)}};
}

void CurvesControls::restore(const PanelView& view) {
    CurveChoice& choice = choice_;
    const auto name = [](auto item) { return std::string_view(name_of(item)); };
    take_kept(view, "quantity", kQuantities, choice.quantity,
              [](Quantity quantity) { return std::string_view(text_of(quantity).tab); });
    for (const RoutingStatRow& row : routing_stats())
        if (const auto kept = view.find("statistic");
            kept != view.end() && kept->second == row.name)
            choice.stat = row.stat;
    take_kept(view, "x", kAxes, choice.x, name);
    take_kept_flag(view, "log x", plot_.log_x);
    take_kept(view, "y", kScales, plot_.y_scale, name);
    take_kept(view, "mean", kMeans, choice.mean, name);
    take_kept_number(view, "past", 0.0f, 0.999f, choice.past);
    take_kept_number(view, "window", 2, kLongestWindow, choice.window);
    plot_.follow();
}

/// The tabs as a list to choose from.
void CurvesControls::draw_list(AppState& state, const Offers& offers) {
    ImGui::SetNextItemWidth(96 * state.pixel_scale);
    by_name(state, "##quantity", "quantity\xE2\x80\xA6");
    if (!ImGui::BeginCombo("##quantity", text_of(choice_.quantity).tab)) return;
    for (Quantity quantity : kQuantities) {
        if (!offers(quantity)) continue;
        if (ImGui::Selectable(text_of(quantity).tab, choice_.quantity == quantity)) {
            choice_.quantity = quantity;
            plot_.follow();
        }
    }
    ImGui::EndCombo();
}

void CurvesControls::draw_tabs(AppState& state, const Offers& offers) {
    const float gap = 4 * state.pixel_scale;
    const float right = ImGui::GetCursorScreenPos().x + ImGui::GetContentRegionAvail().x;
    ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(gap, gap));
    for (Quantity quantity : kQuantities) {
        if (!offers(quantity)) continue;
        const char* name = text_of(quantity).tab;
        const float width = button_width(name);
        if (quantity != kQuantities[0]) {
            ImGui::SameLine();
            if (ImGui::GetCursorScreenPos().x + width > right) ImGui::NewLine();
        }
        if (button(state, name, nullptr, nullptr, 0, choice_.quantity == quantity)) {
            choice_.quantity = quantity;
            plot_.follow();
        }
    }
    ImGui::PopStyleVar();
}

/// What is drawn and how: in rows, or, in a panel too narrow for them, behind a button, so that the
/// curves keep their room.
void CurvesControls::draw_options(AppState& state, bool narrow,
                                  const std::function<void()>& export_buttons) {
    const float s = state.pixel_scale;
    if (narrow) {
        flow(button_width(kAxesButton), 4 * s);
        if (button(state, kAxesButton, nullptr, "What the axes count, the mean, the view"))
            ImGui::OpenPopup("axes");
        ImGui::SetNextWindowSize(ImVec2(300 * s, 0));
        if (ImGui::BeginPopup("axes")) {
            draw_statistic(state);
            draw_scales(state);
            fit_button(state);
            draw_mean(state);
            ImGui::EndPopup();
        }
    } else {
        draw_statistic(state);
        draw_scales(state);
        fit_button(state);
    }
    flow(button_width("PNG"), 4 * s);
    export_buttons();
    if (!narrow) draw_mean(state);
}

void CurvesControls::fit_button(AppState& state) {
    flow(button_width("Fit"), 4 * state.pixel_scale);
    if (button(state, "Fit", plot_.follows() ? "It shows all and follows the run" : nullptr,
               "Shows all and follows the run (double click)"))
        plot_.follow();
}

/// Which statistic of the routing.
void CurvesControls::draw_statistic(AppState& state) {
    CurveChoice& choice = choice_;
    if (choice.quantity != Quantity::routing) return;
    const float s = state.pixel_scale;
    ImGui::SetNextItemWidth(148 * s);
    by_name(state, "##statistic", "statistic\xE2\x80\xA6");
    if (ImGui::BeginCombo("##statistic", row_of(choice.stat).name, ImGuiComboFlags_HeightLarge)) {
        for (const RoutingStatRow& row : routing_stats())
            if (ImGui::Selectable(row.name, row.stat == choice.stat)) {
                choice.stat = row.stat;
                plot_.follow();
            }
        ImGui::EndCombo();
    }
    tooltip(row_of(choice.stat).help);
    flow(82 * s, 8 * s);
}

/// What the axes count, and how.
void CurvesControls::draw_scales(AppState& state) {
    const float s = state.pixel_scale;
    if (combo(state, "##x", 82, kAxes, choice_.x)) plot_.follow();
    tooltip(help_of(choice_.x));
    flow(button_width("log x"), 4 * s);
    if (button(state, "log x", nullptr, "Logarithmic x axis", 0, plot_.log_x)) {
        plot_.log_x = !plot_.log_x;
        plot_.follow();
    }
    flow(92 * s, 4 * s);
    if (combo(state, "##y", 92, kScales, plot_.y_scale)) plot_.follow();
    tooltip(plot_.y_scale == YScale::symlog
                ? "Logarithmic on both sides of 0, linear within \xC2\xB1" +
                      plain(plot_.linear_within) + " of it"
                : std::string("Scale of the y axis; symlog shows differences of either sign"));
}

/// Which mean is drawn over the values of each step, and over how many of them: the slider beside
/// it, or in its list where the line is too short.
void CurvesControls::draw_mean(AppState& state) {
    CurveChoice& choice = choice_;
    if (!can_smooth(choice)) return;
    const float s = state.pixel_scale, least = 80 * s, gap = 4 * s;
    flow(106 * s, 8 * s);
    const bool beside = ImGui::GetContentRegionAvail().x >= 106 * s + gap + least;
    const std::string words = choice.smooths() ? mean_in_words(choice) : name_of(choice.mean);
    ImGui::SetNextItemWidth(106 * s);
    by_name(state, "##mean", "mean\xE2\x80\xA6");
    if (ImGui::BeginCombo("##mean", words.c_str(), ImGuiComboFlags_HeightLarge)) {
        for (const Mean mean : kMeans)
            if (ImGui::Selectable(name_of(mean), mean == choice.mean)) choice.mean = mean;
        if (!beside) draw_past(state, 150 * s);
        ImGui::EndCombo();
    }
    tooltip("The mean that is drawn; the values of each step lie faint behind it");
    if (!beside || choice.mean == Mean::none) return;
    ImGui::SameLine(0, gap);
    draw_past(state, std::min(ImGui::GetContentRegionAvail().x, 220 * s));
}

/// How far back the mean reaches.
void CurvesControls::draw_past(const AppState& state, float width) {
    CurveChoice& choice = choice_;
    if (choice.mean == Mean::none) return;
    ImGui::SetNextItemWidth(width);
    by_name(state, "##smoothing", "length of the mean");
    if (choice.mean == Mean::running) {
        ImGui::SliderInt("##smoothing", &choice.window, 2, kLongestWindow, "",
                         ImGuiSliderFlags_Logarithmic | ImGuiSliderFlags_AlwaysClamp);
        tooltip("Mean of the newest " + with_thousands(choice.window) +
                " values; Ctrl+click types the number");
    } else {
        ImGui::SliderFloat("##smoothing", &choice.past, 0.0f, 0.999f, "",
                           ImGuiSliderFlags_AlwaysClamp);
        tooltip("Weight of the past in the exponential mean, " + rounded(choice.past, 3) +
                ", corrected at the start; Ctrl+click types the number");
    }
}

}  // namespace hopscope::app
