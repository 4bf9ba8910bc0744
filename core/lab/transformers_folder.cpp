#include "core/lab/transformers_folder.h"

#include "core/api/config_keys.h"
#include "core/api/config_values.h"
#include "core/base/files.h"
#include "core/base/json.h"
#include "core/lab/transformers_texts.h"
#include "core/run/document.h"
#include "core/run/safetensors.h"

namespace hopscope::core::lab {
namespace {

/// A table of the configuration. Its values are numbers, flags, words and lists of them, which TOML
/// and JSON write alike.
OrderedJson table_json(const std::string& table, const Config& config) {
    OrderedJson out = OrderedJson::object();
    for (const Key& key : config_keys())
        if (key.table() == table)
            out[std::string(key.leaf())] = OrderedJson::parse(format_value(key, config));
    return out;
}

/// What the pass is computed from, and where it came from.
OrderedJson own_json(const OpenRun& run) {
    const Config& config = run.model.config;
    OrderedJson out = {{"program_version", HOPSCOPE_VERSION}};
    out.update(document("", run.folder, run.step, config));
    out.erase("format");
    for (const char* table : {"model", "moe"}) out[table] = table_json(table, config);
    out["tensors"] = OrderedJson::object();
    out["fixed"] = OrderedJson::array();
    run.model.weights.for_each([&](const std::string& name, Group group, const at::Tensor& t) {
        out["tensors"][name] = t.sizes().vec();
        if (!learns(config, name, group)) out["fixed"].push_back(name);
    });
    return out;
}

/// Ids that generation asks for; a tokenizer without an end of text has none.
OrderedJson token_ids(const Tokenizer& tokenizer) {
    if (tokenizer.eos_id() < 0) return OrderedJson::object();
    return {{"eos_token_id", tokenizer.eos_id()}, {"pad_token_id", tokenizer.eos_id()}};
}

OrderedJson config_json(const OpenRun& run) {
    const ModelConfig& m = run.model.config.model;
    const MoeConfig& moe = run.model.config.moe;
    OrderedJson out = {{"architectures", OrderedJson::array({"HopscopeForCausalLM"})},
                       {"model_type", "hopscope"},
                       {"auto_map",
                        {{"AutoConfig", "configuration_hopscope.HopscopeConfig"},
                         {"AutoModelForCausalLM", "modeling_hopscope.HopscopeForCausalLM"}}},
                       {"torch_dtype", "float32"},
                       {"vocab_size", m.vocab_size},
                       {"max_position_embeddings", m.max_seq_len},
                       {"hidden_size", m.d_model},
                       {"num_hidden_layers", m.n_layers},
                       {"num_attention_heads", m.n_heads},
                       {"tie_word_embeddings", true}};
    if (!m.is_dense()) {
        out["num_experts"] = moe.experts;
        out["num_experts_per_tok"] = moe.top_k;
    }
    out.update(token_ids(run.tokenizer));
    out["hopscope"] = own_json(run);
    return out;
}

OrderedJson generation_json(const OpenRun& run) {
    OrderedJson out = {{"do_sample", false}, {"use_cache", false}};
    out.update(token_ids(run.tokenizer));
    return out;
}

OrderedJson tokenizer_json(const OpenRun& run) {
    const auto classes = OrderedJson::array({"tokenization_hopscope.HopscopeTokenizer", nullptr});
    return {{"tokenizer_class", "HopscopeTokenizer"},
            {"auto_map", {{"AutoTokenizer", classes}}},
            {"model_max_length", run.model.config.model.max_seq_len},
            {"separator", run.model.config.data.separator}};
}

Status write_weights(const std::string& path, const OpenRun& run) {
    std::vector<at::Tensor> held;
    std::vector<TensorView> views;
    run.model.weights.for_each([&](const std::string& name, Group, const at::Tensor& t) {
        held.push_back(t.detach().contiguous());
        const at::Tensor& kept = held.back();
        views.push_back({name, "F32", kept.sizes().vec(), kept.const_data_ptr<float>(),
                         static_cast<size_t>(kept.nbytes())});
    });
    // transformers opens no file that does not say which library wrote it.
    return write_safetensors(path, views, {{"format", "pt"}});
}

}  // namespace

Result<std::vector<std::string>> write_transformers_folder(const std::string& dir,
                                                           const OpenRun& run) {
    std::vector<std::pair<std::string, std::string>> texts = {
        {"config.json", dump_pretty(config_json(run))},
        {"generation_config.json", dump_pretty(generation_json(run))},
        {"tokenizer.model", run.tokenizer.bytes()},
        {"tokenizer_config.json", dump_pretty(tokenizer_json(run))}};
    for (const NamedText& text : transformers_texts())
        texts.emplace_back(text.name, std::string(text.text));
    if (auto s = write_weights(dir + "/model.safetensors", run); !s) return s.error();
    std::vector<std::string> out = {"model.safetensors"};
    for (const auto& [name, text] : texts) {
        if (auto s = write_file_atomic(dir + "/" + name, text); !s) return s.error();
        out.push_back(name);
    }
    return out;
}

}  // namespace hopscope::core::lab
