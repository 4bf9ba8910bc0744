#include "core/run/eval_file.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/base/files.h"
#include "core/base/json.h"
#include "core/base/names.h"
#include "core/base/utf8.h"
#include "core/run/step_names.h"

namespace hopscope::core {
namespace {

constexpr const char* kEvalFormat = "hopscope.eval/1";

/// Nats a token: no less than 0, no more than fp32 holds; NaN where the weights are no numbers.
bool is_loss(double value) {
    return std::isnan(value) || (value >= 0 && value <= std::numeric_limits<float>::max());
}

/// What an evaluation cannot have found would be counted with other runs' numbers.
Status check_numbers(const EvalRecord& record, const std::string& path) {
    const std::string name = shown_path(path);
    const auto wrong = [&](const char* key, double found, const std::string& allowed) {
        return usage_error(name + ": \"" + key + "\": found " + dump_line(found) + ", allowed " +
                           allowed);
    };
    for (const double loss : record.batches)
        if (!is_loss(loss)) return wrong("batches", loss, "losses in nats a token, 0 … 3.4e38");
    if (!is_loss(record.loss)) return wrong("loss", record.loss, "nats a token, 0 … 3.4e38");
    constexpr double kRounding = 1e-6;
    const bool whole =
        !record.batches.empty() && std::none_of(record.batches.begin(), record.batches.end(),
                                                [](double loss) { return std::isnan(loss); });
    if (whole) {
        const auto [low, high] = std::minmax_element(record.batches.begin(), record.batches.end());
        if (record.loss < *low - kRounding * (1 + *low) ||
            record.loss > *high + kRounding * (1 + *high))
            return wrong("loss", record.loss,
                         "the mean of its batches, " + dump_line(*low) + " … " + dump_line(*high));
    }
    if (std::abs(std::log(record.perplexity) - record.loss) > kRounding * (1 + record.loss) ||
        record.perplexity < 0)
        return wrong("perplexity", record.perplexity, "exp of the loss");
    return check_step_of(path, record.step, ".json");
}

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
    if (auto s = check_numbers(record, path); !s) return s.error();
    auto origin = read_origin(*json, path);
    if (!origin) return origin.error();
    record.origin = std::move(*origin);
    return record;
}

}  // namespace hopscope::core
