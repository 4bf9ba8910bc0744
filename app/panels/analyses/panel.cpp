// The analyses panel: every analysis of the laboratory on the run's newest checkpoint, as tasks in
// the background; definition, n, key numbers and sortable tables of each result.
#include "app/panels/panel.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <imgui.h>
#include <map>
#include <optional>
#include <set>

#include "app/panels/analyses/files.h"
#include "app/panels/analyses/second_run.h"
#include "app/panels/analyses/table_plot.h"
#include "app/panels/analyses/view.h"
#include "app/panels/analyses/words.h"
#include "app/state/analysis_call.h"
#include "app/widgets/fonts.h"
#include "app/widgets/format.h"
#include "app/widgets/number.h"
#include "app/widgets/task_state.h"
#include "app/widgets/widgets.h"

namespace hopscope::app {
namespace {

constexpr size_t kRowsMeasured = 20;  ///< for the width of a column
constexpr double kLookEvery = 1.0;    ///< seconds between two looks at the folder

/// Wide enough for the name with its sort mark and for the first rows.
float column_width(const AppState& state, const ResultTable& table, size_t column) {
    const float s = state.pixel_scale;
    float width = ImGui::CalcTextSize(words_of_key(table.columns[column]).c_str()).x + 20 * s;
    for (size_t r = 0; r < std::min(table.rows.size(), kRowsMeasured); ++r)
        width = std::max(
            width,
            text_width(state.fonts.mono, kMonoSize, shown_cell(table.rows[r][column])) + 8 * s);
    return std::min(width, 260 * s);
}

class AnalysesPanel final : public Panel {
  public:
    const char* title() const override { return "Analyses"; }
    bool has_csv() const override { return false; }
    std::string detail(const AppState&) const override {
        return shown_ && shown_->step >= 0 && !of_imported_ ? "step " + with_thousands(shown_->step)
                                                            : std::string();
    }
    void prepare(AppState& state) override;
    void draw(AppState& state) override;

  private:
    /// What the refusals of an open run depend on.
    struct RefusedFor {
        std::optional<int64_t> snapshots;  ///< nothing: not counted yet
        bool against = false;              ///< a second run is named
        std::shared_ptr<const core::ImportedLook> imported;
        bool operator==(const RefusedFor&) const = default;
    };

    void follow_tasks(AppState& state);
    void look(AppState& state);
    void load(AppState& state);
    void show(AnalysisFiles files);
    void choose(AppState& state, const std::string& name);
    void refuse(AppState& state);
    void choose_first(AppState& state);
    std::string why_not(const AppState& state) const;
    std::string why_not(const AppState& state, const std::string& name) const;
    const TaskView* task_of(const std::string& name) const;
    void start(AppState& state, const std::string& name);
    void draw_list(AppState& state);
    void draw_row(AppState& state, const std::string& name, const std::string& definition);
    void draw_result(AppState& state);
    void draw_numbers(AppState& state);
    Number number_of(const AppState& state, const std::string& key, const std::string& text) const;
    void draw_table(AppState& state, size_t index);
    void draw_rows(const AppState& state, ResultTable& table, TablePlot& plot) const;
    Number number_in(const AppState& state, const ResultTable& table, size_t row,
                     size_t column) const;
    void copy_table(AppState& state, const ResultTable& table);

    uint64_t run_ = 0;  ///< AppState::runs_opened
    std::vector<std::pair<std::string, std::string>> definitions_;
    bool of_imported_ = false;  ///< whose definitions these are
    std::vector<TaskView> tasks_;
    std::map<std::string, uint64_t> task_ids_;     ///< newest of each analysis
    std::map<uint64_t, bool> told_;                ///< ended tasks that have been shown
    std::set<std::string> of_two_;                 ///< those that compare the run with a second
    std::map<std::string, std::string> refusals_;  ///< why the run cannot have it, by name
    std::optional<RefusedFor> refused_for_;
    SecondRun second_;
    AnalysisFolder folder_;  ///< as it was seen last
    Pending<AnalysisFolder> looking_;
    double looked_at_ = -1e9;
    std::string chosen_;
    bool picked_ = false;             ///< by a person, in this run
    Pending<AnalysisFiles> reading_;  ///< the chosen one's
    std::string problem_;             ///< of the chosen one's file
    std::optional<AnalysisView> shown_;
    std::vector<ResultTable> tables_;         ///< of the document and of its CSV files
    std::map<std::string, TablePlot> plots_;  ///< by analysis and table
};

void AnalysesPanel::prepare(AppState& state) {
    if (run_ != state.runs_opened) {
        run_ = state.runs_opened;
        task_ids_.clear();
        of_two_.clear();
        refusals_.clear();
        refused_for_.reset();
        second_.forget();
        folder_ = {};
        looking_.forget();
        reading_.forget();
        shown_.reset();
        tables_.clear();
        plots_.clear();
        looked_at_ = -1e9;
        picked_ = false;
    }
    const bool imported = state.is_imported();
    if ((definitions_.empty() || imported != of_imported_) && state.services.analysis_definitions) {
        definitions_ = state.services.analysis_definitions(imported);
        of_imported_ = imported;
    }
    if (chosen_.empty() && !definitions_.empty()) chosen_ = definitions_.front().first;
    if (!state.session) return;
    refuse(state);
    look(state);
    if (auto files = reading_.take()) show(std::move(*files));
    follow_tasks(state);
}

void AnalysesPanel::look(AppState& state) {
    if (auto seen = looking_.take()) {
        folder_ = std::move(*seen);
        if (!shown_ && !reading_.waits() && folder_.measured.contains(chosen_)) load(state);
    }
    if (looking_.waits() || state.now - looked_at_ <= kLookEvery || state.status.run_dir.empty())
        return;
    looked_at_ = state.now;
    looking_ = state.aside([run = state.status.run_dir] { return look_at_analyses(run); });
}

void AnalysesPanel::follow_tasks(AppState& state) {
    tasks_.clear();
    if (!state.tasks) return;
    tasks_ = state.tasks->tasks();
    for (const auto& task : tasks_) {
        if (!task.ended() || told_[task.id]) continue;
        told_[task.id] = true;
        if (task.state == TaskState::done) {
            folder_.measured.insert(task.name);
            state.say("analysis " + task.name + " is done");
            if (task.name == chosen_) load(state);
        } else if (task.state == TaskState::failed) {
            state.say("analysis " + task.name + ": " + task.outcome, true);
        }
    }
}

/// Of the chosen one; what is shown of it stays until the files have been read.
void AnalysesPanel::load(AppState& state) {
    reading_ = state.aside(
        [run = state.status.run_dir, name = chosen_] { return read_analysis_files(run, name); });
}

void AnalysesPanel::show(AnalysisFiles files) {
    for (auto& [place, plot] : plots_) plot.forget();
    problem_ = std::move(files.problem);
    shown_ = std::move(files.view);
    tables_ = std::move(files.tables);
}

void AnalysesPanel::choose(AppState& state, const std::string& name) {
    chosen_ = name;
    show({});
    load(state);
}

/// The first that can be had.
void AnalysesPanel::choose_first(AppState& state) {
    const auto found = std::find_if(definitions_.begin(), definitions_.end(), [&](const auto& one) {
        return !refusals_.contains(one.first);
    });
    if (found != definitions_.end()) choose(state, found->first);
}

/// Which analyses this run cannot have, and which wait for a second run to be named; made anew
/// where what it holds has changed.
void AnalysesPanel::refuse(AppState& state) {
    const auto& ask = state.services.analysis_refusals;
    if (!ask) return;
    RefusedFor now = {{}, !second_.folder().empty(), state.imported};
    if (state.archive.complete()) now.snapshots = std::ssize(state.archive.files());
    if (refused_for_ == now) return;
    refused_for_ = now;
    const core::Config& config = state.session->config();
    const auto without = [&](bool second) {
        core::RunHolds holds = state.holds_of_run();
        holds.second_run = second;
        holds.snapshots = now.snapshots;
        const auto list = ask(config, holds);
        return std::map<std::string, std::string>(list.begin(), list.end());
    };
    refusals_ = without(true);
    of_two_.clear();
    for (const auto& [name, why] : without(false)) {
        if (refusals_.contains(name)) continue;
        of_two_.insert(name);
        if (!now.against) refusals_[name] = why + " Name its folder in the field \"against\".";
    }
    if (of_imported_ && !picked_ && refusals_.contains(chosen_)) choose_first(state);
}

/// "" if that one may be started.
std::string AnalysesPanel::why_not(const AppState& state, const std::string& name) const {
    if (const auto known = refusals_.find(name); known != refusals_.end()) return known->second;
    return why_not(state);
}

/// "" if analyses may be started.
std::string AnalysesPanel::why_not(const AppState& state) const {
    return no_analysis(state, folder_.has_checkpoint);
}

const TaskView* AnalysesPanel::task_of(const std::string& name) const {
    const auto id = task_ids_.find(name);
    if (id == task_ids_.end()) return nullptr;
    for (const auto& task : tasks_)
        if (task.id == id->second) return &task;
    return nullptr;
}

void AnalysesPanel::start(AppState& state, const std::string& name) {
    if (const TaskView* before = task_of(name); before && !before->ended()) return;
    task_ids_[name] =
        start_analysis(state, name, of_two_.contains(name) ? second_.folder() : std::string());
}

void AnalysesPanel::draw(AppState& state) {
    if (empty_without_run(state)) return;
    if (definitions_.empty()) {
        empty_state(state, "No analyses", "This window has no laboratory behind it.");
        return;
    }
    const float s = state.pixel_scale, room = ImGui::GetContentRegionAvail().x;
    const float left = std::clamp(room * 0.30f, 190 * s, 280 * s);
    ImGui::BeginChild("list", ImVec2(left, 0));
    draw_list(state);
    ImGui::EndChild();
    ImGui::SameLine(0, 16 * s);
    ImGui::BeginChild("result");
    draw_result(state);
    ImGui::EndChild();
}

void AnalysesPanel::draw_list(AppState& state) {
    const std::string why = why_not(state);
    if (button(state, "Run all", why.empty() ? nullptr : why.c_str(),
               "Queues every analysis that this run can have; they run one after another on a "
               "thread of their own"))
        for (const auto& [name, definition] : definitions_)
            if (why_not(state, name).empty()) start(state, name);
    ImGui::SameLine(0, 4 * state.pixel_scale);
    const bool busy = std::any_of(tasks_.begin(), tasks_.end(),
                                  [](const TaskView& task) { return !task.ended(); });
    if (button(state, "Cancel all", busy ? nullptr : "Nothing is running.",
               "Ends what runs and drops what waits"))
        state.tasks->cancel_all();
    // Most of them ask for a model that runs: of an imported one what it can have comes first.
    const auto is_last = [&](const std::string& name) {
        return of_imported_ && refusals_.contains(name);
    };
    for (const bool last : {false, true})
        for (const auto& [name, definition] : definitions_)
            if (is_last(name) == last) draw_row(state, name, definition);
}

void AnalysesPanel::draw_row(AppState& state, const std::string& name,
                             const std::string& definition) {
    const Theme& theme = state.theme();
    const float s = state.pixel_scale;
    const auto refusal = refusals_.find(name);
    const bool refused = refusal != refusals_.end();
    // Grey, but it can be chosen: its earlier result, or the second run to be named.
    ImGui::PushStyleColor(ImGuiCol_Text, refused ? faded(theme.dim, 0.75f) : theme.text);
    by_name(state, name.c_str(), name, definition);
    if (ImGui::Selectable(name.c_str(), name == chosen_)) {
        picked_ = true;
        choose(state, name);
    }
    ImGui::PopStyleColor();
    tooltip(refused ? refusal->second + "\n\n" + definition : definition);
    const char* mark = "";
    ImVec4 color = theme.dim;
    if (const TaskView* task = task_of(name); task && task->state != TaskState::done) {
        if (task->state == TaskState::running) mark = "running", color = theme.amber_text;
        if (task->state == TaskState::waiting) mark = "waiting";
        if (task->state == TaskState::failed) mark = "failed", color = theme.red_text;
        if (task->state == TaskState::cancelled) mark = "cancelled";
    } else if (folder_.measured.contains(name)) {
        mark = "done";
    }
    const ImVec2 end = ImGui::GetItemRectMax(), size = ImGui::CalcTextSize(mark);
    ImGui::GetWindowDrawList()->AddText(
        ImVec2(end.x - size.x - 4 * s,
               std::floor((ImGui::GetItemRectMin().y + end.y - size.y) * 0.5f)),
        packed(color), mark);
}

void AnalysesPanel::draw_result(AppState& state) {
    const auto known = std::find_if(definitions_.begin(), definitions_.end(),
                                    [&](const auto& d) { return d.first == chosen_; });
    if (known == definitions_.end()) return;
    if (of_two_.contains(chosen_)) second_.draw(state, folder_.beside);
    const std::string why = why_not(state, chosen_);
    const TaskView* task = task_of(chosen_);
    const bool working = task && !task->ended();
    if (working) {
        if (button(state, "Cancel", nullptr, "Ends it at its next batch", 0))
            state.tasks->cancel(task->id);
    } else if (button(state, shown_ ? "Run again" : "Run", why.empty() ? nullptr : why.c_str(),
                      of_imported_ ? "On what was imported"
                                   : "On the newest checkpoint, beside the training",
                      0, !shown_ && why.empty())) {
        start(state, chosen_);
    }
    if (shown_) {
        ImGui::SameLine(0, 12 * state.pixel_scale);
        ImGui::AlignTextToFramePadding();
        ImGui::TextColored(
            state.theme().dim, "n = %s%s%s", with_thousands(shown_->n).c_str(),
            of_imported_ ? "" : (", step " + with_thousands(shown_->step)).c_str(),
            shown_->seed >= 0 ? (", seed " + std::to_string(shown_->seed)).c_str() : "");
        tooltip("What n counts, the definition says. Files: " + state.status.run_dir +
                "/analysis/" + chosen_ + ".*");
    }
    note(state, known->second);
    if (task) draw_task_state(state, *task);
    if (!problem_.empty()) {
        problem_text(state, problem_);
    }
    if (!shown_) {
        const bool reads = reading_.waits() && folder_.measured.contains(chosen_);
        if (reads)
            note(state, "Reading\xE2\x80\xA6");
        else if (!why.empty() && !working)
            empty_state(state, "Not measured yet", why.c_str());
        else if (!task)
            empty_state(state, "Not measured yet",
                        "Its key numbers and tables appear here, and its files in RUN/analysis.");
        return;
    }
    draw_numbers(state);
    for (size_t i = 0; i < tables_.size(); ++i) {
        // By name: the plot of another analysis in this place has axes of its own.
        ImGui::PushID((chosen_ + "/" + tables_[i].name).c_str());
        draw_table(state, i);
        ImGui::PopID();
    }
}

void AnalysesPanel::draw_numbers(AppState& state) {
    if (shown_->numbers.empty()) return;
    heading(state, "Numbers");
    for (size_t i = 0; i < shown_->numbers.size(); ++i) {
        const auto& [key, value] = shown_->numbers[i];
        ImGui::PushID(static_cast<int>(i));
        value_row(state, number_of(state, key, value));
        ImGui::PopID();
    }
}

Number AnalysesPanel::number_of(const AppState& state, const std::string& key,
                                const std::string& text) const {
    const auto known = std::find_if(definitions_.begin(), definitions_.end(),
                                    [&](const auto& d) { return d.first == chosen_; });
    Number number = {.label = words_of_key(key),
                     .shown = text.empty() ? kNothing : shown_cell(text),
                     .definition = key + " of the analysis " + chosen_,
                     .n = shown_->n,
                     .step = shown_->step,
                     .command = analysis_command(state, chosen_)};
    if (known != definitions_.end()) number.definition += ". " + known->second;
    if (const auto with = shown_->measured.find(key); with != shown_->measured.end()) {
        number.value = with->second.value;
        number.low = with->second.low;
        number.high = with->second.high;
        if (with->second.n >= 0) number.n = with->second.n;
        number.over = with->second.over;
    } else if (is_number(text)) {
        number.value = std::strtod(text.c_str(), nullptr);
    }
    return number;
}

void AnalysesPanel::copy_table(AppState& state, const ResultTable& table) {
    std::string text;
    const auto line = [&](const std::vector<std::string>& cells) {
        for (size_t c = 0; c < cells.size(); ++c) text += (c ? "\t" : "") + cells[c];
        text += "\n";
    };
    line(table.columns);
    for (const auto& row : table.rows) line(row);
    ImGui::SetClipboardText(text.c_str());
    state.say("copied " + table.name + ", " +
              with_thousands(static_cast<int64_t>(table.rows.size())) + " rows");
}

void AnalysesPanel::draw_table(AppState& state, size_t index) {
    ResultTable& table = tables_[index];
    if (table.columns.empty()) return;
    const float s = state.pixel_scale;
    // A file by its name, a list of the document in words.
    const bool is_file = table.name.ends_with(".csv");
    heading(state, (is_file ? table.name : words_of_key(table.name)).c_str());
    ImGui::SameLine(0, 12 * s);
    ImGui::TextColored(state.theme().dim, "%s %s",
                       with_thousands(static_cast<int64_t>(table.rows.size())).c_str(),
                       table.rows.size() == 1 ? "row" : "rows");
    ImGui::SameLine(0, 12 * s);
    by_name(state, "Copy", "Copy " + table.name);
    if (ImGui::SmallButton("Copy")) copy_table(state, table);
    tooltip("Copies the table as text with tabs; a click on a column's name sorts by it");
    const std::string place = table.name == chosen_ ? chosen_ : chosen_ + "-" + table.name;
    TablePlot& plot = plots_[place];
    if (plot.has_picture(table)) {
        ImGui::SameLine(0, 6 * s);
        by_name(state, "PNG", "PNG of " + table.name);
        const bool picture = ImGui::SmallButton("PNG");
        tooltip("Writes the picture below into RUN/analysis");
        plot.draw(state, table, picture ? place : "");
    }
    draw_rows(state, table, plot);
}

/// A cell, named after its column and the first cell of its row, with the interval that stands in
/// columns beside it.
Number AnalysesPanel::number_in(const AppState& state, const ResultTable& table, size_t row,
                                size_t column) const {
    const std::vector<std::string>& cells = table.rows[row];
    const std::string& name = table.columns[column];
    const auto value_of = [&](const std::string& wanted) {
        const auto at = std::ranges::find(table.columns, wanted) - table.columns.begin();
        const auto c = static_cast<size_t>(at);
        return c < cells.size() && is_number(cells[c]) ? std::strtod(cells[c].c_str(), nullptr)
                                                       : kNotMeasured;
    };
    Number number;
    number.label = words_of_key(name);
    if (column > 0) number.label += ", " + words_of_key(table.columns[0]) + " " + cells[0];
    number.value = value_of(name);
    number.shown = shown_cell(cells[column]);
    number.definition = name + " of the analysis " + chosen_;
    number.low = value_of(name + "_ci95_low");
    number.high = value_of(name + "_ci95_high");
    if (const double n = value_of("n"); n >= 0) number.n = std::llround(n);
    number.step = shown_ ? shown_->step : -1;
    number.command = analysis_command(state, chosen_);
    return number;
}

/// A click on a column's name sorts by it.
void AnalysesPanel::draw_rows(const AppState& state, ResultTable& table, TablePlot& plot) const {
    const float s = state.pixel_scale;
    const int columns = static_cast<int>(std::min<size_t>(table.columns.size(), 60));
    const float row = ImGui::GetTextLineHeight() + 4 * s;
    const float height =
        std::min(row * static_cast<float>(table.rows.size() + 1) + 18 * s, 340 * s);
    if (!ImGui::BeginTable("table", columns,
                           ImGuiTableFlags_Sortable | ImGuiTableFlags_ScrollX |
                               ImGuiTableFlags_ScrollY | ImGuiTableFlags_Resizable |
                               ImGuiTableFlags_SizingFixedFit | ImGuiTableFlags_NoSavedSettings |
                               ImGuiTableFlags_SortTristate | ImGuiTableFlags_RowBg,
                           ImVec2(0, height)))
        return;
    ImGui::TableSetupScrollFreeze(1, 1);
    for (int c = 0; c < columns; ++c) {
        const std::string& name = table.columns[static_cast<size_t>(c)];
        ImGui::TableSetupColumn((words_of_key(name) + "##" + name).c_str(),
                                ImGuiTableColumnFlags_WidthFixed,
                                column_width(state, table, static_cast<size_t>(c)));
    }
    ImGui::TableNextRow(ImGuiTableRowFlags_Headers);
    for (int c = 0; c < columns; ++c) {
        ImGui::TableSetColumnIndex(c);
        ImGui::TableHeader(ImGui::TableGetColumnName(c));
        tooltip(table.columns[static_cast<size_t>(c)]);
    }
    if (ImGuiTableSortSpecs* sort = ImGui::TableGetSortSpecs(); sort && sort->SpecsDirty) {
        if (sort->SpecsCount > 0)
            sort_rows(table, static_cast<size_t>(sort->Specs[0].ColumnIndex),
                      sort->Specs[0].SortDirection == ImGuiSortDirection_Descending);
        plot.forget();
        sort->SpecsDirty = false;
    }
    ImGui::PushFont(state.fonts.mono, kMonoSize);
    ImGuiListClipper clipper;
    clipper.Begin(static_cast<int>(table.rows.size()));
    while (clipper.Step())
        for (int r = clipper.DisplayStart; r < clipper.DisplayEnd; ++r) {
            ImGui::TableNextRow();
            for (int c = 0; c < columns; ++c) {
                ImGui::TableNextColumn();
                const auto& cell = table.rows[static_cast<size_t>(r)][static_cast<size_t>(c)];
                const std::string text =
                    displayable(shortened(shown_cell(cell), 60), state.fonts.mono);
                ImGui::TextUnformatted(text.c_str());
                if (text != cell) tooltip(cell);
                if (is_number(cell))
                    explain_when_clicked(state, [&] {
                        return number_in(state, table, static_cast<size_t>(r),
                                         static_cast<size_t>(c));
                    });
            }
        }
    ImGui::PopFont();
    ImGui::EndTable();
}

}  // namespace

std::unique_ptr<Panel> make_analyses_panel() {
    return std::make_unique<AnalysesPanel>();
}

}  // namespace hopscope::app
