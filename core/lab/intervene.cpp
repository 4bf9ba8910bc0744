// hopscope intervene: a script's effect on prompts, before and after and beside a random control
// (hopscope.intervene/1).
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <sstream>

#include "core/api/lab.h"
#include "core/base/json.h"
#include "core/base/names.h"
#include "core/base/utf8.h"
#include "core/probe/effect.h"
#include "core/probe/trace.h"
#include "core/run/document.h"
#include "core/stats/descriptive.h"
#include "core/stats/proportions.h"
#include "core/trainer/categories.h"
#include "core/trainer/device.h"
#include "core/trainer/open_run.h"
#include "core/trainer/run_data.h"

namespace hopscope::core::lab {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr size_t kMaxPromptsBytes = size_t{64} << 20;
/// Prompts taken from validation sequences where no file is given, and their tokens.
constexpr int64_t kSamplePrompts = 20, kSampleTokens = 32;

struct Prompt {
    std::string text;
    PromptQuestion question;
};

/// Reads the lines of a prompt file; every message begins with FILE:LINE.
class PromptReader {
  public:
    PromptReader(const OpenRun& run, const Categories& categories)
        : run_(run), categories_(categories) {}

    Result<std::vector<Prompt>> read(const std::string& path) {
        auto text = read_text(path, kMaxPromptsBytes);
        if (!text) return text.error();
        std::vector<Prompt> out;
        std::istringstream lines(*text);
        std::string line;
        for (int64_t n = 1; std::getline(lines, line); ++n) {
            if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
            auto prompt = parse(line);
            if (!prompt)
                return usage_error(shown_path(path) + ":" + std::to_string(n) + ": " +
                                   prompt.error().message);
            out.push_back(std::move(*prompt));
        }
        if (out.empty())
            return usage_error(shown_path(path) +
                               ": no prompt; give lines such as {\"text\": \"…\"}");
        return out;
    }

  private:
    Result<Prompt> parse(const std::string& line) const {
        const auto object = parse_object(line, "prompt");
        if (!object) return object.error();
        const json& j = *object;
        if (!j.contains("text") || !j["text"].is_string())
            return usage_error(
                "a prompt is a JSON object {\"text\", \"target\"?, \"categories\"?}");
        for (const auto& [key, value] : j.items())
            if (key != "text" && key != "target" && key != "categories")
                return usage_error("unknown key " + in_quotes(key) +
                                   "; allowed: text, target, categories");
        Prompt out;
        out.text = j["text"].get<std::string>();
        auto pieces = prompt_pieces(run_.model.config, run_.tokenizer, out.text, /*cut=*/false);
        if (!pieces) return pieces.error();
        for (const auto& p : *pieces) out.question.ids.push_back(p.id);
        if (j.contains("target")) {
            if (!j["target"].is_string()) return usage_error("\"target\" must be a text");
            auto target = run_.tokenizer.encode_line(j["target"].get<std::string>());
            if (!target) return target.error();
            if (target->empty()) return usage_error("\"target\" has no token");
            out.question.target = target->front();
        }
        if (j.contains("categories")) {
            if (!j["categories"].is_array()) return usage_error("\"categories\" must be a list");
            for (const auto& name : j["categories"]) {
                if (!name.is_string() || !categories_.count(name.get<std::string>()))
                    return usage_error("unknown category " + shown(dump_line(name)) +
                                       "; known: " + known());
                out.question.categories.push_back(name.get<std::string>());
            }
        } else {
            for (const auto& [name, ids] : categories_) out.question.categories.push_back(name);
        }
        return out;
    }

    std::string known() const {
        std::vector<std::string> names;
        for (const auto& [name, ids] : categories_) names.push_back(name);
        return names.empty() ? "none" : shown(joined(names));
    }

    const OpenRun& run_;
    const Categories& categories_;
};

Result<std::vector<Prompt>> sample_prompts(const OpenRun& run, const Categories& categories) {
    auto source =
        eval_source(run.folder, run.model.config, run.tokenizer, "", "valid", "", Progress());
    if (!source) return source.error();
    std::vector<Prompt> out;
    std::vector<int32_t> tokens;
    const int64_t width = source->seq_len() + 1, take = std::min(kSampleTokens, source->seq_len());
    for (int64_t b = 0; b < source->eval_batches(); ++b) {
        source->eval_batch(b, tokens);
        for (int64_t r = 0; r < source->batch(); ++r) {
            if (static_cast<int64_t>(out.size()) == kSamplePrompts) return out;
            Prompt prompt;
            std::vector<int32_t> ids(tokens.begin() + r * width, tokens.begin() + r * width + take);
            prompt.question.ids.assign(ids.begin(), ids.end());
            auto text = run.tokenizer.decode(ids);
            if (text) prompt.text = std::move(*text);
            for (const auto& [name, list] : categories) prompt.question.categories.push_back(name);
            out.push_back(std::move(prompt));
        }
    }
    return out;
}

ordered_json outlook_json(const Outlook& o) {
    return {{"nll", json_number(o.nll)},
            {"p_target", json_number(o.p_target)},
            {"p_category", o.p_category}};
}

ordered_json change_json(const Change& c, const Tokenizer& tokenizer) {
    auto j = outlook_json(c.outlook);
    j["top"] = tokenizer.piece(static_cast<int32_t>(c.outlook.top));
    j["token_changed"] = c.token_changed;
    j["mean_hops"] = json_number(c.mean_hops);
    return j;
}

ordered_json numbers(const std::vector<double>& values) {
    ordered_json out = ordered_json::array();
    for (const double x : values) out.push_back(json_number(x));
    return out;
}

ordered_json control_json(const RandomControl& c) {
    if (c.draws == 0) return {{"draws", 0}, {"reason", c.reason}};
    json mean = json::object(), deviation = json::object();
    for (const auto& [name, x] : c.delta_p_mean) mean[name] = json_number(x);
    for (const auto& [name, x] : c.delta_p_std) deviation[name] = json_number(x);
    return {{"draws", c.draws},
            {"seed", c.seed},
            {"kl_mean", json_number(c.kl_mean)},
            {"kl_std", json_number(c.kl_std)},
            {"nll_mean", json_number(c.nll_mean)},
            {"nll_std", json_number(c.nll_std)},
            {"jaccard_mean", numbers(c.jaccard_mean)},
            {"jaccard_std", numbers(c.jaccard_std)},
            {"token_changed_share", json_number(c.changed_share)},
            {"delta_p_mean", mean},
            {"delta_p_std", deviation}};
}

/// Median and quartiles of one quantity over the prompts.
ordered_json spread_json(const std::vector<double>& x) {
    return {{"n", x.size()},
            {"mean", json_number(stats::mean(x))},
            {"median", json_number(stats::median(x))},
            {"q25", json_number(stats::quantile(x, 0.25))},
            {"q75", json_number(stats::quantile(x, 0.75))}};
}

/// 95 % Clopper–Pearson interval of k of n.
json ci95_json(int64_t k, size_t n) {
    const auto ci95 = stats::share_ci95(k, static_cast<int64_t>(n));
    return {json_number(ci95.low), json_number(ci95.high)};
}

double share_of(int64_t k, size_t n) {
    return static_cast<double>(k) / static_cast<double>(n);
}

/// The same of a change, with the share of prompts on which it is a rise [def:effect]: of all
/// prompts, those without a change included. The sign test leaves these out and says how many stay.
ordered_json rise_json(const std::vector<double>& x) {
    const auto sign = stats::sign_test(x);
    auto j = spread_json(x);
    j["share_positive"] = json_number(share_of(sign.positive, x.size()));
    j["share_positive_ci95"] = ci95_json(sign.positive, x.size());
    j["sign_test_p"] = json_number(sign.p);
    j["sign_test_n"] = sign.positive + sign.negative;
    return j;
}

ordered_json summary_json(const std::vector<Effect>& effects) {
    std::vector<double> kl, control_kl, target;
    std::map<std::string, std::vector<double>> relative;
    int64_t changed = 0, beyond = 0;
    for (const auto& e : effects) {
        kl.push_back(e.changed.kl);
        target.push_back(e.changed.outlook.p_target - e.base.p_target);
        if (e.control.draws > 0) {
            control_kl.push_back(e.control.kl_mean);
            std::vector<double> draws;
            for (const auto& c : e.control.each) draws.push_back(c.kl);
            beyond += e.changed.kl > stats::quantile(draws, 0.95);
        }
        changed += e.changed.token_changed;
        for (const auto& [name, p] : e.base.p_category)
            if (p > 0) relative[name].push_back(e.changed.outlook.p_category.at(name) / p - 1);
    }
    const size_t n = effects.size();
    ordered_json j = {{"prompts", n},
                      {"kl", spread_json(kl)},
                      {"delta_p_target", rise_json(target)},
                      {"token_changed_share", json_number(share_of(changed, n))},
                      {"token_changed_ci95", ci95_json(changed, n)}};
    if (!control_kl.empty()) {
        j["control_kl"] = spread_json(control_kl);
        j["share_kl_above_control_95"] = json_number(share_of(beyond, control_kl.size()));
        j["share_kl_above_control_ci95"] = ci95_json(beyond, control_kl.size());
    }
    j["relative_p_category"] = ordered_json::object();
    for (const auto& [name, values] : relative) j["relative_p_category"][name] = rise_json(values);
    return j;
}

}  // namespace

Result<std::vector<CategoryWords>> word_lists(const std::string& run,
                                              const std::vector<std::string>& dirs) {
    auto folder = RunFolder::open(run, /*writer=*/false);
    if (!folder) return folder.error();
    auto lists = word_lists_for(*folder, dirs);
    if (!lists) return lists.error();
    std::vector<CategoryWords> out;
    for (auto& [name, words] : *lists) out.push_back({name, std::move(words)});
    return out;
}

Result<std::string> intervene(const InterveneOptions& o) {
    try {
        auto run = open_run(o.run, o.precision);
        if (!run) return run.error();
        if (o.script.empty()) return usage_error("--script: holds no command");
        if (o.controls < 0)
            return usage_error("--controls: found " + std::to_string(o.controls) +
                               ", allowed 0 or more");
        for (const double factor : o.doses)
            if (!std::isfinite(factor))
                return usage_error("--doses: found " + std::to_string(factor) +
                                   ", allowed finite numbers");
        auto lists = word_lists_for(run->folder, o.category_dirs);
        if (!lists) return lists.error();
        const Categories categories = token_lists(*lists, run->tokenizer);
        auto prompts = o.prompts.empty() ? sample_prompts(*run, categories)
                                         : PromptReader(*run, categories).read(o.prompts);
        if (!prompts) return prompts.error();

        const auto cancelled = [] { return interrupt_flag().load() != 0; };
        const double passes = static_cast<double>(prompts->size() * (o.doses.size() + 1));
        double done = 0;
        const auto measure = [&](double factor, int64_t controls) -> Result<std::vector<Effect>> {
            auto plan = make_plan(run->model, scaled(o.script, factor), o.seed);
            if (!plan) return plan.error();
            std::vector<Effect> effects;
            for (const auto& p : *prompts) {
                if (o.on_progress) o.on_progress("measuring prompts", done++ / passes);
                auto effect = measure_effect(run->model, *plan, p.question, categories, controls,
                                             o.seed, cancelled);
                if (!effect) return effect.error();
                effects.push_back(std::move(*effect));
            }
            return effects;
        };
        auto effects = measure(1.0, o.controls);
        if (!effects) return effects.error();

        auto j = document("hopscope.intervene/1", run->folder, run->step, run->model.config);
        j["definition"] =
            "at the last position: KL(base || changed) of the next-token distribution in nats; "
            "Jaccard of the expert sets of base and changed, mean over tokens and hops, per layer; "
            "control: the same script on as many experts drawn at random from the same layer "
            "[def:effect]";
        j["script"] = script_json(o.script);
        j["prompts"] = json::array();
        for (size_t i = 0; i < effects->size(); ++i) {
            const auto& e = (*effects)[i];
            ordered_json p = {{"text", (*prompts)[i].text},
                              {"target", run->tokenizer.piece(static_cast<int32_t>(e.target))},
                              {"base", outlook_json(e.base)},
                              {"changed", change_json(e.changed, run->tokenizer)},
                              {"kl", json_number(e.changed.kl)},
                              {"jaccard", numbers(e.changed.jaccard)}};
            if (o.controls > 0) p["control"] = control_json(e.control);
            j["prompts"].push_back(std::move(p));
        }
        j["summary"] = summary_json(*effects);
        if (!o.doses.empty()) {
            j["doses"] = json::array();
            for (const double factor : o.doses) {
                auto dose = measure(factor, o.controls);
                if (!dose) return dose.error();
                j["doses"].push_back(
                    ordered_json{{"factor", factor}, {"summary", summary_json(*dose)}});
            }
        }
        return dump_pretty(j);
    } catch (const std::exception& e) {
        return torch_error(e);
    }
}

}  // namespace hopscope::core::lab
