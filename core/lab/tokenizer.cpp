// hopscope tokenizer: trains a SentencePiece model, and turns lines into tokens and back.
#include "core/text/tokenizer.h"

#include <functional>
#include <sstream>

#include "core/api/lab.h"
#include "core/base/files.h"
#include "core/base/json.h"
#include "core/base/new_file.h"
#include "core/base/numbers.h"
#include "core/base/utf8.h"
#include "core/lab/interrupt.h"
#include "core/text/corpus.h"
#include "core/text/tokenizer_train.h"

namespace hopscope::core::lab {
namespace {

using OneLine =
    std::function<Result<std::string>(const Tokenizer& tokenizer, const std::string& line)>;

/// What `turn` makes of each line, one line out for one in; errors begin with the line's number.
Result<std::string> line_by_line(const std::string& model, const std::string& text,
                                 const OneLine& turn) {
    auto tokenizer = Tokenizer::load(model);
    if (!tokenizer) return tokenizer.error();
    std::string out;
    std::istringstream in(text);
    int64_t number = 0;
    for (std::string line; std::getline(in, line);) {
        ++number;
        auto turned = turn(*tokenizer, line);
        if (!turned)
            return Error{turned.error().kind,
                         "line " + std::to_string(number) + ": " + turned.error().message};
        out += *turned + '\n';
    }
    return out;
}

Result<std::string> encoded(const Tokenizer& tokenizer, const std::string& line, bool pieces) {
    auto ids = tokenizer.encode_line(line);
    if (!ids) return ids.error();
    std::string out;
    for (size_t i = 0; i < ids->size(); ++i) {
        if (i > 0) out += ' ';
        out += pieces ? tokenizer.piece((*ids)[i]) : std::to_string((*ids)[i]);
    }
    return out;
}

Result<std::string> decoded(const Tokenizer& tokenizer, const std::string& line) {
    std::istringstream words(line);
    std::vector<int32_t> ids;
    for (std::string word; words >> word;) {
        const auto id = read_integer(word);
        if (!id || *id < 0 || *id >= tokenizer.size())
            return usage_error("found " + in_quotes(word) + ", allowed ids 0 … " +
                               std::to_string(tokenizer.size() - 1));
        ids.push_back(static_cast<int32_t>(*id));
    }
    auto text = tokenizer.decode(ids);
    if (!text) return text;
    // A line of text for each line of ids: a piece that breaks the line is named, not written.
    std::string line_of_text;
    for (const char c : *text) {
        if (c == '\n')
            line_of_text += "<0x0A>";
        else
            line_of_text += c;
    }
    return line_of_text;
}

}  // namespace

Result<std::string> tokenizer_train(const TokenizerTrainOptions& o) {
    if (auto s = check_output(o.out, OutputUse::places); !s) return s.error();
    auto lines = CorpusReader::open(o.input);
    if (!lines) return lines.error();
    TokenizerSpec spec;
    spec.vocab_size = o.vocab_size;
    spec.type = o.type;
    spec.byte_fallback = o.byte_fallback;
    spec.seed = o.seed;
    const Progress progress = interruptible(o.on_progress);
    progress.report(
        "learning " + std::to_string(o.vocab_size) + " pieces from " + shown_path(o.input), -1);
    auto model = train_tokenizer(**lines, spec, progress);
    if (!model) return model.error();
    if (auto s = write_file_atomic(o.out, *model); !s) return s.error();
    auto made = Tokenizer::from_bytes(std::move(*model), shown_path(o.out));
    if (!made) return made.error();
    return dump_pretty({{"format", "hopscope.tokenizer/1"},
                        {"model", o.out},
                        {"type", word(o.type)},
                        {"size", made->size()},
                        {"hash", made->hash()}});
}

Result<std::string> tokenizer_encode(const std::string& model, const std::string& text,
                                     bool pieces) {
    return line_by_line(model, text, [pieces](const Tokenizer& tokenizer, const std::string& line) {
        return encoded(tokenizer, line, pieces);
    });
}

Result<std::string> tokenizer_decode(const std::string& model, const std::string& text) {
    return line_by_line(model, text, decoded);
}

}  // namespace hopscope::core::lab
