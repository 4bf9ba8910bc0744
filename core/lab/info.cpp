// hopscope info and hopscope tokenizer: what needs no forward pass.
#include <sstream>

#include "core/api/lab.h"
#include "core/base/files.h"
#include "core/base/json.h"
#include "core/base/names.h"
#include "core/base/utf8.h"
#include "core/config/arithmetic.h"
#include "core/config/config.h"
#include "core/run/document.h"
#include "core/text/corpus.h"
#include "core/text/tokenizer.h"

namespace hopscope::core::lab {
namespace {

using nlohmann::ordered_json;

ordered_json counts_json(const Config& config) {
    const auto p = count_parameters(config);
    const auto f = count_flops(config);
    const auto m = count_memory(config);
    ordered_json j;
    j["parameters"] = {{"total", p.total},
                       {"embedding", p.embedding},
                       {"attention", p.attention},
                       {"experts", p.experts},
                       {"routing", p.routing},
                       {"routing_projection", p.routing_projection},
                       {"routing_centroids", p.routing_centroids},
                       {"routing_kinematic", p.routing_kinematic},
                       {"routing_linear", p.routing_linear},
                       {"routing_live", p.routing_live},
                       {"norms", p.norms},
                       {"dense", p.dense},
                       {"other", p.other}};
    j["flops_per_token"] = {{"experts", f.experts},     {"routing", f.routing},
                            {"attention", f.attention}, {"head", f.head},
                            {"dense", f.dense},         {"total", f.total}};
    j["memory_bytes"] = {{"weights", m.weights},
                         {"optimizer", m.optimizer},
                         {"gradients", m.gradients},
                         {"activations", m.activations},
                         {"total", m.total}};
    return j;
}

}  // namespace

Result<Config> read_config(const std::string& path, const std::vector<std::string>& overrides) {
    return load_config(path, overrides);
}

Result<Config> read_training_config(const std::string& path,
                                    const std::vector<std::string>& overrides, bool allow_debug) {
    auto config = load_config(path, overrides);
    if (config)
        if (auto s = check_debug(*config, allow_debug, path); !s) return s.error();
    return config;
}

Result<std::string> info(const std::string& target, bool is_config,
                         const std::vector<std::string>& overrides) {
    ordered_json j = {{"format", "hopscope.info/1"}};
    Result<Config> config = usage_error("");
    if (is_config) {
        config = load_config(target, overrides);
        if (!config) return config.error();
        j["name"] = config_name_of(target);
    } else {
        auto folder = RunFolder::open(target, /*writer=*/false);
        if (!folder) return folder.error();
        config = load_config(folder->config_path(), overrides);
        if (!config) return config.error();
        const auto steps = folder->checkpoints().steps();
        j["name"] = folder->name();
        j["run"] = folder->name();
        j["step"] = steps.empty() ? ordered_json(nullptr) : ordered_json(steps.back());
        j["config_hash"] = folder->info().config_hash;
        j["run_info"] = ordered_json::parse(run_info_json(folder->info()));
        j["checkpoints"] = steps;
    }
    if (is_config) j["config_hash"] = config_hash(*config);
    j.update(counts_json(*config));
    j["config"] = to_toml(*config);
    return dump_pretty(j);
}

Result<std::string> tokenizer_train(const TokenizerTrainOptions& o) {
    if (auto s = check_output(o.out, OutputUse::places); !s) return s.error();
    auto lines = CorpusReader::open(o.input);
    if (!lines) return lines.error();
    TokenizerSpec spec;
    spec.vocab_size = o.vocab_size;
    spec.type = o.type;
    spec.byte_fallback = o.byte_fallback;
    spec.seed = o.seed;
    Progress progress;
    progress.cancelled = [] { return interrupt_flag().load() != 0; };
    if (o.on_progress) progress.report = o.on_progress;
    progress.report(
        "learning " + std::to_string(o.vocab_size) + " pieces from " + shown_path(o.input), -1);
    auto model = train_tokenizer(**lines, spec, progress);
    if (!model) return model.error();
    if (auto s = write_file_atomic(o.out, *model); !s) return s.error();
    auto made = Tokenizer::from_bytes(std::move(*model), shown_path(o.out));
    if (!made) return made.error();
    return dump_pretty({{"format", "hopscope.tokenizer/1"},
                        {"model", o.out},
                        {"type", o.type},
                        {"size", made->size()},
                        {"hash", made->hash()}});
}

Result<std::string> tokenizer_encode(const std::string& model, const std::string& text,
                                     bool pieces) {
    auto tokenizer = Tokenizer::load(model);
    if (!tokenizer) return tokenizer.error();
    std::string out;
    std::istringstream in(text);
    int64_t number = 0;
    for (std::string line; std::getline(in, line);) {
        ++number;
        auto ids = tokenizer->encode_line(line);
        if (!ids)
            return Error{ids.error().kind,
                         "line " + std::to_string(number) + ": " + ids.error().message};
        for (size_t i = 0; i < ids->size(); ++i) {
            if (i > 0) out += ' ';
            out += pieces ? tokenizer->piece((*ids)[i]) : std::to_string((*ids)[i]);
        }
        out += '\n';
    }
    return out;
}

Result<std::string> tokenizer_decode(const std::string& model, const std::string& text) {
    auto tokenizer = Tokenizer::load(model);
    if (!tokenizer) return tokenizer.error();
    std::string out;
    std::istringstream in(text);
    int64_t number = 0;
    for (std::string line; std::getline(in, line);) {
        ++number;
        std::istringstream words(line);
        std::vector<int32_t> ids;
        for (std::string word; words >> word;) {
            char* end = nullptr;
            const long id = std::strtol(word.c_str(), &end, 10);
            if (*end != '\0' || id < 0 || id >= tokenizer->size())
                return usage_error("line " + std::to_string(number) + ": found " + in_quotes(word) +
                                   ", allowed ids 0 … " + std::to_string(tokenizer->size() - 1));
            ids.push_back(static_cast<int32_t>(id));
        }
        auto decoded = tokenizer->decode(ids);
        if (!decoded)
            return Error{decoded.error().kind,
                         "line " + std::to_string(number) + ": " + decoded.error().message};
        out += *decoded + '\n';
    }
    return out;
}

}  // namespace hopscope::core::lab
