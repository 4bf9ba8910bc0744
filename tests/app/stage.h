// One panel (or two that share a selection) on the fake session, without a screen: what the tests
// of panels/NAME/panel_test.cpp have in common.
#pragma once

#include <memory>
#include <vector>

#include "app/panels/table.h"
#include "app/widgets/number.h"
#include "app/window/key_listener.h"
#include "app/window/stop_question.h"
#include "tests/app/engine_support.h"
#include "tests/app/fake_runs.h"
#include "tests/app/fake_session.h"
#include "tests/app/made_up_samples.h"
#include "tests/app/made_up_sheet.h"

namespace hopscope::gui_test {

/// State, the panels and the fake session behind them, made anew for each test.
struct Stage {
    app::AppState state;
    std::unique_ptr<app::Panel> panel, second;
    FakeSession* session = nullptr;
    std::vector<app::ActionItem> actions;  ///< of both, whose keys are heard as by the window
    app::KeyListener keys;
    app::StopQuestion stop_question;
    app::Attention attention;
    ImVec2 size = kUsual;  ///< of both windows; the usual one again with the next test

    static constexpr ImVec2 kUsual{560, 760};

    void open(std::unique_ptr<app::Panel> (*make)(), std::unique_ptr<app::Panel> (*make_second)(),
              FakeOptions options) {
        auto made = std::make_unique<FakeSession>(options);
        session = made.get();
        FakeShelf::serve(state.services, session->shelf());
        state.services.find_phases = made_up_phases;
        state.services.model_sheet = made_up_sheet;
        state.services.passages = made_up_passages;
        state.second = {};
        serve_made_up_samples(state.services, options);
        serve_fake_runs(state.services);
        state.comparison.stop();
        state.comparison = {};
        state.sweep.stop();
        state.sweep = {};
        state.compared = {};
        state.attach(std::move(made));
        state.watch_runs({});
        state.open_next.clear();
        state.picture_order = {};
        panel = make();
        second = make_second ? make_second() : nullptr;
        actions.clear();
        attention = {};
        size = kUsual;
        add_actions(panel.get(), "Stage");
        add_actions(second.get(), "Second");
    }
    void add_actions(app::Panel* of, const char* name) {
        if (!of) return;
        for (app::ActionItem& item : of->actions(state)) {
            item.panel = name;
            actions.push_back(std::move(item));
        }
    }
    const std::vector<core::Command>& received() const { return session->received(); }
    core::Command last() const { return received().empty() ? core::Command{} : received().back(); }
};
inline Stage* stage = nullptr;

inline FakeOptions small(core::RunState state = core::RunState::running) {
    FakeOptions options;
    options.start_step = 120;
    options.experts = 16;
    options.tokens = 16;
    options.state = state;
    return options;
}

/// The window "Stage" holds the panel, "Second" the other.
template <auto Make, std::unique_ptr<app::Panel> (*MakeSecond)() = nullptr>
void use(ImGuiTest* test, FakeOptions (*options)()) {
    static FakeOptions (*wanted)();
    test->UserData = reinterpret_cast<void*>(options);
    test->GuiFunc = [](ImGuiTestContext* ctx) {
        if (ctx->IsFirstGuiFrame()) {
            wanted = reinterpret_cast<FakeOptions (*)()>(ctx->Test->UserData);
            stage->open(Make, MakeSecond, wanted());
        }
        app::update_state(stage->state);
        stage->keys.listen(stage->state, stage->actions, stage->attention);
        stage->attention = {};
        const auto show = [](app::Panel* panel, const char* name, ImVec2 at) {
            if (!panel) return;
            panel->prepare(stage->state);
            ImGui::SetNextWindowSize(stage->size);
            ImGui::SetNextWindowPos(at);
            if (ImGui::Begin(name, nullptr, ImGuiWindowFlags_NoSavedSettings)) {
                stage->attention.note(name);
                stage->state.drawn->controls.begin_panel(name, name, true);
                panel->draw(stage->state);
                stage->state.drawn->controls.end_panel();
            }
            ImGui::End();
        };
        show(stage->panel.get(), "Stage", ImVec2(20, 20));
        show(stage->second.get(), "Second", ImVec2(640, 20));
        app::draw_number_menu(stage->state);
        stage->stop_question.draw(stage->state);
        stage->keys.end_frame();
    };
}

/// Registers tests with the engine; a constant of each file of tests, so that main finds them.
struct PanelTests {
    using Add = void (*)(ImGuiTestEngine*);
    explicit PanelTests(Add add) { all().push_back(add); }
    static std::vector<Add>& all() {
        static std::vector<Add> list;
        return list;
    }
};

}  // namespace hopscope::gui_test
