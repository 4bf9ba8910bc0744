#include "core/run/eval_origin.h"

#include "core/base/utf8.h"
#include "core/config/arithmetic.h"
#include "core/config/write.h"
#include "core/run/run_folder.h"

namespace hopscope::core {
namespace {

std::string hash_of(const RunInfo& info, DataPart part) {
    const auto found = info.corpus_hashes.find(word(part));
    return found == info.corpus_hashes.end() ? "" : found->second;
}

template <class T>
void put(OrderedJson& json, const char* key, const T& value) {
    if (value != T{}) json[key] = value;
}

/// The object under `key`, or an empty one.
Result<Json> part(const Json& document, const char* key, const std::string& name) {
    const auto found = document.find(key);
    if (found == document.end()) return Json::object();
    if (found->is_object()) return *found;
    return usage_error(name + ": \"" + key + "\": found " + shown(dump_line(*found)) +
                       ", an object expected");
}

}  // namespace

std::string variant_hash(Config config) {
    config.train.seed = TrainConfig().seed;
    return config_hash(config);
}

EvalOrigin eval_origin(const Config& config, const RunInfo& info, int64_t step) {
    EvalOrigin o;
    o.corpus = info.source;
    o.data_hash = hash_of(info, DataPart::valid);
    o.tokenizer_hash = hash_of(info, DataPart::tokenizer);
    o.batch = config.train.batch;
    o.seq_len = config.train.seq_len;
    o.config_name = info.config_name;
    o.variant = variant_hash(config);
    o.seed = config.train.seed;
    o.train_hash = hash_of(info, DataPart::train);
    o.trained_tokens = step * config.train.grad_accum * config.train.batch * config.train.seq_len;
    o.planned_steps = config.train.steps;
    const ParameterCounts size = count_parameters(config);
    o.parameters = size.total;
    o.routing = size.routing;
    o.routing_live = size.routing_live;
    return o;
}

void add_origin(OrderedJson& document, const EvalOrigin& o) {
    OrderedJson data = OrderedJson::object(), training = OrderedJson::object();
    put(data, "corpus", o.corpus);
    put(data, "hash", o.data_hash);
    put(data, "tokenizer", o.tokenizer_hash);
    put(data, "batch", o.batch);
    put(data, "seq_len", o.seq_len);
    put(training, "config_name", o.config_name);
    put(training, "variant", o.variant);
    if (o.seed) training["seed"] = *o.seed;
    put(training, "hash", o.train_hash);
    put(training, "tokens", o.trained_tokens);
    put(training, "planned_steps", o.planned_steps);
    put(training, "parameters", o.parameters);
    put(training, "routing", o.routing);
    put(training, "routing_live", o.routing_live);
    if (!data.empty()) document["data"] = data;
    if (!training.empty()) document["training"] = training;
    if (!o.changes.empty()) document["changes"] = o.changes;
}

Result<EvalOrigin> read_origin(const Json& document, const std::string& name) {
    EvalOrigin o;
    auto data = part(document, "data", name);
    if (!data) return data.error();
    FieldReader in_data(*data, name + ": data");
    in_data.optional()
        .text("corpus", o.corpus)
        .text("hash", o.data_hash)
        .text("tokenizer", o.tokenizer_hash)
        .integer("batch", o.batch)
        .integer("seq_len", o.seq_len);
    if (auto s = in_data.status(); !s) return s.error();
    auto training = part(document, "training", name);
    if (!training) return training.error();
    FieldReader in_training(*training, name + ": training");
    uint64_t seed = 0;
    in_training.optional()
        .text("config_name", o.config_name)
        .text("variant", o.variant)
        .natural("seed", seed)
        .text("hash", o.train_hash)
        .integer("tokens", o.trained_tokens)
        .integer("planned_steps", o.planned_steps)
        .integer("parameters", o.parameters)
        .integer("routing", o.routing)
        .integer("routing_live", o.routing_live);
    if (auto s = in_training.status(); !s) return s.error();
    if (training->contains("seed")) o.seed = seed;
    FieldReader top(document, name);
    top.optional().text_map("changes", o.changes);
    if (auto s = top.status(); !s) return s.error();
    return o;
}

}  // namespace hopscope::core
