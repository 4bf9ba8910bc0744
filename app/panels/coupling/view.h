// The result of the analysis "coupling" as numbers: do router rows point where their experts read,
// do scores foretell activations, do gradients push both the same way [def:coupling]
// [def:score_coupling] [def:gradient_coupling]. Pure functions, any thread.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "core/api/base.h"

namespace hopscope::app {

inline constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

/// A number with its 95 % interval; NaN where there is none.
struct CouplingNumber {
    double value = kUnknown, low = kUnknown, high = kUnknown;
    int64_t n = 0;
};
/// "0.085 [0.039, 0.131]"; a dash without a value.
std::string shown(const CouplingNumber& measured, int digits = 3);
/// Its interval alone: "[0.039, 0.131]"; "" without one.
std::string range_of(const CouplingNumber& measured, int digits = 3);

/// Router rows against one matrix of their experts.
struct AlignmentRow {
    std::string matrix;  ///< "down", "gate", "up"
    std::string router;  ///< of an imported model, what it chooses for; ""
    bool reads = true;   ///< else the expert writes by it
    int64_t hop = -1;    ///< of a projection for each hop; −1: one for all
    int64_t n = 0, k = 0;
    /// Mean squared projection of a router row on its own expert's directions, on those of others,
    /// and what a random direction has.
    double matched = kUnknown, mismatched = kUnknown, chance = kUnknown;
    CouplingNumber specificity;  ///< matched / mismatched
    CouplingNumber cosine;       ///< signed, of row and expert
    double cosine_mismatched = kUnknown;
};

/// Router score against activation, over the pairs of each expert.
struct SpearmanRow {
    int64_t experts = 0;  ///< with enough pairs
    CouplingNumber median, positive;
    double sign_p = kUnknown;
};

/// How alike a set of rows is.
struct RowsRow {
    int64_t n = 0;
    double common_energy = kUnknown, effective_rank = kUnknown, cosine = kUnknown,
           centred_cosine = kUnknown;
};

/// Gradients of router row and reading row of the same expert, and of others.
struct GradientRow {
    CouplingNumber cosine, specificity;
    double cosine_mismatched = kUnknown, size = kUnknown, size_mismatched = kUnknown;
    RowsRow router_weights, router_gradients, read_weights, read_gradients;
};

struct CouplingPlace {
    std::vector<AlignmentRow> alignment;
    SpearmanRow spearman;
    GradientRow gradient;
};

/// One tenth of the scores.
struct DecileRow {
    int64_t n = 0;
    double score = kUnknown, median = kUnknown, low = kUnknown, high = kUnknown;  ///< quartiles
};

struct RankRow {
    int64_t rank = 0;
    CouplingNumber norm;
};

struct CoupledExpert {
    int64_t layer = 0, expert = 0;
    double matched = kUnknown, cosine = kUnknown, spearman = kUnknown, pairs = kUnknown,
           gradient = kUnknown;
};

struct Coupling {
    int64_t step = -1, seed = -1, n = 0;
    std::string definition;
    CouplingPlace all;                  ///< all layers together
    std::vector<CouplingPlace> layers;  ///< [layers]
    int64_t pairs = 0, least_pairs = 0, tokens = 0, gradient_batches = 0;
    std::vector<DecileRow> deciles;  ///< of all layers
    std::vector<RankRow> ranks;      ///< of all layers
    std::vector<CoupledExpert> experts;

    /// @param layer −1: all; beyond the layers there are: nothing but dashes
    const CouplingPlace& of(int64_t layer) const;
    /// Mean of the deciles' medians: where all of them would be if scores foretold nothing.
    double level() const;
};

/// What is drawn: a measurement, what it is held against, and of which layer.
struct CouplingSides {
    const Coupling& own;
    const Coupling* beside = nullptr;  ///< nullptr: nothing
    std::string beside_name;
    int64_t layer = -1;  ///< −1: all
};

/// @param json RUN/analysis/coupling.json @param experts the text of coupling.experts.csv; may be
/// empty. Errors (failed): no such document, or one of an older form.
core::Result<Coupling> read_coupling(const std::string& json, const std::string& experts);

/// What the panel shows of it: one number a line, with layer, interval, n and chance.
std::string csv_of(const Coupling& coupling);

/// "reads (down)", "reads (gate), attention": the matrix of an expert in words.
std::string matrix_words(const AlignmentRow& row);

}  // namespace hopscope::app
