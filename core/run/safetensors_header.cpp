#include "core/run/safetensors_header.h"

#include <algorithm>
#include <optional>
#include <unordered_set>

#include "core/base/json.h"
#include "core/base/utf8.h"

namespace hopscope::core {
namespace {

/// Follows the one form a header may have; everything else ends the parse with a sentence in
/// `problem`.
class HeaderSax : public nlohmann::json_sax<Json> {
  public:
    SafetensorsHeader header;
    std::string problem;

    bool null() override { return value("null"); }
    bool boolean(bool) override { return value("true or false"); }
    bool number_float(number_float_t, const string_t& text) override {
        return value("the number " + in_quotes(text));
    }
    bool binary(binary_t&) override { return value("bytes"); }

    bool number_integer(number_integer_t number) override {
        return value("the number " + std::to_string(number));
    }

    bool number_unsigned(number_unsigned_t number) override {
        if (place_ == Place::shape) {
            if (number > static_cast<uint64_t>(INT64_MAX))
                return fail("the size " + std::to_string(number) +
                            " in a shape, at most 2^63 − 1 expected");
            header.tensors.back().shape.push_back(static_cast<int64_t>(number));
            return true;
        }
        if (place_ == Place::offsets) {
            if (offsets_ == 2) return fail("more than two data_offsets");
            (offsets_++ == 0 ? header.tensors.back().begin : header.tensors.back().end) = number;
            return true;
        }
        return value("the number " + std::to_string(number));
    }

    bool string(string_t& text) override {
        if (place_ == Place::metadata) {
            header.metadata[key_] = std::move(text);
            return true;
        }
        if (place_ == Place::tensor && key_ == "dtype") {
            header.tensors.back().dtype = std::move(text);
            return true;
        }
        return value("the text " + in_quotes(text));
    }

    bool start_object(size_t) override {
        if (place_ == Place::outside) {
            place_ = Place::top;
        } else if (place_ == Place::top) {
            if (key_ == "__metadata__") {
                place_ = Place::metadata;
            } else {
                place_ = Place::tensor;
                header.tensors.push_back({key_, "", {}, 0, 0});
                have_shape_ = have_offsets_ = false;
            }
            inner_.clear();
        } else {
            return value("an object");
        }
        return true;
    }

    bool end_object() override {
        if (place_ == Place::tensor) {
            if (header.tensors.back().dtype.empty()) return fail("dtype is missing");
            if (!have_shape_) return fail("shape is missing");
            if (!have_offsets_) return fail("data_offsets are missing");
        }
        place_ = place_ == Place::top ? Place::outside : Place::top;
        return true;
    }

    bool start_array(size_t) override {
        if (place_ != Place::tensor) return value("a list");
        if (key_ == "shape") {
            place_ = Place::shape;
            have_shape_ = true;
        } else if (key_ == "data_offsets") {
            place_ = Place::offsets;
            have_offsets_ = true;
            offsets_ = 0;
        } else {
            return value("a list");
        }
        return true;
    }

    bool end_array() override {
        if (place_ == Place::offsets && offsets_ != 2) return fail("two data_offsets expected");
        place_ = Place::tensor;
        return true;
    }

    bool key(string_t& text) override {
        key_ = std::move(text);
        auto& seen = place_ == Place::top ? names_ : inner_;
        if (!seen.insert(key_).second)
            return fail("the key " + in_quotes(key_) + " stands there twice");
        if (place_ == Place::tensor && key_ != "dtype" && key_ != "shape" && key_ != "data_offsets")
            return fail("found the key " + in_quotes(key_) +
                        ", dtype, shape or data_offsets expected");
        return true;
    }

    bool parse_error(size_t position, const std::string& last, const Json::exception&) override {
        problem = "the header is not valid JSON at byte " + std::to_string(8 + position) +
                  ", near " + in_quotes(last);
        return false;
    }

  private:
    enum class Place { outside, top, metadata, tensor, shape, offsets };

    bool fail(const std::string& what) {
        const bool inside =
            place_ == Place::tensor || place_ == Place::shape || place_ == Place::offsets;
        problem = inside ? "tensor " + in_quotes(header.tensors.back().name) + ": " + what : what;
        return false;
    }

    /// A value of a kind that has no place here.
    bool value(const std::string& found) {
        switch (place_) {
            case Place::outside:
                return fail("the header is " + found + ", an object expected");
            case Place::top:
                return fail(in_quotes(key_) + " is " + found + ", an object expected");
            case Place::metadata:
                return fail("__metadata__ " + in_quotes(key_) + " is " + found +
                            ", a text expected");
            case Place::tensor:
                return fail(key_ + " is " + found +
                            (key_ == "dtype" ? ", a text expected" : ", a list of sizes expected"));
            default:
                return fail("found " + found + " where an integer from 0 is expected");
        }
    }

    Place place_ = Place::outside;
    std::string key_;
    int offsets_ = 0;
    bool have_shape_ = false, have_offsets_ = false;
    std::unordered_set<std::string> names_,
        inner_;  ///< keys seen in the outer and the present inner object
};

/// What is wrong with dtype, shape and offsets of one tensor; "" for nothing.
std::string problem_of(const HeaderTensor& tensor, uint64_t data_bytes, Dtypes dtypes) {
    const size_t element = dtype_bytes(tensor.dtype);
    if (element == 0 && dtypes == Dtypes::known)
        return "unknown dtype " + in_quotes(tensor.dtype) +
               ", one of BOOL, U8, I8, F8_E5M2, F8_E4M3, I16, U16, F16, BF16, I32, U32, F32, F64, "
               "I64, U64 expected";
    uint64_t bytes = element;
    for (const int64_t size : tensor.shape)
        if (__builtin_mul_overflow(bytes, static_cast<uint64_t>(size), &bytes))
            return "its shape needs more bytes than 2^64";
    if (tensor.begin > tensor.end || tensor.end > data_bytes)
        return "data_offsets " + std::to_string(tensor.begin) + " to " +
               std::to_string(tensor.end) + ", inside 0 to " + std::to_string(data_bytes) +
               " expected";
    if (element != 0 && tensor.end - tensor.begin != bytes)
        return "data_offsets span " + std::to_string(tensor.end - tensor.begin) +
               " bytes, dtype and shape need " + std::to_string(bytes);
    return "";
}

Error bad_file(const std::string& path, const std::string& what) {
    return usage_error(shown_path(path) + ": not a valid safetensors file: " + what);
}

}  // namespace

Result<SafetensorsHeader> read_safetensors_header(const OpenedFile& file, const std::string& path,
                                                  Dtypes dtypes) {
    constexpr uint64_t kLength = sizeof(uint64_t);
    if (file.bytes < kLength)
        return bad_file(path, std::to_string(file.bytes) +
                                  " bytes found, at least the 8 of the header length expected");
    uint64_t length = 0;
    auto got = read_at(file, 0, {reinterpret_cast<char*>(&length), kLength}, path);
    if (!got) return got.error();
    const uint64_t most = std::min(file.bytes - kLength, kMaxSafetensorsHeader);
    if (length > most)
        return bad_file(path, "header of " + std::to_string(length) + " bytes announced, at most " +
                                  std::to_string(most) + " expected");
    std::string json(length, '\0');
    got = read_at(file, kLength, json, path);
    if (!got) return got.error();
    json.resize(*got);
    auto header = parse_safetensors_header(json, file.bytes - kLength - length, path, dtypes);
    if (header) header->bytes = kLength + length;
    return header;
}

Result<SafetensorsHeader> parse_safetensors_header(std::string_view json, uint64_t data_bytes,
                                                   const std::string& path, Dtypes dtypes) {
    const auto bad = [&](const std::string& what) { return bad_file(path, what); };
    if (json.empty() || json.front() != '{') return bad("the header does not begin with '{'");
    HeaderSax sax;
    if (!Json::sax_parse(json.begin(), json.end(), &sax)) return bad(sax.problem);

    for (const HeaderTensor& tensor : sax.header.tensors)
        if (const std::string problem = problem_of(tensor, data_bytes, dtypes); !problem.empty())
            return bad("tensor " + in_quotes(tensor.name) + ": " + problem);

    // Every byte of the data belongs to exactly one tensor.
    std::vector<const HeaderTensor*> order;
    for (const HeaderTensor& tensor : sax.header.tensors) order.push_back(&tensor);
    std::sort(order.begin(), order.end(), [](const HeaderTensor* a, const HeaderTensor* b) {
        return std::pair(a->begin, a->end) < std::pair(b->begin, b->end);
    });
    uint64_t end = 0;
    for (const HeaderTensor* tensor : order) {
        if (tensor->begin != end)
            return bad("tensor " + in_quotes(tensor->name) + " begins at " +
                       std::to_string(tensor->begin) +
                       (tensor->begin < end ? " inside another, " : " after a gap, ") +
                       std::to_string(end) + " expected");
        end = tensor->end;
    }
    if (end != data_bytes)
        return bad(std::to_string(data_bytes) + " bytes of data, the header speaks of " +
                   std::to_string(end));
    return std::move(sax.header);
}

}  // namespace hopscope::core
