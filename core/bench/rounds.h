// Timing of several forms of the same work, one after another in rounds, so that whatever slows the
// machine for a while slows all of them. Knows what is timed by its words alone. One thread that
// nothing else disturbs.
#pragma once

#include <ATen/core/Tensor.h>
#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/api/progress.h"
#include "core/base/result.h"
#include "core/bench/words.h"

namespace hopscope::core {

using NamedTensors = std::vector<std::pair<std::string, at::Tensor>>;

/// One way of doing a piece of work. What the functions refer to lives in them.
struct BenchForm {
    BenchWay form = BenchWay::fused;
    nlohmann::ordered_json shape;    ///< sizes of what it works on
    std::function<void()> prepare;   ///< before each call, not timed; may be empty
    std::function<void()> run;       ///< timed
    std::function<void()> backward;  ///< timed after `run`; empty: there is none
    /// What it is given and what comes of it, by calls that are not timed (core/bench/kept.h);
    /// empty: it does not tell.
    std::function<NamedTensors()> account;
};

/// Forms of one piece of work, all timed in each round.
struct BenchWork {
    BenchSubject name;
    std::optional<BenchWay> reference;  ///< that ratios are taken to
    std::string data;                   ///< "random numbers", or the text
    Direction direction;                ///< of `run`
    double tokens = 0;                  ///< of one call; 0: tokens are no measure of it
    std::vector<BenchForm> forms;
};

/// Times of one form in one direction; Direction::both is the sum of `run` and `backward` of a
/// round.
struct BenchRow {
    BenchSubject name;
    BenchWay form;
    Direction direction;
    std::string data;
    std::optional<BenchWay> reference;
    nlohmann::ordered_json shape = {};
    std::vector<double> ms = {};             ///< [rounds]
    std::optional<int64_t> peak_bytes = {};  ///< highest additional memory of a call
    double tokens = 0;
    double ratio = 0;  ///< median over rounds of its time over the reference's in that round; NaN
                       ///< without one
    double ratio_low = 0, ratio_high = 0;  ///< 95 % interval of that median (order statistics); NaN
                                           ///< under six rounds
};

/// Calls before the timed ones; the last two are those whose memory is counted.
inline constexpr int64_t kBenchWarmUp = 3;

/// Warms up, counts memory, then times `rounds` rounds; every second round goes through the forms
/// backwards, so that no form always follows the same. Errors: interrupted.
Result<std::vector<BenchRow>> time_in_rounds(const BenchWork& work, int64_t rounds,
                                             const at::Device& device, const Progress& progress);

/// What is timed in turn with something outside this process.
struct Turns {
    std::function<int64_t()> next;  ///< calls of the next turn; 0: there is none
    std::function<void(const nlohmann::ordered_json&)>
        answer;  ///< row, then the times of each turn
};

/// The first form of `work`, warmed up, its memory counted, then timed as `turns` ask: run and
/// backward of a call together. Errors: interrupted.
Result<std::vector<BenchRow>> time_in_turns(const BenchWork& work, const Turns& turns,
                                            const at::Device& device, const Progress& progress);

nlohmann::ordered_json to_json(const BenchRow& row);

}  // namespace hopscope::core
