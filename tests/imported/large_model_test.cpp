// Wrong if opening a model costs what its weights weigh: a folder with the tensor sizes of a model
// of 30 billion parameters, of which only headers and routers are more than holes.
#include <fcntl.h>
#include <filesystem>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/files.h"
#include "core/base/stopwatch.h"
#include "core/imported/import_model.h"
#include "core/imported/imported_run.h"
#include "core/run/safetensors_layout.h"
#include "tests/imported/tiny_model.h"

namespace hopscope::core {
namespace {

using namespace test;

constexpr int64_t kLayers = 48, kExperts = 128, kWidth = 2048, kShards = 16;
#if HOPSCOPE_SANITIZED
// A sanitizer keeps shadows of what is mapped, several times as large.
constexpr int64_t kInner = 8;
#else
constexpr int64_t kInner = 768;
#endif

/// Tensors of BF16 in a file of holes; what `filled` names is a ramp.
class SparseFile {
  public:
    void add(const std::string& name, std::vector<int64_t> shape) {
        size_t bytes = 2;
        for (const int64_t size : shape) bytes *= static_cast<size_t>(size);
        views_.push_back({name, "BF16", std::move(shape), nullptr, bytes});
    }
    void write(const std::string& path, OrderedJson& weight_map) const {
        const auto layout = layout_safetensors(path, views_, {{"format", "pt"}});
        ASSERT_TRUE(layout) << layout.error().message;
        put_bytes(path, layout->head);
        FileHandle file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
        ASSERT_EQ(
            ::ftruncate(file.get(), static_cast<off_t>(layout->head.size() + layout->data_bytes)),
            0);
        for (size_t i = 0; i < views_.size(); ++i) {
            weight_map[views_[i].name] = std::filesystem::path(path).filename();
            if (!views_[i].name.ends_with("gate.weight")) continue;
            std::vector<uint16_t> ramp(views_[i].bytes / 2);
            for (size_t j = 0; j < ramp.size(); ++j)
                ramp[j] = static_cast<uint16_t>(0x3f80 + j % 100);  // from 1 on
            const auto at = static_cast<off_t>(layout->head.size() + layout->begin[i]);
            ASSERT_EQ(::pwrite(file.get(), ramp.data(), views_[i].bytes, at),
                      static_cast<ssize_t>(views_[i].bytes));
        }
    }

  private:
    std::vector<TensorView> views_;
};

void write_model(const TempFolder& folder) {
    folder.write("m/config.json",
                 R"({"model_type": "qwen3_moe", "num_hidden_layers": 48, "num_experts": 128,
                     "num_experts_per_tok": 8, "hidden_size": 2048, "norm_topk_prob": true})");
    OrderedJson map = OrderedJson::object();
    for (int64_t shard = 0; shard < kShards; ++shard) {
        SparseFile file;
        for (int64_t l = shard * kLayers / kShards; l < (shard + 1) * kLayers / kShards; ++l) {
            const std::string layer = "model.layers." + std::to_string(l) + ".";
            file.add(layer + "mlp.gate.weight", {kExperts, kWidth});
            file.add(layer + "post_attention_layernorm.weight", {kWidth});
            file.add(layer + "self_attn.q_proj.weight", {4096, kWidth});
            for (int64_t e = 0; e < kExperts; ++e) {
                const std::string expert = layer + "mlp.experts." + std::to_string(e) + ".";
                file.add(expert + "gate_proj.weight", {kInner, kWidth});
                file.add(expert + "up_proj.weight", {kInner, kWidth});
                file.add(expert + "down_proj.weight", {kWidth, kInner});
            }
        }
        file.write(folder / ("m/model-" + std::to_string(shard) + ".safetensors"), map);
    }
    folder.write("m/model.safetensors.index.json",
                 OrderedJson({{"metadata", OrderedJson::object()}, {"weight_map", map}}).dump());
}

TEST(LargeModel, OpeningCostsItsHeadersAndRouters) {
    const TempFolder folder;
    write_model(folder);
    if (HasFatalFailure()) return;
    // A process of its own, whose peak is its own.
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        const auto done = import_model({folder / "m", {}, folder / "run"}, {});
        if (!done) std::fprintf(stderr, "%s\n", done.error().message.c_str());
        ::_exit(done ? 0 : 1);
    }
    const Stopwatch watch;
    int status = 0;
    rusage used = {};
    ASSERT_EQ(::wait4(child, &status, 0, &used), child);
    EXPECT_EQ(status, 0);
    std::printf("30B model: %.2f s, %ld MiB\n", watch.seconds(), used.ru_maxrss >> 10);
#if !HOPSCOPE_SANITIZED
    EXPECT_LT(watch.seconds(), 5);
    EXPECT_LT(used.ru_maxrss >> 10, 300);
#endif
    const auto run = ImportedRun::open(folder / "run");
    ASSERT_TRUE(run) << run.error().message;
    EXPECT_EQ(run->layout().layers.size(), static_cast<size_t>(kLayers));
    EXPECT_TRUE(run->layout().warnings.empty());
    const auto rows = run->rows(47, "mlp");
    ASSERT_TRUE(rows) << rows.error().message;
    EXPECT_EQ(rows->size(), static_cast<size_t>(kExperts * kWidth));
    EXPECT_EQ((*rows)[0], 1.0f);
    EXPECT_EQ((*rows)[1], 1.0078125f);
    EXPECT_EQ(Json::parse(run->document()).at("parameters").at("experts"),
              kLayers * kExperts * 3 * kInner * kWidth);
}

}  // namespace
}  // namespace hopscope::core
