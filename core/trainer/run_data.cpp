#include "core/trainer/run_data.h"

#include "core/base/files.h"
#include "core/base/random.h"
#include "core/base/utf8.h"
#include "core/text/prepare.h"
#include "core/text/synthetic_files.h"
#include "core/text/tokenizer_train.h"
#include "core/trainer/share_data.h"

namespace hopscope::core {
namespace {

/// Text of the synthetic corpus; about a million tokens, so that the embedded example sees fresh
/// text for long.
constexpr int64_t kSyntheticBytes = 4'000'000;
/// Not the training seed: runs that differ in that alone are seeds of one variant, and comparable
/// only on the same text and pieces.
constexpr uint64_t kSyntheticSeed = 42;
/// Enough lines for a small vocabulary; more would only make the first minute longer.
constexpr int64_t kSyntheticTokenizerLines = 5'000;

/// Below the folder of the run.
std::string file_of(DataPart part) {
    switch (part) {
        case DataPart::tokenizer:
            return "tokenizer.model";
        case DataPart::truth:
            return "data/truth.json";
        case DataPart::train:
        case DataPart::valid:
            break;
    }
    return "data/" + word(part) + ".tokens";
}

DataPart tokens_of(Split split) {
    return split == Split::train ? DataPart::train : DataPart::valid;
}

Status check_size(const Tokenizer& tokenizer, const std::string& path, const Config& config) {
    if (tokenizer.size() == config.model.vocab_size) return {};
    return usage_error(shown_path(path) + " has " + std::to_string(tokenizer.size()) +
                       " pieces, model.vocab_size is " + std::to_string(config.model.vocab_size));
}

/// What a file of the run holds, against what run.json says; runs of older versions may say
/// nothing.
/// @param path of the file; its beginning tells whether it is the run's own or was made just now
Status check_hash(const RunFolder& folder, DataPart part, const std::string& found,
                  const std::string& path) {
    const auto& expected = folder.info().corpus_hashes;
    const auto it = expected.find(word(part));
    if (it == expected.end() || it->second == found) return {};
    const std::string hashes =
        " has the content hash " + found + ", run.json says " + it->second + "; ";
    const std::string changed =
        folder.dir() + ": the " + word(part) + " data of this run changed: ";
    if (path == folder.dir() + "/" + file_of(DataPart::tokenizer) ||
        path.starts_with(folder.dir() + "/data/"))
        return usage_error(changed + shown_path(path) + hashes +
                           "put the file back that the run was made with");
    return usage_error(changed + "made again from " + shown_path(folder.info().source) + " it" +
                       hashes + "put the text and tokenizer back that the run was made with");
}

Result<Tokenizer> make_tokenizer(const Config& config, const std::string& text, DataStage& stage,
                                 const Progress& progress) {
    if (stage.has(file_of(DataPart::tokenizer)))
        return Tokenizer::load(stage.path(file_of(DataPart::tokenizer)));
    const auto root = stage.root();
    if (!root) return root.error();
    const std::string path = *root + "/" + file_of(DataPart::tokenizer);
    const auto keep = [&](std::string_view bytes) {
        return write_file_atomic(path, bytes, DebugPoint::tokenizer_rename);
    };
    if (!config.data.trains_tokenizer()) {
        auto given = Tokenizer::load(config.data.tokenizer);
        if (!given) return given.error();
        if (given->size() != config.model.vocab_size)
            return usage_error("data.tokenizer: " + shown_path(config.data.tokenizer) + " has " +
                               std::to_string(given->size()) + " pieces, model.vocab_size is " +
                               std::to_string(config.model.vocab_size) +
                               "; set model.vocab_size to the first");
        if (auto s = keep(given->bytes()); !s) return s.error();
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
    if (auto s = keep(*model); !s) return s.error();
    return Tokenizer::from_bytes(std::move(*model), path);
}

/// The synthetic text with its truth, made where it is missing.
Result<Truth> synthetic_text(DataConfig& data, DataStage& stage, const Progress& progress) {
    if (!stage.has(file_of(DataPart::truth))) {
        const auto root = stage.root();
        if (!root) return root.error();
        auto files = write_synthetic(*root + "/data", kSyntheticSeed, kSyntheticBytes, progress);
        if (!files) return files.error();
    }
    data.train = stage.path("data/train.txt");
    data.valid = stage.path("data/valid.txt");
    return Truth::load(stage.path(file_of(DataPart::truth)));
}

Status make_tokens(const Config& config, const DataConfig& data, const Tokenizer& tokenizer,
                   DataStage& stage, const Progress& progress) {
    if (stage.has(file_of(DataPart::train)) && stage.has(file_of(DataPart::valid))) return {};
    const auto root = stage.root();
    if (!root) return root.error();
    auto made =
        prepare_tokens(data, config.train, tokenizer, *root + "/" + file_of(DataPart::train),
                       *root + "/" + file_of(DataPart::valid), progress);
    return made ? Status() : Status(made.error());
}

Result<std::string> hash_of(const std::string& path) {
    auto bytes = read_file(path);
    if (!bytes) return bytes.error();
    ContentHash hash;
    hash.update(bytes->data(), bytes->size());
    return hash.hex();
}

Result<BatchSource> open_source(const std::string& path, const Config& config) {
    auto file = TokenFile::open(path);
    if (!file) return file.error();
    if (file->info().vocab_size != config.model.vocab_size)
        return usage_error(
            shown_path(path) + ": made for " + std::to_string(file->info().vocab_size) +
            " pieces, model.vocab_size is " + std::to_string(config.model.vocab_size));
    return BatchSource::create(std::move(*file), config.train.batch, config.train.seq_len,
                               config.train.seed, config.data.pack);
}

}  // namespace

std::string source_name(const Config& config) {
    return config.data.is_synthetic() ? "synthetic text" : config.data.train;
}

Result<RunData> prepare_run_data(const RunFolder& folder, const Config& config, DataStage& stage,
                                 const std::vector<std::string>& siblings,
                                 const Progress& progress) {
    if (!siblings.empty() && !stage.has(file_of(DataPart::tokenizer)))
        if (auto s = take_over_data(folder, config, siblings, stage, progress); !s)
            return s.error();
    DataConfig data = config.data;
    std::optional<Truth> truth;
    std::map<DataPart, std::string> hashes;
    if (data.is_synthetic()) {
        auto made = synthetic_text(data, stage, progress);
        if (!made) return made.error();
        truth = std::move(*made);
        auto hash = hash_of(stage.path(file_of(DataPart::truth)));
        if (!hash) return hash.error();
        hashes[DataPart::truth] = *hash;
    }
    auto tokenizer = make_tokenizer(config, data.train, stage, progress);
    if (!tokenizer) return tokenizer.error();
    if (auto s = check_size(*tokenizer, stage.path(file_of(DataPart::tokenizer)), config); !s)
        return s.error();
    if (auto s = make_tokens(config, data, *tokenizer, stage, progress); !s) return s.error();
    auto train = open_source(stage.path(file_of(DataPart::train)), config);
    if (!train) return train.error();
    auto valid = open_source(stage.path(file_of(DataPart::valid)), config);
    if (!valid) return valid.error();
    hashes[DataPart::train] = train->tokens().content_hash();
    hashes[DataPart::valid] = valid->tokens().content_hash();
    hashes[DataPart::tokenizer] = tokenizer->hash();
    RunData out{std::move(*tokenizer), std::move(*train), std::move(*valid), std::move(truth), {}};
    for (const auto& [part, hash] : hashes) {
        if (auto s = check_hash(folder, part, hash, stage.path(file_of(part))); !s)
            return s.error();
        out.hashes[word(part)] = hash;
    }
    return out;
}

Result<Tokenizer> load_run_tokenizer(const RunFolder& folder, const Config& config) {
    const std::string path = folder.tokenizer_path();
    auto tokenizer = Tokenizer::load(path);
    if (!tokenizer) return tokenizer;
    if (auto s = check_size(*tokenizer, path, config); !s) return s.error();
    if (auto s = check_hash(folder, DataPart::tokenizer, tokenizer->hash(), path); !s)
        return s.error();
    // Their headers alone: who reads them checks the rest. A folder whose text belongs to another
    // run is not this run's, whatever is asked of it.
    for (const DataPart part : {DataPart::train, DataPart::valid}) {
        const std::string tokens = folder.dir() + "/" + file_of(part);
        if (!file_exists(tokens)) continue;
        auto info = TokenFile::read_info(tokens);
        if (!info) return info.error();
        if (auto s = check_hash(folder, part, info->content_hash, tokens); !s) return s.error();
    }
    const std::string truth = folder.truth_path();
    if (folder.info().corpus_hashes.count(word(DataPart::truth)) > 0 && file_exists(truth)) {
        auto hash = hash_of(truth);
        if (!hash) return hash.error();
        if (auto s = check_hash(folder, DataPart::truth, *hash, truth); !s) return s.error();
    }
    return tokenizer;
}

Result<std::optional<Truth>> stored_truth(const RunFolder& folder) {
    if (!file_exists(folder.truth_path())) return std::optional<Truth>();
    auto truth = Truth::load(folder.truth_path());
    if (!truth) return truth.error();
    return std::optional(std::move(*truth));
}

Result<BatchSource> eval_source(const RunFolder& folder, const Config& config,
                                const Tokenizer& tokenizer, const std::string& corpus, Split split,
                                const std::string& scratch, const Progress& progress) {
    if (corpus.empty()) {
        const DataPart part = tokens_of(split);
        const auto path = folder.dir() + "/" + file_of(part);
        if (!file_exists(path))
            return usage_error(
                shown_path(path) +
                " is missing; hopscope train --resume makes it again from the corpus, or name a "
                "text to read instead (--corpus)");
        auto source = open_source(path, config);
        if (!source) return source;
        const std::string& hash = source->tokens().content_hash();
        if (auto s = check_hash(folder, part, hash, path); !s) return s.error();
        return source;
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
