// What the arguments of a call have to be, and the sentence where they are something else: these
// operators are called by people who have not read kernels/ops.h. Any thread.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/SymInt.h>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace hopscope::library {

/// The tensors of one call, checked one after the other. Sizes have letters: a letter gets its size
/// from the first tensor that has it, and every later one must agree. All tensors are on the device
/// of the first, and those of floating point of its type. Sizes may be symbolic (torch.compile).
class Arguments {
  public:
    /// @param narrow whether bf16 is taken beside fp32 and fp64
    Arguments(const char* op, bool narrow) : op_(op), narrow_(narrow) {}

    /// @param pattern letters, a dimension each: "Td" is [T, d], "" a number
    /// @throws c10::Error (RuntimeError in Python) with the argument's name, what was found and
    /// what is allowed; so do the others
    void tensor(const char* name, const at::Tensor& x, std::string_view pattern);
    void tensor(const char* name, const std::optional<at::Tensor>& x, std::string_view pattern);
    /// One of two shapes.
    void either(const char* name, const std::optional<at::Tensor>& x, std::string_view pattern,
                std::string_view other);
    /// int64.
    void indices(const char* name, const at::Tensor& x, std::string_view pattern);
    /// fp32, or fp64 where the first tensor is fp64: what sums are made in.
    void wide(const char* name, const at::Tensor& x, std::string_view pattern);

    /// The size that a letter got.
    const c10::SymInt& size(char letter) const { return sizes_.at(letter).size; }
    const char* op() const { return op_; }

  private:
    struct Size {
        c10::SymInt size;
        std::string from;
    };

    bool fits(const at::Tensor& x, std::string_view pattern) const;
    void shape(const char* name, const at::Tensor& x, std::string_view pattern);
    void device(const char* name, const at::Tensor& x);
    void type(const char* name, const at::Tensor& x);
    std::string known(std::string_view pattern) const;

    const char* op_;
    bool narrow_;
    std::map<char, Size> sizes_;
    std::string first_, first_float_;
    std::optional<at::Device> device_;
    std::optional<at::ScalarType> type_;
};

/// Whether all of x [any shape] int64 lie in 0 … below `end`; says so if not. Looks at the numbers,
/// so a GPU is waited for.
void need_in_range(const char* op, const char* name, const at::Tensor& x, int64_t end);

}  // namespace hopscope::library
