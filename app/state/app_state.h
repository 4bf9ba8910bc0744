// What all panels share: the open session and what it last published, the selection, settings,
// history and messages. One object, owned by the window, used on the window thread only.
// update_state() takes everything new from the session before a frame; panels read the copies and
// never ask the session themselves, except to send commands and questions.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "app/state/archive.h"
#include "app/state/aside.h"
#include "app/state/compared_runs.h"
#include "app/state/drawn.h"
#include "app/state/expert_books.h"
#include "app/state/history.h"
#include "app/state/intervention_stack.h"
#include "app/state/loss_phases.h"
#include "app/state/named_selections.h"
#include "app/state/own_cost.h"
#include "app/state/pending.h"
#include "app/state/playback.h"
#include "app/state/run_comparison.h"
#include "app/state/run_rules.h"
#include "app/state/second_prompt.h"
#include "app/state/selection.h"
#include "app/state/selection_history.h"
#include "app/state/spots.h"
#include "app/state/sweep.h"
#include "app/state/task_runner.h"
#include "app/state/theme.h"
#include "app/state/time_cursor.h"
#include "app/state/token_sample.h"
#include "core/api/comparison.h"
#include "core/api/expert_matches.h"
#include "core/api/halting_table.h"
#include "core/api/model_sheet.h"
#include "core/api/needs.h"
#include "core/api/passages.h"
#include "core/api/run_look.h"
#include "core/api/run_numbers.h"
#include "core/api/session.h"
#include "core/api/trend.h"
#include "core/api/watch.h"
#include "viz/colour.h"
#include "viz/places.h"
#include "viz/point_renderer.h"

namespace hopscope::app {

/// What the window needs from the laboratory, given by main so that tests can give a fake one.
struct Services {
    std::function<core::Result<std::unique_ptr<core::Session>>(core::SessionOptions)> open_session;
    std::function<core::Result<core::Config>(const std::string& path,
                                             const std::vector<std::string>& overrides)>
        read_config;
    /// The run folder to open for a path: of a published model that of its import, on the calling
    /// thread; else the path itself. `cancelled` is polled. May be empty.
    std::function<core::Result<std::string>(const std::string& path,
                                            const std::function<bool()>& cancelled)>
        run_of_model;
    /// May be empty: other runs are then not shown.
    std::function<std::unique_ptr<core::RunWatch>(std::vector<std::string> dirs,
                                                  std::function<void()> wake)>
        watch_runs;
    /// Word lists of a run's categories, by name; may be empty.
    std::function<core::Result<std::vector<core::CategoryWords>>(const std::string& run_dir)>
        word_lists;
    /// Passages of a run's validation text, on the calling thread; may be empty.
    std::function<core::Result<core::Passages>(const std::string& run_dir,
                                               const core::PassageRequest& request,
                                               const core::Progress& progress)>
        passages;
    /// The snapshots that a run folder keeps, for its past; may be empty, both.
    std::function<std::vector<core::KeptSnapshot>(const std::string& run_dir)> kept_snapshots;
    std::function<core::Result<core::GeometrySnapshot>(const std::string& run_dir, int64_t step)>
        read_kept_snapshot;
    /// The geometry of a larger sample of tokens at the run's newest checkpoint, on the calling
    /// thread; may be empty.
    std::function<core::Result<core::GeometrySnapshot>(const std::string& run_dir, int64_t tokens,
                                                       const core::Progress& progress)>
        token_sample;
    /// How a run folder stands, for a list of them, and a copy of one under runs/, whose folder it
    /// returns; on the calling thread. May be empty, both.
    std::function<core::Result<core::RunLook>(const std::string& run_dir)> look_at_run;
    std::function<core::Result<std::string>(const std::string& run_dir)> copy_run;
    /// The phases of a training loss (lab::loss_phases), on the calling thread; may be empty: none
    /// are shown.
    std::function<std::vector<core::Phase>(const std::vector<double>& steps,
                                           const std::vector<double>& losses)>
        find_phases;
    /// Name and definition of every analysis, as a run or an imported model has them; may be empty,
    /// as `analyze`.
    std::function<std::vector<std::pair<std::string, std::string>>(bool imported)>
        analysis_definitions;
    /// Those that a run cannot have, each with the sentence that says why; may be empty.
    std::function<std::vector<std::pair<std::string, std::string>>(const core::Config& config,
                                                                   const core::RunHolds& holds)>
        analysis_refusals;
    /// One analysis of a run's newest checkpoint, on the calling thread: its document; files go to
    /// RUN/analysis. `against`: folder of the second run, where it compares two; else "".
    std::function<core::Result<std::string>(const std::string& run_dir, const std::string& name,
                                            const std::string& against,
                                            const core::Progress& progress)>
        analyze;
    /// The run folders that a path names, and several of them beside each other; on the calling
    /// thread. May be empty, both: runs are then not compared.
    std::function<core::Result<std::vector<std::string>>(const std::string& path)> runs_at;
    std::function<core::Result<core::Comparison>(const std::vector<std::string>& run_dirs,
                                                 const core::Progress& progress)>
        compare_runs;
    /// The single numbers of run folders, on the calling thread, and the line through points, at
    /// once; may be empty, both: none are swept over.
    std::function<core::Result<std::vector<core::RunNumbers>>(
        const std::vector<std::string>& run_dirs, const core::Progress& progress)>
        run_numbers;
    std::function<core::Trend(const std::vector<double>& x, const std::vector<double>& y)>
        line_through;
    /// Experts of two kept snapshots held against each other, on the calling thread; may be empty.
    std::function<core::Result<core::ExpertMatches>(const core::MatchRequest& request,
                                                    const core::Progress& progress)>
        match_experts;
    /// What halting saves and costs at the run's newest checkpoint, on the calling thread; may be
    /// empty.
    std::function<core::Result<core::HaltingTable>(
        const std::string& run_dir, const core::HaltingPlan& plan, const core::Progress& progress)>
        measure_halting;
    /// What a model of that configuration consists of, on the calling thread; may be empty.
    std::function<core::ModelSheet(const core::Config& config)> model_sheet;
};

/// What the user chose once and finds again; kept in the settings file beside the layouts.
struct Settings {
    bool dark = true;
    float scale = 1.0f;         ///< user's factor on top of the monitor's content scale, 0.75 … 3
    bool animations = true;     ///< motion that carries meaning, 150 ms
    int width = 0, height = 0;  ///< of the window when it was closed; 0: never
    bool maximised = false;
    viz::ColourMap colours = viz::ColourMap::automatic;  ///< of values that rise
    int picture_scale = 1;                               ///< of PictureOrder, 1 … 4
    bool toured = false;  ///< the tour was seen to its end, or dismissed
    bool operator==(const Settings&) const = default;
};

inline constexpr size_t kLogLines = 4000;  ///< the oldest quarter goes when there are more

struct LogLine {
    std::string text;      ///< "hh:mm:ss text"
    bool problem = false;  ///< a failure or refusal: shown in red
};

/// A run folder given on the command line or in the window: its curve stands beside that of the
/// inspected run.
struct WatchedCurves {
    core::WatchedRun run;
    History history;
    bool reread = false;  ///< `history` is of a watch before, and void with the first news
};

/// A part of the frame that is to become a PNG file; corners in ImGui's coordinates.
struct PictureOrder {
    std::string path;
    ImVec2 low, high;
    int scale = 1;  ///< pixels of the picture for one of the screen, in either direction
};

struct AppState {
    Services services;
    std::string exe_dir;  ///< folder of the program: fonts and configs are searched from here
    std::function<void()> wake;              ///< given to sessions; callable from any thread
    viz::GlLoader gl = nullptr;              ///< of the context drawn in; null where there is none
    bool software_gl = false;                ///< the processor draws: each point costs its time
    std::unique_ptr<core::Session> session;  ///< null: start screen

    // Copies taken before each frame by update_state(); valid (maybe empty) also without a session.
    core::RunStatus status;
    std::shared_ptr<const core::GeometrySnapshot> newest;  ///< null before the first
    /// What the panels show: the newest, or where `time` points, or `sample`; null before the
    /// first.
    std::shared_ptr<const core::GeometrySnapshot> geometry;
    std::shared_ptr<const core::TraceResult> trace;          ///< null before the first
    std::shared_ptr<const core::InterventionEffect> effect;  ///< null before the first
    /// Which view of an imported model geometry and trace show; null before the first, and of a
    /// run.
    std::shared_ptr<const core::ImportedLook> imported;
    std::optional<core::ImportedView> asked_view;  ///< of it, until it is answered
    std::vector<core::Answer> answers;             ///< oldest first
    History history;                               ///< in a race of its first lane
    std::vector<History> rivals;            ///< of the other lanes of a race, or of the run's forks
    std::unique_ptr<core::RunWatch> watch;  ///< null: a single run
    std::vector<WatchedCurves> watched;     ///< in the order in which they were given
    ComparedRuns compared;                  ///< all of these beside each other
    RunComparison comparison;               ///< what their folders say of each other
    Sweep sweep;                            ///< what each of them came to
    std::string show_panel;    ///< id of a panel that is to be seen; the shell opens it
    std::string open_next;     ///< folder that a panel asks to inspect; the shell opens it
    std::string copy_next;     ///< folder of which a panel asks to train a copy; the shell does so
    bool stop_asked = false;   ///< somebody wants to stop the run; the shell asks first
    uint64_t runs_opened = 0;  ///< so far, the present one included: what was asked of one is not
                               ///< answered for the next
    Spots spots;               ///< where some controls stand, for the tour
    std::optional<PictureOrder> picture_order;  ///< the window carries it out after drawing
    /// What is drawn notes itself here, also where it has the state to read only.
    const std::unique_ptr<Drawn> drawn = std::make_unique<Drawn>();
    std::vector<LogLine> log;
    double log_at = -1e9;  ///< `now` when the last line came

    Selection selection;
    SelectionHistory selection_history;
    NamedSelections named;
    Archive archive;
    ExpertBooks experts;  ///< the panels update it
    TimeCursor time;
    TokenSample sample;
    Playback playback;
    /// The step under the pointer, in the curves or on the timeline; both mark it.
    std::optional<double> pointed_step;
    std::optional<double> pointing_at;  ///< of this frame: pointed_step of the next one
    LossPhases phases;                  ///< in a race of the first lane
    RunRules rules;                     ///< likewise
    viz::Places places;  ///< frozen bases and the colour of each expert; the panels update it
    Settings settings;
    Fonts fonts;
    /// Content scale × settings.scale; hand-written pixel sizes are multiplied by it.
    float pixel_scale = 1.0f;
    double now = 0;            ///< seconds, monotonic, at the begin of this frame
    bool still = false;        ///< for a picture: what is of this call alone is left out
    bool holds = false;        ///< likewise: a run that goes on stays as it was read
    bool for_file = false;     ///< this frame is: it is whole, however long it takes
    double unix_now = 0;       ///< seconds, wall clock, for the age of snapshots
    double opened_at = 0;      ///< `now` when the run was opened
    OwnCost own_cost;          ///< of drawing
    int64_t memory_bytes = 0;  ///< resident, of the program; 0: not read yet

    /// The trajectory panel's text.
    std::string prompt = "the muddy river bank was steep before the rain";
    SecondPrompt second;       ///< below it
    InterventionStack stack;   ///< what acts on the prompt, in the inspector's copy alone
    float halt_position = 0;   ///< of the slider of early halting, 0: off; acts on the prompt
    double strength = 1;       ///< factor on lambda and strength of the whole stack
    double last_input = -1e9;  ///< `now` of the last key or mouse event
    int frames_wanted = 3;     ///< frames to draw before the loop may sleep again

    const Theme& theme() const { return theme_of(settings.dark); }
    /// Colours of values that rise from little to much.
    viz::ValueColours value_colours() const {
        return viz::colours_of(settings.colours, settings.dark);
    }
    /// Whether what is shown stays as it is while a run trains: a step of the past, or a sample.
    bool rests() const { return !time.live() || sample.shown(); }
    bool training() const { return session && status.state == core::RunState::running; }
    std::unique_ptr<TaskRunner> tasks;       ///< null before the first task
    std::unique_ptr<TaskRunner> short_work;  ///< of aside(); null before the first
    std::vector<std::pair<std::string, Pending<std::string>>> untold;  ///< see tell()
    std::set<uint64_t> told_refusals;  ///< ids of the refused answers that are in the log already

    /// Follows the curves of `dirs` and of no others, besides the run that is inspected.
    void watch_runs(std::vector<std::string> dirs);
    /// Whether `run` is the one being inspected.
    bool inspects(const core::WatchedRun& run) const;
    /// The stack's rows that are on and can act, with the strength; empty without a session.
    std::vector<core::Command> prompt_script() const;
    ModelShape model_shape() const;
    /// Whether a published model is looked at, instead of a run.
    bool is_imported() const { return session && status.state == core::RunState::imported; }
    /// What the run has beside its configuration, as far as it is known without its folder.
    core::RunHolds holds_of_run() const;
    /// The trace of an imported model that is shown; nullptr where there is none.
    const core::ImportedTrace* shown_trace() const;
    /// What a change of the view of an imported model begins from: the last that was asked for.
    core::ImportedView next_view() const;
    void ask_for_view(core::ImportedView view);
    /// "layer 3", or as an imported model calls it; the same without the word.
    std::string layer_name(int64_t layer) const;
    std::string layer_number(int64_t layer) const;
    /// Why the run has not got it, as a sentence; "" where it has, or no run is open.
    std::string lacks(core::Need need) const { return lacks({&need, 1}); }
    std::string lacks(std::span<const core::Need> needs) const;
    /// The places of the newest snapshot, before a panel shows them.
    void update_places();
    /// The worker for long work; made at the first call.
    TaskRunner& task_runner();
    /// Does short work away from the window's thread, and not behind the long one: files that are
    /// read or written, sums of some milliseconds. The work owns or outlives what it uses.
    template <class Work>
    auto aside(Work work) -> Pending<std::invoke_result_t<Work&>>;
    /// Writes a text aside; the log tells where, or why not.
    void write_file(const std::string& path, std::string text);
    /// The same without the log: the reason where it was not written, "" is success. A file that a
    /// run is kept in is nobody's to replace.
    Pending<std::string> write_aside(const std::string& path, std::string text);
    /// The log tells `done`, or the reason, once work aside has ended; "" is success.
    void tell(std::string done, Pending<std::string> reason);
    /// Waits for all work aside, before the window goes.
    void finish_aside();
    /// Queues a command, by "window". Without a session it is logged as refused.
    uint64_t submit(const core::Command& command);
    void say(const std::string& text, bool problem = false);
    /// Makes `opened` (null: none) the open session and forgets what belonged to the one before.
    void attach(std::unique_ptr<core::Session> opened);
    /// Asks for `frames` more frames, e.g. while something moves.
    void keep_drawing(int frames = 3) {
        if (frames > frames_wanted) frames_wanted = frames;
    }
};

template <class Work>
auto AppState::aside(Work work) -> Pending<std::invoke_result_t<Work&>> {
    if (!short_work) short_work = std::make_unique<TaskRunner>(wake);
    return post_aside(*short_work, std::move(work));
}

/// Takes what is new from the session: status, records, snapshots, answers, messages. Never waits.
/// Only for a frame that will be drawn: taking a picture asks the trainer to make the next one.
void update_state(AppState& state);
/// The part that a window nobody sees needs, too: status, records and messages.
void update_status(AppState& state);

}  // namespace hopscope::app
