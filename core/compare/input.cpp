#include "core/compare/input.h"

#include <cmath>
#include <filesystem>

#include "core/base/files.h"
#include "core/base/json.h"
#include "core/base/utf8.h"
#include "core/run/run_folder.h"

namespace hopscope::core {
namespace {

namespace fs = std::filesystem;

constexpr const char* kEval = "hopscope.eval/1";
constexpr const char* kZeroshot = "hopscope.zeroshot/1";

/// What an evaluation of an older version lacks, from the run it lies in.
Status complete_from_run(CompareInput& input, const RunFolder& folder) {
    EvalRecord& record = input.record;
    auto config = stored_config(folder);
    if (!config) return config.error();
    const auto changes = record.origin.changes;
    record.origin = eval_origin(*config, folder.info(), record.step);
    record.origin.changes = changes;
    input.config = std::move(*config);
    return {};
}

Status check_losses(const EvalRecord& record, const std::string& path) {
    if (record.batches.empty())
        return usage_error(shown_path(path) +
                           ": \"batches\" is empty; per-batch losses are needed");
    for (size_t i = 0; i < record.batches.size(); ++i)
        if (!std::isfinite(record.batches[i]))
            return usage_error(shown_path(path) + ": \"batches\"[" + std::to_string(i) +
                               "] is no finite number; a diverged run cannot be compared");
    return {};
}

Result<CompareInput> read_eval_input(const std::string& label, const std::string& path) {
    auto record = read_eval(path);
    if (!record) return record.error();
    if (auto s = check_losses(*record, path); !s) return s.error();
    CompareInput input;
    input.label = label;
    input.path = path;
    input.record = std::move(*record);
    // RUN/eval/step_N.json knows its run.
    const auto run = fs::path(path).parent_path().parent_path().string();
    if (input.record.origin == EvalOrigin{} && !run.empty() && is_run_folder(run)) {
        auto folder = RunFolder::open(run, /*writer=*/false);
        if (!folder) return folder.error();
        if (auto s = complete_from_run(input, *folder); !s) return s.error();
    }
    return input;
}

Result<CompareInput> read_run_input(const std::string& dir) {
    auto folder = RunFolder::open(dir, /*writer=*/false);
    if (!folder) return folder.error();
    const auto steps = folder->evals();
    if (steps.empty()) {
        const bool comes = folder->info().state == RunState::running;
        return usage_error(shown_path(dir) + ": no evaluation" +
                           (comes ? " yet; wait for the first one (train.eval_every), or" : ";") +
                           " give the file of hopscope eval RUN --out FILE");
    }
    auto input = read_eval_input(dir, folder->eval_path(steps.back()));
    if (!input) return input;
    if (auto s = complete_from_run(*input, *folder); !s) return s.error();
    return input;
}

Result<CompareInput> read_zeroshot_input(const Json& json, const std::string& path) {
    CompareInput input;
    input.label = input.path = path;
    input.zeroshot = true;
    FieldReader fields(json, path);
    fields.required().text("task", input.task).optional().text("run", input.record.run);
    fields.text("data_hash", input.items_hash);
    if (auto s = fields.status(); !s) return s.error();
    const auto items = json.find("per_item");
    if (items == json.end() || !items->is_array() || items->empty())
        return usage_error(shown_path(path) + ": \"per_item\" must be a list of at least one item");
    for (const Json& item : *items) {
        const std::string name =
            shown_path(path) + ": per_item[" + std::to_string(input.items.size()) + "]";
        if (!item.is_object()) return usage_error(name + ": an object expected");
        ItemAnswer answer;
        int64_t pred = -1, pred_norm = -1;
        FieldReader item_fields(item, name);
        item_fields.required().integer("gold", answer.gold).integer("pred", pred);
        item_fields.optional().integer("pred_norm", pred_norm);
        if (auto s = item_fields.status(); !s) return s.error();
        const auto id = item.find("id");
        // Some tasks number their items, others name them.
        answer.id = id == item.end()  ? std::to_string(input.items.size())
                    : id->is_string() ? id->get<std::string>()
                                      : dump_line(*id);
        answer.right = pred == answer.gold;
        answer.right_norm = (item.contains("pred_norm") ? pred_norm : pred) == answer.gold;
        input.items.push_back(std::move(answer));
    }
    return input;
}

/// Notes `key` where both sides know it and differ.
template <class T>
void differ(std::string& out, const char* key, const T& a, const T& b) {
    if (a == b || a == T{} || b == T{}) return;
    std::string left, right;
    if constexpr (std::is_same_v<T, std::string>) {
        // A hash is shorter; what else a damaged file holds in its place need not be told in full.
        constexpr size_t kMost = 32;
        left = shown(a.substr(0, kMost));
        right = shown(b.substr(0, kMost));
    } else {
        left = std::to_string(a);
        right = std::to_string(b);
    }
    out += "\n  " + std::string(key) + ": " + left + " and " + right;
}

std::string differing_batches(const EvalRecord& a, const EvalRecord& b) {
    std::string out;
    differ(out, "split", word(a.split), word(b.split));
    differ(out, "number of batches", a.batches.size(), b.batches.size());
    differ(out, "tokens", a.tokens, b.tokens);
    differ(out, "content hash of the evaluated text", a.origin.data_hash, b.origin.data_hash);
    differ(out, "tokenizer", a.origin.tokenizer_hash, b.origin.tokenizer_hash);
    differ(out, "train.batch", a.origin.batch, b.origin.batch);
    differ(out, "train.seq_len", a.origin.seq_len, b.origin.seq_len);
    return out;
}

std::string differing_items(const CompareInput& a, const CompareInput& b) {
    std::string out;
    differ(out, "task", a.task, b.task);
    differ(out, "content hash of the items' file", a.items_hash, b.items_hash);
    differ(out, "number of items", a.items.size(), b.items.size());
    for (size_t i = 0; out.empty() && i < a.items.size(); ++i) {
        const std::string item = " of item " + std::to_string(i);
        differ(out, ("id" + item).c_str(), a.items[i].id, b.items[i].id);
        if (a.items[i].gold != b.items[i].gold)
            out += "\n  right answer" + item + ": " + std::to_string(a.items[i].gold) + " and " +
                   std::to_string(b.items[i].gold);
    }
    return out;
}

Status check_pair(const CompareInput& a, const CompareInput& b) {
    const std::string both = a.label + " and " + b.label;
    if (a.zeroshot != b.zeroshot)
        return usage_error(both +
                           ": one holds losses, the other zero-shot answers; compare like "
                           "with like");
    const std::string fields =
        a.zeroshot ? differing_items(a, b) : differing_batches(a.record, b.record);
    if (fields.empty()) return {};
    if (a.zeroshot)
        return usage_error(both + " do not rest on the same items; these differ:" + fields);
    return usage_error(both +
                       " do not rest on the same validation batches; these differ:" + fields +
                       "\nEvaluate both on one text: hopscope eval RUN --corpus FILE --out FILE");
}

}  // namespace

Result<CompareInput> read_compare_input(const std::string& path) {
    std::error_code code;
    if (fs::is_directory(path, code)) return read_run_input(path);
    constexpr size_t kMaxBytes = size_t{64} << 20;
    auto text = read_file(path, kMaxBytes);
    if (!text) return text.error();
    const std::string name = shown_path(path);
    auto json = parse_object(*text, name);
    if (!json) return json.error();
    std::string format;
    FieldReader fields(*json, name);
    fields.required().text("format", format);
    if (auto s = fields.status(); !s) return s.error();
    if (format == kEval) return read_eval_input(path, path);
    if (format == kZeroshot) return read_zeroshot_input(*json, path);
    return usage_error(name + ": \"format\" is " + in_quotes(format) + ", allowed: a run folder, " +
                       kEval + ", " + kZeroshot);
}

Status check_comparable(const std::vector<CompareInput>& inputs) {
    if (inputs.size() < 2)
        return usage_error("compare: found " + std::to_string(inputs.size()) +
                           " input, two or more are needed");
    for (size_t i = 0; i < inputs.size(); ++i)
        for (size_t j = i + 1; j < inputs.size(); ++j)
            if (auto s = check_pair(inputs[i], inputs[j]); !s) return s;
    return {};
}

}  // namespace hopscope::core
