// The words of a document hopscope.bench/1: which piece of work was timed, which form of it, in
// which direction. Beside each enum stand its words (core/api/kinds.h). Plain values, any thread.
#pragma once

#include "core/api/kinds.h"
#include "kernels/ops.h"
#include "kernels/support.h"

namespace hopscope::core {

/// A piece of work that can be named, in the order of --help: first the operators.
enum class BenchSubject {
#define X(name) name,
    HOPSCOPE_OPERATORS(X)
#undef X
        forward,
    step,
    trace,
    decode,
    statistics
};
constexpr auto words_of(BenchSubject) {
    return words(
#define X(name) #name,
        HOPSCOPE_OPERATORS(X)
#undef X
            "forward",
        "step", "trace", "decode", "statistics");
}

/// One way of doing it.
enum class BenchWay {
    fused,
    reference,
    aten,                    ///< LibTorch's own operator
    gather,                  ///< of experts: core/bench/baselines.h
    embedding_bag,           ///< likewise
    dense_mask,              ///< likewise
    dense_equal_flops,       ///< a dense layer that computes as much
    dense_equal_parameters,  ///< one that holds as much
    forward,                 ///< of a trace: the plain pass
    trace,
    trace_json,  ///< with its document printed
    whole,       ///< of a step of decoding: the whole text again
    hop_by_hop,  ///< behind its past, as any pass
    at_once,     ///< behind its past, all hops of a layer by one operator
    gram,        ///< likewise, later hops routed by a table
    without,     ///< of statistics
    with
};
constexpr auto words_of(BenchWay) {
    return words("fused", "reference", "aten", "gather", "embedding_bag", "dense_mask",
                 "dense_equal_flops", "dense_equal_parameters", "forward", "trace", "trace_json",
                 "whole", "hop_by_hop", "at_once", "gram", "without", "with");
}

constexpr BenchWay way_of(kernels::Form form) {
    return form == kernels::Form::fused ? BenchWay::fused : BenchWay::reference;
}

enum class Direction {
    forward,
    backward,
    both,     ///< the two before it, one after the other
    update,   ///< of weights
    snapshot  ///< what a due one adds
};
constexpr auto words_of(Direction) {
    return words("forward", "backward", "both", "update", "snapshot");
}

}  // namespace hopscope::core
