#include "app/window/timeline.h"

#include <algorithm>
#include <cmath>

#include "app/widgets/format.h"
#include "app/widgets/widgets.h"

namespace hopscope::app {
namespace {

constexpr float kTrackHeight = 6, kKnob = 6, kEdge = 10;  ///< unscaled pixels
constexpr float kNear = 5;                                ///< of a mark that answers the pointer

std::string nothing_kept(const AppState& state) {
    if (!state.session) return no_run(state);
    if (state.archive.files().empty())
        return "The run keeps no snapshot yet; the first comes at step " +
               with_thousands(state.session->config().train.snapshot_every) + ".";
    return "";
}

ActionItem item(AppState& state, const char* id, const char* title, const char* help,
                const char* keys, void (*run)(AppState&)) {
    ActionItem out;
    out.id = id;
    out.title = title;
    out.help = help;
    out.keys = keys;
    out.why_not = [&state] { return nothing_kept(state); };
    out.run = [&state, run] {
        run(state);
        state.keep_drawing();
    };
    return out;
}

void step_by(AppState& state, int direction) {
    state.time.playing = false;
    state.time.step_by(state.archive.files(), direction);
}

std::string speed_text(double speed) {
    return plain(speed) + " / s";
}

}  // namespace

std::vector<ActionItem> timeline_actions(AppState& state) {
    std::vector<ActionItem> items = {
        item(state, "time.play", "Play the run's time",
             "Shows the snapshots that the run keeps one after another.", "Shift+Space",
             [](AppState& s) { s.time.playing = !s.time.playing; }),
        item(state, "time.back", "One snapshot back", "All panels show the kept snapshot before.",
             "Shift+Left arrow", [](AppState& s) { step_by(s, -1); }),
        item(state, "time.forward", "One snapshot forward",
             "All panels show the next kept snapshot; behind the last they are live.",
             "Shift+Right arrow", [](AppState& s) { step_by(s, +1); }),
        item(state, "time.live", "Back to the present", "All panels show the newest snapshot.",
             "Shift+End", [](AppState& s) { s.time.go_live(); }),
        item(state, "time.loop", "Play again from the begin, or not",
             "What playing does at its end.", "", [](AppState& s) { s.time.loop = !s.time.loop; })};
    for (ActionItem& one : items)
        if (one.id == "time.back" || one.id == "time.forward") one.repeats = true;
    return items;
}

float TrackScale::x_of(double step) const {
    const double share =
        std::clamp(step / static_cast<double>(std::max<int64_t>(1, steps)), 0., 1.);
    return left + (right - left) * static_cast<float>(share);
}

int64_t TrackScale::step_at(float x) const {
    const float share = std::clamp((x - left) / std::max(1.0f, right - left), 0.0f, 1.0f);
    return std::llround(static_cast<double>(share) * static_cast<double>(steps));
}

bool Timeline::shown(const AppState& state) {
    return state.session && state.status.steps > 0;
}

void Timeline::draw(AppState& state, std::span<const ActionItem> actions, float height) {
    const float s = state.pixel_scale;
    ImGui::PushStyleColor(ImGuiCol_ChildBg, state.theme().panel);
    ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(4 * s, 4 * s));
    if (ImGui::BeginChild("timeline", ImVec2(0, height), ImGuiChildFlags_None,
                          ImGuiWindowFlags_NoScrollbar | ImGuiWindowFlags_NoScrollWithMouse)) {
        draw_controls(state, actions, height);
        ImGui::SameLine(0, 12 * s);
        const ImVec2 at(ImGui::GetCursorScreenPos().x, ImGui::GetWindowPos().y);
        const float width = ImGui::GetContentRegionAvail().x - 12 * s;
        if (width > 80 * s) draw_track(state, at, ImVec2(width, height));
    }
    ImGui::EndChild();
    ImGui::PopStyleVar();
    ImGui::PopStyleColor();
}

void Timeline::draw_controls(AppState& state, std::span<const ActionItem> actions, float height) {
    const float s = state.pixel_scale;
    ImGui::SetCursorPos(ImVec2(12 * s, std::floor((height - ImGui::GetFrameHeight()) * 0.5f)));
    TimeCursor& time = state.time;
    const auto show = [&](const char* id, const char* label, float width, bool on) {
        if (const ActionItem* action = find_action(actions, id))
            action_button(state, *action, label, width * s, on);
    };
    show("time.back", "\xE2\x97\x82###back", 26, false);
    ImGui::SameLine();
    show("time.play", time.playing ? "\xE2\x80\x96###play" : "\xE2\x96\xB6###play", 30,
         time.playing);
    ImGui::SameLine();
    show("time.forward", "\xE2\x96\xB8###forward", 26, false);
    ImGui::SameLine();
    show("time.loop", "loop", 46, time.loop);
    ImGui::SameLine();
    ImGui::SetNextItemWidth(66 * s);
    if (ImGui::BeginCombo("##speed", speed_text(time.speed).c_str(),
                          ImGuiComboFlags_NoArrowButton)) {
        for (const double speed : TimeCursor::kSpeeds)
            if (ImGui::Selectable(speed_text(speed).c_str(), speed == time.speed))
                time.speed = speed;
        ImGui::EndCombo();
    }
    tooltip("Snapshots a second while the time is played");
    ImGui::SameLine();
    show("time.live", "live", 46, time.live());
}

void Timeline::draw_track(AppState& state, ImVec2 at, ImVec2 size) {
    const float edge = kEdge * state.pixel_scale;
    const TrackScale scale = {at.x + edge, at.x + size.x - edge, state.status.steps};
    marks_ = marks_of(state.answers, state.history, XAxis::step);
    ImGui::SetCursorScreenPos(at);
    ImGui::InvisibleButton("track", size);
    follow_pointer(state, scale);
    draw_ground(state, scale, at, size);
    draw_marks(state, scale, at, size);
    draw_cursor(state, scale, at, size);
    if (ImGui::IsItemHovered() && !held_) draw_tooltip(state, scale);
}

/// Warm-up as a tinted band, what is trained, what is to come, and the snapshots that are kept.
void Timeline::draw_ground(const AppState& state, const TrackScale& scale, ImVec2 at, ImVec2 size) {
    const Theme& theme = state.theme();
    const float s = state.pixel_scale, middle = std::floor(at.y + size.y * 0.5f);
    const float top = middle - kTrackHeight * 0.5f * s, bottom = top + kTrackHeight * s;
    ImDrawList* list = ImGui::GetWindowDrawList();
    const int64_t warmup = state.session->config().train.warmup;
    if (warmup > 0)
        list->AddRectFilled(ImVec2(scale.left, at.y + 4 * s),
                            ImVec2(scale.x_of(static_cast<double>(warmup)), at.y + size.y - 4 * s),
                            packed(theme.raised), 3 * s);
    list->AddRectFilled(ImVec2(scale.left, top), ImVec2(scale.right, bottom), packed(theme.border),
                        3 * s);
    // What lies behind the cursor is the future of what is shown.
    const auto trained = static_cast<double>(state.status.step);
    const double past = state.time.live() ? trained : static_cast<double>(*state.time.step());
    list->AddRectFilled(ImVec2(scale.left, top), ImVec2(scale.x_of(trained), bottom),
                        packed(faded(theme.accent, 0.35f)), 3 * s);
    list->AddRectFilled(ImVec2(scale.left, top), ImVec2(scale.x_of(past), bottom),
                        packed(theme.accent), 3 * s);
    float last = -1e9f;
    for (const core::KeptSnapshot& kept : state.archive.files()) {
        const float x = std::round(scale.x_of(static_cast<double>(kept.step)));
        if (x - last < 3 * s) continue;  // many of them are a line
        last = x;
        list->AddLine(ImVec2(x, bottom + 2 * s), ImVec2(x, bottom + 5 * s), packed(theme.dim), s);
    }
}

void Timeline::draw_marks(const AppState& state, const TrackScale& scale, ImVec2 at, ImVec2 size) {
    const float s = state.pixel_scale;
    ImDrawList* list = ImGui::GetWindowDrawList();
    for (const Mark& mark : marks_) {
        const float x = std::round(scale.x_of(mark.x));
        list->AddLine(ImVec2(x, at.y + 5 * s), ImVec2(x, at.y + size.y * 0.5f),
                      packed(state.theme().amber), 2 * s);
    }
}

void Timeline::draw_cursor(const AppState& state, const TrackScale& scale, ImVec2 at, ImVec2 size) {
    const Theme& theme = state.theme();
    const float s = state.pixel_scale, middle = std::floor(at.y + size.y * 0.5f);
    const bool live = state.time.live();
    const int64_t step = live ? state.status.step : *state.time.step();
    const float x = scale.x_of(static_cast<double>(step));
    ImDrawList* list = ImGui::GetWindowDrawList();
    list->AddCircleFilled(ImVec2(x, middle), kKnob * s, packed(theme.panel));
    list->AddCircleFilled(ImVec2(x, middle), (kKnob - 1.5f) * s,
                          packed(live ? theme.green : theme.text));
    if (live) return;
    // White means time: an inverse tag, as on every panel that shows the past.
    const std::string tag = "step " + with_thousands(step);
    ImGui::PushFont(state.fonts.text, kSmallSize);
    const ImVec2 text = ImGui::CalcTextSize(tag.c_str());
    const float left = std::clamp(x - text.x * 0.5f, scale.left, scale.right - text.x);
    list->AddRectFilled(ImVec2(left - 4 * s, at.y + 1 * s),
                        ImVec2(left + text.x + 4 * s, at.y + text.y + 1 * s), packed(theme.text),
                        3 * s);
    list->AddText(ImVec2(left, at.y + 1 * s), packed(theme.panel), tag.c_str());
    ImGui::PopFont();
}

/// Behind the newest snapshot that is kept the panels are live.
void Timeline::follow_pointer(AppState& state, const TrackScale& scale) {
    held_ = ImGui::IsItemActive();
    const auto& kept = state.archive.files();
    if (!held_ || kept.empty()) return;
    const float x = ImGui::GetIO().MousePos.x;
    state.time.playing = false;
    const float newest = scale.x_of(static_cast<double>(state.status.step));
    if (x >= newest - 2 * state.pixel_scale)
        state.time.go_live();
    else
        state.time.go_to(kept, scale.step_at(x));
    state.keep_drawing();
}

void Timeline::draw_tooltip(const AppState& state, const TrackScale& scale) const {
    const float x = ImGui::GetIO().MousePos.x;
    std::string text =
        "step " + with_thousands(scale.step_at(x)) + " of " + with_thousands(state.status.steps);
    const int64_t warmup = state.session->config().train.warmup;
    if (scale.step_at(x) < warmup) text += ", warm-up";
    for (const Mark& mark : marks_)
        if (std::fabs(scale.x_of(mark.x) - x) < kNear * state.pixel_scale)
            text += "\n" + mark.text + " at step " + plain(mark.x);
    const auto kept = static_cast<int64_t>(state.archive.files().size());
    text += "\n" + with_thousands(kept) + (kept == 1 ? " snapshot is" : " snapshots are") +
            " kept; drag shows the past";
    ImGui::SetTooltip("%s", text.c_str());
}

}  // namespace hopscope::app
