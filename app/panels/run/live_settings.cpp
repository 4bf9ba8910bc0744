#include "app/panels/run/live_settings.h"

#include <imgui.h>

#include "app/state/actions.h"
#include "app/widgets/exact_slider.h"
#include "app/widgets/format.h"
#include "app/widgets/widgets.h"
#include "core/api/needs.h"

namespace hopscope::app {
namespace {

constexpr double kSendEvery = 0.1;  ///< seconds between two values of a dragged slider
constexpr float kField = 88;        ///< width of a field, unscaled pixels

/// Sends the value if it may be set; else says why not.
std::string send(AppState& state, const core::LiveSetting& setting, double value) {
    auto command = core::check_command(
        {core::CommandKind::set, {{"key", setting.value.name}, {"value", value}}});
    if (!command) return command.error().message;
    state.submit(*command);
    return "";
}

/// What it may be and what it is measured in.
std::string limits_of(const core::LiveSetting& setting) {
    return with_thousands_in(setting.value.allowed +
                             (setting.unit.empty() ? "" : ", " + setting.unit));
}

}  // namespace

void SettingsEditor::draw(AppState& state) {
    heading(state, "Live settings");
    const auto& all = core::live_settings();
    for (const core::LiveSetting& setting : sliders()) draw_setting(state, setting);
    const auto others = static_cast<int64_t>(all.size() - sliders().size());
    const std::string label =
        (more_ ? "fewer settings" : with_thousands(others) + " more settings") + "###more settings";
    if (button(state, label.c_str(), nullptr, "Settings that are typed")) more_ = !more_;
    if (!more_) return;
    for (const core::LiveSetting& setting : all)
        if (!setting.value.slider) draw_setting(state, setting);
}

void SettingsEditor::draw_setting(AppState& state, const core::LiveSetting& setting) {
    const SettingValue present =
        setting_value(state.session->config(), state.answers, setting.value.name);
    Edited& edited = edited_[setting.value.name];
    if (!edited.held && edited.wrong.empty()) edited.value = present.value;
    const std::string lacks = setting.need ? state.lacks(*setting.need) : std::string();
    const char* no = lacks.empty() ? refusal(state, core::Action::change) : lacks.c_str();
    ImGui::PushID(setting.value.name.c_str());
    draw_field(state, setting, present, edited, no);
    if (setting.value.slider) draw_slider(state, setting, edited, present, no);
    draw_words(state, setting, present, edited);
    ImGui::PopID();
}

void SettingsEditor::draw_field(AppState& state, const core::LiveSetting& setting,
                                const SettingValue& present, Edited& edited, const char* refusal) {
    const Theme& theme = state.theme();
    const float s = state.pixel_scale, gap = 8 * s;
    const float left = ImGui::GetCursorPosX(), width = ImGui::GetContentRegionAvail().x;
    const float field = left + width - kField * s;
    ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, ImVec2(6 * s, 1 * s));
    ImGui::AlignTextToFramePadding();
    ImGui::TextColored(theme.dim, "%s", setting.label.c_str());
    tooltip(setting.value.help);
    const bool waits = present.pending && !edited.held;
    const char* word = waits ? "pending" : "undo";
    const float word_width = ImGui::CalcTextSize(word).x + (waits ? 0 : 12 * s);
    if (waits || present.changed()) {
        ImGui::SameLine();
        ImGui::SetCursorPosX(field - gap - word_width);
        if (waits) {
            ImGui::TextColored(theme.amber_text, "pending");
            tooltip("Sent; it is applied before the next update");
        } else if (button(state, "undo", refusal, ("Back to " + plain(present.before)).c_str(),
                          word_width)) {
            edited.wrong = send(state, setting, present.before);
        }
    }
    ImGui::SameLine();
    ImGui::SetCursorPosX(field);
    ImGui::SetNextItemWidth(kField * s);
    ImGui::PushFont(state.fonts.mono, kMonoSize);
    ImGui::BeginDisabled(refusal != nullptr);
    const double before = edited.value;
    by_name(state, "##field", setting.label + "\xE2\x80\xA6", setting.value.help,
            refusal ? refusal : "");
    ImGui::InputDouble("##field", &edited.value, 0, 0, "%.6g", ImGuiInputTextFlags_AutoSelectAll);
    ImGui::EndDisabled();
    ImGui::PopFont();
    ImGui::PopStyleVar();
    edited.held = ImGui::IsItemActive();
    if (edited.value != before) edited.wrong.clear();
    if (ImGui::IsItemDeactivatedAfterEdit() && edited.value != present.value)
        edited.wrong = send(state, setting, edited.value);
    tooltip(refusal ? refusal : setting.value.help + " Allowed: " + limits_of(setting) + ".");
}

void SettingsEditor::draw_slider(AppState& state, const core::LiveSetting& setting, Edited& edited,
                                 const SettingValue& present, const char* refusal) {
    const float s = state.pixel_scale;
    const core::Slider& range = *setting.value.slider;
    const double before = edited.value;
    ImGui::SetNextItemWidth(-1);
    ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, ImVec2(8 * s, 0));
    const SliderUse use = exact_slider(
        state, edited.value,
        {.low = range.low, .high = range.high, .logarithmic = range.logarithmic}, refusal);
    ImGui::PopStyleVar();
    edited.held |= use.held;
    if (edited.value != before) edited.wrong.clear();
    if (edited.value == present.value) return;
    const bool due = use.held && state.now - edited.sent_at > kSendEvery;
    if (!use.released && (!due || edited.value == edited.sent)) return;
    edited.sent_at = state.now;
    edited.sent = edited.value;
    edited.wrong = send(state, setting, edited.value);
}

/// Always of one line, so that nothing below moves while it is aimed at.
void SettingsEditor::draw_words(const AppState& state, const core::LiveSetting& setting,
                                const SettingValue& present, const Edited& edited) {
    const Theme& theme = state.theme();
    ImGui::PushFont(state.fonts.text, kSmallSize);
    if (!edited.wrong.empty())
        text_cut(state, edited.wrong, theme.red_text);
    else if (present.step >= 0)
        text_cut(state,
                 "set at step " + with_thousands(present.step) +
                     (present.changed() ? ", was " + plain(present.before) : ""),
                 theme.dim);
    else
        text_cut(state, limits_of(setting), theme.dim);
    ImGui::PopFont();
}

}  // namespace hopscope::app
