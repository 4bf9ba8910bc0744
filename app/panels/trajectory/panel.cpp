// The trajectory panel: a prompt, its tokens with one cell a layer and hop, the experts of the
// selected token, all tokens as a matrix, the next-token bars and what early halting does to them.
#include "app/panels/panel.h"

#include <algorithm>
#include <misc/cpp/imgui_stdlib.h>

#include "app/panels/experts/token_search.h"
#include "app/panels/intervene/active_bar.h"
#include "app/panels/intervene/refused_prompt.h"
#include "app/panels/intervene/weights.h"
#include "app/panels/trajectory/cells.h"
#include "app/panels/trajectory/csv.h"
#include "app/panels/trajectory/effects.h"
#include "app/panels/trajectory/grid.h"
#include "app/panels/trajectory/matrix.h"
#include "app/panels/trajectory/pair_table.h"
#include "app/panels/trajectory/passages.h"
#include "app/panels/trajectory/question.h"
#include "app/panels/trajectory/recorded.h"
#include "app/panels/trajectory/second_prompt.h"
#include "app/panels/trajectory/strip.h"
#include "app/state/hop_clock.h"
#include "app/widgets/export.h"
#include "app/widgets/format.h"
#include "app/widgets/widgets.h"

namespace hopscope::app {
namespace {

/// A way along the prompt.
struct Way {
    const char *id, *token, *keys;
    bool forwards, along_hops;
    int64_t (*to)(int64_t token, int64_t tokens);
};
constexpr Way kWays[] = {
    {"before", "token before", "Left arrow", false, true, [](int64_t t, int64_t) { return t - 1; }},
    {"after", "token after", "Right arrow", true, true, [](int64_t t, int64_t) { return t + 1; }},
    {"first", "first token", "Home", false, false, [](int64_t, int64_t) { return int64_t{0}; }},
    {"last", "last token", "End", true, false, [](int64_t, int64_t tokens) { return tokens - 1; }},
};

/// What stands below the strips.
enum class TrajectoryPage : uint8_t { token, all, pair };
struct TrajectoryPageName {
    TrajectoryPage page;
    const char *id, *title, *help;
};
constexpr TrajectoryPageName kTrajectoryPages[] = {
    {TrajectoryPage::token, "token", "Selected token", "Experts and weights of one token"},
    {TrajectoryPage::all, "all", "All tokens", "All tokens \xC3\x97 layers \xC3\x97 hops"},
    {TrajectoryPage::pair, "pair", "Two prompts",
     "What the selected token and the one below it choose, hop by hop"},
};

constexpr const char* kExample = "the muddy river bank was steep before the rain";

class TrajectoryPanel final : public Panel {
  public:
    const char* title() const override { return "Trajectory"; }
    std::string detail(const AppState& state) const override;
    void prepare(AppState& state) override;
    void draw(AppState& state) override;
    Origin origin(const AppState& state) const override {
        return state.trace ? origin_of(state, state.trace->step, state.trace->step) : Origin();
    }
    std::string csv(AppState& state) override;
    PanelView saved_view() const override;
    void restore_view(const PanelView& view) override;
    std::vector<ActionItem> actions(AppState& state) override;

  private:
    void draw_imported(AppState& state);
    void draw_prompt(AppState& state);
    void trace(AppState& state);
    void draw_search(AppState& state);
    void draw_below_strip(AppState& state);
    void draw_experts(AppState& state);
    void draw_empty(AppState& state);
    void walk(AppState& state, const Way& way, bool add);
    void hop(AppState& state, int direction);
    void add_prompt_actions(AppState& state, std::vector<ActionItem>& items);
    void toggle_second(AppState& state);
    void show(TrajectoryPage page) { page_ = page; }

    uint64_t run_ = 0;         ///< AppState::runs_opened
    uint64_t seen_trace_ = 0;  ///< version from which the view was made
    TraceView view_;
    TraceQuestion question_;
    TokenStrip strip_;
    TokenSearch search_;  ///< of the prompt
    TokenGrid grid_;
    TokenMatrix matrix_;
    EffectTable effects_;
    SecondStrip second_;
    PassageChooser passages_;
    RecordedChoice recorded_;
    TrajectoryPage page_ = TrajectoryPage::token;
};

std::string TrajectoryPanel::detail(const AppState& state) const {
    if (!has_trace(state)) return {};
    std::string tokens = with_thousands(view_.tokens);
    if (state.imported) return tokens + " tokens, " + state.trace->prompt;
    if (has_second(state)) tokens += " + " + with_thousands(second_.pairs().second);
    return tokens + " tokens, " + weights_of(state, state.trace->step);
}

std::string TrajectoryPanel::csv(AppState& state) {
    if (!has_trace(state)) return {};
    if (page_ == TrajectoryPage::pair && has_second(state))
        return csv_of_pair(*state.trace, paired_token(state, second_.pairs()), second_.pairs(),
                           view_.columns, second_.hops());
    return csv_of(*state.trace);
}

PanelView TrajectoryPanel::saved_view() const {
    PanelView out = strip_.view();
    recorded_.keep_in(out);
    for (const TrajectoryPageName& name : kTrajectoryPages)
        if (name.page == page_) out["page"] = name.id;
    return out;
}

void TrajectoryPanel::restore_view(const PanelView& view) {
    strip_.restore(view);
    recorded_.restore(view);
    const auto page = view.find("page");
    if (page == view.end()) return;
    for (const TrajectoryPageName& name : kTrajectoryPages)
        if (page->second == name.id) show(name.page);
}

std::vector<ActionItem> TrajectoryPanel::actions(AppState& state) {
    std::vector<ActionItem> items;
    for (const bool add : {false, true})
        for (const Way& way : kWays) {
            ActionItem item;
            item.id = std::string(add ? "trajectory.add_" : "trajectory.") + way.id;
            item.title = (add ? "Add the " : "Select the ") + std::string(way.token) +
                         (add ? " to the selection" : "");
            item.help = "Walks along the prompt that is traced.";
            if (way.along_hops && !add)
                item.help += " While the timeline is that of hops: one hop along the layers.";
            item.keys = (add ? "Shift+" : "") + std::string(way.keys);
            item.repeats = true;
            item.why_not = [&state] { return has_trace(state) ? "" : "No prompt is traced."; };
            item.listens = [&state] { return has_trace(state); };
            item.run = [this, &state, &way, add] { walk(state, way, add); };
            items.push_back(std::move(item));
        }
    for (const bool on : {false, true}) {
        ActionItem item;
        item.id = on ? "trajectory.hop_on" : "trajectory.hop_back";
        item.title = on ? "One hop on along the prompt" : "One hop back along the prompt";
        item.help = "All panels show this hop of the layer, beyond it the next layer.";
        item.keys = on ? "Down arrow" : "Up arrow";
        item.repeats = true;
        item.why_not = [&state] { return has_trace(state) ? "" : "No prompt is traced."; };
        item.listens = [&state] { return has_trace(state); };
        item.run = [this, &state, on] { hop(state, on ? +1 : -1); };
        items.push_back(std::move(item));
    }
    add_prompt_actions(state, items);
    return items;
}

void TrajectoryPanel::add_prompt_actions(AppState& state, std::vector<ActionItem>& items) {
    ActionItem second;
    second.id = "trajectory.second";
    second.title = "Second prompt below the first, or one alone";
    second.help = "Two prompts, aligned token by token, with where their experts differ.";
    second.why_not = [&state] { return no_model(state); };
    second.run = [this, &state] { toggle_second(state); };
    items.push_back(std::move(second));
    ActionItem swap;
    swap.id = "trajectory.swap";
    swap.title = "Swap the two prompts";
    swap.help = "The second prompt becomes the first, and the first the second.";
    swap.why_not = [&state]() -> std::string {
        if (!state.second.open) return "There is no second prompt.";
        return state.prompt.empty() || state.second.text.empty() ? "One of the prompts is empty."
                                                                 : no_model(state);
    };
    swap.run = [this, &state] {
        swap_prompts(state);
        trace(state);
    };
    items.push_back(std::move(swap));
    ActionItem passages;
    passages.id = "trajectory.passages";
    passages.title = "Prompts from the run's text";
    passages.help = "Passages of the validation text, and pairs that hold the same word.";
    passages.why_not = [&state] { return PassageChooser::refusal(state); };
    passages.run = [this, &state] {
        state.show_panel = "trajectory";
        passages_.open();
    };
    items.push_back(std::move(passages));
}

void TrajectoryPanel::toggle_second(AppState& state) {
    state.second.open = !state.second.open;
    if (state.second.open) {
        state.show_panel = "trajectory";
        show(TrajectoryPage::pair);
    }
    const bool told = state.trace && state.trace->second;
    if (question_.was_asked() && (told || !state.second.asked().empty())) question_.ask(state);
    state.keep_drawing();
}

void TrajectoryPanel::prepare(AppState& state) {
    if (run_ != state.runs_opened) {
        run_ = state.runs_opened;
        question_.forget();
        effects_.forget();
        second_.forget();
        passages_.forget();
        seen_trace_ = 0;
        view_ = {};
    }
    if (!state.session) return;
    passages_.update(state);
    recorded_.update(state);
    question_.update(state);
    state.update_places();
    effects_.update(state);
    if (state.trace && state.trace->version != seen_trace_) {
        seen_trace_ = state.trace->version;
        view_ = trace_view(*state.trace);
        auto& chosen = state.selection.prompt_tokens;
        if (std::erase_if(chosen, [&](int64_t t) { return t >= view_.tokens; }) > 0)
            ++state.selection.version;
    }
    second_.update(state, view_);
    if (!has_trace(state)) return;
    search_.update({state.geometry, state.trace->version, state.selection.layer},
                   state.selection.prompt_tokens, [&state] { return prompt_facts(state); });
    strip_.set_hits(search_.hits());
}

void TrajectoryPanel::draw(AppState& state) {
    if (state.is_imported()) return draw_imported(state);
    draw_prompt(state);
    draw_missing_font(state, state.second.open ? state.prompt + state.second.text : state.prompt);
    if (draw_active_bar(state, question_.in_words(state))) {
        question_.clear(state);
        effects_.forget();
    }
    if (state.trace && !state.trace->error.empty() && question_.was_asked()) {
        const auto refused = state.trace;
        if (draw_refused_prompt(state, refused->prompt, refused->error, refused->too_long,
                                state.prompt))
            trace(state);
        return;
    }
    if (!has_trace(state)) return draw_empty(state);
    if (const std::string other = other_weights(state, Inspected::trace); !other.empty())
        note(state, other);

    strip_.draw_strip(state, view_, second_.room());
    if (second_.draw(state, strip_)) trace(state);
    draw_search(state);
    strip_.draw_options(state, view_);
    draw_below_strip(state);
}

/// Recorded texts in place of prompts; nothing computes what comes next, or could halt.
void TrajectoryPanel::draw_imported(AppState& state) {
    draw_recorded(state);
    if (!has_trace(state)) return draw_nothing_recorded(state);
    strip_.draw_strip(state, view_, second_.room());
    draw_search(state);
    strip_.draw_options(state, view_);
    ImGui::BeginChild("grid");
    draw_experts(state);
    ImGui::EndChild();
}

/// The field that finds tokens, before the options of the strip where there is room.
void TrajectoryPanel::draw_search(AppState& state) {
    const float s = state.pixel_scale, room = ImGui::GetContentRegionAvail().x;
    const bool beside = room >= 560 * s;
    const auto& selection = state.selection;
    const auto token = search_.draw(state, std::clamp(room - 90 * s, 60 * s, 150 * s),
                                    selection.first_prompt_token().value_or(-1));
    if (token) {
        // A second click on the only one would take it back.
        if (selection.prompt_tokens != std::set<int64_t>{*token})
            select_token(state, *token, false);
        strip_.bring_into_view(*token);
    }
    if (beside) ImGui::SameLine(0, 12 * s);
}

/// Three columns in a wide panel, two in a tall one, one below the other in a narrow one.
void TrajectoryPanel::draw_below_strip(AppState& state) {
    const float s = state.pixel_scale, gap = 24 * s;
    const ImVec2 room = ImGui::GetContentRegionAvail();
    const bool tall = room.y >= 460 * s;
    const auto column = [&](const char* name, float width, auto... parts) {
        ImGui::BeginChild(name, ImVec2(width, std::max(room.y, 160 * s)));
        (parts(), ...);
        ImGui::EndChild();
    };
    const auto grid = [&] { draw_experts(state); };
    const auto next = [&] { effects_.draw_next(state, view_); };
    const auto halting = [&] { effects_.draw_halting(state, view_); };
    // The comparison is wide, and halting has a panel of its own.
    if (page_ == TrajectoryPage::pair && has_second(state) && room.x >= 600 * s) {
        const float side = std::clamp(room.x * 0.25f, 190 * s, 300 * s);
        column("grid", room.x - side - gap, grid);
        ImGui::SameLine(0, gap);
        column("next", side, next);
    } else if (tall && room.x >= 600 * s) {
        const float side = std::clamp(room.x * 0.36f, 250 * s, 420 * s);
        column("grid", room.x - side - gap, grid);
        ImGui::SameLine(0, gap);
        column("effects", side, next, halting);
    } else if (room.x >= 860 * s) {
        const float side = std::clamp(room.x * 0.27f, 260 * s, 420 * s);
        column("grid", room.x - 2 * (side + gap), grid);
        ImGui::SameLine(0, gap);
        column("next", side, next);
        ImGui::SameLine(0, gap);
        column("halting", side, halting);
    } else {
        // The experts of one token take what they need; the other pages fill what they get.
        const bool fills = page_ == TrajectoryPage::all || has_second(state);
        const float needed = ImGui::GetFrameHeightWithSpacing() + grid_.height(state, view_);
        ImGui::BeginChild("grid", ImVec2(0, fills ? 330 * s : std::min(330 * s, needed)));
        grid();
        ImGui::EndChild();
        next();
        halting();
    }
}

void TrajectoryPanel::draw_experts(AppState& state) {
    const float s = state.pixel_scale;
    const bool pair = has_second(state);
    const TrajectoryPage page =
        page_ == TrajectoryPage::pair && !pair ? TrajectoryPage::token : page_;
    for (const TrajectoryPageName& name : kTrajectoryPages) {
        if (name.page == TrajectoryPage::pair && !pair) continue;
        if (name.page != TrajectoryPage::token) ImGui::SameLine();
        if (button(state, name.title, nullptr, name.help, 0, page == name.page)) show(name.page);
    }
    if (page == TrajectoryPage::pair)
        return draw_pair_table(state, view_, second_.pairs(), second_.hops());
    ImGui::SameLine(0, 16 * s);
    ImGui::SetNextItemWidth(110 * s);
    if (page == TrajectoryPage::all) {
        by_name(state, "##value", "value of the cells\xE2\x80\xA6");
        matrix_.draw_options();
        matrix_.draw(state, view_);
    } else {
        by_name(state, "##shown", "experts listed\xE2\x80\xA6");
        grid_.draw_options();
        grid_.draw(state, view_);
    }
}

/// The prompt and its buttons; these go to a line of their own where the field would get too short.
void TrajectoryPanel::draw_prompt(AppState& state) {
    const float s = state.pixel_scale;
    const std::string none = no_run(state);
    const float gap = ImGui::GetStyle().ItemSpacing.x;
    const float buttons = 64 * s + button_width("+ Second") + button_width("From text") +
                          ImGui::GetFrameHeight() + ImGui::CalcTextSize("freeze routing").x +
                          5 * gap;
    const float room = ImGui::GetContentRegionAvail().x;
    const bool one_line = room - buttons >= 200 * s;
    ImGui::SetNextItemWidth(one_line ? room - buttons : room);
    by_name(state, "##prompt", "prompt");
    const bool entered = ImGui::InputTextWithHint("##prompt", "a prompt to trace", &state.prompt,
                                                  ImGuiInputTextFlags_EnterReturnsTrue);
    tooltip("Enter traces the prompt through all layers and hops");
    const bool field_seen = ImGui::IsItemVisible();
    state.spots.note_item("trajectory.prompt");
    if (one_line) ImGui::SameLine();
    const char* why = !none.empty()          ? none.c_str()
                      : state.prompt.empty() ? "the prompt is empty"
                                             : nullptr;
    const bool pressed = button(state, "Trace", why, "Trace the prompt (Enter)", 64 * s);
    // The field and what is pressed after it are one to whoever is shown them.
    if (auto both = state.spots.find("trajectory.prompt"); both && field_seen) {
        both->low.x = std::min(both->low.x, ImGui::GetItemRectMin().x);
        both->high = {std::max(both->high.x, ImGui::GetItemRectMax().x),
                      std::max(both->high.y, ImGui::GetItemRectMax().y)};
        state.spots.note("trajectory.prompt", *both);
    }
    bool asks = (entered || pressed) && !why;
    ImGui::SameLine();
    const std::string unread = PassageChooser::refusal(state);
    if (button(state, "From text", unread.empty() ? nullptr : unread.c_str(),
               "Prompts from the run's validation text, alone or two with the same word"))
        passages_.open();
    if (passages_.draw(state)) {
        if (state.second.meets) show(TrajectoryPage::pair);
        asks = true;
    }
    ImGui::SameLine();
    if (button(state, "+ Second", none.empty() ? nullptr : none.c_str(),
               "A second prompt below this one, or one alone", 0, state.second.open))
        toggle_second(state);
    flow(ImGui::GetFrameHeight() + ImGui::GetStyle().ItemInnerSpacing.x +
             ImGui::CalcTextSize("freeze routing").x,
         gap);
    by_name(state, "freeze routing");
    if (ImGui::Checkbox("freeze routing", &question_.freeze)) {
        if (question_.was_asked()) question_.ask(state);
        state.keep_drawing();
    }
    tooltip(
        "For this prompt the experts and weights of hop 0 are used at all hops; what the experts "
        "read still changes. The run in training is not touched.");
    asks |= second_.draw_field(state, none);
    if (asks) trace(state);
}

/// The prompt as it stands.
void TrajectoryPanel::trace(AppState& state) {
    state.selection.prompt_tokens.clear();
    ++state.selection.version;
    question_.ask(state);
}

void TrajectoryPanel::draw_empty(AppState& state) {
    if (question_.waits_for_answer()) {
        empty_state(state, "Tracing\xE2\x80\xA6",
                    state.status.inspector_step < 0
                        ? "The inspector answers as soon as the run has handed it its weights."
                        : "The prompt runs through the inspector's copy of the model.");
        return;
    }
    const bool pressed =
        empty_state(state, "No prompt traced yet",
                    "Each token will show the experts it chooses at every layer and hop, its way "
                    "through routing space, and the token expected next.",
                    state.session ? "Trace an example" : nullptr);
    if (pressed) {
        if (state.prompt.empty()) state.prompt = kExample;
        question_.ask(state);
    }
}

/// As the timeline's own control does it.
void TrajectoryPanel::hop(AppState& state, int direction) {
    state.playback.playing = false;
    step_hops(state, direction);
}

void TrajectoryPanel::walk(AppState& state, const Way& way, bool add) {
    // One control for both clocks: where the timeline is that of hops, the arrows go along them.
    if (way.along_hops && !add && state.playback.clock == Clock::hops)
        return hop(state, way.forwards ? +1 : -1);
    const auto tokens = static_cast<int64_t>(state.trace->tokens.size());
    const auto& chosen = state.selection.prompt_tokens;
    // What is added lies beyond an end of what is selected.
    const int64_t start = !add || chosen.empty() ? shown_token(state)
                          : way.forwards         ? *chosen.rbegin()
                                                 : *chosen.begin();
    const int64_t token = std::clamp<int64_t>(way.to(start, tokens), 0, tokens - 1);
    if (token == start || (add && chosen.contains(token))) return;
    select_token(state, token, add);
    strip_.bring_into_view(token);
}

}  // namespace

std::unique_ptr<Panel> make_trajectory_panel() {
    return std::make_unique<TrajectoryPanel>();
}

}  // namespace hopscope::app
