#include "core/imported/npy.h"

#include <array>
#include <cstring>
#include <limits>
#include <optional>

#include "core/base/numbers.h"
#include "core/base/utf8.h"

namespace hopscope::core {
namespace {

/// What an element is, by NumPy's words for it.
struct Element {
    std::string_view descr, name;
    size_t bytes;
    bool is_signed;
};
constexpr std::array<Element, 8> kElements = {{{"|u1", "uint8", 1, false},
                                               {"|i1", "int8", 1, true},
                                               {"<u2", "uint16", 2, false},
                                               {"<i2", "int16", 2, true},
                                               {"<u4", "uint32", 4, false},
                                               {"<i4", "int32", 4, true},
                                               {"<u8", "uint64", 8, false},
                                               {"<i8", "int64", 8, true}}};

const Element* element_of(std::string_view word) {
    for (const Element& element : kElements)
        if (word == element.descr || word == element.name) return &element;
    return nullptr;
}

/// A little-endian number; beyond int32 the largest of it, which is no expert of any model.
int32_t number_at(const char* at, const Element& element) {
    uint64_t bits = 0;
    std::memcpy(&bits, at, element.bytes);
    const size_t unused = 64 - 8 * element.bytes;
    const int64_t value = element.is_signed ? static_cast<int64_t>(bits << unused) >> unused
                                            : static_cast<int64_t>(bits & ~(uint64_t{1} << 63));
    const bool lost = !element.is_signed && bits >> 63 != 0;
    if (lost || value != static_cast<int32_t>(value)) return std::numeric_limits<int32_t>::max();
    return static_cast<int32_t>(value);
}

/// What stands behind 'key': in the header, a Python dictionary; "" where the key is not there.
std::string_view value_of(std::string_view header, std::string_view key) {
    for (const char quote : {'\'', '"'}) {
        const std::string quoted = quote + std::string(key) + quote;
        const size_t at = header.find(quoted);
        if (at == std::string_view::npos) continue;
        std::string_view rest = header.substr(at + quoted.size());
        const size_t begin = rest.find_first_not_of(" :");
        return begin == std::string_view::npos ? "" : rest.substr(begin);
    }
    return "";
}

/// "(39, 3, 2)" → 39, 3, 2.
std::optional<std::vector<int64_t>> shape_from(std::string_view text) {
    const size_t end = text.find(')');
    if (!text.starts_with('(') || end == std::string_view::npos) return std::nullopt;
    std::string_view list = text.substr(1, end - 1);
    std::vector<int64_t> out;
    while (list.find_first_not_of(' ') != std::string_view::npos) {
        const size_t comma = std::min(list.find(','), list.size());
        std::string_view word = list.substr(0, comma);
        while (word.starts_with(' ')) word.remove_prefix(1);
        while (word.ends_with(' ')) word.remove_suffix(1);
        const auto size = read_integer(word);
        if (!size || *size < 0) return std::nullopt;
        out.push_back(*size);
        list.remove_prefix(std::min(comma + 1, list.size()));
    }
    return out;
}

}  // namespace

Result<IntegerArray> integer_array(std::string_view bytes, const std::string& dtype,
                                   std::vector<int64_t> shape) {
    const Element* element = element_of(dtype);
    if (!element)
        return usage_error("dtype " + in_quotes(dtype) +
                           " found, whole numbers of little-endian bytes expected (uint8, uint16, "
                           "int32, …)");
    uint64_t wanted = element->bytes;
    for (const int64_t size : shape)
        if (size < 0 || __builtin_mul_overflow(wanted, static_cast<uint64_t>(size), &wanted))
            return usage_error("a shape of impossible size found");
    if (wanted != bytes.size())
        return usage_error(std::to_string(bytes.size()) + " bytes found, " +
                           std::to_string(wanted) + " expected by the shape and dtype");
    IntegerArray out{std::move(shape), {}};
    out.values.reserve(bytes.size() / element->bytes);
    for (size_t at = 0; at < bytes.size(); at += element->bytes)
        out.values.push_back(number_at(bytes.data() + at, *element));
    return out;
}

Result<IntegerArray> parse_npy(std::string_view bytes) {
    constexpr size_t kVersion = 6, kLength = 8;
    if (!bytes.starts_with(kNpyMagic) || bytes.size() < kLength + 4)
        return usage_error("no .npy file found, which begins with \\x93NUMPY");
    // Version 1 has two bytes of header length, later ones four.
    const bool early = bytes[kVersion] == 1;
    uint32_t length = 0;
    std::memcpy(&length, bytes.data() + kLength, early ? 2 : 4);
    const size_t begin = kLength + (early ? 2 : 4);
    if (bytes[kVersion] < 1 || bytes[kVersion] > 3 || length > bytes.size() - begin)
        return usage_error("the header of the .npy is damaged or was cut");
    const std::string_view header = bytes.substr(begin, length);
    if (!value_of(header, "fortran_order").starts_with("False"))
        return usage_error(
            "the .npy stores columns first, or does not say it; rows first (C "
            "order) expected");
    std::string_view descr = value_of(header, "descr");
    if (!descr.starts_with('\'') && !descr.starts_with('"'))
        return usage_error("the .npy does not say what its numbers are");
    const char quote = descr[0];
    descr.remove_prefix(1);
    descr = descr.substr(0, descr.find(quote));
    auto shape = shape_from(value_of(header, "shape"));
    if (!shape) return usage_error("the .npy has no shape of whole numbers");
    return integer_array(bytes.substr(begin + length), std::string(descr), *std::move(shape));
}

}  // namespace hopscope::core
