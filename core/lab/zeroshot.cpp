// hopscope zeroshot: multiple choice by log-likelihood, each item's scores kept
// (hopscope.zeroshot/1).
#include <algorithm>
#include <cmath>
#include <filesystem>

#include "core/api/lab.h"
#include "core/base/files.h"
#include "core/base/stopwatch.h"
#include "core/base/utf8.h"
#include "core/lab/interrupt.h"
#include "core/lab/zeroshot_items.h"
#include "core/lab/zeroshot_score.h"
#include "core/run/document.h"
#include "core/stats/proportions.h"
#include "core/trainer/device.h"
#include "core/trainer/open_run.h"

namespace hopscope::core::lab {
namespace {

using nlohmann::ordered_json;

struct Encoded {
    std::vector<ScoredText> texts;  ///< the choices of all items, one after the other
    int64_t cut_items = 0, cut_choices = 0, joined_choices = 0, tokens = 0;
};

Result<Encoded> encode(const OpenRun& run, const std::vector<ZeroshotItem>& items,
                       const std::string& file) {
    Encoded out;
    for (const ZeroshotItem& item : items) {
        bool cut = false;
        for (const ZeroshotChoice& choice : item.choices) {
            auto text = encode_choice(run.model.config, run.tokenizer, choice);
            if (!text)
                return usage_error(shown_path(file) + ":" + std::to_string(item.line) + ": " +
                                   text.error().message);
            cut = cut || text->context_cut;
            out.cut_choices += text->continuation_cut;
            out.joined_choices += text->joined;
            out.tokens += static_cast<int64_t>(text->ids.size()) - 1;
            out.texts.push_back(std::move(*text));
        }
        out.cut_items += cut;
    }
    return out;
}

/// Index of the highest score, ties to the lowest.
int64_t best(const std::vector<double>& scores) {
    return std::max_element(scores.begin(), scores.end()) - scores.begin();
}

/// Share of `right` in `n` with its binomial standard error and exact interval.
void add_accuracy(ordered_json& j, const std::string& suffix, int64_t right, size_t n) {
    const double share = static_cast<double>(right) / static_cast<double>(n);
    const auto ci95 = stats::share_ci95(right, static_cast<int64_t>(n));
    j["accuracy" + suffix] = share;
    j["stderr" + suffix] = std::sqrt(share * (1 - share) / static_cast<double>(n));
    j["ci95" + suffix] = {ci95.low, ci95.high};
}

/// Fields of the contract that follow from the scores. Errors (failed): a score that is not finite.
Status add_results(ordered_json& j, const std::vector<ZeroshotItem>& items,
                   const std::vector<double>& scores) {
    ordered_json per_item = ordered_json::array();
    int64_t right = 0, right_norm = 0;
    double chance = 0;
    auto next = scores.begin();
    for (const ZeroshotItem& item : items) {
        const auto end = next + static_cast<std::ptrdiff_t>(item.choices.size());
        const std::vector<double> sum(next, end);
        next = end;
        std::vector<double> norm;
        for (size_t c = 0; c < sum.size(); ++c) {
            if (!std::isfinite(sum[c]))
                return failure("item " + dump_line(item.id) + ": choice " + std::to_string(c) +
                               " has no finite score; the model's weights are not usable (did the "
                               "run diverge?)");
            norm.push_back(sum[c] / static_cast<double>(item.choices[c].bytes));
        }
        const int64_t pred = best(sum), pred_norm = best(norm);
        right += pred == item.gold;
        right_norm += pred_norm == item.gold;
        chance += 1 / static_cast<double>(sum.size());
        per_item.push_back({{"id", item.id},
                            {"gold", item.gold},
                            {"pred", pred},
                            {"pred_norm", pred_norm},
                            {"scores", sum},
                            {"scores_norm", norm}});
    }
    add_accuracy(j, "", right, items.size());
    add_accuracy(j, "_norm", right_norm, items.size());
    j["chance"] = chance / static_cast<double>(items.size());
    j["per_item"] = std::move(per_item);
    return {};
}

/// The document with where it was saved; a run folder that cannot be written does not cost the
/// result.
std::string saved(ordered_json j, const std::string& dir, const std::string& name) {
    const std::string folder = dir + "/analysis", path = folder + "/" + name;
    std::error_code code;
    std::filesystem::create_directory(folder, code);
    j["saved"] = path;
    auto text = dump_pretty(j);
    if (auto written = write_file_atomic(path, text); !written) {
        j["saved"] = nullptr;
        j["not_saved"] = written.error().message;
        text = dump_pretty(j);
    }
    return text;
}

}  // namespace

const std::vector<Definition>& zeroshot_definitions() {
    static const std::vector<Definition> kDefinitions = {
        {"scores",
         "of each choice: the sum of ln P(token | all tokens before it) over the tokens of the "
         "continuation, nats, fp32. hellaswag: context, then \" ENDING\"; arc_easy: \"Question: "
         "Q\\nAnswer:\", then \" CHOICE\"; winogrande: the text before the blank with the option, "
         "then the text after the blank (partial scoring)"},
        {"scores_norm", "scores / bytes of the choice in UTF-8 (winogrande: of the option)"},
        {"pred, pred_norm", "index of the highest score, ties to the lowest; gold: the right one"},
        {"scored tokens",
         "context and continuation are encoded together, as prompts are; scored are the tokens "
         "whose last byte lies behind the context (joined_choices: the first of them holds bytes "
         "of the context too)"},
        {"tokens", "read by the model over all choices, padding apart"},
        {"cut_items",
         "items with a choice of more tokens than model.max_seq_len + 1: cut from the left "
         "(cut_choices: so far that a part of the choice itself is not scored)"},
        {"accuracy, accuracy_norm", "share of items whose pred, pred_norm is gold"},
        {"stderr", "binomial: sqrt(accuracy (1 - accuracy) / items)"},
        {"ci95", "exact 95 % interval of the share (Clopper-Pearson)"},
        {"chance", "expected accuracy of a guess: mean of 1 / number of choices"},
    };
    return kDefinitions;
}

Result<std::string> zeroshot(const ZeroshotOptions& o) {
    try {
        if (o.items < 0)
            return usage_error("--items: found " + std::to_string(o.items) + ", allowed 1 or more");
        auto run = open_run(o.run, o.precision);
        if (!run) return run.error();
        auto plan = make_plan(run->model, o.script, run->model.config.train.seed);
        if (!plan) return plan.error();
        auto read = read_zeroshot_items(o.task, o.file);
        if (!read) return read.error();
        auto& items = read->items;
        const bool part = o.items > 0 && static_cast<size_t>(o.items) < items.size();
        if (part) items.erase(items.begin() + o.items, items.end());
        auto encoded = encode(*run, items, o.file);
        if (!encoded) return encoded.error();
        int64_t longest = 0;
        for (const auto& text : encoded->texts)
            longest = std::max(longest, static_cast<int64_t>(text.ids.size()) - 1);
        if (auto s = check_tokens(*plan, longest); !s) return s.error();

        Progress progress = interruptible({});
        if (o.on_progress)
            progress.report = [&](const std::string& activity, double fraction) {
                o.on_progress(
                    activity + " " + std::to_string(items.size()) + " items of " + word(o.task),
                    fraction);
            };
        const Stopwatch watch;
        const auto scores = score_texts(run->model, *plan, encoded->texts, progress);
        if (!scores) return scores.error();
        const double seconds = watch.seconds();

        auto j = document("hopscope.zeroshot/1", run->folder, run->step, run->model.config);
        j["task"] = word(o.task);
        j["file"] = o.file;
        j["data_hash"] = read->hash;
        j["precision"] = word(o.precision);
        j["script"] = script_json(o.script);
        j["items"] = items.size();
        j["cut_items"] = encoded->cut_items;
        j["cut_choices"] = encoded->cut_choices;
        j["joined_choices"] = encoded->joined_choices;
        j["tokens"] = encoded->tokens;
        j["seconds"] = seconds;
        j["definitions"] = ordered_json::object();
        for (const auto& [term, definition] : zeroshot_definitions())
            j["definitions"][term] = definition;
        if (auto s = add_results(j, items, *scores); !s) return s.error();
        const bool changed = !o.script.empty() || o.precision != Precision::fp32;
        return saved(std::move(j), run->folder.dir(),
                     "zeroshot-" + word(o.task) + (changed ? "-changed" : "") +
                         (part ? "-first-" + std::to_string(o.items) : "") + ".json");
    } catch (const std::exception& e) {
        return torch_error(e);
    }
}

}  // namespace hopscope::core::lab
