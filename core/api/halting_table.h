// The halting table of a run as plain values: what each threshold saves and costs, beside a random
// control [def:halting_saving] [def:halting_time] [def:halting_control] [def:halting_by_class].
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/api/snapshot.h"

namespace hopscope::core {

/// How deep the tokens of one word list went.
struct ClassDepth {
    std::string name;         ///< of the word list; "" for the tokens that are in none
    int64_t tokens = 0;       ///< of the text that is measured; those in two lists count in both
    double mean_hops = kNaN;  ///< a (token, layer) pair
    double low = kNaN, high = kNaN;  ///< 95 %, bootstrap over sequences
    std::vector<double> layers;      ///< [layers] mean hops in each
};

/// Validation loss under halting held against the same text without, and against chance.
struct HaltingChance {
    int64_t sequences = 0;           ///< the pairs of the interval
    double difference = kNaN;        ///< loss halted − base, nats a token
    double low = kNaN, high = kNaN;  ///< 95 %, paired bootstrap over sequences
    int64_t draws = 0;               ///< of the random control: the same depths dealt anew
    double control_loss = kNaN, control_std = kNaN;  ///< over the draws, nats a token
};

struct HaltingRow {
    double epsilon = -1;          ///< of Eq. (7); < 0: base, no halting
    double loss = 0;              ///< mean nats per token
    double mean_hops = 0;         ///< over (token, layer) pairs
    double saving = 0;            ///< 1 − Σ executed / Σ possible hops
    double flops_per_token = 0;   ///< of the executed hops, experts and routing, all layers
    std::vector<int64_t> depths;  ///< [i] = (token, layer) pairs that ran i + 1 hops
    std::vector<double> seconds, moe_seconds;  ///< [repeats] the whole pass; in MoE layers
    HaltingChance chance;                      ///< nothing in it where no control was asked for
    std::vector<ClassDepth> classes;           ///< by name; empty likewise
};

/// What is measured of each threshold.
struct HaltingPlan {
    std::vector<double> epsilons;
    int64_t batches = 50;  ///< of the validation text, the first
    int64_t repeats = 3;   ///< timed passes
    int64_t controls = 0;  ///< draws of the random control; 0: none, nor intervals, nor classes
};

struct HaltingTable {
    std::string run;   ///< name of the run folder; filled where one was opened
    int64_t step = 0;  ///< of the weights
    int64_t tokens = 0, batches = 0;
    HaltingRow base;
    std::vector<HaltingRow> rows;  ///< one an epsilon, in the order asked for
};

}  // namespace hopscope::core
