#include "core/compare/document_numbers.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include "core/base/csv.h"

namespace hopscope::core {
namespace {

constexpr size_t kLongestList = 16;

/// What says how a document came about, not what it found.
constexpr std::string_view kAboutTheCall[] = {
    "format",  "run",         "step",           "config_hash", "live",      "definition",
    "n",       "seed",        "seeds",          "corpus",      "data_hash", "definitions",
    "batches", "split",       "tokens",         "file",        "repeats",   "precision",
    "script",  "per_item",    "items",          "origin",      "from",      "against",
    "draws",   "resamples",   "block",          "batch",       "seq_len",   "cut_items",
    "name",    "cut_choices", "joined_choices", "skipped",     "changes",   "planned_steps"};

bool about_the_call(std::string_view key) {
    return std::find(std::begin(kAboutTheCall), std::end(kAboutTheCall), key) !=
           std::end(kAboutTheCall);
}

bool is_interval(const Json& value) {
    return value.is_object() && value.contains("value") && value.contains("ci95");
}

bool is_plain(const Json& value) {
    return value.is_number() || value.is_null() || is_interval(value);
}

double number_in(const Json& value) {
    return value.is_number() ? value.get<double>() : std::nan("");
}

class Reader {
  public:
    Reader(std::string name, int64_t n) : name_(std::move(name)), n_(n) {}

    void object(const Json& at, const std::string& path, bool outermost) {
        for (const auto& [key, value] : at.items()) {
            if (outermost && about_the_call(key)) continue;
            // "mean" and "mean_interval" are one number.
            if (at.contains(key + "_interval") || key.ends_with("_each")) continue;
            const std::string plain =
                key.ends_with("_interval") ? key.substr(0, key.size() - 9) : key;
            any(value, path.empty() ? plain : path + "." + plain);
        }
    }
    std::vector<RunNumber> take() { return std::move(out_); }

  private:
    void any(const Json& value, const std::string& path) {
        if (value.is_number())
            number(value, path);
        else if (is_interval(value))
            interval(value, path);
        else if (value.is_object())
            object(value, path, false);
        else if (value.is_array() && value.size() <= kLongestList)
            list(value, path);
    }

    void list(const Json& values, const std::string& path) {
        double sum = 0;
        size_t plain = 0;
        for (size_t i = 0; i < values.size(); ++i) {
            any(values[i], path + place_of(values[i], i));
            if (!is_plain(values[i])) continue;
            sum += number_in(is_interval(values[i]) ? values[i]["value"] : values[i]);
            ++plain;
        }
        if (plain < 2 || plain != values.size()) return;
        add(path + ".mean", sum / static_cast<double>(plain), static_cast<int64_t>(plain),
            "entries");
    }

    static std::string place_of(const Json& value, size_t index) {
        if (value.is_object() && value.contains("epsilon") && value["epsilon"].is_number())
            return "[epsilon=" + csv_number(value["epsilon"].get<double>()) + "]";
        return "[" + std::to_string(index) + "]";
    }

    void number(const Json& value, const std::string& path) { add(path, number_in(value), n_, ""); }

    void interval(const Json& value, const std::string& path) {
        const auto n = value.contains("n") ? json_integer(value["n"]) : std::nullopt;
        const bool told = value.contains("over") && value["over"].is_string();
        RunNumber* added = add(path, number_in(value["value"]), n.value_or(0),
                               told ? value["over"].get<std::string>() : "");
        const Json& ends = value["ci95"];
        if (!added || !ends.is_array() || ends.size() != 2) return;
        added->low = number_in(ends[0]);
        added->high = number_in(ends[1]);
    }

    RunNumber* add(const std::string& path, double value, int64_t n, const std::string& over) {
        if (!std::isfinite(value) || out_.size() >= kMostNumbers) return nullptr;
        RunNumber& number = out_.emplace_back();
        number.key = name_ + "/" + path;
        number.value = value;
        number.n = n;
        number.over = over;
        number.better = better_of(path);
        return &number;
    }

    std::string name_;
    int64_t n_ = 0;  ///< of the document
    std::vector<RunNumber> out_;
};

}  // namespace

bool has_numbers(const std::string& format) {
    constexpr std::string_view kKinds[] = {"hopscope.analysis/", "hopscope.eval/",
                                           "hopscope.halting/", "hopscope.zeroshot/"};
    return std::any_of(std::begin(kKinds), std::end(kKinds),
                       [&](std::string_view kind) { return format.starts_with(kind); });
}

std::vector<RunNumber> document_numbers(const Json& document, const std::string& name) {
    const char* counts = document.contains("items") ? "items" : "n";
    const auto n = document.contains(counts) ? json_integer(document[counts]) : std::nullopt;
    Reader reader(name, n.value_or(0));
    const bool analysis = document.contains("result") && document["result"].is_object();
    reader.object(analysis ? document["result"] : document, "", !analysis);
    return reader.take();
}

Better better_of(const std::string& key) {
    // What is not here has no better way by itself: a higher overlap is neither good nor bad.
    constexpr std::string_view kLower[] = {"loss",    "perplexity", "nll",
                                           "seconds", "_ms",        "delta_percent"};
    constexpr std::string_view kHigher[] = {"accuracy", "accuracy_norm", "tokens_per_s", "saving"};
    for (const std::string_view word : kHigher)
        if (key.ends_with(word)) return Better::higher;
    for (const std::string_view word : kLower)
        if (key.ends_with(word)) return Better::lower;
    return Better::unknown;
}

}  // namespace hopscope::core
