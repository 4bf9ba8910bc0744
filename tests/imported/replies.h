// Replies of servers as tests need them: arrays of expert numbers in each wrapping.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/json.h"

namespace hopscope::test {

inline std::string base64(const std::string& bytes) {
    const std::string digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    for (size_t i = 0; i < bytes.size(); i += 3) {
        uint32_t bits = 0;
        for (size_t j = i; j < i + 3; ++j)
            bits = bits << 8 | (j < bytes.size() ? static_cast<unsigned char>(bytes[j]) : 0);
        for (size_t j = 0; j < 4; ++j)
            out += i + j > bytes.size() ? '=' : digits[bits >> (18 - 6 * j) & 0x3f];
    }
    return out;
}

template <class T>
std::string bytes_as(const std::vector<int>& ids) {
    std::string out;
    for (const int id : ids) {
        const T number = static_cast<T>(id);
        out.append(reinterpret_cast<const char*>(&number), sizeof number);
    }
    return out;
}

/// @param shape as NumPy writes it: "(3, 2, 2)"
inline std::string npy(const std::string& descr, const std::string& shape,
                       const std::string& data) {
    std::string header =
        "{'descr': '" + descr + "', 'fortran_order': False, 'shape': " + shape + ", }";
    while ((10 + header.size() + 1) % 64 != 0) header += ' ';
    header += '\n';
    return std::string("\x93NUMPY\x01\x00", 8) + static_cast<char>(header.size() & 0xff) +
           static_cast<char>(header.size() >> 8) + header + data;
}

using ReplyJson = core::OrderedJson;

inline std::string vllm_reply(const ReplyJson& experts, const std::vector<int>& prompt = {}) {
    ReplyJson reply = {{"id", "x"}};
    if (!prompt.empty()) reply["prompt_token_ids"] = prompt;
    reply["choices"] =
        ReplyJson::array({{{"index", 0}, {"text", ""}, {"routed_experts", experts}}});
    return reply.dump();
}

inline std::string sglang_reply(const std::vector<int>& ids) {
    return ReplyJson(
               {{"text", ""}, {"meta_info", {{"routed_experts", base64(bytes_as<int32_t>(ids))}}}})
        .dump();
}

}  // namespace hopscope::test
