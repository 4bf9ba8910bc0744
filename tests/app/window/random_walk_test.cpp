// Somebody who presses whatever is there: the whole program on a real run, in random order. Runs
// are started, paused, steered, scrubbed, stopped and opened again; names of the palette, keys,
// clicks and drags come at random places. Nothing may crash, no run may fail, and the last one goes
// on where it was. HOPSCOPE_WALK_SECONDS says for how long (15), HOPSCOPE_WALK_SEED in which order
// (1).
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <imgui_internal.h>
#include <random>
#include <string>
#include <vector>

#include "app/state/actions.h"
#include "tests/app/window/real_program.h"

namespace {

using namespace hopscope;
using namespace hopscope::gui_test::real;
using gui_test::wait_for;

double from_environment(const char* name, double otherwise) {
    const char* text = std::getenv(name);
    return text ? std::atof(text) : otherwise;
}

/// Resident memory of this process.
double megabytes() {
    std::ifstream file("/proc/self/statm");
    int64_t all = 0, resident = 0;
    file >> all >> resident;
    return static_cast<double>(resident) * 4096 / (1 << 20);
}

bool some_popup() {
    return ImGui::IsPopupOpen(nullptr, ImGuiPopupFlags_AnyPopupId | ImGuiPopupFlags_AnyPopupLevel);
}

class Walker {
  public:
    Walker(ImGuiTestContext* ctx, uint64_t seed) : ctx_(ctx), random_(seed) {}

    /// One gesture of those that somebody may make now.
    void go() {
        if (!state->session) return open_something();
        // Each as often as it stands here.
        static constexpr std::array kMoves = {
            &Walker::press_a_name, &Walker::press_a_name,    &Walker::press_a_name,
            &Walker::press_a_key,  &Walker::press_a_key,     &Walker::click,
            &Walker::click,        &Walker::click,           &Walker::drag,
            &Walker::turn_wheel,   &Walker::scrub,           &Walker::steer_an_expert,
            &Walker::train_or_not, &Walker::choose_a_layout, &Walker::shut_what_is_open};
        (this->*kMoves[below(kMoves.size())])();
        if (below(60) == 0) close_the_run();
        answer_a_question();
        ctx_->Yield(static_cast<int>(1 + below(4)));
    }

    void close_the_run() {
        say("close the run");
        shut_popups();
        shell->door().close_run();
        IM_CHECK(wait_for(
            ctx_,
            [this] {
                stop_if_asked();
                return state->session == nullptr;
            },
            kLong));
    }

    void open_something() {
        if (!folder_.empty() && below(3) != 0) return open_the_last();
        say("start a run");
        shell->door().start_config(below(2) == 0 ? kConfigFile : kFewerExperts);
        await_a_run();
    }

    /// The run that was open last, from its folder.
    void open_the_last() {
        say("open " + folder_);
        shell->door().open_run(folder_);
        await_a_run();
    }

    void shut_popups() {
        for (int i = 0; i < 6 && some_popup(); ++i) {
            ctx_->KeyPress(ImGuiKey_Escape);
            ctx_->Yield(2);
        }
    }

    int64_t moves() const { return moves_; }
    const std::string& folder() const { return folder_; }

  private:
    size_t below(size_t n) { return std::uniform_int_distribution<size_t>(0, n - 1)(random_); }
    float share() { return std::uniform_real_distribution<float>(0, 1)(random_); }

    void say(const std::string& what) {
        ++moves_;
        std::printf("%lld %s\n", static_cast<long long>(moves_), what.c_str());
    }

    void await_a_run() {
        IM_CHECK(wait_for(
            ctx_, [] { return !shell->door().busy(); }, kLong));
        IM_CHECK(wait_for(
            ctx_, [] { return state->session && !state->status.run_dir.empty(); }, kLong));
        folder_ = state->status.run_dir;
    }

    void press_a_name() {
        const auto window = shell->actions();
        std::vector<app::ActionItem> items(window.begin(), window.end());
        // Only while the palette is open panels say what stands on them.
        state->drawn->controls.listen(true);
        ctx_->Yield(1);
        for (app::ActionItem& item : app::control_actions(*state)) items.push_back(std::move(item));
        const app::ActionItem& item = items[below(items.size())];
        // The end of the window would be the end of the walk.
        if (item.id == "file.quit" || !item.refusal().empty()) return;
        say("name: " + item.id);
        app::act(*state, item);
    }

    void press_a_key() {
        static constexpr std::array kKeys = {
            ImGuiKey_Space,     ImGuiKey_RightArrow, ImGuiKey_LeftArrow, ImGuiKey_UpArrow,
            ImGuiKey_DownArrow, ImGuiKey_1,          ImGuiKey_2,         ImGuiKey_3,
            ImGuiKey_4,         ImGuiKey_E,          ImGuiKey_N,         ImGuiKey_F,
            ImGuiKey_H,         ImGuiKey_Home,       ImGuiKey_End,       ImGuiKey_Tab,
            ImGuiKey_Enter,     ImGuiKey_Delete,     ImGuiKey_Escape};
        static constexpr std::array<ImGuiKeyChord, 6> kChords = {
            ImGuiMod_Ctrl | ImGuiKey_Z, ImGuiMod_Ctrl | ImGuiKey_Y, ImGuiMod_Ctrl | ImGuiKey_P,
            ImGuiMod_Ctrl | ImGuiKey_A, ImGuiMod_Ctrl | ImGuiKey_V, ImGuiMod_Shift | ImGuiKey_Tab};
        if (ImGui::GetIO().WantTextInput && below(2) == 0) {
            static constexpr std::array kTexts = {"0.5",
                                                  "-1",
                                                  "the market was open",
                                                  "1e9",
                                                  "nan",
                                                  "\xE5\xB7\x9D \xF0\x9F\x98\x80",
                                                  "/[/",
                                                  "999999999999999999999"};
            const char* text = kTexts[below(kTexts.size())];
            say(std::string("type: ") + text);
            ctx_->KeyCharsReplace(text);
            return;
        }
        const ImGuiKeyChord chord =
            below(4) == 0 ? kChords[below(kChords.size())] : kKeys[below(kKeys.size())];
        say(std::string("key: ") + ImGui::GetKeyChordName(chord));
        ctx_->KeyPress(chord);
    }

    ImVec2 somewhere() {
        const ImVec2 size = ImGui::GetIO().DisplaySize;
        // Below the menus, where "Quit" is.
        const float top = ImGui::GetFrameHeight();
        return {share() * size.x, top + share() * (size.y - top)};
    }

    void click() {
        // A menu that a key opened has "Quit", too.
        if (ctx_->ItemExists("//##Menu_00/Quit")) return;
        const ImVec2 at = somewhere();
        const ImGuiMouseButton button =
            below(5) == 0 ? ImGuiMouseButton_Right : ImGuiMouseButton_Left;
        say("click " + std::to_string(button) + " at " + std::to_string(at.x) + ", " +
            std::to_string(at.y));
        ctx_->MouseMoveToPos(at);
        if (below(6) == 0)
            ctx_->MouseDoubleClick(button);
        else
            ctx_->MouseClick(button);
    }

    void drag() {
        const ImVec2 from = somewhere(), to = somewhere();
        say("drag from " + std::to_string(from.x) + ", " + std::to_string(from.y));
        ctx_->MouseMoveToPos(from);
        ctx_->MouseDown();
        ctx_->MouseMoveToPos({(from.x + to.x) / 2, (from.y + to.y) / 2});
        ctx_->MouseMoveToPos(to);
        ctx_->MouseUp();
    }

    void turn_wheel() {
        say("wheel");
        ctx_->MouseMoveToPos(somewhere());
        ctx_->MouseWheelY(share() < 0.5f ? 3.0f : -3.0f);
    }

    void scrub() {
        const ImGuiTestItemInfo bar =
            ctx_->WindowInfo("//hopscope/timeline", ImGuiTestOpFlags_NoError);
        if (bar.ID == 0) return;
        say("scrub");
        ctx_->SetRef(bar.ID);
        if (!ctx_->ItemExists("track")) return;
        const ImRect track = ctx_->ItemInfo("track").RectFull;
        ctx_->MouseMoveToPos({track.Min.x + share() * track.GetWidth(), track.GetCenter().y});
        ctx_->MouseDown();
        ctx_->MouseMoveToPos({track.Min.x + share() * track.GetWidth(), track.GetCenter().y});
        ctx_->MouseUp();
    }

    void steer_an_expert() {
        const auto actions = app::expert_actions(*state, static_cast<int64_t>(below(2)),
                                                 static_cast<int64_t>(below(16)));
        const app::ActionItem& item = actions[below(actions.size())];
        say("expert: " + item.title);
        app::act(*state, item);
        if (below(3) == 0) state->show_panel = "intervene";
    }

    void train_or_not() {
        static constexpr std::array kCommands = {"pause", "resume", "step"};
        const app::ActionItem* item =
            app::find_action(shell->actions(), kCommands[below(kCommands.size())]);
        IM_CHECK(item != nullptr);
        say("command: " + item->id);
        app::act(*state, *item);
    }

    void choose_a_layout() {
        say("layout");
        shell->workspace().set_layout(*state,
                                      static_cast<app::Layout>(below(std::size(app::kLayouts))));
    }

    void shut_what_is_open() {
        say("shut what is open");
        shut_popups();
    }

    static bool asks() {
        const ImGuiWindow* question = ImGui::FindWindowByName("Stop the run?");
        return question && question->WasActive && !question->Hidden;
    }

    /// As a person does, who may come too late: the run has ended meanwhile, and nothing is asked.
    void stop_if_asked() {
        if (!asks()) return;
        const ImGuiTestItemInfo button =
            ctx_->ItemInfo("//Stop the run?/Stop and save", ImGuiTestOpFlags_NoError);
        if (button.ID == 0) return;
        ctx_->MouseMoveToPos(button.RectFull.GetCenter());
        ctx_->MouseClick();
        ctx_->Yield(3);
    }

    /// Whether a run at work is to end: it is, now and then.
    void answer_a_question() {
        if (!asks()) return;
        say("answer");
        if (below(2) == 0) return shut_popups();
        stop_if_asked();
        IM_CHECK(wait_for(
            ctx_, [] { return !shell->door().busy(); }, kLong));
    }

    ImGuiTestContext* ctx_;
    std::mt19937_64 random_;
    std::string folder_;
    int64_t moves_ = 0;
};

/// Waits for so many updates; a run that fails instead is an error of the test, with its reason.
bool learns(ImGuiTestContext* ctx, size_t updates) {
    const auto failed = [] {
        return state->session && state->status.state == core::RunState::failed;
    };
    const bool come = wait_for(
        ctx, [&] { return failed() || (state->session && state->history.step.size() >= updates); },
        kLong);
    if (failed()) IM_ERRORF("the run failed: %s", state->status.reason.c_str());
    if (!come) IM_ERRORF("no %d updates in %.0f s", static_cast<int>(updates), kLong);
    return come && !failed();
}

void walk(ImGuiTestContext* ctx) {
    using Clock = std::chrono::steady_clock;
    const double seconds = from_environment("HOPSCOPE_WALK_SECONDS", 15);
    const auto seed = static_cast<uint64_t>(from_environment("HOPSCOPE_WALK_SEED", 1));
    if (!learns(ctx, 20)) return;
    Walker walker(ctx, seed);
    const auto begin = Clock::now();
    const auto passed = [&] { return std::chrono::duration<double>(Clock::now() - begin).count(); };
    double told = 0;
    std::printf("seed %llu, %.0f MB\n", static_cast<unsigned long long>(seed), megabytes());
    while (passed() < seconds && !ctx->IsError()) {
        walker.go();
        if (state->session && state->status.state == core::RunState::failed)
            IM_ERRORF("the run failed: %s", state->status.reason.c_str());
        if (passed() - told < 60) continue;
        told = passed();
        std::printf("%.0f s, %lld moves, %.0f MB\n", told, static_cast<long long>(walker.moves()),
                    megabytes());
    }
    std::printf("%.0f s, %lld moves, %.0f MB\n", passed(), static_cast<long long>(walker.moves()),
                megabytes());
    IM_CHECK(!ctx->IsError());

    // Whatever was done to it, a run closes, comes back whole and learns on.
    if (state->session) walker.close_the_run();
    shell->door().start_config(kConfigFile);
    if (!learns(ctx, 10)) return;
    const std::string folder = state->status.run_dir;
    walker.close_the_run();
    shell->door().open_run(folder);
    if (!learns(ctx, 10)) return;
    IM_CHECK_EQ(state->status.step, static_cast<int64_t>(state->history.step.size()));
}

}  // namespace

int main() {
    return run_real_program("test_random_walk.xml", [](ImGuiTestEngine* engine) {
        // The walk is as long as it was asked for.
        ImGuiTestEngine_GetIO(engine).ConfigWatchdogWarning = 1e6f;
        ImGuiTestEngine_GetIO(engine).ConfigWatchdogKillTest = 1e6f;
        IM_REGISTER_TEST(engine, "walk", "in_random_order")->TestFunc = walk;
    });
}
