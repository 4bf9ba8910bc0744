// One function of several, for std::visit.
#pragma once

namespace hopscope::core {

template <class... F>
struct Overloaded : F... {
    using F::operator()...;
};
// g++ finds this by itself; clang before 17 does not.
template <class... F>
Overloaded(F...) -> Overloaded<F...>;

}  // namespace hopscope::core
