// The sequence of experts that hash routing reads off a key, for independent programs and tests to
// agree with. Pure, any thread.
#pragma once

#include <cstdint>
#include <vector>

namespace hopscope::core {

/// The j-th choice of hash routing [def:hash_router]: the first k distinct values of
/// splitmix64((key · 64 + layer) · 64 + attempt) mod experts, by rising index.
std::vector<int64_t> hash_choices(uint64_t key, uint64_t layer, int64_t experts, int64_t k);

}  // namespace hopscope::core
