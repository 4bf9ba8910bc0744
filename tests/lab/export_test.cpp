// export --as on a trained run: if these fail, the folder lacks something, holds other numbers than
// the checkpoint, or stays half written.
#include <csignal>
#include <cstring>
#include <filesystem>
#include <set>
#include <sys/resource.h>

#include "core/base/files.h"
#include "core/run/safetensors_file.h"
#include "tests/imported/tiny_model.h"
#include "tests/trainer/trained_run.h"

namespace hopscope::core::lab {
namespace {

using namespace hopscope::test;
using nlohmann::json;
namespace fs = std::filesystem;

class ExportModel : public TrainedRun {
  protected:
    static void SetUpTestSuite() {
        TrainedRun::SetUpTestSuite();
        train_run("fixed", {"train.threads=1", "train.steps=4", "train.checkpoint_every=2",
                            "train.keep_checkpoints=2", "moe.router=random_fixed"});
    }
    ExportModelOptions of(const std::string& run) const {
        ExportModelOptions options;
        options.run = *runs_ / run;
        options.out = folder_ / "model";
        return options;
    }
    json read(const std::string& name) const {
        const auto text = read_file(folder_ / "model/" + name);
        EXPECT_TRUE(text) << text.error().message;
        return text ? json::parse(*text) : json();
    }
    /// What is in the folder in which models are made.
    std::set<std::string> left() const {
        std::set<std::string> out;
        for (const auto& entry : fs::directory_iterator(folder_.path()))
            out.insert(entry.path().filename());
        return out;
    }
    TempFolder folder_;
};

TEST_F(ExportModel, TheFolderHoldsAllThatIsNeeded) {
    const json told = document(export_model(of("run")));
    EXPECT_EQ(told.at("format"), "hopscope.export/1");
    EXPECT_EQ(told.at("step"), 30);
    EXPECT_EQ(told.at("as"), "transformers");
    std::set<std::string> files;
    for (const auto& entry : fs::directory_iterator(folder_ / "model"))
        files.insert(entry.path().filename());
    EXPECT_EQ(files, told.at("files").get<std::set<std::string>>());
    for (const char* name :
         {"config.json", "model.safetensors", "generation_config.json", "tokenizer.model",
          "tokenizer_config.json", "modeling_hopscope.py", "configuration_hopscope.py",
          "tokenization_hopscope.py", "hopscope_forward.py", "hopscope_torch.py"})
        EXPECT_EQ(files.count(name), 1u) << name;
    EXPECT_EQ(left(), std::set<std::string>{"model"});
    const json config = read("config.json");
    EXPECT_EQ(config.at("model_type"), "hopscope");
    EXPECT_EQ(config.at("torch_dtype"), "float32");
    EXPECT_EQ(config.at("auto_map").at("AutoModelForCausalLM"),
              "modeling_hopscope.HopscopeForCausalLM");
    const json& own = config.at("hopscope");
    EXPECT_EQ(own.at("run"), "run");
    EXPECT_EQ(own.at("step"), 30);
    EXPECT_EQ(config.at("vocab_size"), own.at("model").at("vocab_size"));
    EXPECT_EQ(config.at("max_position_embeddings"), own.at("model").at("max_seq_len"));
    EXPECT_EQ(own.at("moe").at("renormalise"), "auto");
    EXPECT_EQ(own.at("moe").at("learn_tau"), false);
    EXPECT_EQ(*read_file(folder_ / "model/tokenizer.model"),
              *read_file(*runs_ / "run/tokenizer.model"));
    EXPECT_EQ(read("generation_config.json").at("use_cache"), false);
}

TEST_F(ExportModel, TheWeightsAreThoseOfTheCheckpoint) {
    auto options = of("fixed");
    options.step = 2;
    EXPECT_EQ(document(export_model(options)).at("step"), 2);
    const auto ours = SafetensorsFile::open(folder_ / "model/model.safetensors");
    const auto kept =
        SafetensorsFile::open(*runs_ / "fixed/checkpoints/step_00000002/model.safetensors");
    ASSERT_TRUE(ours && kept);
    EXPECT_EQ(ours->metadata(), (std::map<std::string, std::string>{{"format", "pt"}}));
    ASSERT_EQ(ours->tensors().size(), kept->tensors().size());
    const json own = read("config.json").at("hopscope");
    std::set<std::string> fixed;
    for (const TensorView& tensor : kept->tensors()) {
        const TensorView* found = ours->find(tensor.name);
        ASSERT_TRUE(found) << tensor.name;
        EXPECT_EQ(found->shape, tensor.shape) << tensor.name;
        EXPECT_EQ(own.at("tensors").at(tensor.name), json(tensor.shape)) << tensor.name;
        EXPECT_EQ(std::memcmp(found->data, tensor.data, tensor.bytes), 0) << tensor.name;
        if (tensor.name.find(".router.") != std::string::npos) fixed.insert(tensor.name);
    }
    EXPECT_EQ(own.at("fixed").get<std::set<std::string>>(), fixed)
        << "what is drawn and not learned";
}

// Wrong if something of others is overwritten, or the sentence does not say what to do.
TEST_F(ExportModel, RefusesWhatCannotBe) {
    auto options = of("fixed");
    options.step = 3;
    refused(export_model(options), "no checkpoint of step 3; there are those of 2, 4");
    refused(export_model(of("none")), "is no run folder");
    EXPECT_TRUE(left().empty());
    folder_.write("model/mine.txt", "x");
    refused(export_model(of("run")),
            "is not empty (\"mine.txt\"); choose a new or an empty folder");
    fs::remove(folder_ / "model/mine.txt");
    document(export_model(of("run")));
    refused(export_model(of("run")), "is not empty");
    auto into_run = of("run");
    into_run.out = *runs_ / "run/checkpoints/model";
    refused(export_model(into_run), "choose a folder outside of it");
    into_run.out = *runs_ / "run";
    refused(export_model(into_run), "already holds a run");
}

// Wrong if a model of others, of which there are rows of routers alone, is tried.
TEST_F(ExportModel, AnImportedModelHasNothingToExport) {
    TinyModel model;
    model.config["model_type"] = "olmoe";
    model.add_routers(2, "mlp.gate.weight");
    model.save();
    ImportOptions import;
    import.model = model.dir();
    import.out = folder_ / "imported";
    document(import_model(import));
    auto options = of("run");
    options.run = folder_ / "imported";
    refused(export_model(options), "is an imported model");
    EXPECT_EQ(left(), std::set<std::string>{"imported"});
}

// Wrong if what was exported is taken for a model of others, whose routers would be other tensors.
TEST_F(ExportModel, IsNotOpenedAsAModelOfOthers) {
    document(export_model(of("run")));
    const std::string model = folder_ / "model";
    const std::string sentence = "hopscope export wrote of the run \"run\" at step 30";
    refused(info(model, false, {}), sentence);
    ImportOptions import;
    import.model = model;
    import.out = folder_ / "imported";
    refused(import_model(import), sentence);
    refused(open_model(model, folder_ / "cache"), sentence);
    RouteOptions options;
    options.model = model;
    refused(route(options), sentence);
    EXPECT_EQ(left(), std::set<std::string>{"model"});
}

// Wrong if a disk that is full leaves half a folder, or is told as a fault of the call.
TEST_F(ExportModel, AFullDiskLeavesNothing) {
    rlimit before = {};
    ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
    const auto handler = std::signal(SIGXFSZ, SIG_IGN);
    const rlimit little = {4096, before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &little), 0);
    const auto done = export_model(of("run"));
    ::setrlimit(RLIMIT_FSIZE, &before);
    std::signal(SIGXFSZ, handler);
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().kind, ErrorKind::failed) << done.error().message;
    EXPECT_TRUE(left().empty());
}

}  // namespace
}  // namespace hopscope::core::lab
