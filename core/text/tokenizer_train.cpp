#include "core/text/tokenizer_train.h"

#include <algorithm>
#include <charconv>
#include <exception>
#include <new>
#include <queue>
#include <sentencepiece_trainer.h>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/base/utf8.h"
#include "core/text/child_work.h"
#include "core/text/sentencepiece_quiet.h"

namespace hopscope::core {

namespace {

constexpr int64_t kMaxSentenceBytes = 1'000'000;  // [def:text_to_tokens]; longer lines do not train
/// The BPE trainer keeps places inside a word in 16 bits, one of them a sign: longer runs without a
/// blank end the process.
constexpr int64_t kMaxWordBytes = 16'000;
constexpr int64_t kMaxVocabSize = 4'000'000;

struct Drawn {
    uint64_t priority;
    int64_t index;
    std::string line;
    bool operator<(const Drawn& other) const {
        return priority != other.priority ? priority < other.priority : index < other.index;
    }
};

/// The lines with the smallest priorities, which depend on seed and place only: a uniform draw in
/// one pass, in bounded memory, that is everything where the limits are not reached.
class LineSample {
  public:
    LineSample(uint64_t seed, int64_t max_lines, int64_t max_bytes)
        : seed_(seed), max_lines_(max_lines), max_bytes_(max_bytes) {}

    void add(const std::string& line) {
        Drawn drawn{mix64(seed_, static_cast<uint64_t>(seen_)), seen_, line};
        ++seen_;
        bytes_ += static_cast<int64_t>(line.size());
        heap_.push(std::move(drawn));
        while (static_cast<int64_t>(heap_.size()) > max_lines_ ||
               (bytes_ > max_bytes_ && heap_.size() > 1)) {
            bytes_ -= static_cast<int64_t>(heap_.top().line.size());
            heap_.pop();
        }
    }
    int64_t bytes() const { return bytes_; }
    /// In the order of the text; empties the sample.
    std::vector<std::string> take() {
        std::vector<Drawn> drawn;
        for (; !heap_.empty(); heap_.pop()) drawn.push_back(heap_.top());
        std::sort(drawn.begin(), drawn.end(),
                  [](const Drawn& a, const Drawn& b) { return a.index < b.index; });
        std::vector<std::string> lines;
        lines.reserve(drawn.size());
        for (auto& d : drawn) lines.push_back(std::move(d.line));
        return lines;
    }

  private:
    uint64_t seed_;
    int64_t max_lines_, max_bytes_, seen_ = 0, bytes_ = 0;
    std::priority_queue<Drawn> heap_;
};

/// Appends `line` to `out`, cut inside words longer than the trainer can hold (never inside a
/// character).
void append_trainable(const std::string& line, std::vector<std::string>& out) {
    const auto size = static_cast<int64_t>(line.size());
    int64_t begin = 0, word = 0;
    for (int64_t i = 0; i < size; ++i) {
        const auto c = static_cast<unsigned char>(line[static_cast<size_t>(i)]);
        if (c == ' ') {
            word = i + 1;
        } else if (i - std::max(word, begin) >= kMaxWordBytes &&
                   begins_character(static_cast<char>(c))) {
            out.push_back(line.substr(static_cast<size_t>(begin), static_cast<size_t>(i - begin)));
            begin = i;
        }
    }
    out.push_back(line.substr(static_cast<size_t>(begin)));
}

/// Characters of the lines as the trainer counts them, and how many of them stand for a blank: each
/// line begins with one.
struct Characters {
    int64_t all = 0, blanks = 0;
};

Characters count_characters(const std::vector<std::string>& lines) {
    constexpr std::string_view kBlankPiece = "▁";
    Characters out;
    for (const std::string& line : lines) {
        ++out.all;
        ++out.blanks;
        for (const char c : line) {
            out.all += begins_character(c);
            out.blanks += c == ' ';
        }
        for (size_t at = line.find(kBlankPiece); at != std::string::npos;
             at = line.find(kBlankPiece, at + 1))
            ++out.blanks;
    }
    return out;
}

/// The trainer leaves out the rarest characters, 0.05 % of the text. Where blanks are as rare as
/// that (genes, Chinese), it would take lines for words, which it cannot hold, and the model would
/// have no piece for a blank. Elsewhere nothing is asked for, so that those models stay as they
/// are.
bool blanks_are_rare(const Characters& characters) {
    constexpr int64_t kRarest = 1900;  // 2000 is the border; a little more asked for harms nothing
    return kRarest * characters.blanks <= characters.all;
}

class VectorIterator : public sentencepiece::SentenceIterator {
  public:
    explicit VectorIterator(const std::vector<std::string>& lines) : lines_(lines) {}
    bool done() const override { return at_ >= lines_.size(); }
    void Next() override { ++at_; }
    const std::string& value() const override { return lines_[at_]; }
    sentencepiece::util::Status status() const override { return {}; }

  private:
    const std::vector<std::string>& lines_;
    size_t at_ = 0;
};

Status check(const TokenizerSpec& spec) {
    const int64_t least = 4 + (spec.byte_fallback ? 256 : 0);
    if (spec.vocab_size < least || spec.vocab_size > kMaxVocabSize) {
        return usage_error(
            "vocab_size: found " + std::to_string(spec.vocab_size) + ", allowed are " +
            std::to_string(least) + " … " + std::to_string(kMaxVocabSize) +
            (spec.byte_fallback ? " (3 control pieces and 256 bytes come first)" : ""));
    }
    if (spec.max_lines < 1 || spec.max_bytes < 1) {
        return usage_error("max_lines and max_bytes must be at least 1");
    }
    return {};
}

Result<std::vector<std::string>> draw_lines(LineSource& source, const TokenizerSpec& spec,
                                            const Progress& progress) {
    LineSample sample(spec.seed, spec.max_lines, spec.max_bytes);
    if (auto status = source.rewind(); !status) return status.error();
    std::string line;
    for (int64_t n = 1;; ++n) {
        auto more = source.next(line);
        if (!more) return more.error();
        if (!*more) break;
        const bool trains = !line.empty() &&
                            static_cast<int64_t>(line.size()) <= kMaxSentenceBytes &&
                            !is_separator(line, spec.separator);
        if (trains) sample.add(line);
        if (n % 65536 == 0) {
            progress.report("drawing lines for the tokenizer", source.fraction());
            if (progress.cancelled()) return Error{ErrorKind::interrupted, "interrupted"};
        }
    }
    return sample.take();
}

/// The number behind the last `words` in `text`, or −1.
int64_t number_behind(const std::string& text, std::string_view words) {
    const size_t at = text.rfind(words);
    if (at == std::string::npos) return -1;
    int64_t number = -1;
    std::from_chars(text.data() + at + words.size(), text.data() + text.size(), number);
    return number;
}

/// What SentencePiece complains of, without its options, which are not ours.
std::string in_our_words(const std::string& complaint) {
    if (complaint.find("smaller than required_chars") != std::string::npos)
        if (const int64_t least = number_behind(complaint, " vs "); least > 0)
            return "the characters of this text alone need " + std::to_string(least) +
                   " pieces. Choose a vocabulary of at least that many, or a text with fewer "
                   "different characters.";
    if (complaint.find("Vocabulary size too high") != std::string::npos ||
        complaint.find("too large vocab_size") != std::string::npos)
        if (const int64_t most = number_behind(complaint, "<= "); most > 0)
            return "this text yields " + std::to_string(most) +
                   " pieces at most. Choose a smaller vocabulary, or give a longer text.";
    // "Internal: src/x.cc(580) [condition] sentence": the last part is meant for people.
    const size_t bracket = complaint.rfind("] ");
    std::string sentence = bracket == std::string::npos ? complaint : complaint.substr(bracket + 2);
    if (sentence.empty() || sentence.find("--") != std::string::npos)
        sentence = "SentencePiece found too little to learn from";
    return shown(sentence) + ". Choose another vocabulary, or give a longer text.";
}

Result<std::string> run_trainer(const std::vector<std::string>& lines, const TokenizerSpec& spec) {
    quiet_sentencepiece();
    std::unordered_map<std::string, std::string> args = {
        {"model_type", word(spec.type)},
        {"vocab_size", std::to_string(spec.vocab_size)},
        {"byte_fallback", spec.byte_fallback ? "true" : "false"},
        {"normalization_rule_name", "identity"},
        {"remove_extra_whitespaces", "false"},
        {"max_sentence_length", std::to_string(kMaxSentenceBytes)},
        {"num_threads", "1"},
        {"minloglevel", "3"},
    };
    if (blanks_are_rare(count_characters(lines))) args["required_chars"] = "▁";
    VectorIterator iterator(lines);
    std::string model;
    try {
        const auto status = sentencepiece::SentencePieceTrainer::Train(args, &iterator, &model);
        if (!status.ok()) return usage_error(in_our_words(status.ToString()));
    } catch (const std::bad_alloc&) {
        return failure("tokenizer: memory ran out; give a shorter text");
    } catch (const std::exception& e) {
        return failure("tokenizer: SentencePiece gave up: " + shown(e.what()));
    }
    return model;
}

}  // namespace

Result<std::string> train_tokenizer(LineSource& source, const TokenizerSpec& spec,
                                    const Progress& progress) {
    if (auto status = check(spec); !status) return status.error();
    auto drawn = draw_lines(source, spec, progress);
    if (!drawn) return drawn.error();
    int64_t bytes = 0;
    std::vector<std::string> lines;
    for (const auto& line : *drawn) {
        bytes += static_cast<int64_t>(line.size());
        append_trainable(line, lines);
    }
    const auto drawn_lines = static_cast<int64_t>(drawn->size());
    drawn->clear();
    if (lines.empty()) {
        return usage_error("tokenizer: " + source.name() + " has no line of 1 … " +
                           std::to_string(kMaxSentenceBytes) + " bytes to train on");
    }
    progress.report("training the tokenizer", -1);
    // SentencePiece can neither be stopped nor trusted with every text (it ends the process on
    // some), so it works in a process of its own, which a stop ends at once.
    auto model = run_in_child(
        "the process that trains the tokenizer (SentencePiece) on " + source.name(),
        [&] { return run_trainer(lines, spec); }, progress);
    if (!model && model.error().kind == ErrorKind::usage) {
        return usage_error("tokenizer: a vocabulary of " + std::to_string(spec.vocab_size) +
                           " pieces cannot be made from " + source.name() + " (" +
                           std::to_string(drawn_lines) + " lines, " + std::to_string(bytes) +
                           " bytes): " + model.error().message);
    }
    return model;
}

}  // namespace hopscope::core
