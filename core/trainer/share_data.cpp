#include "core/trainer/share_data.h"

#include <algorithm>
#include <filesystem>
#include <optional>

#include "core/base/files.h"
#include "core/base/utf8.h"
#include "core/config/write.h"
#include "core/text/corpus.h"
#include "core/text/token_file.h"
#include "core/text/tokenizer.h"
#include "core/text/tokenizer_train.h"

namespace hopscope::core {
namespace {

namespace fs = std::filesystem;

/// What the text of this run is now; counted once, however many siblings are looked at.
class Text {
  public:
    Text(const DataConfig& data, const Progress& progress) : data_(data), progress_(progress) {}

    Result<CorpusCount> train() { return counted(data_.train, train_); }
    Result<CorpusCount> valid() {
        return data_.valid.empty() ? train() : counted(data_.valid, valid_);
    }

  private:
    Result<CorpusCount> counted(const std::string& path, std::optional<CorpusCount>& kept) {
        if (kept) return *kept;
        auto reader = CorpusReader::open(path);
        if (!reader) return reader.error();
        auto count = count_corpus(**reader, data_.separator, progress_);
        if (count) kept = *count;
        return count;
    }

    const DataConfig& data_;
    const Progress& progress_;
    std::optional<CorpusCount> train_, valid_;
};

/// Whether another seed would draw other lines for the tokenizer, or make another text.
Result<bool> seed_matters(const Config& config, Text& text) {
    if (config.data.is_synthetic()) return true;
    if (!config.data.trains_tokenizer()) return false;
    auto count = text.train();
    if (!count) return count.error();
    const TokenizerSpec spec;
    return count->lines > spec.max_lines || count->bytes > spec.max_bytes;
}

Result<bool> same_settings(const RunFolder& sibling, const Config& config, Text& text) {
    auto other = stored_config(sibling);
    if (!other) return false;
    Config comparable = *other;
    comparable.train.grad_accum = config.train.grad_accum;  // groups the batches, no more
    const bool same_seed = comparable.train.seed == config.train.seed;
    comparable.train.seed = config.train.seed;
    if (!differing_data_keys(comparable, config).empty()) return false;
    if (same_seed) return true;
    auto matters = seed_matters(config, text);
    if (!matters) return matters.error();
    return !*matters;
}

/// The sibling's files are whole, and what this text gives today.
Result<bool> same_files(const RunFolder& sibling, const Config& config, Text& text) {
    const auto& hashes = sibling.info().corpus_hashes;
    const auto is = [&](DataPart part, const std::string& found) {
        const auto it = hashes.find(word(part));
        return it != hashes.end() && it->second == found;
    };
    const auto tokenizer = Tokenizer::load(sibling.tokenizer_path());
    if (!tokenizer || !is(DataPart::tokenizer, tokenizer->hash())) return false;
    if (!config.data.trains_tokenizer()) {
        const auto given = Tokenizer::load(config.data.tokenizer);
        if (!given || given->hash() != tokenizer->hash()) return false;
    }
    const auto train = TokenFile::open(sibling.dir() + "/data/train.tokens");
    const auto valid = TokenFile::open(sibling.dir() + "/data/valid.tokens");
    if (!train || !valid) return false;
    if (!is(DataPart::train, train->content_hash()) || !is(DataPart::valid, valid->content_hash()))
        return false;
    if (config.data.is_synthetic()) return true;  // the seed alone makes it
    auto train_text = text.train();
    if (!train_text) return train_text.error();
    auto valid_text = text.valid();
    if (!valid_text) return valid_text.error();
    return train->info().corpus_hash == train_text->hash &&
           valid->info().corpus_hash == valid_text->hash;
}

Status link_or_copy(const std::string& from, const std::string& to) {
    std::error_code error;
    fs::create_hard_link(from, to, error);
    return error ? copy_file(from, to) : Status();
}

}  // namespace

Status link_data(const RunFolder& from, const std::string& root, bool synthetic) {
    if (auto made = make_folder(root + "/data"); !made) return made;
    std::vector<std::string> names = {"data/train.tokens", "data/valid.tokens"};
    // Each file stands for those before it, so that a kill in between leaves nothing half.
    if (synthetic)
        names.insert(names.begin(), {"data/train.txt", "data/valid.txt", "data/truth.json"});
    for (const auto& name : names) {
        const std::string target = root + "/" + name;
        if (file_exists(target)) continue;
        if (auto s = link_or_copy(from.dir() + "/" + name, target); !s) return s;
    }
    auto model = read_file(from.tokenizer_path());
    if (!model) return model.error();
    return write_file_atomic(root + "/tokenizer.model", *model);
}

Status take_over_data(const RunFolder& folder, const Config& config,
                      const std::vector<std::string>& siblings, DataStage& stage,
                      const Progress& progress) {
    Text text(config.data, progress);
    for (const auto& dir : siblings) {
        if (dir == folder.dir() || !is_run_folder(dir)) continue;
        const auto sibling = RunFolder::open(dir, /*writer=*/false);
        if (!sibling || sibling->info().corpus_hashes.empty()) continue;
        auto fits = same_settings(*sibling, config, text);
        if (fits && *fits) fits = same_files(*sibling, config, text);
        if (!fits) return fits.error();
        if (!*fits) continue;
        progress.report("taking over the tokens of " + shown(sibling->name()), -1);
        const auto root = stage.root();
        if (!root) return root.error();
        return link_data(*sibling, *root, config.data.is_synthetic());
    }
    return {};
}

}  // namespace hopscope::core
