// From a corpus to the two token files of a run: validation split, encoding, checks of length. Runs
// on the thread that prepares the run; reads the corpus twice, with memory that does not depend on
// its size.
#pragma once

#include <cstdint>
#include <string>

#include "core/api/config.h"
#include "core/api/progress.h"
#include "core/base/result.h"
#include "core/text/tokenizer.h"

namespace hopscope::core {

struct PreparedTokens {
    int64_t train_tokens = 0, valid_tokens = 0;
    int64_t documents = 0, lines = 0;  ///< of data.train
    /// Of all text, with data.pack = "document": documents that are shorter than one chunk, which
    /// therefore do not train.
    int64_t short_documents = 0;
    std::string train_corpus_hash,
        valid_corpus_hash;  ///< of the text; equal where one corpus was split
};

/// Encodes data.train [def:text_to_tokens] into `train_out` and data.valid into
/// `valid_out`; without data.valid the last 5 % of the documents (of the lines if there is one
/// document), at least one batch.
///
/// data.pack = "stream": the file holds the whole stream, a document after the other. "document"
/// [def:document_packing]: each document is cut into chunks of train.seq_len + 1 tokens with stride
/// train.seq_len, so that no chunk holds two documents; what remains at a document's end, and a
/// document shorter than one chunk, is left out; the file holds the chunks one after the other. A
/// validation part that would lack a batch then begins at the earlier document, or chunk, that
/// gives it one.
///
/// Errors: usage (everything CorpusReader refuses; fewer than one
/// batch of chunks on either side, with what is needed; a separator for a model without "</s>"),
/// failed (disk), interrupted.
Result<PreparedTokens> prepare_tokens(const DataConfig& data, const TrainConfig& train,
                                      const Tokenizer& tokenizer, const std::string& train_out,
                                      const std::string& valid_out, const Progress& progress);

}  // namespace hopscope::core
