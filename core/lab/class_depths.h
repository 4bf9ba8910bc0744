// How many hops the tokens of each word list run [def:halting_by_class]: counted batch by batch,
// with intervals over sequences, since the tokens of one sequence depend on each other. Values; any
// thread.
#pragma once

#include <ATen/core/Tensor.h>
#include <cstdint>
#include <string>
#include <vector>

#include "core/api/halting_table.h"
#include "core/probe/effect.h"
#include "core/trainer/halting_effect.h"

namespace hopscope::core::lab {

class ClassDepths {
  public:
    /// Without categories nothing is counted.
    ClassDepths(const Categories& categories, int64_t layers);
    /// @param ids [sequences, length] int64
    void count(const at::Tensor& ids, const BatchDepths& depths);
    /// Of the lists of which the text has a token, by name; "" for the tokens that are in none.
    std::vector<ClassDepth> depths() const;

  private:
    /// Tokens of a class in one sequence, and the hops they ran in all layers.
    struct Sum {
        int64_t tokens = 0, hops = 0;
    };
    struct Counted {
        std::string name;
        std::vector<Sum> sequences;
        std::vector<int64_t> layers;  ///< hops in each
    };
    void add(Counted& to, const BatchDepths& depths, size_t token) const;
    ClassDepth depth_of(const Counted& counted) const;

    int64_t layers_;
    std::vector<Counted> counted_;            ///< the last: in no list
    std::vector<std::vector<size_t>> lists_;  ///< [token id] indices in counted_
};

}  // namespace hopscope::core::lab
