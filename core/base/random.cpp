#include "core/base/random.h"

#include <algorithm>
#include <cstring>

namespace hopscope::core {

namespace {

uint64_t fold(uint64_t x, uint64_t k) {
    const Uint128 product = static_cast<Uint128>(x) * k;
    return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

void append_hex(std::string& out, uint64_t value) {
    for (int shift = 60; shift >= 0; shift -= 4) out += "0123456789abcdef"[(value >> shift) & 15];
}

}  // namespace

void ContentHash::block(uint64_t word) {
    // Two lanes with unlike steps: a zero factor in one of them cannot lose both histories.
    a_ = fold(a_ ^ word, 0x9fb21c651e98df25ULL) + b_;
    b_ = (b_ ^ word) * 0xd6e8feb86659fd93ULL;
    b_ ^= b_ >> 29;
}

void ContentHash::update(const void* data, size_t bytes) {
    const auto* p = static_cast<const unsigned char*>(data);
    const size_t held = length_ % 8;
    length_ += bytes;
    uint64_t word = 0;
    if (held != 0) {
        const size_t take = std::min(bytes, 8 - held);
        std::memcpy(rest_ + held, p, take);
        if (held + take < 8) return;
        std::memcpy(&word, rest_, 8);
        block(word);
        p += take;
        bytes -= take;
    }
    for (; bytes >= 8; p += 8, bytes -= 8) {
        std::memcpy(&word, p, 8);
        block(word);
    }
    if (bytes != 0) std::memcpy(rest_, p, bytes);
}

std::string ContentHash::hex() const {
    ContentHash end = *this;
    const size_t held = length_ % 8;
    std::memset(end.rest_ + held, 0, 8 - held);
    uint64_t word = 0;
    std::memcpy(&word, end.rest_, 8);
    end.block(word);
    end.block(length_);
    end.block(0);
    std::string out;
    append_hex(out, mix64(end.a_));
    append_hex(out, mix64(end.b_, end.a_));
    return out;
}

}  // namespace hopscope::core
