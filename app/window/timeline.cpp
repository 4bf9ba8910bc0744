#include "app/window/timeline.h"

#include <algorithm>
#include <cmath>

#include "app/panels/curves/view.h"
#include "app/widgets/format.h"
#include "app/widgets/widgets.h"

namespace hopscope::app {
namespace {

std::string nothing_kept(const AppState& state) {
    if (!state.session) return no_run(state);
    if (std::string why = state.lacks(core::Need::experts); !why.empty())
        return why + " Snapshots are of routing.";
    if (state.archive.files().empty() && core::is_final(state.status.state))
        return "The run's folder keeps no snapshot.";
    if (state.archive.files().empty())
        return "The run keeps no snapshot yet; the first comes at step " +
               with_thousands(state.session->config().train.snapshot_every) + ".";
    return "";
}

std::string no_hops(const AppState& state) {
    if (!state.session) return no_run(state);
    if (std::string why = state.lacks(core::Need::routing); !why.empty()) return why;
    return hop_places(state).empty() ? "Its hops are known with the first snapshot." : "";
}

bool of_hops(const AppState& state) {
    return state.playback.clock == Clock::hops;
}

std::string nothing_to_play(const AppState& state) {
    return of_hops(state) ? no_hops(state) : nothing_kept(state);
}

void step_by(AppState& state, int direction) {
    state.playback.playing = false;
    state.time.step_by(state.archive.files(), direction);
}

void hop_by(AppState& state, int direction) {
    state.playback.playing = false;
    step_hops(state, direction);
}

void to_the_end(AppState& state) {
    state.playback.playing = false;
    if (of_hops(state))
        state.selection.set_hop(kAllHops);
    else
        state.time.go_live();
}

void show_clock(AppState& state, Clock clock) {
    if (state.playback.clock == clock) return;
    state.playback.clock = clock;
    state.playback.playing = false;
}

void change_speed(AppState& state, int direction) {
    const auto speeds = std::span(Playback::kSpeeds);
    const auto at = std::find(speeds.begin(), speeds.end(), state.playback.speed) - speeds.begin();
    const auto wanted = std::clamp<std::ptrdiff_t>(at + direction, 0, std::ssize(speeds) - 1);
    state.playback.speed = speeds[static_cast<size_t>(wanted)];
}

struct TimeEntry {
    const char *id, *title, *help, *keys;
    std::string (*why_not)(const AppState&);
    void (*run)(AppState&);
    bool repeats = false;
};
constexpr TimeEntry kTimeEntries[] = {
    {"time.play", "Play the timeline",
     "Shows the snapshots that the run keeps one after another; with the clock of hops, hop after "
     "hop.",
     "Shift+Space", nothing_to_play, [](AppState& s) { s.playback.playing = !s.playback.playing; }},
    {"time.back", "One snapshot back", "All panels show the kept snapshot before.",
     "Shift+Left arrow", nothing_kept, [](AppState& s) { step_by(s, -1); }, true},
    {"time.forward", "One snapshot forward",
     "All panels show the next kept snapshot; behind the last they are live.", "Shift+Right arrow",
     nothing_kept, [](AppState& s) { step_by(s, +1); }, true},
    {"time.live", "Back to the present", "All panels show the newest snapshot.", "Shift+End",
     nothing_kept,
     [](AppState& s) {
         s.playback.playing &= of_hops(s);
         s.time.go_live();
     }},
    {"hops.back", "One hop back", "All panels show the hop before; from all hops the last one.",
     "Shift+Up arrow", no_hops, [](AppState& s) { hop_by(s, -1); }, true},
    {"hops.forward", "One hop forward",
     "All panels show the next hop of the layer, then of the next layer; behind the last all hops "
     "of it.",
     "Shift+Down arrow", no_hops, [](AppState& s) { hop_by(s, +1); }, true},
    {"time.loop", "Loop the timeline, or not",
     "At the end playing begins again; hops are looped within the selected layer.", "", no_run,
     [](AppState& s) { s.playback.loop = !s.playback.loop; }},
    {"time.faster", "Play the timeline faster", "More snapshots or hops a second.", "", no_run,
     [](AppState& s) { change_speed(s, +1); }},
    {"time.slower", "Play the timeline slower", "Fewer snapshots or hops a second.", "", no_run,
     [](AppState& s) { change_speed(s, -1); }},
    {"time.steps", "Timeline of steps", "The timeline goes along the run's training.", "", no_run,
     [](AppState& s) { show_clock(s, Clock::steps); }},
    {"time.hops", "Timeline of hops",
     "The timeline goes along the hops that a token takes through the layers.", "", no_hops,
     [](AppState& s) { show_clock(s, Clock::hops); }},
};

std::string speed_text(double speed) {
    return plain(speed) + " / s";
}

std::string hop_text(const AppState& state, const HopPlace& place) {
    return state.layer_name(place.layer) + ", hop " + std::to_string(place.hop);
}

/// The loss of a phase in nats, and since when.
std::string about(const core::Phase& phase) {
    std::string text = "training loss " + core::word(phase.course) + ", " +
                       rounded(phase.at_from, 3) + " to " + rounded(phase.at_to, 3) +
                       " nats, steps " + with_thousands(std::llround(phase.from)) + " to " +
                       with_thousands(std::llround(phase.to));
    if (std::isfinite(phase.from_low) && std::isfinite(phase.from_high))
        text += "\nbegins between " + with_thousands(std::llround(phase.from_low)) + " and " +
                with_thousands(std::llround(phase.from_high)) + " (95 %)";
    return text;
}

}  // namespace

std::vector<ActionItem> timeline_actions(AppState& state) {
    std::vector<ActionItem> items;
    for (const TimeEntry& entry : kTimeEntries) {
        ActionItem item;
        item.id = entry.id;
        item.title = entry.title;
        item.help = entry.help;
        item.keys = entry.keys;
        item.repeats = entry.repeats;
        item.why_not = [&state, why = entry.why_not] { return why(state); };
        item.run = [&state, run = entry.run] {
            run(state);
            state.keep_drawing();
        };
        items.push_back(std::move(item));
    }
    return items;
}

std::string phase_text(const AppState& state, double step) {
    const int64_t at = state.phases.at(step);
    if (at < 0) return {};
    const auto& phases = state.phases.all();
    return "phase " + with_thousands(at + 1) + " of " + std::to_string(phases.size()) + ": " +
           about(phases[static_cast<size_t>(at)]) +
           "\nPhases are the straight pieces of the loss over ln(step); the analysis of this name "
           "tells more.";
}

TrackContent steps_content(const AppState& state, float length) {
    TrackContent out;
    const core::RunStatus& status = state.status;
    out.end = static_cast<double>(std::max(status.steps, status.step));
    out.reached = static_cast<double>(status.step);
    if (!state.time.live()) {
        out.cursor = static_cast<double>(*state.time.step());
        out.cursor_text = "step " + with_thousands(*state.time.step());
    }
    out.pointed = state.pointed_step;
    if (status.step < status.steps) out.ahead = "not trained yet";
    const auto& phases = state.phases.all();
    for (size_t i = 0; i < phases.size(); ++i)
        out.bands.push_back({phases[i].from, phases[i].to,
                             std::to_string(i + 1) + "  " + core::word(phases[i].course) +
                                 (phases[i].course == core::Course::level ? " at " : " to ") +
                                 rounded(phases[i].at_to, 2)});
    for (Mark& mark : marks_of(state.answers, state.history, XAxis::step))
        out.marks.push_back(
            {mark.x, std::move(mark.text), mark.fork ? TrackGlyph::fork : TrackGlyph::change});
    // Answers are in the order in which they were asked for, some for a later step.
    std::stable_sort(out.marks.begin(), out.marks.end(),
                     [](const TrackMark& a, const TrackMark& b) { return a.at < b.at; });
    for (const core::KeptSnapshot& kept : state.archive.files())
        out.stops.push_back(static_cast<double>(kept.step));
    out.ticks = round_ticks(out.end, length, 90 * state.pixel_scale);
    return out;
}

TrackContent hops_content(const AppState& state, float length) {
    const auto places = hop_places(state);
    TrackContent out;
    out.end = out.reached = static_cast<double>(places.size());
    const bool numbers =
        length / static_cast<float>(std::max<size_t>(1, places.size())) > 16 * state.pixel_scale;
    for (size_t i = 0; i < places.size(); ++i) {
        const auto from = static_cast<double>(i);
        out.stops.push_back(from + 0.5);
        if (numbers) out.ticks.push_back({from + 0.5, std::to_string(places[i].hop)});
        if (places[i].hop == 0)
            out.bands.push_back({from, from, state.layer_name(places[i].layer)});
        out.bands.back().to = from + 1;
    }
    if (const auto at = hop_place(state)) {
        out.cursor = static_cast<double>(*at) + 0.5;
        out.cursor_text = hop_text(state, places[*at]);
    }
    return out;
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
        const ImVec2 size(ImGui::GetContentRegionAvail().x - 12 * s, height);
        if (size.x > 80 * s && of_hops(state)) draw_hops(state, at, size);
        if (size.x > 80 * s && !of_hops(state)) draw_steps(state, at, size);
    }
    ImGui::EndChild();
    ImGui::PopStyleVar();
    ImGui::PopStyleColor();
}

void Timeline::draw_controls(AppState& state, std::span<const ActionItem> actions, float height) {
    const float s = state.pixel_scale;
    ImGui::SetCursorPos(ImVec2(12 * s, std::floor((height - ImGui::GetFrameHeight()) * 0.5f)));
    Playback& playback = state.playback;
    const bool hops = of_hops(state);
    const auto show = [&](const char* id, const char* label, float width, bool on) {
        if (const ActionItem* action = find_action(actions, id))
            action_button(state, *action, label, width * s, on);
        ImGui::SameLine();
    };
    show("time.steps", "steps", 48, !hops);
    show("time.hops", "hops", 46, hops);
    ImGui::SameLine(0, 12 * s);
    show(hops ? "hops.back" : "time.back", "\xE2\x97\x82###back", 26, false);
    show("time.play", playback.playing ? "\xE2\x80\x96###play" : "\xE2\x96\xB6###play", 30,
         playback.playing);
    show(hops ? "hops.forward" : "time.forward", "\xE2\x96\xB8###forward", 26, false);
    show("time.loop", "loop", 46, playback.loop);
    ImGui::SetNextItemWidth(66 * s);
    if (ImGui::BeginCombo("##speed", speed_text(playback.speed).c_str(),
                          ImGuiComboFlags_NoArrowButton)) {
        for (const double speed : Playback::kSpeeds)
            if (ImGui::Selectable(speed_text(speed).c_str(), speed == playback.speed))
                playback.speed = speed;
        ImGui::EndCombo();
    }
    tooltip("Snapshots or hops a second while the timeline is played");
    ImGui::SameLine();
    if (!hops) return show("time.live", "live", 46, state.time.live());
    const std::string why = no_hops(state);
    if (button(state, "all###live", why.empty() ? nullptr : why.c_str(),
               "All hops of the layer together", 46 * s, !hop_place(state)))
        to_the_end(state);
    ImGui::SameLine();
}

/// Behind the newest snapshot that is kept the panels are live.
void Timeline::draw_steps(AppState& state, ImVec2 at, ImVec2 size) {
    const TrackContent content = steps_content(state, size.x);
    const auto& kept = state.archive.files();
    const auto held = track_.draw(state, content, at, size);
    state.spots.note("timeline", {at, ImVec2(at.x + size.x, at.y + size.y)});
    if (held && !kept.empty()) {
        state.playback.playing = false;
        const float slack = 2 * state.pixel_scale;
        if (ImGui::GetIO().MousePos.x >= track_.x_of(content.reached) - slack)
            state.time.go_live();
        else
            state.time.go_to(kept, std::llround(*held));
        state.keep_drawing();
    }
    const auto pointed = track_.pointed();
    if (!pointed) return;
    state.pointing_at = *pointed;
    const auto number = static_cast<int64_t>(kept.size());
    std::string text = "step " + with_thousands(std::llround(*pointed)) + " of " +
                       with_thousands(state.status.steps);
    if (*pointed < static_cast<double>(state.session->config().train.warmup)) text += ", warm-up";
    for (const TrackMark* mark : track_.marks_near(content, ImGui::GetIO().MousePos.x))
        text += "\n" + mark->name + " at step " + plain(mark->at);
    if (const std::string phase = phase_text(state, *pointed); !phase.empty()) text += "\n" + phase;
    text += "\n" + with_thousands(number) + (number == 1 ? " snapshot is" : " snapshots are") +
            " kept; drag shows the past";
    track_.tooltip(text);
}

void Timeline::draw_hops(AppState& state, ImVec2 at, ImVec2 size) {
    const auto places = hop_places(state);
    const TrackContent content = hops_content(state, size.x);
    const auto held = track_.draw(state, content, at, size);
    if (places.empty()) return;
    const auto place_at = [&](double where) {
        return places[std::min(static_cast<size_t>(where), places.size() - 1)];
    };
    if (held) {
        state.playback.playing = false;
        go_to_hop(state, place_at(*held));
    }
    if (const auto pointed = track_.pointed())
        track_.tooltip(hop_text(state, place_at(*pointed)) +
                       "\nA token passes the hops of a layer one after another; drag shows one hop "
                       "of them all.");
}

}  // namespace hopscope::app
