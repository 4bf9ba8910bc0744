// The tensors of a model in groups: what gradients are reported for, and what stops learning
// together (core/api/freeze_parts.h). Plain values, any thread.
#pragma once

#include <initializer_list>

namespace hopscope::core {

enum class Group {
    embedding,
    attention,
    router_projection,
    centroids,
    router_other,
    experts,
    norms,
    dense,
    scale
};

/// Some of them.
class Groups {
  public:
    constexpr Groups() = default;
    constexpr Groups(std::initializer_list<Group> list) {
        for (const Group group : list) bits_ |= bit(group);
    }
    constexpr bool has(Group group) const { return (bits_ & bit(group)) != 0; }

  private:
    static constexpr unsigned bit(Group group) { return 1U << static_cast<unsigned>(group); }
    unsigned bits_ = 0;
};

}  // namespace hopscope::core
