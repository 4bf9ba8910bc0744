// The frame of a session: what each has behind the one door (core/api/session.h), whoever makes its
// news: the board that is published on, the commands, the inspector and the threads. A session is a
// frame with the thread that feeds the board: of a trainer (make_session.cpp), or of one that reads
// the folder of another process (core/follow). Functions are called on the window thread.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "core/api/session.h"
#include "core/session/board.h"
#include "core/session/command_queue.h"
#include "core/session/inspector_loop.h"

namespace hopscope::core {

class SessionFrame : public Session {
  public:
    const Config& config() const override { return options_.config; }
    RunStatus status() const override { return board_.status(); }
    std::vector<Answer> answers() const override { return commands_.answers(); }
    void drain_scalars(std::vector<ScalarRecord>& out) override { board_.records.drain(out); }
    std::shared_ptr<const GeometrySnapshot> geometry() const override;
    void request_trace(TraceRequest request) override;
    std::shared_ptr<const TraceResult> trace() const override;
    void request_halting(const std::string& prompt, double epsilon) override;
    std::shared_ptr<const HaltingEffect> halting() const override { return board_.halting.load(); }
    void request_intervention(InterventionRequest request) override;
    std::shared_ptr<const InterventionEffect> intervention() const override {
        return board_.intervention.load();
    }
    std::vector<std::string> drain_messages() override { return board_.drain_messages(); }
    using Session::close;
    void close(const std::string& reason) override { board_.close(reason); }
    bool finished() const override { return board_.closing && threads_ == 0; }

  protected:
    SessionFrame(SessionOptions options, std::unique_ptr<Inspector> inspector);

    /// Starts the thread that feeds the board, and the inspector's if there is one. Not in the
    /// constructor, so that the destructor closes what a failure leaves.
    void start(std::function<void()> feed);
    /// Ends the threads and waits for them. The destructor of each session begins with it, while
    /// what its thread works on is still there.
    void end();

    const SessionOptions options_;
    mutable Board board_;
    CommandQueue commands_;

  private:
    std::thread run(std::function<void()> work);

    InspectorLoop inspector_;
    std::atomic<int> threads_{0};
    std::thread feeder_, inspector_thread_;
};

}  // namespace hopscope::core
