#include "core/trainer/run_data.h"

#include <filesystem>
#include <system_error>

#include "core/text/prepare.h"
#include "core/trainer/share_data.h"

namespace hopscope::core {
namespace {

namespace fs = std::filesystem;

/// Text of the synthetic corpus; about a million tokens, so that the embedded example sees fresh
/// text for long.
constexpr int64_t kSyntheticBytes = 4'000'000;
/// Not the training seed: runs that differ in that alone are seeds of one variant, and comparable
/// only on the same text and pieces.
constexpr uint64_t kSyntheticSeed = 42;
/// Enough lines for a small vocabulary; more would only make the first minute longer.
constexpr int64_t kSyntheticTokenizerLines = 5'000;

Status make_dir(const std::string& dir) {
    std::error_code error;
    fs::create_directories(dir, error);
    if (error) return failure("cannot create " + dir + ": " + error.message());
    return {};
}

Status write_tokenizer(const RunFolder& folder, std::string_view bytes) {
    return write_file_atomic(folder.tokenizer_path(), bytes, DebugPoint::tokenizer_rename);
}

Result<Tokenizer> make_tokenizer(const RunFolder& folder, const Config& config,
                                 const std::string& text, const Progress& progress) {
    if (fs::exists(folder.tokenizer_path())) return Tokenizer::load(folder.tokenizer_path());
    if (!config.data.trains_tokenizer()) {
        auto given = Tokenizer::load(config.data.tokenizer);
        if (!given) return given.error();
        if (given->size() != config.model.vocab_size)
            return usage_error("data.tokenizer: " + config.data.tokenizer + " has " +
                               std::to_string(given->size()) + " pieces, model.vocab_size is " +
                               std::to_string(config.model.vocab_size) +
                               "; set model.vocab_size to the first");
        if (auto s = write_tokenizer(folder, given->bytes()); !s) return s.error();
        return given;
    }
    auto lines = CorpusReader::open(text);
    if (!lines) return lines.error();
    TokenizerSpec spec;
    spec.vocab_size = config.model.vocab_size;
    spec.seed = config.train.seed;
    spec.separator = config.data.separator;
    if (config.data.is_synthetic()) {
        spec.max_lines = kSyntheticTokenizerLines;
        spec.seed = kSyntheticSeed;
    }
    auto model = train_tokenizer(**lines, spec, progress);
    if (!model) return model.error();
    if (auto s = write_tokenizer(folder, *model); !s) return s.error();
    return Tokenizer::from_bytes(std::move(*model), folder.tokenizer_path());
}

Status check_hash(const std::map<std::string, std::string>& expected, const std::string& key,
                  const std::string& found) {
    const auto it = expected.find(key);
    if (it == expected.end() || it->second == found) return {};
    return usage_error("the " + key + " data of this run changed: its content hash is " + found +
                       ", run.json says " + it->second +
                       "; resume needs the same corpus and tokenizer");
}

Result<BatchSource> open_source(const std::string& path, const Config& config) {
    auto file = TokenFile::open(path);
    if (!file) return file.error();
    if (file->info().vocab_size != config.model.vocab_size)
        return usage_error(path + ": made for " + std::to_string(file->info().vocab_size) +
                           " pieces, model.vocab_size is " +
                           std::to_string(config.model.vocab_size));
    return BatchSource::create(std::move(*file), config.train.batch, config.train.seq_len,
                               config.train.seed, config.data.pack);
}

}  // namespace

std::string source_name(const Config& config) {
    return config.data.is_synthetic() ? "synthetic text" : config.data.train;
}

Result<RunData> prepare_run_data(const RunFolder& folder, const Config& config,
                                 const std::map<std::string, std::string>& expected,
                                 const std::vector<std::string>& siblings,
                                 const Progress& progress) {
    const std::string dir = folder.dir() + "/data", train_path = dir + "/train.tokens",
                      valid_path = dir + "/valid.tokens";
    if (auto s = make_dir(dir); !s) return s.error();
    if (auto s = take_over_data(folder, config, siblings, progress); !s) return s.error();
    DataConfig data = config.data;
    std::optional<Truth> truth;
    if (data.is_synthetic()) {
        data.train = dir + "/train.txt";
        data.valid = dir + "/valid.txt";
        if (!fs::exists(dir + "/truth.json")) {
            auto files = write_synthetic(dir, kSyntheticSeed, kSyntheticBytes, progress);
            if (!files) return files.error();
        }
        auto loaded = Truth::load(dir + "/truth.json");
        if (!loaded) return loaded.error();
        truth = std::move(*loaded);
    }
    auto tokenizer = make_tokenizer(folder, config, data.train, progress);
    if (!tokenizer) return tokenizer.error();
    if (tokenizer->size() != config.model.vocab_size)
        return usage_error(folder.tokenizer_path() + " has " + std::to_string(tokenizer->size()) +
                           " pieces, model.vocab_size is " +
                           std::to_string(config.model.vocab_size));
    if (!fs::exists(train_path) || !fs::exists(valid_path)) {
        auto made =
            prepare_tokens(data, config.train, *tokenizer, train_path, valid_path, progress);
        if (!made) return made.error();
    }
    auto train = open_source(train_path, config);
    if (!train) return train.error();
    auto valid = open_source(valid_path, config);
    if (!valid) return valid.error();
    RunData out{std::move(*tokenizer), std::move(*train), std::move(*valid), std::move(truth), {}};
    out.hashes = {{"train", out.train.tokens().content_hash()},
                  {"valid", out.valid.tokens().content_hash()},
                  {"tokenizer", out.tokenizer.hash()}};
    for (const auto& [key, hash] : out.hashes)
        if (auto s = check_hash(expected, key, hash); !s) return s.error();
    return out;
}

Result<Tokenizer> load_run_tokenizer(const RunFolder& folder, const Config& config) {
    auto tokenizer = Tokenizer::load(folder.tokenizer_path());
    if (tokenizer && tokenizer->size() != config.model.vocab_size)
        return usage_error(folder.tokenizer_path() + " has " + std::to_string(tokenizer->size()) +
                           " pieces, model.vocab_size is " +
                           std::to_string(config.model.vocab_size));
    return tokenizer;
}

Result<BatchSource> eval_source(const RunFolder& folder, const Config& config,
                                const Tokenizer& tokenizer, const std::string& corpus,
                                const std::string& split, const std::string& scratch,
                                const Progress& progress) {
    if (corpus.empty()) {
        const auto path = folder.dir() + "/data/" + split + ".tokens";
        if (!fs::exists(path))
            return usage_error(
                path + " is missing: this run has no prepared text; name one with --corpus");
        return open_source(path, config);
    }
    // The whole file is evaluated: it stands on both sides of prepare_tokens, and the side that is
    // asked for is opened.
    DataConfig data = config.data;
    data.source = DataSource::text;
    data.train = corpus;
    data.valid = corpus;
    const auto train_path = scratch + "/train.tokens", valid_path = scratch + "/valid.tokens";
    auto made = prepare_tokens(data, config.train, tokenizer, train_path, valid_path, progress);
    if (!made) return made.error();
    return open_source(valid_path, config);
}

}  // namespace hopscope::core
