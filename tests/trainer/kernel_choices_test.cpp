// If these fail, a run goes on in another form of its operators than the one it was made with, and
// its numbers are not those it would have had.
#include "core/trainer/kernel_choices.h"

#include <nlohmann/json.hpp>

#include "core/config/parse.h"
#include "core/trainer/run_trainer.h"
#include "tests/trainer/run_helpers.h"

namespace {

using namespace hopscope;
using namespace hopscope::core;
using namespace hopscope::test;
using kernels::Form;
using nlohmann::json;

const std::vector<std::string> kShort = {"train.steps=12", "train.checkpoint_every=4",
                                         "train.threads=1"};

class KernelChoices : public OwnRuns {
  protected:
    KernelChoices() {
        quiet_.report = [](const std::string&, double) {};
        quiet_.cancelled = [] { return false; };
    }
    SessionOptions options(const std::string& name, bool resume) const {
        SessionOptions out;
        out.config = *load_config(config_, kShort);
        out.config_name = "tiny";
        out.run_dir = dir_ / name;
        out.headless = true;
        out.resume = resume;
        return out;
    }
    /// A run before its first update whose run.json holds `choices`.
    std::string begun(const std::string& name, const json& choices) {
        RunStatus status;
        {
            RunTrainer trainer(options(name, false));
            EXPECT_TRUE(trainer.prepare(quiet_, status).ok());
        }
        const std::string path = dir_ / (name + "/run.json");
        auto info = json::parse(bytes_of(path));
        info["kernel_choices"] = choices;
        std::ofstream(path) << info.dump();
        return dir_ / name;
    }
    static json all(const std::string& form) {
        json out;
        for (const char* name : {"attention", "route", "experts", "classifier", "adamw"})
            out[name] = form;
        return out;
    }

    Progress quiet_;
};

TEST_F(KernelChoices, ResumeAndForkObeyWhatTheRunWasMadeWith) {
    const auto fused = trained(order("fused", kShort));
    EXPECT_EQ(json::parse(bytes_of(fused + "/run.json")).at("kernel_choices"), all("fused"));
    const auto reference = begun("reference", all("reference"));
    trained(order("reference", kShort, /*resume=*/true));
    EXPECT_NE(bytes_of(checkpoint_of(reference, 12) + "/model.safetensors"),
              bytes_of(checkpoint_of(fused, 12) + "/model.safetensors"));
    EXPECT_NEAR(records_of(reference).back().loss, records_of(fused).back().loss, 1e-3);

    // In pieces, the last one beside a fork of it.
    const auto pieces = begun("pieces", all("reference"));
    RunStatus status;
    for (const int64_t until : {5, 12}) {
        RunTrainer trainer(options("pieces", /*resume=*/true));
        ASSERT_TRUE(trainer.prepare(quiet_, status).ok());
        std::unique_ptr<RunTrainer> fork;
        while (trainer.step() < until) {
            for (RunTrainer* one : {&trainer, fork.get()}) {
                if (!one) continue;
                const auto record = one->update([] {});
                ASSERT_TRUE(record.ok());
                ASSERT_TRUE(one->record(*record).ok());
            }
            if (trainer.step() == 8) fork = std::move(*trainer.fork(nullptr));
        }
        ASSERT_TRUE(trainer.checkpoint().ok());
        if (fork) {
            ASSERT_TRUE(fork->checkpoint().ok());
        }
    }
    expect_same_checkpoint(reference, pieces, 12);
    const auto fork = pieces + "/forks/step_00000008";
    expect_same_checkpoint(reference, fork, 12);
    EXPECT_EQ(json::parse(bytes_of(fork + "/run.json")).at("kernel_choices"), all("reference"));
}

TEST_F(KernelChoices, UnknownOnesAreRefusedWithTheFileNamed) {
    begun("odd", {{"route", "fused"}, {"experts", "grouped"}});
    RunStatus status;
    RunTrainer trainer(options("odd", /*resume=*/true));
    const auto refused = trainer.prepare(quiet_, status);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().kind, ErrorKind::usage);
    EXPECT_EQ(refused.error().message, std::string(dir_ / "odd") +
                                           "/run.json: kernel_choices: experts: found \"grouped\", "
                                           "allowed fused, reference");

    const auto message = [](const std::map<std::string, std::string>& choices) {
        const auto form = stored_form(choices, "F");
        return form ? "" : form.error().message;
    };
    EXPECT_EQ(message({{"sort", "fused"}}),
              "F: kernel_choices: found the operator \"sort\", allowed attention, route, experts, "
              "classifier, adamw");
    EXPECT_EQ(message({{"adamw", "fused"}, {"route", "reference"}}),
              "F: kernel_choices: route is reference and others are not; a run is trained in one "
              "form");
}

TEST(StoredForm, OlderFilesNameFewerOperatorsOrNone) {
    EXPECT_EQ(*stored_form({}, "F"), Form::fused);
    EXPECT_EQ(*stored_form({{"route", "reference"}, {"experts", "reference"}}, "F"),
              Form::reference);
    for (const Form form : {Form::fused, Form::reference})
        EXPECT_EQ(*stored_form(kernel_choices(form), "F"), form);
}

}  // namespace
