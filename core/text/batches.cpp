#include "core/text/batches.h"

#include <string>
#include <utility>

#include "core/base/random.h"

namespace hopscope::core {

ChunkPermutation::ChunkPermutation(int64_t n, uint64_t seed, uint64_t epoch)
    : n_(static_cast<uint64_t>(n)) {
    while (half_bits_ < 31 && (uint64_t{1} << (2 * half_bits_)) < n_) ++half_bits_;
    const uint64_t key = mix64(seed, epoch);
    for (int r = 0; r < kRounds; ++r) keys_[r] = mix64(key, static_cast<uint64_t>(r));
}

int64_t ChunkPermutation::operator()(int64_t i) const {
    const uint64_t mask = (uint64_t{1} << half_bits_) - 1;
    auto x = static_cast<uint64_t>(i);
    do {
        uint64_t left = x >> half_bits_, right = x & mask;
        for (const uint64_t key : keys_) {
            const uint64_t next = left ^ (mix64(right ^ key) & mask);
            left = right;
            right = next;
        }
        x = left << half_bits_ | right;
    } while (x >= n_);  // the walk stays on one cycle of a bijection, so it comes back below n
    return static_cast<int64_t>(x);
}

namespace {

int64_t stride_of(int64_t seq_len, Pack pack) {
    return pack == Pack::stream ? seq_len : seq_len + 1;
}

int64_t chunks_in(int64_t tokens, int64_t seq_len, Pack pack) {
    return pack == Pack::stream ? (tokens - 1) / seq_len : tokens / (seq_len + 1);
}

}  // namespace

Result<BatchSource> BatchSource::create(TokenFile tokens, int64_t batch, int64_t seq_len,
                                        uint64_t seed, Pack pack) {
    if (batch < 1 || seq_len < 1) {
        return usage_error("train.batch and train.seq_len must be at least 1, found " +
                           std::to_string(batch) + " and " + std::to_string(seq_len));
    }
    const int64_t chunks = chunks_in(tokens.size(), seq_len, pack);
    if (chunks < batch) {
        return usage_error(
            tokens.path() + ": " + std::to_string(tokens.size()) +
            " tokens give fewer than one batch; train.batch = " + std::to_string(batch) +
            " sequences of train.seq_len = " + std::to_string(seq_len) +
            (pack == Pack::stream ? " need batch · seq_len + 1 tokens"
                                  : " need batch · (seq_len + 1) tokens"));
    }
    return BatchSource(std::move(tokens), batch, seq_len, seed, pack);
}

BatchSource::BatchSource(TokenFile tokens, int64_t batch, int64_t seq_len, uint64_t seed, Pack pack)
    : tokens_(std::move(tokens)),
      batch_(batch),
      seq_len_(seq_len),
      stride_(stride_of(seq_len, pack)),
      chunks_(chunks_in(tokens_.size(), seq_len, pack)),
      seed_(seed) {}

void BatchSource::copy_chunk(int64_t chunk, int64_t row, std::vector<int32_t>& out) const {
    tokens_.copy(chunk * stride_, seq_len_ + 1, out.data() + row * (seq_len_ + 1));
}

void BatchSource::micro_batch(int64_t index, std::vector<int32_t>& out) const {
    out.resize(static_cast<size_t>(batch_ * (seq_len_ + 1)));
    int64_t epoch = index * batch_ / chunks_;
    ChunkPermutation order(chunks_, seed_, static_cast<uint64_t>(epoch));
    for (int64_t row = 0; row < batch_; ++row) {
        const int64_t place = index * batch_ + row;
        if (place / chunks_ != epoch) {
            epoch = place / chunks_;
            order = ChunkPermutation(chunks_, seed_, static_cast<uint64_t>(epoch));
        }
        copy_chunk(order(place % chunks_), row, out);
    }
}

void BatchSource::eval_batch(int64_t index, std::vector<int32_t>& out) const {
    out.resize(static_cast<size_t>(batch_ * (seq_len_ + 1)));
    for (int64_t row = 0; row < batch_; ++row) copy_chunk(index * batch_ + row, row, out);
}

}  // namespace hopscope::core
