#include "core/imported/tensor_values.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "core/base/half.h"
#include "core/base/utf8.h"

namespace hopscope::core {
namespace {

/// Each element of type Stored through `convert`; foreign files need not align them.
template <class Stored, class Value, class Convert>
std::vector<Value> each(const TensorView& tensor, Convert convert) {
    std::vector<Value> out(tensor.bytes / sizeof(Stored));
    const char* from = static_cast<const char*>(tensor.data);
    for (size_t i = 0; i < out.size(); ++i) {
        Stored stored;
        std::memcpy(&stored, from + i * sizeof(Stored), sizeof(Stored));
        out[i] = convert(stored);
    }
    return out;
}

float float_from_bf16(uint16_t bits) {
    return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16);
}

/// Eight bits: sign, exponent, mantissa. E5M2 has infinities as fp16 has them; E4M3 ("fn") has none
/// and a single NaN.
float float_from_e5m2(uint8_t bits) {
    return float_from_half(static_cast<uint16_t>(bits << 8));
}
float float_from_e4m3(uint8_t bits) {
    const int exponent = bits >> 3 & 0xf, mantissa = bits & 0x7;
    if (exponent == 0xf && mantissa == 0x7) return std::numeric_limits<float>::quiet_NaN();
    const float size = exponent == 0 ? std::ldexp(static_cast<float>(mantissa), -9)
                                     : std::ldexp(static_cast<float>(8 + mantissa), exponent - 10);
    return bits & 0x80 ? -size : size;
}

Error other_dtype(const TensorView& tensor, const std::string& file, const char* allowed) {
    return usage_error(shown_path(file) + ": tensor " + in_quotes(tensor.name) + ": found " +
                       form_of(tensor) + ", dtype " + allowed + " expected");
}

}  // namespace

std::string shape_text(const std::vector<int64_t>& shape) {
    std::string text = "[";
    for (size_t i = 0; i < shape.size(); ++i) text += (i ? ", " : "") + std::to_string(shape[i]);
    return text + "]";
}

std::string form_of(const TensorView& tensor) {
    return shown(tensor.dtype) + " " + shape_text(tensor.shape);
}

Result<std::vector<float>> float_values(const TensorView& tensor, const std::string& file) {
    if (tensor.dtype == "F32") return each<float, float>(tensor, [](float x) { return x; });
    if (tensor.dtype == "BF16") return each<uint16_t, float>(tensor, float_from_bf16);
    if (tensor.dtype == "F16") return each<uint16_t, float>(tensor, float_from_half);
    if (tensor.dtype == "F64")
        return each<double, float>(tensor, [](double x) { return static_cast<float>(x); });
    if (tensor.dtype == "F8_E4M3") return each<uint8_t, float>(tensor, float_from_e4m3);
    if (tensor.dtype == "F8_E5M2") return each<uint8_t, float>(tensor, float_from_e5m2);
    return other_dtype(tensor, file, "F32, BF16, F16, F64, F8_E4M3 or F8_E5M2");
}

Result<std::vector<int32_t>> integer_values(const TensorView& tensor, const std::string& file) {
    const auto same = [](auto x) { return static_cast<int32_t>(x); };
    if (tensor.dtype == "I32") return each<int32_t, int32_t>(tensor, same);
    if (tensor.dtype == "I16") return each<int16_t, int32_t>(tensor, same);
    if (tensor.dtype == "I8") return each<int8_t, int32_t>(tensor, same);
    if (tensor.dtype == "U8") return each<uint8_t, int32_t>(tensor, same);
    if (tensor.dtype != "I64") return other_dtype(tensor, file, "I64, I32, I16, I8 or U8");
    bool fits = true;
    auto out = each<int64_t, int32_t>(tensor, [&](int64_t x) {
        fits &= x == static_cast<int32_t>(x);
        return static_cast<int32_t>(x);
    });
    if (!fits)
        return usage_error(shown_path(file) + ": tensor " + in_quotes(tensor.name) +
                           ": a number beyond 32 bits found");
    return out;
}

}  // namespace hopscope::core
