// Interventions on one forward pass: if these fail, an effect is reported
// for something else than what the script says, or at another place.
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/tensor.h>
#include <any>
#include <c10/core/GradMode.h>
#include <cmath>
#include <set>

#include "core/api/freeze_parts.h"
#include "core/probe/intervention_probe.h"
#include "core/probe/random_control.h"
#include "kernels/reference/reference.h"
#include "tests/model/tiny.h"

namespace {

using namespace hopscope;
using namespace hopscope::test;

/// What a pass over one sequence shows, layer by layer and hop by hop.
class Record : public Probe {
  public:
    void after_route(int64_t layer, int64_t hop, Chosen& c) override {
        at(layer, hop).used = c.used.clone();
    }
    void after_hop(int64_t layer, int64_t hop, const HopRecord& r) override {
        auto& x = at(layer, hop);
        x.idx = r.route.idx + r.pool_offset;
        x.weight = r.route.weight;
        x.pos = r.route.pos;
        x.dh = r.update;
    }
    struct Hop {
        at::Tensor idx, weight, used, pos, dh;
    };
    Hop& at(int64_t layer, int64_t hop) { return hops[{layer, hop}]; }
    std::map<std::pair<int64_t, int64_t>, Hop> hops;
};

class Interventions : public ::testing::Test {
  protected:
    Interventions() { set(tiny()); }
    void set(const Config& config) {
        model = {config, in_fp64(config)};
        ids = some_ids(c, 1, 6);
    }
    Result<Plan> plan(const std::vector<std::string>& lines) {
        std::vector<Command> commands;
        for (const auto& line : lines) {
            auto command = parse_command(line);
            if (!command) return command.error();
            commands.push_back(*command);
        }
        return make_plan(model, commands, 7);
    }
    Record run(const Plan& p, at::Tensor* hidden = nullptr) {
        const c10::AutoGradMode no_grad(false);
        const auto edited = edited_model(model, p);
        InterventionProbe changes(edited, p, {ids.size(1)});
        Record record;
        ProbeChain chain({&changes, &record});
        ForwardOptions options;
        options.changes = p.changes;
        options.changes.keep_scores = true;
        options.probe = &chain;
        const auto out = forward(edited, ids, options);
        if (hidden) *hidden = out.hidden;
        return record;
    }
    Record run(const std::vector<std::string>& lines, at::Tensor* hidden = nullptr) {
        auto p = plan(lines);
        EXPECT_TRUE(p.ok()) << (p ? "" : p.error().message);
        return run(p ? *p : Plan(), hidden);
    }
    Record base() { return run(Plan()); }
    /// A script that freezes routing, held against the flag of a pass.
    Record frozen_by_script_as_by_control() {
        at::Tensor by_script, by_control;
        auto record = run({R"({"command": "freeze", "what": "routing"})"}, &by_script);
        Plan control;
        control.changes.freeze_routing = true;
        run(control, &by_control);
        EXPECT_LT(max_abs(by_script, by_control), 1e-12);
        return record;
    }

    Model model;
    const Config& c = model.config;
    const Weights& w = model.weights;
    at::Tensor ids;
};

bool contains(const at::Tensor& idx, int64_t expert) {
    return (idx == expert).any().item().toBool();
}

TEST_F(Interventions, ExpertsOutsideTheModelAreRefused) {
    // Commands that were made in the program, not read from a line with its ranges.
    for (const int64_t expert : {int64_t{-1}, c.moe.experts}) {
        const Command force{CommandKind::force,
                            {{"layer", int64_t{0}}, {"expert", std::vector<int64_t>{expert}}}};
        const auto refused = make_plan(model, {force}, 7);
        ASSERT_FALSE(refused.ok()) << expert;
        EXPECT_EQ(refused.error().kind, ErrorKind::usage);
        EXPECT_NE(refused.error().message.find("expert " + std::to_string(expert)),
                  std::string::npos)
            << refused.error().message;
    }
}

TEST_F(Interventions, AnEmptyScriptChangesNoBit) {
    at::Tensor hidden;
    run(std::vector<std::string>{}, &hidden);
    ForwardOptions plain;
    plain.changes.keep_scores = true;
    const c10::AutoGradMode no_grad(false);
    EXPECT_TRUE(hidden.equal(forward(model, ids, plain).hidden));
}

TEST_F(Interventions, SteeringAddsTheCentroidToThePositionInItsLayerAlone) {
    auto before = base();
    auto after = run({R"({"command": "steer", "layer": 1, "expert": 3, "lambda": 1.5})"});
    EXPECT_TRUE(after.at(0, 2).pos.equal(before.at(0, 2).pos)) << "layer 0 is not named";
    const auto centroid = kernels::reference::l2norm(w.layers[1].centroids)[3];
    const auto expected = kernels::reference::l2norm(before.at(1, 0).pos + centroid * 1.5);
    EXPECT_LT(max_abs(after.at(1, 0).pos, expected), 1e-12);
    // [def:steer]: both centroids are added, then normalised once.
    auto two = run({R"({"command": "steer", "layer": 1, "expert": [3, 4], "lambda": 0.5})"});
    const auto other = kernels::reference::l2norm(w.layers[1].centroids)[4];
    EXPECT_LT(max_abs(two.at(1, 0).pos,
                      kernels::reference::l2norm(before.at(1, 0).pos + (centroid + other) * 0.5)),
              1e-12);
}

TEST_F(Interventions, SteeringTheLinearRouterIsABiasOnItsLogit) {
    auto config = tiny();
    config.moe.router = RouterKind::linear;
    set(config);
    auto after = run({R"({"command": "steer", "layer": 0, "expert": 5, "lambda": 1000})"});
    EXPECT_EQ(after.at(0, 0).idx.select(1, 0).min().item().toLong(), 5);
    EXPECT_EQ(after.at(0, 0).idx.select(1, 0).max().item().toLong(), 5);
    EXPECT_LT(max_abs(after.at(0, 0).weight.select(1, 0), at::ones({6}, at::kDouble)), 1e-9);
}

TEST_F(Interventions, SuppressedExpertsAndTheirNearestAreNeverChosen) {
    const auto unit = kernels::reference::l2norm(w.layers[0].centroids);
    const auto near = neighbours_of(c, w.layers[0], 0, 2, 3);
    ASSERT_EQ(near.size(), 3u);
    EXPECT_EQ(near[0], 2);
    const auto cosine = unit.matmul(unit[2]);
    for (int64_t e = 0; e < c.moe.experts; ++e) {
        if (std::find(near.begin(), near.end(), e) == near.end()) {
            EXPECT_LE(cosine[e].item().toDouble(), cosine[near[2]].item().toDouble() + 1e-12);
        }
    }
    auto after = run({R"({"command": "suppress", "layer": 0, "expert": 2, "neighbours": 3})"});
    for (int64_t hop = 0; hop < 3; ++hop)
        for (const int64_t e : near) EXPECT_FALSE(contains(after.at(0, hop).idx, e));
    const auto all = plan({R"({"command": "suppress", "layer": 0, "expert": 2, "neighbours": 5})"});
    ASSERT_FALSE(all.ok()) << "five of six gone leaves fewer than top_k = 2";
    EXPECT_NE(all.error().message.find("top_k"), std::string::npos);
}

TEST_F(Interventions, AForcedExpertTakesTheLastPlaceWithItsOwnProbability) {
    auto before = base();
    auto after = run({R"({"command": "force", "layer": 0, "expert": 4, "hops": [0]})"});
    for (int64_t t = 0; t < 6; ++t) {
        EXPECT_TRUE(contains(after.at(0, 0).idx[t], 4));
        if (contains(before.at(0, 0).idx[t], 4))
            EXPECT_TRUE(after.at(0, 0).idx[t].equal(before.at(0, 0).idx[t]));
        else
            EXPECT_TRUE(contains(after.at(0, 0).idx[t], before.at(0, 0).idx[t][0].item().toLong()))
                << "the first-ranked stays";
    }
    EXPECT_LT(max_abs(after.at(0, 0).weight.sum(-1), at::ones({6}, at::kDouble)), 1e-12);
    EXPECT_GE((after.at(0, 0).weight.select(1, 0) - after.at(0, 0).weight.select(1, 1))
                  .min()
                  .item()
                  .toDouble(),
              0.0)
        << "listed by falling weight";
}

TEST_F(Interventions, AKnockedOutExpertIsReportedButWritesNothing) {
    auto before = base();
    auto after = run({R"({"command": "knock_out", "layer": 0, "expert": "top", "hops": [0]})"});
    EXPECT_TRUE(after.at(0, 0).weight.equal(before.at(0, 0).weight));
    EXPECT_EQ(after.at(0, 0).used.select(1, 0).abs().max().item().toDouble(), 0.0);
    const auto without = kernels::experts(
        // The update is linear in the weights: the rest alone is what remains.
        at::zeros({6, c.model.d_model}, at::kDouble), before.at(0, 0).idx, before.at(0, 0).weight,
        w.layers[0].down, w.layers[0].up);
    EXPECT_EQ(without.abs().max().item().toDouble(), 0.0);
    EXPECT_GT(max_abs(after.at(0, 0).dh, before.at(0, 0).dh), 1e-6);
    auto both = run({R"({"command": "knock_out", "layer": 0, "expert": [0,1,2,3,4,5]})"});
    EXPECT_EQ(both.at(0, 2).dh.abs().max().item().toDouble(), 0.0);
}

TEST_F(Interventions, SurgeryKeepsTheNormOfWhatIsWritten) {
    auto before = base();
    at::Tensor same, plain;
    run(Plan(), &plain);
    run({R"({"command": "surgery", "layer": 0, "expert": 2, "with": 2})"}, &same);
    EXPECT_LT(max_abs(same, plain), 1e-12) << "an expert replaced by itself";
    auto negated =
        run({R"({"command": "surgery", "layer": 0, "expert": [0,1,2,3,4,5], "with": "negate"})"});
    EXPECT_LT(max_abs(negated.at(0, 0).dh, -before.at(0, 0).dh), 1e-12);
    auto random =
        run({R"({"command": "surgery", "layer": 0, "expert": [0,1,2,3,4,5], "with": "random"})"});
    EXPECT_GT(max_abs(random.at(0, 0).dh, before.at(0, 0).dh), 1e-6);
}

TEST_F(Interventions, TokensHopsAndLayersOutsideTheScopeStayAsTheyAre) {
    auto before = base();
    for (
        const char* line :
        {R"({"command": "suppress", "layer": 0, "expert": 1, "tokens": [2, 3], "hops": [1]})",
         R"({"command": "surgery", "layer": 0, "expert": [0,1,2,3,4,5], "with": "negate", "tokens": [2, 3], "hops": [1]})",
         R"({"command": "zero_experts", "layers": [0], "tokens": [2, 3], "hops": [1]})",
         R"({"command": "steer", "layer": 0, "expert": 1, "lambda": 3, "tokens": [2, 3], "hops": [1]})",
         R"({"command": "knock_out", "layer": 0, "expert": "top", "tokens": [2, 3], "hops": [1]})"}) {
        auto after = run({line});
        EXPECT_TRUE(after.at(0, 0).dh.equal(before.at(0, 0).dh)) << line;
        for (const int64_t t : {0, 1, 4, 5})
            EXPECT_LT(max_abs(after.at(0, 1).dh[t], before.at(0, 1).dh[t]), 1e-12)
                << line << " token " << t;
    }
    auto zero =
        run({R"({"command": "zero_experts", "layers": [0], "tokens": [2, 3], "hops": [1]})"});
    EXPECT_EQ(zero.at(0, 1).dh.narrow(0, 2, 2).abs().max().item().toDouble(), 0.0);
}

TEST_F(Interventions, FreezingRoutingByScriptIsTheSameAsByControl) {
    auto record = frozen_by_script_as_by_control();
    EXPECT_TRUE(record.at(0, 2).pos.equal(record.at(0, 0).pos)) << "position is pos_0 if frozen";
    auto choices = run({R"({"command": "freeze", "what": "choices"})"});
    EXPECT_TRUE(choices.at(0, 2).idx.equal(choices.at(0, 0).idx));
    EXPECT_GT(max_abs(choices.at(0, 2).weight, choices.at(0, 0).weight), 1e-9)
        << "weights are the hop's own";
}

TEST_F(Interventions, AMovedCentroidIsThatOfACopy) {
    const auto before = w.layers[0].centroids.clone();
    auto p = plan({R"({"command": "move_centroid", "layer": 0, "expert": 1, "to": [1, 0, 0, 0]})"});
    ASSERT_TRUE(p.ok()) << p.error().message;
    const auto edited = edited_model(model, *p);
    EXPECT_TRUE(w.layers[0].centroids.equal(before)) << "the model itself must stay";
    EXPECT_TRUE(edited.weights.layers[1].centroids.is_same(w.layers[1].centroids));
    EXPECT_EQ(edited.weights.layers[0].centroids[1][0].item().toDouble(), 1.0);
    EXPECT_FALSE(
        plan({R"({"command": "move_centroid", "layer": 0, "expert": 1, "to": [1, 0]})"}).ok());
    // Wrong if a vector whose direction fp32 loses is taken for one that points somewhere.
    for (const char* length : {"0", "1e-7", "1e-30", "1e-320"})
        EXPECT_FALSE(plan({R"({"command": "move_centroid", "layer": 0, "expert": 1, "to": [0, )" +
                           std::string(length) + ", 0, 0]}"})
                         .ok())
            << length;
}

TEST_F(Interventions, TheControlOfAMovedCentroidIsMovedAsFar) {
    // Plain K-Means compares points: the same distance. Elsewhere only directions count: the same
    // angle.
    const std::string line =
        R"({"command": "move_centroid", "layer": 0, "expert": 1, "to": [3, 0, 4, 0]})";
    const std::vector<double> to = {3, 0, 4, 0};
    const auto row = [&](int64_t e) {
        std::vector<double> out;
        for (int64_t i = 0; i < 4; ++i)
            out.push_back(w.layers[0].centroids[e][i].item().toDouble());
        return out;
    };
    const auto distance = [](const auto& a, const auto& b) {
        double sum = 0;
        for (size_t i = 0; i < 4; ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
        return std::sqrt(sum);
    };
    const auto cosine = [&](const auto& a, const auto& b) {
        double sum = 0;
        for (size_t i = 0; i < 4; ++i) sum += a[i] * b[i];
        const std::vector<double> zero(4, 0.0);
        return sum / distance(a, zero) / distance(b, zero);
    };
    for (const bool plain : {true, false}) {
        auto config = tiny();
        if (plain) {
            config.moe.router = RouterKind::kmeans;
            config.moe.kmeans = KMeans::plain;
        }
        set(config);
        const auto p = plan({line});
        ASSERT_TRUE(p.ok()) << p.error().message;
        for (uint64_t seed = 0; seed < 5; ++seed) {
            const auto control = random_control(*p, model, seed);
            const auto& move = control.edits.at(0);
            ASSERT_EQ(move.experts.size(), 1u);
            const int64_t other = move.experts[0];
            const auto place = std::any_cast<std::vector<double>>(move.own);
            EXPECT_NE(other, 1);
            if (plain)
                EXPECT_NEAR(distance(place, row(other)), distance(to, row(1)), 1e-4);
            else
                EXPECT_NEAR(cosine(place, row(other)), cosine(to, row(1)), 1e-5);
        }
    }
}

TEST_F(Interventions, ScriptsThatDoNotFitTheModelAreRefusedByName) {
    for (const auto& [line, word] : std::vector<std::pair<std::string, std::string>>{
             {R"({"command": "steer", "layer": 9, "expert": 0, "lambda": 1})", "layer 9"},
             {R"({"command": "steer", "layer": 0, "expert": 6, "lambda": 1})", "expert 6"},
             {R"({"command": "suppress", "layer": 0, "expert": 0, "hops": [3]})", "hop 3"},
             {R"({"command": "halt", "max_hops": [1, 2, 3]})", "max_hops has 3"},
             {R"({"command": "set", "key": "lr", "value": 1})", "run in training"},
             {R"({"command": "freeze", "what": "router"})", "part of training"}}) {
        const auto p = plan({line});
        ASSERT_FALSE(p.ok()) << line;
        EXPECT_NE(p.error().message.find(word), std::string::npos) << p.error().message;
        // Of a script, its line comes first.
        auto command = parse_command(line);
        command->place = "script.jsonl:7: ";
        EXPECT_EQ(make_plan(model, {*command}, 7).error().message,
                  "script.jsonl:7: " + p.error().message);
    }
    // Of several that go too far together, the line that does.
    std::vector<Command> many;
    for (int64_t e = 0; e < c.moe.experts; ++e) {
        many.push_back({CommandKind::suppress, {{"layer", int64_t{0}}, {"expert", e}}});
        many.back().place = "script.jsonl:" + std::to_string(e + 1) + ": ";
    }
    const auto too_many = make_plan(model, many, 7);
    ASSERT_FALSE(too_many.ok());
    const int64_t spared = c.moe.experts - c.moe.top_k;
    EXPECT_EQ(
        too_many.error().message.rfind("script.jsonl:" + std::to_string(spared + 1) + ": ", 0), 0u)
        << too_many.error().message;
    auto hash = tiny();
    hash.moe.router = RouterKind::hash;
    set(hash);
    EXPECT_FALSE(plan({R"({"command": "suppress", "layer": 0, "expert": 0})"}).ok());
    EXPECT_TRUE(plan({R"({"command": "knock_out", "layer": 0, "expert": 0})"}).ok());
}

TEST_F(Interventions, TheControlDrawsOtherExpertsOfTheSamePool) {
    auto config = tiny();
    config.moe.experts = 18;
    config.moe.pools = Pools::unrolled;
    set(config);
    const auto p = plan({R"({"command": "suppress", "layer": 1, "expert": [0, 7]})"});
    ASSERT_TRUE(p.ok()) << p.error().message;
    std::set<std::vector<int64_t>> seen;
    for (uint64_t seed = 0; seed < 30; ++seed) {
        const auto control = random_control(*p, model, seed);
        const auto& e = control.actions[0].experts;
        ASSERT_EQ(e.size(), 2u);
        EXPECT_EQ(control.actions[0].layer, 1);
        EXPECT_TRUE(e[0] > 0 && e[0] < 6) << "pool of expert 0: 0 … 5";
        EXPECT_TRUE(e[1] >= 6 && e[1] < 12 && e[1] != 7) << "pool of expert 7: 6 … 11";
        seen.insert(e);
    }
    EXPECT_GT(seen.size(), 5u) << "draws must differ";
    EXPECT_EQ(random_control(*p, model, 3).actions[0].experts,
              random_control(*p, model, 3).actions[0].experts);
}

TEST_F(Interventions, TheControlOfSeveralLinesIsOfTheirSize) {
    // Wrong if lines on the same experts drew each for itself: the control then acted on more
    // experts than the script, up to all of a layer.
    auto config = tiny();
    config.moe.experts = 16;
    set(config);
    const auto p = plan({R"({"command": "suppress", "layer": 0, "expert": [0, 1, 2, 3, 4, 5]})",
                         R"({"command": "suppress", "layer": 0, "expert": [3, 4, 5, 6]})",
                         R"({"command": "boost", "layer": 0, "expert": 6, "strength": 1})",
                         R"({"command": "suppress", "layer": 1, "expert": 0})"});
    ASSERT_TRUE(p.ok()) << p.error().message;
    for (uint64_t seed = 0; seed < 20; ++seed) {
        const auto control = random_control(*p, model, seed);
        std::set<int64_t> a(control.actions[0].experts.begin(), control.actions[0].experts.end()),
            b(control.actions[1].experts.begin(), control.actions[1].experts.end()), all = a;
        all.insert(b.begin(), b.end());
        EXPECT_EQ(a.size(), 6u);
        EXPECT_EQ(b.size(), 4u);
        EXPECT_EQ(all.size(), 7u) << "as many as the script names";
        EXPECT_GT(*all.begin(), 6) << "none of its targets";
        EXPECT_TRUE(b.count(control.actions[2].experts[0])) << "expert 6 is the same in all lines";
        EXPECT_EQ(control.actions[3].experts.size(), 1u);
        EXPECT_NE(control.actions[3].experts[0], 0);
    }
    const auto surgery =
        plan({R"({"command": "surgery", "layer": 0, "expert": [0, 1, 2], "with": 9})"});
    for (uint64_t seed = 0; seed < 40; ++seed) {
        const auto control = random_control(*surgery, model, seed);
        for (const int64_t e : control.actions[0].experts)
            EXPECT_TRUE(e > 2 && e != 9) << "its own direction would change nothing";
    }
}

TEST_F(Interventions, TheControlOfZeroedHopsKeepsTheTokensOfEach) {
    const auto p =
        plan({R"({"command": "zero_experts", "layers": [0], "hops": [0], "tokens": [0, 1]})",
              R"({"command": "zero_experts", "layers": [1], "hops": [0], "tokens": [2, 5]})"});
    ASSERT_TRUE(p.ok()) << p.error().message;
    for (uint64_t seed = 0; seed < 10; ++seed) {
        const auto control = random_control(*p, model, seed);
        ASSERT_EQ(control.actions.size(), 2u);
        std::set<std::pair<int64_t, int64_t>> tokens;
        for (const auto& a : control.actions) {
            EXPECT_NE(a.scope.hops, std::vector<int64_t>{0});
            tokens.insert(*a.scope.tokens);
        }
        EXPECT_EQ(tokens, (std::set<std::pair<int64_t, int64_t>>{{0, 1}, {2, 5}}));
    }
}

// Wrong if the control of a zeroed hop were always the same other hop.
TEST_F(Interventions, TheControlOfAZeroedHopIsDrawn) {
    const auto p = plan({R"({"command": "zero_experts", "layers": [0], "hops": [0]})"});
    ASSERT_TRUE(p.ok()) << p.error().message;
    std::set<std::pair<int64_t, int64_t>> seen;
    for (uint64_t seed = 0; seed < 40; ++seed) {
        const auto control = random_control(*p, model, seed);
        ASSERT_EQ(control.actions.size(), 1u);
        seen.emplace(control.actions[0].layer, control.actions[0].scope.hops.at(0));
    }
    int64_t hops = 0;
    for (int64_t l = 0; l < model.config.model.n_layers; ++l) hops += model.config.moe.hops_of(l);
    EXPECT_EQ(std::ssize(seen), hops - 1) << "each of the others, given enough draws";
    EXPECT_FALSE(seen.contains({0, 0}));
}

TEST_F(Interventions, TheControlOfAFreezeTakesChoicesOfOtherTokens) {
    const auto p = plan({R"({"command": "freeze", "what": "routing"})"});
    ASSERT_TRUE(p.ok());
    auto record = run(random_control(*p, model, 5));
    const auto first = record.at(0, 0).idx, later = record.at(0, 1).idx;
    const auto sorted = [](const at::Tensor& t) { return std::get<0>(t.reshape({-1}).sort()); };
    EXPECT_TRUE(sorted(first).equal(sorted(later))) << "the same choices, dealt anew";
    // Frozen choices weigh anew what they take, so their control does.
    const auto choices = plan({R"({"command": "freeze", "what": "choices"})"});
    const auto control = random_control(*choices, model, 5);
    EXPECT_EQ(control.actions.at(0).kind, CommandKind::freeze);
    auto weighed = run(control), kept = run(*choices);
    EXPECT_FALSE(weighed.at(0, 1).idx.equal(kept.at(0, 1).idx)) << "those of other tokens";
    EXPECT_TRUE(sorted(weighed.at(0, 0).idx).equal(sorted(weighed.at(0, 1).idx)));
    EXPECT_FALSE(sorted(weighed.at(0, 0).weight).equal(sorted(weighed.at(0, 1).weight)));
}

TEST_F(Interventions, FrozenRoutingOverUnrolledPoolsKeepsHopZerosPool) {
    auto config = tiny();
    config.moe.experts = 8;  // pools of 3, 3 and 2: index 2 of hop 0 does not exist in hop 2
    config.moe.pools = Pools::unrolled;
    set(config);
    auto record = frozen_by_script_as_by_control();
    EXPECT_TRUE(record.at(0, 2).idx.equal(record.at(0, 0).idx));
    EXPECT_FALSE(plan({R"({"command": "freeze", "what": "choices"})"}).ok());
}

TEST_F(Interventions, TwoForcedExpertsDoNotDriveEachOtherOut) {
    auto after = run({R"({"command": "force", "layer": 0, "expert": 4, "hops": [0]})",
                      R"({"command": "force", "layer": 0, "expert": 1, "hops": [0]})"});
    for (int64_t t = 0; t < 6; ++t) {
        EXPECT_TRUE(contains(after.at(0, 0).idx[t], 4));
        EXPECT_TRUE(contains(after.at(0, 0).idx[t], 1));
    }
    EXPECT_FALSE(plan({R"({"command": "force", "layer": 0, "expert": [0, 1, 2]})"}).ok())
        << "top_k = 2";
}

TEST_F(Interventions, ForcingWhatIsChosenAnywayChangesNothingForAnyScore) {
    for (const auto score : {Score::softmax, Score::sigmoid, Score::relu}) {
        auto config = tiny();
        config.moe.score = score;
        config.moe.renormalise = Renormalise::no;
        config.moe.top_k = 6;
        set(config);
        at::Tensor plain, forced;
        run(Plan(), &plain);
        run({R"({"command": "force", "layer": 0, "expert": 4})"}, &forced);
        EXPECT_LT(max_abs(plain, forced), 1e-12) << word(score);
    }
}

TEST_F(Interventions, SurgeriesOfDifferentScopesAddUp) {
    auto both = run(
        {R"({"command": "surgery", "layer": 0, "expert": [0, 1, 2], "with": "negate"})",
         R"({"command": "surgery", "layer": 0, "expert": [3, 4, 5], "with": "negate", "hops": [0]})"});
    auto all =
        run({R"({"command": "surgery", "layer": 0, "expert": [0,1,2,3,4,5], "with": "negate"})"});
    EXPECT_LT(max_abs(both.at(0, 0).dh, all.at(0, 0).dh), 1e-12);
}

TEST_F(Interventions, SuppressionAtDifferentHopsIsCountedHopByHop) {
    EXPECT_TRUE(plan({R"({"command": "suppress", "layer": 0, "expert": [0, 1, 2], "hops": [0]})",
                      R"({"command": "suppress", "layer": 0, "expert": [3, 4, 5], "hops": [1]})"})
                    .ok());
    EXPECT_FALSE(
        plan({R"({"command": "halt", "epsilon": 0.1})", R"({"command": "halt", "max_hops": 1})"})
            .ok());
}

TEST_F(Interventions, WhereNothingElseIsLeftThereIsNoControl) {
    EXPECT_EQ(no_control(*plan({R"({"command": "zero_experts", "layers": [0]})"}), c), "");
    EXPECT_NE(no_control(*plan({R"({"command": "zero_experts"})"}), c), "");
    auto config = tiny();
    config.moe.top_k = 1;
    set(config);
    const auto top = plan({R"({"command": "knock_out", "layer": 0, "expert": "top"})"});
    ASSERT_TRUE(top.ok());
    EXPECT_NE(no_control(*top, c), "");
    EXPECT_FALSE(
        check_tokens(
            *plan(
                {R"({"command": "steer", "layer": 0, "expert": 0, "lambda": 1, "tokens": [6, 7]})"}),
            6)
            .ok());
}

TEST(Choose, ListsByFallingWeightWhateverTheBiasPrefers) {
    kernels::Gate gate;
    gate.score = kernels::Score::sigmoid;
    gate.select_bias = at::tensor({5.0, 0.0, 0.0, 0.0}, at::kDouble);
    const auto r = kernels::choose(randn({20, 4}, 3), 3, gate);
    EXPECT_GE((r.weight.narrow(1, 0, 2) - r.weight.narrow(1, 1, 2)).min().item().toDouble(), 0.0);
}

}  // namespace
