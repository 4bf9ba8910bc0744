#include "core/api/state.h"

#include <array>
#include <cstddef>

namespace hopscope::core {
namespace {

constexpr size_t kStates = std::size(kRunStates);
constexpr size_t kActionCount = std::size(kActions);

constexpr const char* kYes = nullptr;
constexpr const char* kNoRun = "No run is open. Start one, or open a run folder.";
constexpr const char* kRunOpen = "A run is open. Stop it before starting another.";
constexpr const char* kPreparing = "The run is still being prepared.";
constexpr const char* kRunning = "The run is already training.";
constexpr const char* kPauseFirst = "The run is training. Pause it first, then go step by step.";
constexpr const char* kPaused = "The run is already paused.";
constexpr const char* kStopping = "The run is finishing its last step.";
constexpr const char* kStopped = "The run was stopped and saved. Open its folder to go on.";
constexpr const char* kDone = "The run has made all its steps.";
constexpr const char* kFailed = "The run has failed. Its folder holds the last checkpoint.";
constexpr const char* kImported =
    "An imported model is looked at. It has router rows and recorded choices, nothing to run.";

/// The state machine's one table, [state][action] in the order of the enumerations.
// clang-format off
constexpr std::array<std::array<const char*, kActionCount>, kStates> kTable = {{
    //           start      pause       resume      step         stop        checkpoint  evaluate    change      trace
    /* idle */   {{kYes,     kNoRun,     kNoRun,     kNoRun,      kNoRun,     kNoRun,     kNoRun,     kNoRun,     kNoRun}},
    /* prepar. */{{kRunOpen, kYes,       kPreparing, kPreparing,  kYes,       kPreparing, kPreparing, kPreparing, kYes}},
    /* running */{{kRunOpen, kYes,       kRunning,   kPauseFirst, kYes,       kYes,       kYes,       kYes,       kYes}},
    /* paused */ {{kRunOpen, kPaused,    kYes,       kYes,        kYes,       kYes,       kYes,       kYes,       kYes}},
    /* stopp. */ {{kRunOpen, kStopping,  kStopping,  kStopping,   kStopping,  kStopping,  kStopping,  kStopping,  kStopping}},
    /* stopped */{{kYes,     kStopped,   kStopped,   kStopped,    kStopped,   kStopped,   kYes,       kStopped,   kYes}},
    /* done */   {{kYes,     kDone,      kDone,      kDone,       kDone,      kDone,      kYes,       kDone,      kYes}},
    /* failed */ {{kYes,     kFailed,    kFailed,    kFailed,     kFailed,    kFailed,    kFailed,    kFailed,    kFailed}},
    /* import. */{{kYes,     kImported,  kImported,  kImported,   kImported,  kImported,  kImported,  kImported,  kImported}},
}};

/// Which state may follow which, [from][to].
constexpr bool kNext[kStates][kStates] = {
    //           idle   prep.  run    pause  stopp. stopd  done   failed imported
    /* idle */   {true,  true,  false, false, false, false, false, false, false},
    /* prepar. */{false, true,  true,  true,  true,  true,  true,  true, false},
    /* running */{false, false, true,  true,  true,  true,  true,  true, false},
    /* paused */ {false, false, true,  true,  true,  true,  true,  true, false},
    /* stopp. */ {false, false, false, false, true,  true,  true,  true, false},
    /* stopped */{false, false, false, false, false, true,  false, false, false},
    /* done */   {false, false, false, false, false, false, true,  false, false},
    /* failed */ {false, false, false, false, false, false, false, true, false},
    /* import. */{false, false, false, false, false, false, false, false, true},
};
// clang-format on

}  // namespace

const char* name_of(RunState state) {
    static_assert(kWordsOf<RunState>.size() == kStates);
    return kWordsOf<RunState>[static_cast<size_t>(state)].data();  // of literals, which end with 0
}

const char* name_of(Action action) {
    constexpr const char* kNames[] = {"start",      "pause",    "resume", "step", "stop",
                                      "checkpoint", "evaluate", "change", "trace"};
    static_assert(std::size(kNames) == kActionCount);
    return kNames[static_cast<size_t>(action)];
}

const char* refusal(RunState state, Action action) {
    return kTable[static_cast<size_t>(state)][static_cast<size_t>(action)];
}

bool can_become(RunState from, RunState to) {
    return kNext[static_cast<size_t>(from)][static_cast<size_t>(to)];
}

bool is_final(RunState state) {
    return state == RunState::stopped || state == RunState::done || state == RunState::failed ||
           state == RunState::imported;
}

}  // namespace hopscope::core
