#include "core/follow/imported_session.h"

#include <algorithm>
#include <exception>
#include <mutex>
#include <optional>
#include <utility>

#include "core/api/imported_look.h"
#include "core/base/names.h"
#include "core/base/utf8.h"
#include "core/imported/picture.h"
#include "core/session/session_frame.h"

namespace hopscope::core {
namespace {

/// Panels ask a configuration for sizes; what a model trained elsewhere was trained with is not
/// known, so no other key of it means anything.
Config sizes_of(const ImportedRun& run) {
    Config config;
    const auto routers = routers_of(run.layout());
    config.model.n_layers = std::ssize(routers);
    config.moe.router = RouterKind::linear;
    config.moe.hops.assign(routers.size(), 1);
    config.moe.experts = 1;
    for (const ImportedRouter& router : routers)
        config.moe.experts = std::max(config.moe.experts, router.experts);
    config.moe.top_k = std::max<int64_t>(run.layout().rule.top_k, 1);
    config.train.seq_len = 0;  // unknown
    return config;
}

ImportedLook look_of(const ImportedRun& run) {
    const ModelLayout& layout = run.layout();
    ImportedLook look;
    look.family = layout.family;
    look.model_type = layout.model_type;
    look.rule = word(layout.rule.rule);
    look.hidden_layers = layout.hidden_layers;
    look.dense = layout.dense;
    look.routers = routers_of(layout);
    look.experts = run.has_experts();
    look.warnings = layout.warnings;
    for (const std::string& name : run.traces()) {
        ImportedTrace trace;
        trace.name = name;
        look.traces.push_back(std::move(trace));
    }
    return look;
}

class ImportedSession final : public SessionFrame {
  public:
    ImportedSession(SessionOptions options, ImportedRun run)
        : SessionFrame(std::move(options), nullptr), run_(std::move(run)), look_(look_of(run_)) {
        board_.edit_status([&](RunStatus& status) {
            status.run_dir = run_.dir();
            status.run_name = folder_name(run_.dir());
            status.source = run_.info().source;
            status.parameters = run_.info().parameters;
            status.followed = refusal(RunState::imported, Action::change);
        });
        board_.show(RunState::imported, "");
    }
    ~ImportedSession() override { end(); }

    void start_threads() {
        start([this] { serve(); });
    }
    uint64_t submit(const Command& command, const std::string&) override {
        return commands_.submit_refused(command, board_.status().followed);
    }
    /// What it was asked to trace is told by request_view(); a prompt cannot be.
    void request_trace(TraceRequest) override {}
    void request_view(ImportedView view) override {
        {
            std::lock_guard lock(mutex_);
            wanted_ = std::move(view);
        }
        board_.trainer_bell.notify();
    }
    std::shared_ptr<const ImportedLook> imported() const override { return shown_.load(); }

  private:
    /// The reading thread.
    void serve() {
        while (!board_.closing) {
            const uint64_t ticket = board_.trainer_bell.ticket();
            if (board_.closing) break;
            if (const auto view = take_wanted())
                answer(*view);
            else
                board_.trainer_bell.wait(ticket);
        }
        board_.trainer_gone = true;
    }

    std::optional<ImportedView> take_wanted() {
        std::lock_guard lock(mutex_);
        return std::exchange(wanted_, std::nullopt);
    }
    bool outdated() const {
        std::lock_guard lock(mutex_);
        return wanted_.has_value();
    }

    void answer(const ImportedView& view) {
        std::string problem;
        try {
            if (const Status made = make(view); !made) {
                if (made.error().kind == ErrorKind::interrupted) return;
                problem = made.error().message;
            }
        } catch (const std::exception& e) {  // no memory
            problem = run_.dir() + ": " + e.what();
        }
        board_.edit_status([](RunStatus& status) { status.activity = ""; });
        if (!problem.empty()) {
            board_.say(problem);
            // What could not be read is not shown.
            look_.view = view;
            look_.view.trace = recorded_name_;
        }
        look_.problem = problem;
        shown_.store(std::make_shared<const ImportedLook>(look_));
        board_.wake();
    }

    /// Reads what has changed since the view before, and publishes it. A trace that cannot be read
    /// leaves the rows to be seen.
    Status make(ImportedView view) {
        if (!rows_ || rows_view_.fold_gain != view.fold_gain || rows_view_.centre != view.centre) {
            rows_.reset();
            auto rows = rows_picture(run_, view, progress());
            if (!rows) return rows.error();
            rows_ = *std::move(rows);
            rows_view_ = view;
        }
        const Status read = read_trace(view);
        publish_geometry();
        if (!read) return read;
        publish_text(view);
        look_.view = std::move(view);
        return {};
    }

    Progress progress() {
        Progress out;
        out.report = [this](const std::string& activity, double share) { tell(activity, share); };
        out.cancelled = [this] { return board_.closing || outdated(); };
        out.note = [this](const std::string& sentence) { board_.say(sentence); };
        return out;
    }

    /// The recording that the view names, the first where it names none.
    Status read_trace(ImportedView& view) {
        if (look_.traces.empty()) return {};
        if (view.trace.empty()) view.trace = look_.traces.front().name;
        if (recorded_ && recorded_name_ == view.trace) return {};
        const auto known = std::find_if(look_.traces.begin(), look_.traces.end(),
                                        [&](const auto& one) { return one.name == view.trace; });
        if (known == look_.traces.end())
            return usage_error(shown_path(run_.dir()) + ": has no trace " + in_quotes(view.trace));
        tell("reading the trace " + view.trace, -1);
        auto routing = run_.trace(view.trace);
        if (!routing) return routing.error();
        recorded_ = *std::move(routing);
        recorded_name_ = view.trace;
        *known = described(view.trace, *recorded_);
        return {};
    }

    /// Where what is published is of other rows or of another trace.
    void publish_geometry() {
        const Published now = {rows_view_.fold_gain, rows_view_.centre, recorded_name_};
        if (published_ == now) return;
        auto picture = std::make_shared<GeometrySnapshot>(*rows_);
        picture->version = ++version_;
        if (recorded_) {
            add_choices(*picture, look_.routers, *recorded_);
            add_positions(*picture, look_.routers, *recorded_, rows_view_);
        }
        board_.geometry.store(std::move(picture));
        published_ = now;
    }

    void publish_text(const ImportedView& view) {
        if (!recorded_) return;
        auto trace =
            std::make_shared<TraceResult>(text_trace(look_.routers, *recorded_, view.text));
        trace->version = ++version_;
        trace->prompt = view.trace + ", text " + std::to_string(view.text);
        board_.trace.store(std::move(trace));
    }

    void tell(const std::string& activity, double share) {
        board_.edit_status([&](RunStatus& status) {
            status.activity = activity;
            status.progress = share;
        });
        board_.wake();
    }

    // Of the reading thread, once it runs.
    const ImportedRun run_;
    ImportedLook look_;
    std::optional<GeometrySnapshot> rows_;  ///< without tokens
    ImportedView rows_view_;
    std::optional<RecordedRouting> recorded_;
    std::string recorded_name_;
    struct Published {
        bool fold_gain = false, centre = false;
        std::string trace;
        bool operator==(const Published&) const = default;
    };
    std::optional<Published> published_;
    uint64_t version_ = 0;

    Slot<ImportedLook> shown_;
    mutable std::mutex mutex_;
    std::optional<ImportedView> wanted_ = ImportedView();  ///< under mutex_
};

}  // namespace

Result<std::unique_ptr<Session>> open_imported_session(SessionOptions options) {
    auto run = ImportedRun::open(options.run_dir);
    if (!run) return run.error();
    options.config = sizes_of(*run);
    options.config_name = run->layout().model_type;
    auto session = std::make_unique<ImportedSession>(std::move(options), *std::move(run));
    session->start_threads();
    return std::unique_ptr<Session>(std::move(session));
}

}  // namespace hopscope::core
