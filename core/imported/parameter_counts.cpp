#include "core/imported/parameter_counts.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

namespace hopscope::core {
namespace {

bool has(std::string_view name, std::string_view part) {
    return name.find(part) != std::string_view::npos;
}

/// Elements; what is beyond int64 (of a dtype that nobody checks) counts as the most.
int64_t elements(const TensorView& tensor) {
    int64_t count = 1;
    for (const int64_t size : tensor.shape)
        if (__builtin_mul_overflow(count, size, &count)) return INT64_MAX;
    return count;
}

int64_t parameters(const TensorView& tensor) {
    const std::string_view name = tensor.name;
    if (name.ends_with("_scales") || name.ends_with("_scale_inv")) return 0;
    const int64_t count = elements(tensor);
    const bool packed = name.ends_with("_blocks") && tensor.dtype == "U8";
    return packed && count <= INT64_MAX / 2 ? count * 2 : count;
}

/// The group of a tensor that is of no router.
const char* group_of(const TensorView& tensor) {
    struct Row {
        std::string_view part;
        const char* group;
    };
    // The first that is in the name counts.
    constexpr std::array<Row, 10> kRows = {{{"shared_expert", "shared_experts"},
                                            {"experts.", "experts"},
                                            {"norm", "norms"},
                                            {"attn", "attention"},
                                            {"attention", "attention"},
                                            {"lm_head", "head"},
                                            {"embed", "embedding"},
                                            {"mlp.", "dense"},
                                            {"feed_forward.", "dense"},
                                            {"ffn.", "dense"}}};
    // Matrices of all experts in one tensor.
    if (tensor.shape.size() == 3 &&
        (has(tensor.name, ".input_linear.") || has(tensor.name, ".output_linear.")))
        return "experts";
    for (const Row& row : kRows)
        if (has(tensor.name, row.part)) return row.group;
    return "other";
}

void add(int64_t& sum, int64_t more) {
    if (__builtin_add_overflow(sum, more, &sum)) sum = INT64_MAX;
}

}  // namespace

NamedCounts parameter_counts(const ModelFolder& model, const ModelLayout& layout) {
    std::set<std::string_view> routing;
    for (const ModelLayer& layer : layout.layers)
        for (const ModelRouter& router : layer.routers)
            routing.insert({router.weight, router.bias, router.correction});
    NamedCounts out = {{"total", 0}};
    for (const char* group : {"routing", "experts", "shared_experts", "attention", "embedding",
                              "head", "norms", "dense", "other"})
        out.emplace_back(group, 0);
    for (const auto& [name, tensor] : model.tensors()) {
        const std::string_view group = routing.count(name) > 0 ? "routing" : group_of(*tensor);
        const int64_t count = parameters(*tensor);
        add(out[0].second, count);
        for (auto& [known, sum] : out)
            if (known == group) add(sum, count);
    }
    return out;
}

NamedCounts dtype_counts(const ModelFolder& model) {
    std::map<std::string, int64_t> counts;
    for (const auto& [name, tensor] : model.tensors())
        add(counts[tensor->dtype], elements(*tensor));
    NamedCounts out(counts.begin(), counts.end());
    std::stable_sort(out.begin(), out.end(),
                     [](const auto& a, const auto& b) { return a.second > b.second; });
    return out;
}

}  // namespace hopscope::core
