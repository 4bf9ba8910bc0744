#include "core/run/run_info.h"

#include <algorithm>
#include <cctype>
#include <iomanip>
#include <sstream>
#include <utility>

#include "core/api/config_keys.h"
#include "core/api/kinds.h"
#include "core/base/json.h"
#include "core/base/names.h"
#include "core/base/utf8.h"

namespace hopscope::core {
namespace {

constexpr const char* kRunFormat = "hopscope.run/1";

constexpr int64_t kMost = int64_t{1} << 53;      ///< of what has no limit of its own
constexpr double kMostSeconds = 253402300799.0;  ///< the last of the year 9999
constexpr size_t kMostHash = 128;

/// Of a key without an upper bound too.
int64_t as_limit(double high) {
    return high < static_cast<double>(kMost) ? static_cast<int64_t>(high) : kMost;
}

/// "failed: reason" → state and reason.
bool parse_state(const std::string& text, RunInfo& info) {
    const size_t colon = text.find(": ");
    const auto state = kind_of<RunState>(text.substr(0, colon));
    if (!state) return false;
    info.state = *state;
    info.reason = colon == std::string::npos ? "" : text.substr(colon + 2);
    return true;
}

Status read_resumes(const Json& json, const std::string& name, std::vector<ResumeNote>& out) {
    const auto list = json.find("resumes");
    if (list == json.end()) return {};
    if (!list->is_array()) return usage_error(name + ": \"resumes\": a list expected");
    for (const Json& item : *list) {
        if (!item.is_object())
            return usage_error(name + ": \"resumes\": a list of objects expected");
        ResumeNote note;
        FieldReader fields(item, name + ": resumes");
        fields.integer("step", note.step).number("time", note.time).texts("changed", note.changed);
        if (auto status = fields.status(); !status) return status;
        out.push_back(std::move(note));
    }
    return {};
}

Status read_origin(const Json& json, const std::string& name, ForkOrigin& out) {
    const auto origin = json.find("forked_from");
    if (origin == json.end()) return {};
    if (!origin->is_object()) return usage_error(name + ": \"forked_from\": an object expected");
    FieldReader fields(*origin, name + ": forked_from");
    fields.text("run", out.run).integer("step", out.step).text("with", out.with);
    return fields.status();
}

template <class Number>
Status within(const std::string& key, Number found, Number low, Number high,
              const std::string& name) {
    if (found >= low && found <= high) return {};
    std::ostringstream text;
    text << name << ": \"" << key << "\": found " << std::setprecision(17) << found << ", allowed "
         << low << " … " << high;
    return usage_error(text.str());
}

/// A word that the program writes there, or "": an older version may not have said it.
template <OpenKind E>
Status read_decided(const std::string& key, const std::string& found, const std::string& name,
                    std::optional<E>& out) {
    out = decided_kind<E>(found);
    if (found.empty() || out) return {};
    return usage_error(name + ": \"" + key + "\": found " + in_quotes(found) + ", allowed " +
                       joined(decided_words<E>()));
}

template <Kind E>
std::string word_or_none(const std::optional<E>& kind) {
    return kind ? word(*kind) : "";
}

bool is_hash(const std::string& text) {
    return text.size() <= kMostHash && std::all_of(text.begin(), text.end(), [](unsigned char c) {
               return std::isxdigit(c) != 0;
           });
}

/// What a run cannot have written would end its next process, or make it wait for ever.
Status check_ranges(const RunInfo& info, const std::string& name) {
    const double most_threads = find_key("train.threads")->allowed.range.high;
    const double most_steps = find_key("train.steps")->allowed.range.high;
    Status status = within<int64_t>("threads", info.threads, 0, as_limit(most_threads), name);
    const auto check = [&](Status next) {
        if (status) status = std::move(next);
    };
    check(within<int64_t>("steps", info.steps, 0, as_limit(most_steps), name));
    check(within<int64_t>("parameters", info.parameters, 0, kMost, name));
    check(within<int64_t>("peak_memory_bytes", info.peak_memory_bytes, 0, kMost, name));
    check(within("created", info.created, 0.0, kMostSeconds, name));
    for (const ResumeNote& note : info.resumes) {
        check(within<int64_t>("resumes.step", note.step, 0, kMost, name));
        check(within("resumes.time", note.time, 0.0, kMostSeconds, name));
    }
    check(within<int64_t>("forked_from.step", info.forked_from.step, 0, kMost, name));
    std::vector<std::pair<std::string, std::string>> hashes(info.corpus_hashes.begin(),
                                                            info.corpus_hashes.end());
    hashes.emplace_back("config_hash", info.config_hash);
    for (const auto& [key, hash] : hashes)
        if (!is_hash(hash))
            check(usage_error(name + ": " + in_quotes(key) + ": found " + in_quotes(hash) +
                              ", allowed hexadecimal digits"));
    return status;
}

}  // namespace

std::string run_info_json(const RunInfo& info) {
    OrderedJson json;
    json["format"] = kRunFormat;
    json["program_version"] = info.program_version;
    json["state"] =
        std::string(name_of(info.state)) + (info.reason.empty() ? "" : ": " + info.reason);
    json["config_name"] = info.config_name;
    json["config_hash"] = info.config_hash;
    json["device"] = word_or_none(info.device);
    json["device_name"] = info.device_name;
    json["precision"] = word_or_none(info.precision);
    json["threads"] = info.threads;
    json["seed"] = info.seed;
    json["steps"] = info.steps;
    json["parameters"] = info.parameters;
    json["peak_memory_bytes"] = info.peak_memory_bytes;
    json["source"] = info.source;
    json["synthetic"] = info.synthetic;
    json["created"] = info.created;
    json["corpus_hashes"] = info.corpus_hashes;
    json["kernel_choices"] = info.kernel_choices;
    if (const auto& from = info.forked_from; !from.run.empty())
        json["forked_from"] = {{"run", from.run}, {"step", from.step}, {"with", from.with}};
    json["resumes"] = OrderedJson::array();
    for (const ResumeNote& note : info.resumes)
        json["resumes"].push_back(
            {{"step", note.step}, {"time", note.time}, {"changed", note.changed}});
    if (!info.script.empty()) json["script"] = info.script;
    if (info.debug) json["debug"] = true;
    return dump_pretty(json);
}

Result<RunInfo> parse_run_info(const std::string& text, const std::string& name) {
    auto json = parse_object(text, name);
    if (!json) return json.error();
    if (auto status = expect_format(*json, kRunFormat, name); !status) return status.error();
    RunInfo info;
    std::string state, device, precision;
    FieldReader fields(*json, name);
    fields.required().text("state", state).optional();
    fields.text("program_version", info.program_version)
        .text("config_name", info.config_name)
        .text("config_hash", info.config_hash)
        .text("device", device)
        .text("device_name", info.device_name)
        .text("precision", precision)
        .integer("threads", info.threads)
        .natural("seed", info.seed)
        .integer("steps", info.steps)
        .integer("parameters", info.parameters)
        .integer("peak_memory_bytes", info.peak_memory_bytes)
        .text("source", info.source)
        .flag("synthetic", info.synthetic)
        .number("created", info.created)
        .text_map("corpus_hashes", info.corpus_hashes)
        .text_map("kernel_choices", info.kernel_choices)
        .texts("script", info.script)
        .flag("debug", info.debug);
    if (auto status = fields.status(); !status) return status.error();
    if (auto status = read_resumes(*json, name, info.resumes); !status) return status.error();
    if (auto status = read_origin(*json, name, info.forked_from); !status) return status.error();
    if (auto status = check_ranges(info, name); !status) return status.error();
    if (auto status = read_decided("device", device, name, info.device); !status)
        return status.error();
    if (auto status = read_decided("precision", precision, name, info.precision); !status)
        return status.error();
    if (!parse_state(state, info))
        return usage_error(name + ": \"state\": found " + in_quotes(state) +
                           ", running, paused, stopped, done, imported or \"failed: reason\" "
                           "expected");
    return info;
}

}  // namespace hopscope::core
