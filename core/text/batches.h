// Which tokens each micro-batch holds, as pure functions of its index, so that a resumed run needs
// only that number [def:data_order]. Does not change after creation; any
// thread.
#pragma once

#include <cstdint>
#include <vector>

#include "core/api/kinds.h"
#include "core/base/result.h"
#include "core/text/token_file.h"

namespace hopscope::core {

/// A permutation of 0 … n − 1 that depends on (seed, epoch) only and takes no memory: a Feistel
/// network over the next power of four, walked until it lands below n.
class ChunkPermutation {
  public:
    ChunkPermutation(int64_t n, uint64_t seed, uint64_t epoch);
    int64_t operator()(int64_t i) const;  ///< 0 ≤ i < n

  private:
    static constexpr int kRounds = 8;
    uint64_t n_;
    int half_bits_ = 1;
    uint64_t keys_[kRounds];
};

/// Chunks of seq_len + 1 tokens; a last partial one is dropped.
class BatchSource {
  public:
    /// Errors (usage): fewer chunks than one batch.
    static Result<BatchSource> create(TokenFile tokens, int64_t batch, int64_t seq_len,
                                      uint64_t seed, Pack pack = Pack::stream);

    int64_t chunks() const { return chunks_; }
    /// Micro-batch number `index` since the beginning of training, [batch, seq_len + 1] row-major;
    /// each epoch visits every chunk once, and a batch may straddle two epochs.
    void micro_batch(int64_t index, std::vector<int32_t>& out) const;
    int64_t eval_batches() const { return chunks_ / batch_; }  ///< a partial batch is dropped
    /// Batch `index` of the chunks in file order, 0 ≤ index < eval_batches().
    void eval_batch(int64_t index, std::vector<int32_t>& out) const;

    int64_t batch() const { return batch_; }
    int64_t seq_len() const { return seq_len_; }
    const TokenFile& tokens() const { return tokens_; }

  private:
    BatchSource(TokenFile tokens, int64_t batch, int64_t seq_len, uint64_t seed, Pack pack);
    void copy_chunk(int64_t chunk, int64_t row, std::vector<int32_t>& out) const;

    TokenFile tokens_;
    int64_t batch_, seq_len_;
    int64_t stride_;  ///< tokens from the begin of one chunk to that of the next
    int64_t chunks_;
    uint64_t seed_;
};

}  // namespace hopscope::core
