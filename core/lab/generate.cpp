// hopscope generate: continues a prompt, if asked under interventions (hopscope.generate/1).
#include <ATen/ops/tensor.h>
#include <algorithm>
#include <c10/core/GradMode.h>
#include <cmath>

#include "core/api/lab.h"
#include "core/base/json.h"
#include "core/base/random.h"
#include "core/base/stopwatch.h"
#include "core/lab/interrupt.h"
#include "core/lab/sampling.h"
#include "core/model/sound.h"
#include "core/probe/planned_pass.h"
#include "core/probe/trace.h"
#include "core/run/document.h"
#include "core/trainer/device.h"
#include "core/trainer/open_run.h"

namespace hopscope::core::lab {
namespace {

using nlohmann::ordered_json;

Status check(const GenerateOptions& o) {
    if (o.tokens < 1)
        return usage_error("--tokens: found " + std::to_string(o.tokens) + ", allowed 1 or more");
    if (!(o.temperature >= 0) || !std::isfinite(o.temperature))
        return usage_error("--temperature: found " + std::to_string(o.temperature) +
                           ", allowed finite numbers from 0");
    if (!(o.top_p > 0 && o.top_p <= 1))
        return usage_error("--top-p: found " + std::to_string(o.top_p) +
                           ", allowed above 0 up to 1");
    return {};
}

/// Hands text on as it grows. Bytes of a character that is not complete yet decode as U+FFFD; they
/// wait until it is, or until the end.
class TextStream {
  public:
    explicit TextStream(const std::function<void(const std::string&)>& sink) : sink_(sink) {}

    void show(const std::string& text, bool end) {
        constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
        std::string_view ready = text;
        while (!end && ready.ends_with(kReplacement)) ready.remove_suffix(kReplacement.size());
        if (sink_ && ready.size() > shown_) sink_(std::string(ready.substr(shown_)));
        shown_ = std::max(shown_, ready.size());
    }

  private:
    const std::function<void(const std::string&)>& sink_;
    size_t shown_ = 0;
};

struct Drawn {
    std::vector<NextToken> tokens;
    std::string text;  ///< prompt and continuation
    const char* stopped = "tokens";
};

/// @param ids of the prompt
Result<Drawn> draw_tokens(const OpenRun& run, const Plan& plan, std::vector<int32_t> ids,
                          const GenerateOptions& o) {
    const c10::AutoGradMode no_grad(false);
    const auto edited = edited_model(run.model, plan);
    const Sampling sampling{o.temperature, o.top_p};
    const auto limit = static_cast<size_t>(run.model.config.model.max_seq_len);
    const auto room = std::min(limit, ids.size() + static_cast<size_t>(o.tokens));
    GrowingText read{Past(static_cast<int64_t>(room)),
                     HopBanks(edited, static_cast<int64_t>(room - std::min(room, ids.size())))};
    Random random(o.seed);
    TextStream stream(o.on_text);
    Drawn out;
    while (true) {
        auto text = run.tokenizer.decode(ids);
        if (!text) return text.error();
        out.text = std::move(*text);
        const bool end_of_text = !out.tokens.empty() && ids.back() == run.tokenizer.eos_id();
        const bool all = static_cast<int64_t>(out.tokens.size()) == o.tokens;
        const bool full = ids.size() > limit;
        stream.show(out.text, end_of_text || all || full);
        if (end_of_text || all || full) {
            out.stopped = end_of_text ? "end_of_text" : all ? "tokens" : "max_seq_len";
            return out;
        }
        if (interrupted())
            return Error{ErrorKind::interrupted, "generation stopped on request after " +
                                                     std::to_string(out.tokens.size()) + " tokens"};
        // What the model has not read yet: the prompt at first, then the token drawn last.
        const std::vector<int64_t> wide(ids.begin() + read.past.length(), ids.end());
        const auto input = at::tensor(at::ArrayRef<int64_t>(wide))
                               .view({1, static_cast<int64_t>(wide.size())})
                               .to(edited.weights.embed.device());
        const auto log_p = floats(next_log_p(edited, plan, input, &read));
        if (!std::all_of(log_p.begin(), log_p.end(), [](float p) { return std::isfinite(p); }))
            return diverged("what the model says about the next token");
        const size_t id = pick_token(log_p, sampling, random.unit());
        const auto token = static_cast<int32_t>(id);
        out.tokens.push_back({token, run.tokenizer.piece(token), std::exp(log_p[id])});
        ids.push_back(token);
    }
}

}  // namespace

const std::vector<Definition>& generate_definitions() {
    static const std::vector<Definition> kDefinitions = {
        {"text", "the prompt and its continuation: what the tokenizer decodes from all their ids"},
        {"continuation", "the part of text behind the prompt"},
        {"p",
         "probability of the token by the model (with the script, before temperature and top-p)"},
        {"temperature", "ln P of every token is divided by it; 0 takes the most likely token"},
        {"top-p",
         "drawn is among the fewest tokens, by falling probability, whose sum reaches top-p"},
        {"stopped",
         "tokens: as many as asked for; end_of_text: </s> was drawn; max_seq_len: the model reads "
         "no longer text (the context does not slide, so that a script's tokens keep their "
         "places)"},
        {"tokens_per_s",
         "drawn tokens a second, the pass over the prompt with them; each of the others reads one "
         "token, and keys and values of the text so far are kept"},
    };
    return kDefinitions;
}

Result<std::string> generate(const GenerateOptions& o) {
    try {
        if (auto s = check(o); !s) return s.error();
        auto run = open_run(o.run, o.precision);
        if (!run) return run.error();
        auto plan = make_plan(run->model, o.script, run->model.config.train.seed);
        if (!plan) return plan.error();
        auto pieces = prompt_pieces(run->model.config, run->tokenizer, o.text, /*cut=*/false);
        if (!pieces) return pieces.error();
        std::vector<int32_t> ids;
        for (const auto& p : *pieces) ids.push_back(p.id);
        const auto prompt_tokens = static_cast<int64_t>(ids.size());
        const int64_t longest =
            std::min(prompt_tokens + o.tokens, run->model.config.model.max_seq_len);
        if (auto s = check_tokens(*plan, longest); !s) return s.error();
        const auto prompt = run->tokenizer.decode(ids);
        if (!prompt) return prompt.error();

        const Stopwatch watch;
        auto drawn = draw_tokens(*run, *plan, std::move(ids), o);
        if (!drawn) return drawn.error();
        const double seconds = watch.seconds();

        auto j = document("hopscope.generate/1", run->folder, run->step, run->model.config);
        j["prompt"] = o.text;
        j["prompt_tokens"] = prompt_tokens;
        j["text"] = drawn->text;
        j["continuation"] = drawn->text.substr(std::min(prompt->size(), drawn->text.size()));
        j["tokens"] = ordered_json::array();
        for (const auto& t : drawn->tokens)
            j["tokens"].push_back({{"id", t.id}, {"piece", t.piece}, {"p", json_number(t.p)}});
        j["stopped"] = drawn->stopped;
        j["temperature"] = o.temperature;
        j["top_p"] = o.top_p;
        j["seed"] = o.seed;
        j["precision"] = word(o.precision);
        j["script"] = script_json(o.script);
        j["seconds"] = seconds;
        j["tokens_per_s"] = json_number(static_cast<double>(drawn->tokens.size()) / seconds);
        return dump_pretty(j);
    } catch (const std::exception& e) {
        return torch_error(e);
    }
}

}  // namespace hopscope::core::lab
