#include "core/lab/prompts.h"

#include <algorithm>
#include <sstream>
#include <utility>

#include "core/base/files.h"
#include "core/base/json.h"
#include "core/base/names.h"
#include "core/base/utf8.h"
#include "core/probe/trace.h"
#include "core/trainer/run_data.h"

namespace hopscope::core::lab {
namespace {

using nlohmann::json;

constexpr size_t kMaxPromptsBytes = size_t{64} << 20;
/// Prompts taken from validation sequences where no file is given, and their tokens.
constexpr int64_t kSamplePrompts = 20, kSampleTokens = 32;

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
        out.text = without_mark(j["text"].get<std::string>());
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

}  // namespace

Result<std::vector<Prompt>> read_prompts(const std::string& path, const OpenRun& run,
                                         const Categories& categories) {
    return PromptReader(run, categories).read(path);
}

Result<std::vector<Prompt>> sample_prompts(const OpenRun& run, const Categories& categories) {
    auto source =
        eval_source(run.folder, run.model.config, run.tokenizer, "", Split::valid, "", Progress());
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

}  // namespace hopscope::core::lab
