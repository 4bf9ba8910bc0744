// One function object out of several lambdas, so that std::visit over the kinds of a variant reads
// like a switch. A plain value, any thread.
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
