#include "core/text/model_check.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace hopscope::core {

namespace {

/// One field of a Protocol Buffers message.
struct Field {
    uint64_t number = 0;
    int wire = 0;
    uint64_t value = 0;      ///< of a varint
    std::string_view bytes;  ///< of a length-delimited field
};

/// Walks the fields of one message; ok() turns false where the encoding breaks.
class Walker {
  public:
    explicit Walker(std::string_view data) : data_(data) {}
    bool ok() const { return ok_; }

    std::optional<Field> next() {
        if (!ok_ || data_.empty()) return std::nullopt;
        Field field;
        const uint64_t tag = varint();
        field.number = tag >> 3;
        field.wire = static_cast<int>(tag & 7);
        if (field.number == 0) ok_ = false;
        switch (field.wire) {
            case 0:
                field.value = varint();
                break;
            case 1:
                take(8);
                break;
            case 2:
                field.bytes = take(varint());
                break;
            case 5:
                take(4);
                break;
            default:
                ok_ = false;  // groups do not occur in this format
        }
        if (!ok_) return std::nullopt;
        return field;
    }

  private:
    uint64_t varint() {
        uint64_t value = 0;
        for (int shift = 0; shift < 70; shift += 7) {
            if (data_.empty()) break;
            const auto byte = static_cast<unsigned char>(data_.front());
            data_.remove_prefix(1);
            if (shift < 64) value |= static_cast<uint64_t>(byte & 0x7f) << shift;
            if (byte < 0x80) return value;
        }
        ok_ = false;
        return 0;
    }
    std::string_view take(uint64_t size) {
        if (!ok_ || size > data_.size()) {
            ok_ = false;
            return {};
        }
        const auto part = data_.substr(0, size);
        data_.remove_prefix(size);
        return part;
    }

    std::string_view data_;
    bool ok_ = true;
};

uint32_t little32(std::string_view data, size_t at) {
    uint32_t value = 0;
    std::memcpy(&value, data.data() + at, 4);
    return value;
}

/// The precompiled map is a 32-bit size, a double-array trie of that many bytes, and replacement
/// texts ended by NUL. A lookup goes from node i to i ^ offset(i) ^ next byte, and from a node with
/// a leaf to the value at i ^ offset(i); all of these must exist.
bool charsmap_is_safe(std::string_view map) {
    if (map.empty()) return true;
    if (map.size() < 8) return false;
    const uint32_t trie_bytes = little32(map, 0);
    if (trie_bytes == 0 || trie_bytes % 4 != 0 || trie_bytes > map.size() - 5) return false;
    const std::string_view trie = map.substr(4, trie_bytes);
    const std::string_view texts = map.substr(4 + trie_bytes);
    if (texts.back() != '\0') return false;
    const uint32_t nodes = trie_bytes / 4;
    for (uint32_t i = 0; i < nodes; ++i) {
        const uint32_t unit = little32(trie, size_t{4} * i);
        if (unit & 0x80000000u) continue;  // a value
        const uint32_t offset = (unit >> 10) << ((unit & (1u << 9)) >> 6);
        const uint32_t target = i ^ offset;
        if ((target | 0xff) >= nodes) return false;
        const bool has_leaf = (unit >> 8) & 1;
        if (has_leaf && (little32(trie, size_t{4} * target) & 0x7fffffffu) >= texts.size()) {
            return false;
        }
    }
    return true;
}

}  // namespace

Status check_sentencepiece_model(std::string_view model, const std::string& name) {
    // Field numbers of sentencepiece_model.proto: ModelProto.pieces = 1, .normalizer_spec = 3,
    // .denormalizer_spec = 5; SentencePiece.piece = 1; NormalizerSpec.precompiled_charsmap = 2.
    const auto foreign = [&](const std::string& what) {
        return usage_error("tokenizer " + name + " is no SentencePiece model (" + what +
                           "); give a .model file that SentencePiece wrote");
    };
    Walker fields(model);
    uint64_t pieces = 0;
    while (const auto field = fields.next()) {
        if (field->number == 1 && field->wire == 2) {
            Walker inner(field->bytes);
            bool named = false;
            while (const auto part = inner.next()) {
                if (part->number == 1 && part->wire == 2) named = !part->bytes.empty();
            }
            if (!inner.ok() || !named)
                return foreign("piece " + std::to_string(pieces) + " is broken");
            ++pieces;
        } else if ((field->number == 3 || field->number == 5) && field->wire == 2) {
            Walker inner(field->bytes);
            while (const auto part = inner.next()) {
                if (part->number != 2 || part->wire != 2) continue;
                if (!charsmap_is_safe(part->bytes))
                    return foreign("its normalisation table is damaged");
            }
            if (!inner.ok()) return foreign("its normaliser is broken");
        }
    }
    if (!fields.ok()) return foreign("the file is truncated or of another kind");
    if (pieces == 0) return foreign("it has no pieces");
    return {};
}

std::optional<int64_t> most_bytes_of_token(std::string_view model) {
    // ModelProto.trainer_spec = 2; TrainerSpec.byte_fallback = 35; NormalizerSpec.
    // precompiled_charsmap = 2, .remove_extra_whitespaces = 4, true where it is not written.
    size_t longest = 0;
    bool byte_fallback = false, leaves_out = true, maps = false;
    Walker fields(model);
    while (const auto field = fields.next()) {
        if (field->number == 3) leaves_out = true;
        Walker inner(field->bytes);
        while (const auto part = inner.next()) {
            if (field->number == 1 && part->number == 1)
                longest = std::max(longest, part->bytes.size());
            else if (field->number == 2 && part->number == 35)
                byte_fallback = part->value != 0;
            else if (field->number == 3 && part->number == 2)
                maps = maps || !part->bytes.empty();
            else if (field->number == 3 && part->number == 4)
                leaves_out = part->value != 0;
        }
    }
    if (!byte_fallback || leaves_out || maps) return std::nullopt;
    return static_cast<int64_t>(longest);
}

}  // namespace hopscope::core
