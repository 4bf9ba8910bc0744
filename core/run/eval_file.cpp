#include "core/run/eval_file.h"

#include <cmath>

#include "core/base/files.h"
#include "core/base/json.h"
#include "core/base/names.h"
#include "core/base/utf8.h"

namespace hopscope::core {
namespace {

constexpr const char* kEvalFormat = "hopscope.eval/1";

}  // namespace

Status write_eval(const std::string& path, const EvalRecord& record) {
    OrderedJson json;
    json["format"] = kEvalFormat;
    json["run"] = record.run;
    json["step"] = record.step;
    json["config_hash"] = record.config_hash;
    json["split"] = word(record.split);
    json["tokens"] = record.tokens;
    json["loss"] = record.loss;
    json["perplexity"] = std::exp(record.loss);
    json["batches"] = record.batches;
    json["hops_executed"] = record.hops_executed;
    json["jaccard"] = record.jaccard;
    json["seconds"] = record.seconds;
    add_origin(json, record.origin);
    return write_file_atomic(path, dump_pretty(json), DebugPoint::eval_rename);
}

Result<EvalRecord> read_eval(const std::string& path) {
    auto json = read_object(path, kEvalFormat);
    if (!json) return json.error();
    EvalRecord record;
    std::string split = word(record.split);
    FieldReader fields(*json, path);
    fields.required()
        .integer("step", record.step)
        .integer("tokens", record.tokens)
        .number("loss", record.loss)
        .numbers("batches", record.batches)
        .optional()
        .text("run", record.run)
        .text("config_hash", record.config_hash)
        .text("split", split)
        .number("perplexity", record.perplexity);
    if (auto status = fields.status(); !status) return status.error();
    const auto side = kind_of<Split>(split);
    if (!side)
        return usage_error(path + ": \"split\": found " + in_quotes(split) + ", allowed " +
                           joined(word_list<Split>()));
    record.split = *side;
    if (!json->contains("perplexity")) record.perplexity = std::exp(record.loss);
    auto origin = read_origin(*json, path);
    if (!origin) return origin.error();
    record.origin = std::move(*origin);
    return record;
}

}  // namespace hopscope::core
