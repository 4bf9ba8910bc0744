// The stack of interventions on the prompt: rows that can act, mistakes, undo, scripts, editors.
#include "app/state/intervention_stack.h"

#include <gtest/gtest.h>

#include "core/api/command_registry.h"
#include "core/api/freeze_parts.h"
#include "tests/app/made_up.h"

namespace hopscope::app {
namespace {

using gui_test::parsed;

ModelShape tiny() {
    ModelShape shape;
    shape.layers = 3;
    shape.hops = 2;
    shape.top_k = 4;
    shape.experts = {16, 16, 16};
    shape.d_space = 8;
    shape.prompt_tokens = 5;
    return shape;
}

// Wrong if a row added from the list could not act at once: every command that acts on prompts
// must come with arguments that pass the checks.
TEST(Stack, EveryNewRowCanActAtOnce) {
    Selection selection;
    selection.layer = 2;
    selection.experts = {3, 7};
    for (const auto& spec : core::command_registry()) {
        if (!spec.inference) continue;
        InterventionStack stack;
        stack.add(spec.kind, selection, tiny());
        ASSERT_EQ(stack.items().size(), 1u) << spec.name;
        EXPECT_EQ(prompt_problem(stack.items()[0].command, tiny()), "") << spec.name;
        EXPECT_EQ(stack.prompt_script(tiny()).size(), 1u) << spec.name;
    }
    InterventionStack stack;
    stack.add(core::CommandKind::suppress, selection, tiny());
    EXPECT_EQ(stack.items()[0].command.integer("layer", -1), 2);
    EXPECT_EQ(stack.items()[0].command.integers("expert"), (std::vector<int64_t>{3, 7}));
}

// Wrong if a mistake went to the inspector, or the row did not name it.
TEST(Stack, MistakesAreNamedAndDoNotAct) {
    const auto problem = [](const std::string& line) {
        return prompt_problem(parsed(line), tiny());
    };
    EXPECT_EQ(problem(R"({"command": "suppress", "layer": 0, "expert": 15})"), "");
    EXPECT_NE(problem(R"({"command": "suppress", "layer": 0, "expert": 16})").find("0 … 15"),
              std::string::npos);
    EXPECT_NE(problem(R"({"command": "suppress", "layer": 3, "expert": 1})").find("layer 3"),
              std::string::npos);
    EXPECT_NE(problem(R"({"command": "zero_experts", "hops": [2]})").find("hop 2"),
              std::string::npos);
    EXPECT_NE(problem(R"({"command": "zero_experts", "tokens": [5, 6]})").find("token 5"),
              std::string::npos);
    EXPECT_NE(problem(R"({"command": "set", "key": "lr", "value": 1})").find("training"),
              std::string::npos);
    const core::Command half = {core::CommandKind::steer,
                                {{"layer", int64_t{0}}, {"expert", int64_t{1}}}};
    EXPECT_NE(prompt_problem(half, tiny()).find("\"lambda\" is missing"), std::string::npos);
    InterventionStack stack;
    stack.add(half);
    EXPECT_TRUE(stack.prompt_script(tiny()).empty());
}

// Wrong if undo lost a row or its place, or a drag had to be undone step by step.
TEST(Stack, UndoTakesBackWholeEdits) {
    InterventionStack stack;
    Selection selection;
    stack.add(core::CommandKind::steer, selection, tiny());
    stack.add(core::CommandKind::zero_experts, selection, tiny());
    const auto before = stack.items();
    stack.begin_edit();
    for (int i = 0; i < 50; ++i) {
        const core::Value value = 0.1 * i;
        stack.set_argument(before[0].id, "lambda", &value);
    }
    stack.undo();
    EXPECT_EQ(stack.items(), before);
    stack.redo();
    EXPECT_DOUBLE_EQ(stack.items()[0].command.number("lambda", 0), 4.9);
    stack.undo();
    stack.move(before[1].id, -1);
    EXPECT_EQ(stack.items()[0].id, before[1].id);
    stack.move(before[1].id, -1);  // at the top already
    stack.undo();
    EXPECT_EQ(stack.items(), before);
    stack.remove(before[0].id);
    EXPECT_FALSE(stack.can_redo()) << "a change after undo ends what could be made again";
    stack.set_on(before[1].id, false);
    EXPECT_TRUE(stack.prompt_script(tiny()).empty());
    stack.undo();
    stack.undo();
    EXPECT_EQ(stack.items(), before);
    stack.undo();
    stack.undo();
    EXPECT_TRUE(stack.items().empty());
    EXPECT_FALSE(stack.can_undo());
}

// Wrong if a saved script did not read back, or a bad line emptied the stack.
TEST(Stack, ScriptsReadBackAndBadOnesChangeNothing) {
    InterventionStack stack;
    stack.add(parsed(R"({"command": "steer", "layer": 1, "expert": [2, 5], "lambda": -0.5})"));
    stack.add(parsed(R"({"command": "halt", "max_hops": [1, 2, 1]})"));
    const std::string text = stack.script_text();
    InterventionStack other;
    ASSERT_TRUE(other.load(text));
    EXPECT_EQ(other.script_text(), text);
    const auto kept = other.items();
    const auto bad = other.load("{\"command\": \"zero_experts\"}\n\n{\"command\": \"stear\"}\n");
    ASSERT_FALSE(bad);
    EXPECT_NE(bad.error().message.find("line 3"), std::string::npos) << bad.error().message;
    EXPECT_EQ(other.items(), kept);
    EXPECT_FALSE(other.load("\n"));
}

// Wrong if typed numbers changed on their way, or text passed for numbers.
TEST(Stack, TypedListsBecomeValues) {
    EXPECT_EQ(value_of("12", true), core::Value(int64_t{12}));
    EXPECT_EQ(value_of(" 3, 7 12;", true), core::Value(std::vector<int64_t>{3, 7, 12}));
    EXPECT_EQ(value_of("[3, 7]", true), core::Value(std::vector<int64_t>{3, 7}));
    EXPECT_EQ(value_of("0.5 -1", false), core::Value(std::vector<double>{0.5, -1}));
    EXPECT_EQ(value_of("top", true), core::Value(std::string("top")));
    EXPECT_EQ(value_of("3, x", true), core::Value(std::string("3, x")));
    EXPECT_EQ(value_of("2.5", true),
              core::Value(std::vector<double>{2.5}));  // refused by the check
    EXPECT_EQ(text_of(value_of("3, 7 12", true)), "3, 7, 12");
    EXPECT_EQ(text_of(core::Value(0.25)), "0.25");
}

// Wrong if an argument got a field in which its values cannot be given.
TEST(Stack, EditorsSuitTheArguments) {
    const auto editor = [](const char* command, const char* name) {
        const auto* spec = core::find_command(command);
        for (const auto& arg : spec->args)
            if (arg.name == name) return editor_of(*spec, arg, tiny(), 0);
        ADD_FAILURE() << command << " " << name;
        return ArgEditor{};
    };
    EXPECT_EQ(editor("steer", "layer").kind, ArgEditor::integer);
    EXPECT_EQ(editor("steer", "layer").high, 2);
    EXPECT_EQ(editor("steer", "expert").kind, ArgEditor::list);
    EXPECT_EQ(editor("steer", "lambda").kind, ArgEditor::number);
    EXPECT_LT(editor("steer", "lambda").low, 0);
    EXPECT_EQ(editor("suppress", "neighbours").high, 12) << "16 experts, of which 4 are chosen";
    EXPECT_TRUE(editor("suppress", "neighbours").optional);
    EXPECT_EQ(editor("freeze", "what").kind, ArgEditor::word);
    EXPECT_EQ(editor("surgery", "with").kind, ArgEditor::list);
    EXPECT_EQ(editor("move_centroid", "to").kind, ArgEditor::list);
    EXPECT_TRUE(editor("halt", "epsilon").optional) << "it is epsilon or max_hops";
}

// Wrong if a row offered what its other choice alone takes, the same thing twice, or a step to wait
// for to what only acts on prompts.
TEST(Stack, ARowIsAskedForWhatItCanUse) {
    using Names = std::vector<std::string>;
    const auto names = [](const std::vector<const core::ArgSpec*>& asked) {
        Names out;
        for (const core::ArgSpec* arg : asked) out.push_back(arg->name);
        return out;
    };
    const auto freeze = [](core::FreezePart part) { return core::freeze_command(part); };
    EXPECT_EQ(names(asked_of(freeze(core::FreezePart::router))), Names{"what"});
    EXPECT_EQ(names(asked_of(freeze(core::FreezePart::experts))),
              (Names{"what", "layer", "experts"}));
    const auto steer = core::first_command(core::CommandKind::steer, {});
    EXPECT_EQ(names(asked_of(steer)), (Names{"layer", "expert", "lambda"}));
    EXPECT_EQ(names(scope_asked_of(steer)), (Names{"hops", "tokens", "from_step"}));
    const auto halt = core::first_command(core::CommandKind::halt, {});
    EXPECT_EQ(names(scope_asked_of(halt)), (Names{"layers", "hops", "tokens"}));
    EXPECT_EQ(layer_of(parsed(R"({"command": "zero_experts", "layers": [2, 1]})")), 2);
}

}  // namespace
}  // namespace hopscope::app
