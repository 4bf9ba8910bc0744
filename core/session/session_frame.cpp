#include "core/session/session_frame.h"

#include <utility>

namespace hopscope::core {

SessionFrame::SessionFrame(SessionOptions options, std::unique_ptr<Inspector> inspector)
    : options_(std::move(options)),
      board_(options_.wake),
      inspector_(board_, std::move(inspector)) {}

void SessionFrame::start(std::function<void()> feed) {
    feeder_ = run(std::move(feed));
    if (inspector_.can_run()) inspector_thread_ = run([this] { inspector_.run(); });
}

std::thread SessionFrame::run(std::function<void()> work) {
    ++threads_;
    return std::thread([this, work = std::move(work)] {
        work();
        --threads_;
        board_.wake();
    });
}

void SessionFrame::end() {
    board_.close("");
    if (feeder_.joinable()) feeder_.join();
    if (inspector_thread_.joinable()) inspector_thread_.join();
}

std::shared_ptr<const GeometrySnapshot> SessionFrame::geometry() const {
    board_.geometry_looked_at = true;
    return board_.geometry.load();
}

void SessionFrame::request_trace(TraceRequest request) {
    inspector_.request_trace(std::move(request));
}

std::shared_ptr<const TraceResult> SessionFrame::trace() const {
    // The first look after an answer lets an open prompt follow the run.
    if (!board_.trace_looked_at.exchange(true)) board_.inspector_bell.notify();
    return board_.trace.load();
}

void SessionFrame::request_halting(const std::string& prompt, double epsilon) {
    inspector_.request_halting(prompt, epsilon);
}

void SessionFrame::request_intervention(InterventionRequest request) {
    inspector_.request_intervention(std::move(request));
}

}  // namespace hopscope::core
