// The stack of interventions and what the intervene panel shows, without a screen.
#include <cmath>
#include <gtest/gtest.h>

#include "app/panels/intervene/view.h"
#include "app/state/intervention_stack.h"
#include "app/widgets/format.h"
#include "core/api/freeze_parts.h"

namespace hopscope::app {
namespace {

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

core::Command parsed(const std::string& line) {
    auto command = core::parse_command(line);
    EXPECT_TRUE(command) << line;
    return command ? *command : core::Command{};
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

core::InterventionEffect measured() {
    core::InterventionEffect e;
    e.request.seed = 9;
    e.whole = true;
    e.step = 40;
    e.tokens = 6;
    e.target = {"a", 3, 0, 0.5, 0.25, {0.48, 0.01}};
    e.nll_base = -std::log(0.5);
    e.nll_changed = -std::log(0.25);
    e.kl = 0.3;
    e.next = {{"a", 3, 0, 0.5, 0.25, {0.48, 0.01}},
              {"b,\"", 4, 0, 0.2, 0.6, {0.2, 0.02}},
              {"c", 5, 0, 0.1, 0.05, {0.1, 0.0}}};
    e.token_changed = true;
    e.groups = {{"time", -1, 12, 0.1, 0.2, {0.11, 0.03}}};
    e.jaccard = {1.0, 0.5, std::nan("")};
    e.control_draws = 4;
    e.control_kls = {0.01, 0.02, 0.31, 0.1};
    e.control_kl = {0.11, 0.1389};
    e.control_changed = 0.25;
    e.control_jaccard = {{1, 0}, {0.9, 0.05}, {}};
    e.doses = {{0, 0, 0.5, 0.69, false, {0, 0}, {0.5, 0}, ""},
               {1, 0.3, 0.25, 1.39, true, {0.1, 0.02}, {0.48, 0.01}, ""},
               {2, 0, 0, 0, false, {}, {}, "too far"}};
    return e;
}

// Wrong if a number lost its sign, its control or its definition.
TEST(InterveneView, NumbersStandBesideChance) {
    const auto rows = numbers_of(measured());
    const auto row = [&](const std::string& label) {
        for (const auto& r : rows)
            if (r.label == label) return r;
        ADD_FAILURE() << label;
        return NumberRow{};
    };
    EXPECT_EQ(row("KL, nats").after, "0.300");
    EXPECT_EQ(row("KL, nats").control, "0.11 ± 0.14");
    EXPECT_EQ(row("P(a)").change, "−0.25");
    EXPECT_EQ(row("P(a)").control, "−0.020 ± 0.010");
    EXPECT_EQ(row("P(time)").change, "+0.10");
    EXPECT_NE(row("P(time)").why.find("12 single-token words"), std::string::npos);
    EXPECT_EQ(row("likeliest token").before, "a");
    auto wordless = measured();
    wordless.groups[0].words = 0;
    EXPECT_EQ(numbers_of(wordless)[3].after, kNothing) << "a list without a token is not P = 0";
    EXPECT_EQ(row("likeliest token").control, "25 % changed");
    EXPECT_EQ(row("Jaccard, mean").after, "0.750");
    for (const auto& r : rows) {
        EXPECT_FALSE(r.why.empty()) << r.label;
        EXPECT_NE(r.label, "Jaccard, layer 2") << "a layer that does not route has none";
    }
    EXPECT_NE(row("KL, nats").why.find("n = 4 draws, seed 9"), std::string::npos);
    EXPECT_EQ(beside_chance(measured()), "KL is above 3 of 4 random controls");
    auto alone = measured();
    alone.control_kls.clear();
    alone.control_draws = 0;
    alone.control_reason = "top_k = 1";
    EXPECT_EQ(beside_chance(alone), "");
    EXPECT_NE(numbers_of(alone)[0].why.find("top_k = 1"), std::string::npos);
}

TEST(InterveneView, BarsAndDosesKeepTheirOrder) {
    // Wrong if the token that the intervention made likely fell out of the list, or a failed dose
    // was drawn as zero.
    const auto rows = next_rows(measured(), 2);
    ASSERT_EQ(rows.size(), 2u);
    EXPECT_EQ(rows[0].id, 4);
    EXPECT_EQ(rows[1].id, 3);
    EXPECT_DOUBLE_EQ(largest(rows), 0.6);
    const auto kl = dose_curve(measured(), DoseValue::kl);
    EXPECT_EQ(kl.factor, (std::vector<double>{0, 1}));
    EXPECT_EQ(kl.value, (std::vector<double>{0, 0.3}));
    EXPECT_NEAR(kl.control_high[1], 0.12, 1e-12);
    EXPECT_EQ(dose_curve(measured(), DoseValue::p_target).value[1], 0.25);
    EXPECT_FALSE(core::has_dose({parsed(R"({"command": "zero_experts"})")}));
    EXPECT_TRUE(core::has_dose({parsed(R"({"command": "boost", "layer": 0, "expert": 1,
                                     "strength": 2})")}));
}

TEST(InterveneView, CsvReadsBack) {
    // Wrong if a piece with a comma or a quote broke the table, or a number was rounded.
    const std::string csv = effect_csv(measured());
    EXPECT_NE(csv.find("\np_next,\"b,\"\"\",probability,0.20000000000000001,"), std::string::npos)
        << csv;
    EXPECT_NE(csv.find("\nkl,,nats,0,0.29999999999999999,0.11,"), std::string::npos) << csv;
    EXPECT_NE(csv.find(",4,9,40\n"), std::string::npos);
    EXPECT_EQ(words_of(" before,after;  then "),
              (std::vector<std::string>{"before", "after", "then"}));
}

}  // namespace
}  // namespace hopscope::app
