#include "app/panels/experts/panel.h"

#include <algorithm>
#include <cstdio>
#include <imgui.h>

#include "app/state/analysis_call.h"
#include "app/widgets/export.h"
#include "app/widgets/format.h"
#include "app/widgets/layer_choice.h"
#include "app/widgets/run_words.h"
#include "app/widgets/task_state.h"
#include "app/widgets/widgets.h"

namespace hopscope::app {
namespace {

constexpr float kSideBySide = 470;  ///< width from which the card stands beside the table
constexpr float kLeastCard = 216, kMostCard = 460;
/// What has to be run for the words that experts write, and which of them write alike.
constexpr const char* kWordAnalyses[] = {"dictionary", "clusters"};

}  // namespace

std::unique_ptr<Panel> make_experts_panel() {
    return std::make_unique<ExpertsPanel>();
}

std::string ExpertsPanel::detail(const AppState& state) const {
    const ExpertBook* book = state.experts.book();
    if (!book) return {};
    return book->layer_name + ", " + with_thousands(std::ssize(book->entries)) + " experts" +
           step_text(state, "   ", book->step);
}

std::vector<ActionItem> ExpertsPanel::actions(AppState& state) {
    std::vector<ActionItem> items;
    const auto add = [&](const char* id, const char* name, const char* help, const char* keys,
                         std::function<void()> run) {
        ActionItem& item = items.emplace_back();
        item.id = std::string("experts.") + id;
        item.title = name;
        item.help = help;
        item.keys = keys;
        item.why_not = [&state] { return no_run(state); };
        item.run = std::move(run);
        item.repeats = true;
    };
    add("filter", "Filter the experts", "Puts the cursor into the filter.", "/",
        [this] { bar_.focus(); });
    items.back().repeats = false;
    add("next", "Next expert of the table", "Selects the row below.", "Down arrow",
        [this, &state] { table_.step(state, 1); });
    add("previous", "Previous expert of the table", "Selects the row above.", "Up arrow",
        [this, &state] { table_.step(state, -1); });
    return items;
}

PanelView ExpertsPanel::saved_view() const {
    PanelView view = {{"sort", table_.order_in_words()}};
    bar_.keep_in(view);
    return view;
}

void ExpertsPanel::restore_view(const PanelView& view) {
    bar_.restore(view);
    if (const auto sort = view.find("sort"); sort != view.end()) table_.set_order(sort->second);
}

std::string ExpertsPanel::empty_title(const AppState& state) const {
    if (!state.geometry) return without_snapshot(state);
    if (state.geometry->layers.empty()) return "This run has no layers that route";
    return {};
}

void ExpertsPanel::prepare(AppState& state) {
    if (run_ != state.runs_opened) {
        run_ = state.runs_opened;
        asked_.clear();
        card_ = {};
        made_ = {};
        hits_.clear();
    }
    if (!state.session) return;
    state.experts.update(state);
    follow_tasks(state);
    const ExpertBook* book = state.experts.book();
    if (!book) {
        hits_.clear();
        return;
    }
    find_hits(state);
    state.experts.set_hits(filter_.terms.empty() ? std::vector<uint8_t>() : hits_,
                           ImGui::GetFrameCount());
    card_.prepare(state, *book, shown_expert(state));
}

void ExpertsPanel::find_hits(const AppState& state) {
    const ExpertBook& book = *state.experts.book();
    const Made wanted = {state.experts.version(), state.selection.version, book.layer, bar_.text()};
    if (wanted == made_ && !hits_.empty()) return;
    const bool same_rows = wanted.layer == made_.layer && wanted.filter == made_.filter &&
                           hits_.size() == book.entries.size();
    changed_ = std::max(changed_, same_rows ? TableChange::values : TableChange::rows);
    made_ = wanted;
    filter_ = parse_filter(wanted.filter);
    const auto layer = static_cast<size_t>(book.layer);
    FilterGround ground{book, nullptr, &state.selection.experts};
    if (state.geometry && layer < state.geometry->layers.size())
        ground.geometry = &state.geometry->layers[layer];
    hits_ = experts_matching(filter_, ground);
    hit_count_ = static_cast<size_t>(std::count(hits_.begin(), hits_.end(), 1));
}

void ExpertsPanel::follow_tasks(AppState& state) {
    if (asked_.empty() || !state.tasks) return;
    const std::vector<TaskView> tasks = state.tasks->tasks();
    for (Asked& asked : asked_)
        for (const TaskView& task : tasks)
            if (task.id == asked.task) asked.view = task;
    for (const Asked& asked : asked_)
        if (asked.view.state == TaskState::failed)
            state.say("analysis " + asked.view.name + ": " + asked.view.outcome, true);
    std::erase_if(asked_, [](const Asked& asked) { return asked.view.ended(); });
}

int64_t ExpertsPanel::shown_expert(const AppState& state) const {
    return state.selection.first_expert().value_or(-1);
}

void ExpertsPanel::draw(AppState& state) {
    if (std::string why = state.lacks(core::Need::experts); !why.empty()) {
        empty_state(state, "This run has no experts", why.c_str());
        return;
    }
    const std::string title = empty_title(state);
    const ExpertBook* book = state.experts.book();
    if (!title.empty() || !book) {
        empty_state(state, title.empty() ? "Reading the experts\xE2\x80\xA6" : title.c_str(),
                    "Every expert appears here with its words, class and load as soon as the run "
                    "publishes its geometry.");
        return;
    }
    draw_tools(state, *book);
    bar_.draw_line(state, hit_count_, book->entries.size(), filter_.problems);
    const float s = state.pixel_scale;
    const ImVec2 room = ImGui::GetContentRegionAvail();
    const bool foots = room.y > 260 * s;
    const float height = room.y - (foots ? ImGui::GetTextLineHeight() + 8 * s : 0);
    const bool has_card = card_.expert() >= 0 && book->find(card_.expert());
    const bool beside = room.x >= kSideBySide * s;
    ImVec2 size(room.x, height);
    if (has_card && beside)
        size.x -= std::clamp(room.x * 0.42f, kLeastCard * s, kMostCard * s) + 14 * s;
    if (has_card && !beside) size.y = std::floor(height * 0.5f);
    body_low_ = ImGui::GetCursorScreenPos();
    body_high_ = ImVec2(body_low_.x + room.x, body_low_.y + height);
    table_.draw(state, *book, hits_, std::exchange(changed_, TableChange::none), size);
    if (hits_.empty() || hit_count_ == 0) {
        const char* none = "No expert fits the filter.";
        const ImVec2 text = ImGui::CalcTextSize(none);
        ImGui::GetWindowDrawList()->AddText(
            ImVec2(body_low_.x + (size.x - text.x) / 2, body_low_.y + size.y / 2),
            packed(state.theme().dim), none);
    }
    if (has_card) {
        if (beside) ImGui::SameLine(0, 14 * s);
        draw_card(state, *book);
    }
    if (foots) draw_footer(state);
}

void ExpertsPanel::draw_tools(AppState& state, const ExpertBook& book) {
    const float s = state.pixel_scale, gap = 4 * s;
    const float pad = 2 * ImGui::GetStyle().FramePadding.x;
    const float buttons = ImGui::CalcTextSize("DictionaryCopyCSVPNG").x + 4 * pad + 4 * gap;
    const float room = ImGui::GetContentRegionAvail().x;
    if (int64_t layer = book.layer; layer_choice(state, std::ssize(state.geometry->layers), layer))
        state.selection.set_layer(layer);
    tooltip("The layer that all panels show");
    ImGui::SameLine();
    // Where the buttons would leave no room for typing they stand in a line of their own.
    const float rest = ImGui::GetContentRegionAvail().x;
    const bool one_line = rest - buttons > 220 * s;
    bar_.draw_field(state, one_line ? rest - buttons - 4 * s : rest);
    if (one_line)
        ImGui::SameLine(0, 8 * s);
    else
        ImGui::SetCursorPosX(ImGui::GetCursorPosX() + std::max(0.0f, room - buttons));
    draw_dictionary(state, book);
    ImGui::SameLine(0, gap);
    const char* none = table_.rows().empty() ? "There are no rows." : nullptr;
    char name[64];
    std::snprintf(name, sizeof name, "experts_layer%lld_step_%08lld",
                  static_cast<long long>(book.layer), static_cast<long long>(book.step));
    if (button(state, "Copy", none, "Copies the rows, comma-separated"))
        ImGui::SetClipboardText(table(state).c_str());
    ImGui::SameLine(0, gap);
    if (button(state, "CSV", none, "Writes the rows into the run folder"))
        export_text(state, std::string(name) + ".csv", numbers(state));
    ImGui::SameLine(0, gap);
    if (button(state, "PNG", nullptr, "Writes the picture below into the run folder"))
        export_picture(state, std::string(name) + ".png", body_low_, body_high_);
}

void ExpertsPanel::draw_dictionary(AppState& state, const ExpertBook& book) {
    std::string why = state.lacks(core::Need::model);
    if (why.empty()) why = no_analysis(state, state.experts.files().has_checkpoint);
    if (!asked_.empty()) {
        const TaskView& task = asked_.front().view;
        why = "Reading the newest checkpoint: " + in_words(task);
    }
    const std::string help =
        std::string(
            "Reads what each expert writes, and which write alike, out of the newest "
            "checkpoint: the analyses dictionary and clusters, beside the training. ") +
        (book.dictionary_step < 0 ? "Nothing has been read yet."
                                  : "Shown is step " + with_thousands(book.dictionary_step) + ".");
    if (!button(state, "Dictionary", why.empty() ? nullptr : why.c_str(), help.c_str())) return;
    for (const char* name : kWordAnalyses) asked_.push_back({start_analysis(state, name, ""), {}});
}

void ExpertsPanel::draw_card(AppState& state, const ExpertBook& book) {
    const auto& rows = table_.rows();
    const auto at = std::find(rows.begin(), rows.end(), static_cast<int32_t>(card_.expert()));
    const std::string place = at == rows.end() ? "not among the hits"
                                               : "row " + with_thousands(at - rows.begin() + 1) +
                                                     " of " + with_thousands(std::ssize(rows));
    const ImVec2 low = ImGui::GetCursorScreenPos();
    ImGui::BeginChild("card", ImVec2(0, body_high_.y - low.y));
    const std::string term = card_.draw(state, book, place);
    ImGui::EndChild();
    if (!term.empty()) bar_.add(term);
}

void ExpertsPanel::draw_footer(AppState& state) const {
    ImGui::PushFont(state.fonts.text, kSmallSize);
    text_cut(state,
             std::string("click selects, Shift adds   ") +
                 (state.is_imported() ? "" : "right click: steer, suppress, force   ") +
                 "/ filters   arrows walk",
             state.theme().dim);
    ImGui::PopFont();
}

Origin ExpertsPanel::origin(const AppState& state) const {
    const ExpertBook* book = state.experts.book();
    return book ? origin_of(state, book->step, book->step) : Origin();
}

std::string ExpertsPanel::table(const AppState& state) const {
    const ExpertBook* book = state.experts.book();
    return book ? rows_csv(*book, table_.rows()) : std::string();
}

}  // namespace hopscope::app
