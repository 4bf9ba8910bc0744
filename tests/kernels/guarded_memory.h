// While one lives, the memory that LibTorch gives to tensors of the CPU lies between guards and is
// full of NaN (whole numbers: −1), so that an operator that reads what it has not written computes
// with it, and one that writes beside a tensor of its own or of its caller is found out. Made and
// asked on one thread; other threads may take and give back memory meanwhile.
#pragma once

#include <c10/core/Allocator.h>
#include <string>

namespace hopscope::test {

class GuardedMemory {
  public:
    GuardedMemory();
    ~GuardedMemory();
    GuardedMemory(const GuardedMemory&) = delete;
    GuardedMemory& operator=(const GuardedMemory&) = delete;

    /// "" or where the first guard was that is no longer whole, of memory held or given back.
    static std::string fault();

  private:
    c10::Allocator* before_;
};

}  // namespace hopscope::test
