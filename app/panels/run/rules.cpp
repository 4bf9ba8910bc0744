#include "app/panels/run/rules.h"

#include <algorithm>
#include <imgui.h>
#include <span>
#include <sstream>

#include "app/state/actions.h"
#include "app/widgets/format.h"
#include "app/widgets/widgets.h"

namespace hopscope::app {
namespace {

constexpr size_t kFindingsShown = 3;

void draw_rule(AppState& state, const RuleRow& row) {
    const float s = state.pixel_scale, field = 48 * s, word = 60 * s, gap = 6 * s;
    RuleSetting& setting = state.rules.setting(row.rule);
    const std::string lacks =
        row.rule == Rule::dead_experts ? state.lacks(core::Need::experts) : std::string();
    const float right = ImGui::GetCursorPosX() + ImGui::GetContentRegionAvail().x;
    ImGui::PushID(row.name);
    ImGui::BeginDisabled(!lacks.empty());
    by_name(state, row.name, std::string("rule ") + row.name, row.help, lacks);
    ImGui::Checkbox(row.name, &setting.on);
    ImGui::EndDisabled();
    tooltip(lacks.empty() ? row.help : lacks);
    if (setting.on && lacks.empty()) {
        if (row.unit[0] != 0) {
            ImGui::SameLine();
            ImGui::SetCursorPosX(right - word - gap - field);
            ImGui::SetNextItemWidth(field);
            ImGui::PushFont(state.fonts.mono, kMonoSize);
            ImGui::InputDouble("##threshold", &setting.threshold, 0, 0, "%.4g");
            ImGui::PopFont();
            if (!(setting.threshold >= row.least)) setting.threshold = row.least;
            tooltip(std::string("Threshold, ") + row.unit + "; at first " + plain(row.threshold));
        }
        ImGui::SameLine();
        ImGui::SetCursorPosX(right - word);
        const NameScope of(state, std::string(row.name) + ": ");
        if (button(state, setting.pauses ? "pauses###pauses" : "warns###pauses", nullptr,
                   setting.pauses ? "Pauses the run, and says why here and in the log"
                                  : "Says it here and in the log; click lets it pause the run",
                   word, setting.pauses))
            setting.pauses = !setting.pauses;
    }
    ImGui::PopID();
}

/// The newest findings in full.
std::string told(std::span<const Finding> findings) {
    std::string out;
    const size_t shown = std::min(findings.size(), kFindingsShown);
    for (size_t i = 0; i < shown; ++i) {
        const Finding& finding = findings[findings.size() - 1 - i];
        out += (i > 0 ? "\n" : "") + finding.text +
               (finding.pauses ? " The rule paused the run." : "");
    }
    if (findings.size() > shown)
        out += "\nand " + with_thousands(static_cast<int64_t>(findings.size() - shown)) +
               " more in the log";
    return out;
}

}  // namespace

void draw_findings(AppState& state) {
    const auto& findings = state.rules.findings();
    const Theme& theme = state.theme();
    const float s = state.pixel_scale;
    const ImVec2 at = ImGui::GetCursorPos();
    ImGui::AlignTextToFramePadding();
    if (findings.empty()) {
        // Of a run that is over nothing is watched.
        const bool over = core::is_final(state.status.state);
        const bool any = std::ranges::any_of(
            run_rules(), [&](const RuleRow& row) { return state.rules.setting(row.rule).on; });
        text_cut(state, over ? "" : any ? "no rule is broken" : "no rule is on", theme.dim);
        if (!over) tooltip("Rules that watch the run are set below");
    } else {
        const Finding& newest = findings.back();
        const float tools = text_width(state.fonts.text, kTextSize, "Show\xC3\x97") +
                            4 * ImGui::GetStyle().FramePadding.x + 12 * s;
        const float room = std::max(ImGui::GetContentRegionAvail().x - tools, 0.0f);
        std::string text = newest.pauses ? "paused: " : "";
        text += run_rules()[static_cast<size_t>(newest.rule)].name;
        text += ", " + with_thousands(newest.step);
        ImGui::TextColored(theme.amber_text, "%s", fitted(text, room).c_str());
        tooltip(told(findings));
        ImGui::SameLine();
        ImGui::SetCursorPosX(at.x + room + 8 * s);
        const char* kept =
            state.archive.files().empty() ? "The run keeps no snapshot yet" : nullptr;
        const NameScope of(state, "broken rule: ");
        if (button(state, "Show###show step", kept,
                   "All panels show the snapshot nearest to the step"))
            state.time.go_to(state.archive.files(), newest.step);
        ImGui::SameLine(0, 4 * s);
        const char* const help = "Dismisses it; it stays in the log";
        by_name(state, "\xC3\x97###dismiss", "dismiss", help);
        if (ImGui::Button("\xC3\x97###dismiss")) state.rules.dismiss();
        tooltip(help);
    }
    ImGui::SetCursorPos(ImVec2(at.x, at.y + ImGui::GetFrameHeight()));
    ImGui::Dummy(ImVec2(0, 0));
}

PanelView kept_rules(const RunRules& rules) {
    PanelView out;
    for (const RuleRow& row : run_rules()) {
        const RuleSetting& setting = rules.setting(row.rule);
        std::ostringstream text;
        text << (setting.on ? "on " : "off ") << (setting.pauses ? "pauses " : "warns ")
             << setting.threshold;
        out[row.name] = text.str();
    }
    return out;
}

void restore(const PanelView& kept, RunRules& rules) {
    for (const RuleRow& row : run_rules()) {
        const auto found = kept.find(row.name);
        if (found == kept.end()) continue;
        std::istringstream text(found->second);
        std::string on, does;
        double threshold = 0;
        if (text >> on >> does >> threshold && threshold >= row.least)
            rules.setting(row.rule) = {on == "on", does == "pauses", threshold};
    }
}

void draw_rules(AppState& state) {
    heading(state, "Rules that watch");
    for (const RuleRow& row : run_rules()) draw_rule(state, row);
}

}  // namespace hopscope::app
