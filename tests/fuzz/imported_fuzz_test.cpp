// Damaged folders of published models, traces of servers, and what an import wrote of them.
#include <filesystem>
#include <gtest/gtest.h>

#include "core/imported/expert_values.h"
#include "core/imported/import_model.h"
#include "core/imported/imported_document.h"
#include "core/imported/imported_run.h"
#include "core/imported/router_tensors.h"
#include "core/imported/served_routing.h"
#include "core/imported/vocabulary.h"
#include "tests/fuzz/fuzz.h"
#include "tests/imported/replies.h"
#include "tests/imported/tiny_model.h"

namespace hopscope::core::fuzz {
namespace {

using namespace test;

/// A model of each kind of rule, whose keys of config.json are all there to be damaged.
const std::vector<std::string> kConfigs = {
    R"({"model_type": "deepseek_v3", "num_hidden_layers": 3, "n_routed_experts": 4, "hidden_size": 3,
        "num_experts_per_tok": 2, "n_group": 2, "topk_group": 1, "norm_topk_prob": true,
        "routed_scaling_factor": 2.5, "first_k_dense_replace": 1, "moe_layer_freq": 1})",
    R"({"model_type": "outer", "auto_map": {"AutoModel": "code.Model"}, "text_config":
        {"model_type": "ernie4_5_moe_text", "num_hidden_layers": 3, "moe_num_experts": 4,
         "moe_k": 2, "moe_norm_min": 1e-12, "moe_layer_start_index": 1, "moe_layer_end_index": -1,
         "moe_layer_interval": 1}})",
    R"({"model_type": "qwen3_moe", "num_hidden_layers": 3, "num_experts": 4, "mlp_only_layers": [0],
        "decoder_sparse_step": 1, "num_experts_per_tok": 2, "moe_layers": [1, 2]})",
    R"({"model_type": "deepseek_v2", "num_hidden_layers": 3, "topk_method": "group_limited_greedy",
        "n_group": 2, "topk_group": 1, "num_experts_per_tok": 1, "scoring_func": "softmax",
        "num_nextn_predict_layers": 1})",
    R"({"model_type": "phimoe", "num_hidden_layers": 3, "router_jitter_noise": 0.01,
        "num_experts_per_tok": 2})",
};

class FuzzImported : public testing::Test {
  protected:
    FuzzImported() {
        for (const char* layer : {"model.layers.1.", "model.layers.2."}) {
            model_.add(std::string(layer) + "mlp.gate.weight", {4, 3});
            model_.add(std::string(layer) + "mlp.gate.e_score_correction_bias", {4});
            model_.add(std::string(layer) + "post_attention_layernorm.weight", {3});
        }
        model_.add("mtp.layers.0.mlp.gate.weight", {4, 3});
        model_.config = OrderedJson::parse(kConfigs[0]);
        model_.save(2);
    }
    /// Opens the model and routes tokens in each layer whose rule can be applied.
    std::string use() const {
        const auto model = ModelFolder::open(model_.dir());
        if (!model) return fault_of(model, model_.dir());
        const auto layout = layout_of(*model);
        if (!layout) return fault_of(layout, model_.dir());
        for (const ModelLayer& layer : layout->layers)
            for (const ModelRouter& router : layer.routers) {
                const auto tensors = read_router(*model, *layout, router);
                if (!tensors) return fault_of(tensors, model_.dir());
                if (tensors->rows.size() !=
                    static_cast<size_t>(router.experts) * static_cast<size_t>(router.width))
                    return "rows of another number than the layout's";
                if (auto fault = route(*layout, router, *tensors); !fault.empty()) return fault;
            }
        OrderedJson json = {{"format", kImportedFormat}};
        json.update(layout_json(*layout, parameter_counts(*model, *layout), dtype_counts(*model)));
        const auto again = parse_imported(dump_line(json), "imported.json");
        if (!again) return "does not read back: " + again.error().message;
        return again->layout.layers == layout->layers ? "" : "reads back otherwise";
    }
    static std::string route(const ModelLayout& layout, const ModelRouter& router,
                             const RouterTensors& tensors) {
        const bool lacks = takes_correction(layout.rule.rule) && tensors.correction.empty();
        if (!check_rule(layout.rule, router.experts) || lacks ||
            first_not_finite(tensors.correction))
            return "";
        std::vector<float> logits(static_cast<size_t>(router.experts) * 2, 0.5f);
        logits[0] = -3;
        const auto found = apply_rule(layout.rule, logits, tensors.correction, router.experts);
        if (found.experts.size() != static_cast<size_t>(layout.rule.top_k) * 2)
            return "another number of experts than k";
        for (const int32_t e : found.experts)
            if (e < 0 || e >= router.experts) return "an expert that does not exist";
        return "";
    }
    TinyModel model_;
};

TEST_F(FuzzImported, Configuration) {
    fuzz("model config.json", kConfigs, [this](const std::string& bytes, Mutator&) {
        put_bytes(model_ / "config.json", bytes);
        return use();
    });
}

TEST_F(FuzzImported, Index) {
    const std::string path = model_ / "model.safetensors.index.json";
    fuzz("model index", {bytes_of(path)}, [&](const std::string& bytes, Mutator&) {
        put_bytes(path, bytes);
        return use();
    });
}

TEST_F(FuzzImported, Shard) {
    const std::string path = model_ / TinyModel::file_name(0, 2);
    fuzz("model shard", {bytes_of(path)}, [&](const std::string& bytes, Mutator&) {
        put_bytes(path, bytes);
        return use();
    });
}

/// Opens a model and reads each matrix of each of its experts.
std::string read_experts(const std::string& dir) {
    const auto model = ModelFolder::open(dir);
    if (!model) return fault_of(model, dir);
    const auto layout = layout_of(*model);
    if (!layout) return fault_of(layout, dir);
    for (const ModelLayer& layer : layout->layers)
        for (const ModelRouter& router : layer.routers) {
            const auto experts = expert_layout(*model, *layout, router);
            if (!experts) return fault_of(experts, dir);
            for (const ExpertMatrices& matrices : experts->matrices) {
                if (std::ssize(matrices.experts) != router.experts) return "another number of them";
                for (const StoredMatrix& matrix : matrices.experts) {
                    const auto values = expert_values(*model, *experts, matrix);
                    if (!values) return fault_of(values, dir);
                    if (std::ssize(*values) != experts->inner * router.width)
                        return "numbers of another matrix";
                }
            }
        }
    return "";
}

/// Three shards with experts: fp32 of all in one tensor, fp8 and packed fp4.
std::vector<TinyModel> models_with_experts() {
    std::vector<TinyModel> out(3);
    const std::string layer = "model.layers.0.mlp.", experts = layer + "experts.";
    out[0].config["model_type"] = "qwen3_moe";
    out[0].add(layer + "gate.weight", {2, 3});
    out[0].add(experts + "gate_up_proj", {2, 4, 3});
    out[0].add(experts + "down_proj", {2, 3, 2});
    out[1].config["model_type"] = "deepseek_v3";
    out[1].config["quantization_config"] = {{"weight_block_size", {2, 2}}};
    out[1].add(layer + "gate.weight", {2, 3});
    for (const char* expert : {"0.", "1."})
        for (const auto& [name, rows, columns] :
             {std::tuple("gate_proj", 2, 3), {"up_proj", 2, 3}, {"down_proj", 3, 2}}) {
            const std::string tensor = experts + expert + name + ".weight";
            out[1].add_bytes(tensor, "F8_E4M3", {rows, columns}, "abcdef");
            out[1].add(tensor + "_scale_inv", {rows / 2 + rows % 2, columns / 2 + columns % 2});
        }
    out[2].config["model_type"] = "gpt_oss";
    out[2].add(layer + "router.weight", {2, 32});
    for (const auto& [name, rows] : {std::pair("gate_up_proj", 64), {"down_proj", 32}}) {
        const auto blocks = static_cast<size_t>(2 * rows);
        out[2].add_bytes(experts + name + "_blocks", "U8", {2, rows, 1, 16},
                         std::string(blocks * 16, '\x5a'));
        out[2].add_bytes(experts + name + "_scales", "U8", {2, rows, 1},
                         std::string(blocks, '\x7f'));
    }
    return out;
}

TEST_F(FuzzImported, Experts) {
    for (TinyModel& model : models_with_experts()) {
        model.save();
        ASSERT_EQ(read_experts(model.dir()), "");
        const auto opened = ModelFolder::open(model.dir());
        const auto layout = layout_of(*opened);
        ASSERT_TRUE(expert_layout(*opened, *layout, layout->layers[0].routers[0]))
            << "the seed is sound";
        const std::string path = model / "model.safetensors";
        fuzz("experts of " + layout->family, {bytes_of(path)},
             [&](const std::string& bytes, Mutator&) {
                 put_bytes(path, bytes);
                 return read_experts(model.dir());
             });
    }
}

TEST_F(FuzzImported, ServedTraces) {
    const auto model = ModelFolder::open(model_.dir());
    const auto layout = layout_of(*model);
    // [2, 3, 2], the first layer dense
    const std::vector<int> ids = {0, 0, 0, 1, 2, 3, 0, 0, 3, 1, 1, 0};
    const std::string array = npy("|u1", "(2, 3, 2)", bytes_as<uint8_t>(ids));
    const ReplyJson wrapped = {{"data", base64(bytes_as<uint16_t>(ids))},
                               {"shape", {2, 3, 2}},
                               {"dtype", "uint16"},
                               {"start", 1}};
    const std::string line = sglang_reply(ids);
    ReplyJson counted = ReplyJson::parse(vllm_reply(base64(array), {5, 6}));
    counted["usage"] = {{"prompt_tokens", 2}, {"completion_tokens", 1}};
    fuzz_file("served trace",
              {array, vllm_reply(base64(array), {5, 6, 7}), line, line + "\n" + line + "\n",
               vllm_reply(wrapped, {5, 6, 7, 8}), wrapped.dump(), "[" + line + ", " + line + "]",
               counted.dump()},
              "trace.json", [&](const std::string& path) -> std::string {
                  auto served = read_served_trace(path);
                  if (!served) return fault_of(served, "trace.json");
                  const auto routing = routing_of(*std::move(served), *layout, path);
                  if (!routing) return fault_of(routing, "trace.json");
                  for (const RecordedLayer& layer : routing->layers)
                      for (const int32_t e : layer.chosen)
                          if (e < -1 || e >= layer.experts) return "an expert that does not exist";
                  return "";
              });
}

TEST_F(FuzzImported, Vocabularies) {
    const std::vector<std::string> seeds = {
        R"({"model": {"type": "BPE", "vocab": {"a": 0, "\u0120the": 1, "\u010a": 2, "\u00e2": 3},
            "merges": [["a", "b"]]}, "decoder": {"type": "ByteLevel"},
            "added_tokens": [{"id": 4, "content": "<s>", "special": true}]})",
        R"({"model": {"type": "Unigram", "vocab": [["<unk>", 0.0], ["\u2581the", -1.5]]},
            "decoder": {"type": "Sequence", "decoders": [{"type": "ByteFallback"}]}})"};
    const std::vector<int32_t> ids = {0, 1, 2, 3, 4, -1, INT32_MAX};
    fuzz("vocabulary", seeds, [&](const std::string& bytes, Mutator&) -> std::string {
        put_bytes(model_ / "tokenizer.json", bytes);
        const auto pieces = vocabulary_pieces(model_.dir(), ids);
        if (!pieces) return fault_of(pieces, "tokenizer.json");
        const auto again = parse_pieces(pieces_json(*pieces), ids, "t");
        return again && *again == *pieces ? "" : "does not read back";
    });
}

TEST_F(FuzzImported, OwnTraces) {
    const TempFolder folder;
    const auto model = ModelFolder::open(model_.dir());
    const auto layout = layout_of(*model);
    const std::vector<int> ids = {0, 0, 0, 1, 2, 3, 0, 0, 3, 1, 1, 0};
    const std::string reply = folder.write("r.json", sglang_reply(ids));
    auto routing = routing_of(*read_served_trace(reply), *layout, reply);
    ASSERT_TRUE(routing) << routing.error().message;
    routing->tokens = {1, 2};
    for (RecordedLayer& layer : routing->layers) {
        layer.weights.assign(4, 0.5f);
        layer.entropy.assign(2, 1);
        layer.max_prob.assign(2, 0.5f);
    }
    routing->next_token = {3};
    routing->skipped = {2};
    const std::string seed = folder / "seed.safetensors", copy = folder / "copy.safetensors";
    ASSERT_TRUE(write_routing(seed, *routing, *layout, "r.json"));
    fuzz_file("own trace", {bytes_of(seed)}, "t.safetensors",
              [&](const std::string& path) -> std::string {
                  const auto read = read_routing(path, *layout, {});
                  if (!read) return fault_of(read, "t.safetensors");
                  if (auto s = write_routing(copy, *read, *layout, "x"); !s)
                      return "cannot be written: " + s.error().message;
                  const auto again = read_routing(copy, *layout, {});
                  return again ? "" : "does not read back: " + again.error().message;
              });
}

TEST_F(FuzzImported, Description) {
    const TempFolder folder;
    const std::string out = folder / "run";
    TinyModel model = std::move(models_with_experts()[0]);
    const auto align = [](const std::vector<std::vector<float>>& sets, int64_t experts,
                          const MatrixOfExpert&) -> Result<std::vector<Alignment>> {
        Alignment one;
        for (const auto& [name, list] : kAlignmentLists)
            (one.*list).assign(static_cast<size_t>(experts), 0);
        return std::vector<Alignment>(sets.size(), one);
    };
    ASSERT_TRUE(import_model({model.save(), {}, out, align}, {}));
    fuzz("imported.json", {bytes_of(out + "/imported.json")},
         [&](const std::string& bytes, Mutator&) -> std::string {
             put_bytes(out + "/imported.json", bytes);
             const auto run = ImportedRun::open(out);
             if (!run) return fault_of(run, "imported.json");
             for (const ModelLayer& layer : run->layout().layers)
                 for (const ModelRouter& router : layer.routers) {
                     if (const auto rows = run->rows(layer.index, router.pool); !rows)
                         if (auto fault = fault_of(rows, "step_00000000"); !fault.empty())
                             return fault;
                     for (const std::string& matrix : router.expert_matrices)
                         if (const auto found = run->alignment(layer.index, router.pool, matrix,
                                                               RowsTaken::centred);
                             !found)
                             if (auto fault = fault_of(found, "step_00000000"); !fault.empty())
                                 return fault;
                 }
             return "";
         });
}

}  // namespace
}  // namespace hopscope::core::fuzz
