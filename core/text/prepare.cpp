#include "core/text/prepare.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "core/base/utf8.h"
#include "core/text/batches.h"
#include "core/text/corpus.h"
#include "core/text/token_file.h"

namespace hopscope::core {

namespace {

constexpr int64_t kGroupBytes = int64_t{4} << 20;  ///< text read before the workers encode it
constexpr double kValidShare = 0.05;

/// Encodes `lines` on all cores; the order, and so the result, does not depend on their number.
Status encode_lines(const Tokenizer& tokenizer, const std::vector<std::string>& lines,
                    std::vector<std::vector<int32_t>>& out) {
    out.assign(lines.size(), {});
    const size_t workers = std::clamp<size_t>(std::thread::hardware_concurrency(), 1, 8);
    std::vector<Status> states(workers);
    const auto work = [&](size_t worker) {
        for (size_t i = worker; i < lines.size(); i += workers) {
            auto ids = tokenizer.encode_line(lines[i]);
            if (!ids) {
                states[worker] = ids.error();
                return;
            }
            out[i] = std::move(*ids);
        }
    };
    std::vector<std::thread> threads;
    for (size_t w = 1; w < workers; ++w) threads.emplace_back(work, w);
    work(0);
    for (auto& thread : threads) thread.join();
    for (const auto& state : states)
        if (!state) return state;
    return {};
}

/// Token offsets where a document or a line begins, of which only those are kept that a late split
/// may need.
class Boundaries {
  public:
    explicit Boundaries(int64_t tail) : tail_(tail) {}
    void add(int64_t offset) {
        if (offsets_.empty() || offsets_.back() != offset) offsets_.push_back(offset);
        while (offsets_.size() > 1 && offsets_[1] <= offset - tail_) offsets_.pop_front();
    }
    /// The last one that leaves at least `tail` tokens before `end`, or 0.
    int64_t before_tail(int64_t end) const {
        for (auto it = offsets_.rbegin(); it != offsets_.rend(); ++it)
            if (*it <= end - tail_) return *it;
        return 0;
    }

  private:
    int64_t tail_;
    std::deque<int64_t> offsets_;
};

/// Where the validation part begins: at the start of document or line number `unit`; −1 for no
/// split.
struct SplitPlan {
    bool by_document = true;
    int64_t unit = -1;
};

SplitPlan plan_split(const CorpusCount& count) {
    const auto first_valid = [](int64_t units) {
        const auto valid =
            static_cast<int64_t>(std::llround(kValidShare * static_cast<double>(units)));
        return units - std::max<int64_t>(1, valid);
    };
    if (count.documents > 1) return {true, first_valid(count.documents)};
    return {false, first_valid(count.lines)};
}

/// Takes the tokens of one document after the other and writes what its packing keeps of them.
class Packer {
  public:
    Packer(TokenFileWriter& out, Pack pack, int64_t seq_len)
        : out_(out), pack_(pack), chunk_(static_cast<size_t>(seq_len) + 1) {}

    void begin_document() {
        if (any_ && chunks_ == 0) ++short_;
        any_ = false;
        chunks_ = 0;
        rest_.clear();
    }
    Status append(const std::vector<int32_t>& ids) {
        if (pack_ == Pack::stream) return out_.append(ids);
        any_ = any_ || !ids.empty();
        for (const int32_t id : ids) {
            rest_.push_back(id);
            if (rest_.size() < chunk_) continue;
            if (auto status = out_.append(rest_); !status) return status;
            ++chunks_;
            rest_.assign(1, id);  // the last target is the first input of the next chunk
        }
        return {};
    }
    int64_t short_documents() const { return short_; }

  private:
    TokenFileWriter& out_;
    const Pack pack_;
    const size_t chunk_;
    std::vector<int32_t> rest_;  ///< less than a chunk, of the open document
    bool any_ = false;           ///< the open document has tokens
    int64_t chunks_ = 0, short_ = 0;
};

/// One pass over a corpus: text to tokens, noting where the planned split falls.
class Encoder {
  public:
    Encoder(const Tokenizer& tokenizer, const DataConfig& data, int64_t seq_len, int64_t need)
        : tokenizer_(tokenizer),
          separator_(data.separator),
          pack_(data.pack),
          seq_len_(seq_len),
          documents_(need),
          lines_(need) {}

    Status run(CorpusReader& reader, const SplitPlan& plan, TokenFileWriter& out,
               const std::string& activity, const Progress& progress) {
        Packer packer(out, pack_, seq_len_);
        if (auto status = reader.rewind(); !status) return status;
        DocumentCounter counter(separator_);
        std::string line;
        int64_t line_number = 0, group_bytes = 0;
        while (true) {
            auto more = reader.next(line);
            if (!more) return more.error();
            if (!*more || group_bytes >= kGroupBytes) {
                if (auto status = flush(packer, out); !status) return status;
                group_bytes = 0;
                progress.report(activity, reader.fraction());
                if (progress.cancelled()) return Error{ErrorKind::interrupted, "interrupted"};
            }
            if (!*more) break;
            const int64_t ended = counter.ended();
            const bool separates = counter.feed(line, reader.file_index());
            // A separator belongs to the document before it, the end of a file to the one after it.
            if (separates && tokenizer_.eos_id() < 0) return no_end_of_text(tokenizer_);
            Mark mark;
            mark.separator = separates;
            mark.document = pending_document_ || (counter.ended() > ended && !separates);
            mark.split = plan.unit == line_number && !plan.by_document;
            if (plan.by_document && !split_seen_ && mark.document && counter.ended() == plan.unit) {
                mark.split = true;
            }
            split_seen_ = split_seen_ || mark.split;
            pending_document_ = separates && counter.ended() > ended;
            group_bytes += static_cast<int64_t>(line.size());
            marks_.push_back(mark);
            group_.push_back(separates ? std::string() : std::move(line));
            ++line_number;
        }
        packer.begin_document();  // closes the last one
        short_documents_ = packer.short_documents();
        return {};
    }

    int64_t short_documents() const { return short_documents_; }

    int64_t split() const { return split_; }  ///< token offset of the planned split
    const Boundaries& documents() const { return documents_; }
    const Boundaries& lines() const { return lines_; }

  private:
    struct Mark {
        bool separator = false, document = false, split = false;  ///< document: begins one
    };

    Status flush(Packer& packer, TokenFileWriter& out) {
        if (auto status = encode_lines(tokenizer_, group_, encoded_); !status) return status;
        for (size_t i = 0; i < group_.size(); ++i) {
            const int64_t at = out.tokens();
            lines_.add(at);
            if (marks_[i].document) {
                documents_.add(at);
                packer.begin_document();
            }
            if (marks_[i].split) split_ = at;
            auto& ids = encoded_[i];
            if (marks_[i].separator) {
                ids = {tokenizer_.eos_id()};
            } else if (tokenizer_.newline_id() >= 0) {
                ids.push_back(tokenizer_.newline_id());
            }
            if (auto status = packer.append(ids); !status) return status;
        }
        group_.clear();
        marks_.clear();
        return {};
    }

    const Tokenizer& tokenizer_;
    std::string separator_;
    Pack pack_;
    int64_t seq_len_, short_documents_ = 0;
    Boundaries documents_, lines_;
    std::vector<std::string> group_;
    std::vector<Mark> marks_;
    std::vector<std::vector<int32_t>> encoded_;
    bool pending_document_ = false, split_seen_ = false;
    int64_t split_ = 0;
};

Error too_short(const std::string& path, int64_t tokens, int64_t need, const TrainConfig& train,
                const std::string& use, bool by_document) {
    return usage_error("corpus " + shown_path(path) + " is too short: " + std::to_string(tokens) +
                       (by_document ? " tokens in whole chunks of its documents (data.pack = "
                                      "\"document\")"
                                    : " tokens") +
                       ", but " + use + " needs at least " + std::to_string(need) +
                       " (train.batch = " + std::to_string(train.batch) +
                       " sequences of train.seq_len = " + std::to_string(train.seq_len) +
                       " tokens and one more); give a longer text, or lower these two");
}

/// Where to split: as planned, or earlier at a boundary that leaves validation one batch of `need`
/// tokens; a document's if training keeps a batch too, else a line's, else any token's.
int64_t settle_split(const Encoder& encoder, int64_t tokens, int64_t need) {
    int64_t split = encoder.split();
    if (tokens - split < need) split = encoder.documents().before_tail(tokens);
    if (split < need) split = encoder.lines().before_tail(tokens);
    if (split < need) split = tokens - need;
    return split;
}

struct OneCorpus {
    CorpusCount count;
    std::unique_ptr<CorpusReader> reader;
};

Result<OneCorpus> open_counted(const std::string& path, const std::string& separator,
                               const Progress& progress) {
    auto reader = CorpusReader::open(path);
    if (!reader) return reader.error();
    auto count = count_corpus(**reader, separator, progress);
    if (!count) return count.error();
    return OneCorpus{std::move(*count), std::move(*reader)};
}

/// Gives the end of what was encoded to validation, as planned or as the lengths allow.
/// @param need tokens of one batch
Status split_off_validation(const Encoder& encoder, const DataConfig& data,
                            const TrainConfig& train, int64_t need, TokenFileWriter& from,
                            TokenFileWriter& to) {
    const bool by_document = data.pack == Pack::document;
    const int64_t tokens = from.tokens();
    if (tokens < 2 * need)
        return too_short(data.train, tokens, 2 * need, train,
                         "one batch for training and one for validation (data.valid is not set)",
                         by_document);
    const int64_t at = settle_split(encoder, tokens, need);
    if (at < need)
        return too_short(data.train, at, need, train,
                         "training, after the last 5 % went to validation,", by_document);
    return from.move_tail(at, to);
}

/// Validation from a text of its own; fills its part of `out`.
Status encode_validation(const DataConfig& data, const TrainConfig& train,
                         const Tokenizer& tokenizer, int64_t need, const Progress& progress,
                         TokenFileWriter& writer, PreparedTokens& out) {
    auto text = open_counted(data.valid, data.separator, progress);
    if (!text) return text.error();
    Encoder encoder(tokenizer, data, train.seq_len, need);
    if (auto status =
            encoder.run(*text->reader, {}, writer, "turning validation text into tokens", progress);
        !status)
        return status;
    if (writer.tokens() < need)
        return too_short(data.valid, writer.tokens(), need, train, "validation",
                         data.pack == Pack::document);
    out.valid_corpus_hash = text->count.hash;
    out.short_documents = encoder.short_documents();
    return {};
}

}  // namespace

Result<PreparedTokens> prepare_tokens(const DataConfig& data, const TrainConfig& train,
                                      const Tokenizer& tokenizer, const std::string& train_out,
                                      const std::string& valid_out, const Progress& progress) {
    if (train.batch < 1 || train.seq_len < 1 || train.batch > (int64_t{1} << 40) / train.seq_len) {
        return usage_error("train.batch = " + std::to_string(train.batch) +
                           " and train.seq_len = " + std::to_string(train.seq_len) +
                           " are not possible");
    }
    const bool by_document = data.pack == Pack::document;
    const int64_t need =
        by_document ? train.batch * (train.seq_len + 1) : train.batch * train.seq_len + 1;
    const bool split = data.valid.empty();

    auto train_text = open_counted(data.train, data.separator, progress);
    if (!train_text) return train_text.error();
    auto train_writer = TokenFileWriter::create(train_out, tokenizer.size());
    if (!train_writer) return train_writer.error();
    auto valid_writer = TokenFileWriter::create(valid_out, tokenizer.size());
    if (!valid_writer) return valid_writer.error();

    PreparedTokens out;
    out.lines = train_text->count.lines;
    out.documents = train_text->count.documents;
    out.train_corpus_hash = out.valid_corpus_hash = train_text->count.hash;

    Encoder encoder(tokenizer, data, train.seq_len, need);
    const SplitPlan plan = split ? plan_split(train_text->count) : SplitPlan{};
    if (auto status = encoder.run(*train_text->reader, plan, *train_writer,
                                  "turning text into tokens", progress);
        !status)
        return status.error();
    if (!split && train_writer->tokens() < need)
        return too_short(data.train, train_writer->tokens(), need, train, "training", by_document);
    if (auto status =
            split ? split_off_validation(encoder, data, train, need, *train_writer, *valid_writer)
                  : encode_validation(data, train, tokenizer, need, progress, *valid_writer, out);
        !status)
        return status.error();
    out.short_documents += encoder.short_documents();
    if (out.short_documents > 0)
        progress.tell(std::to_string(out.short_documents) +
                      " documents shorter than train.seq_len + 1 tokens are left out "
                      "(data.pack = \"document\")");
    out.train_tokens = train_writer->tokens();
    out.valid_tokens = valid_writer->tokens();
    const std::string model = tokenizer.hash();
    if (auto status = valid_writer->finish(out.valid_corpus_hash, model); !status)
        return status.error();
    if (auto status = train_writer->finish(out.train_corpus_hash, model); !status)
        return status.error();
    return out;
}

}  // namespace hopscope::core
