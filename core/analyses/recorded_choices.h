// The choices of one router of an imported model in all traces of its run, rows that are tokens one
// trace behind the other, and the parts of them that intervals are drawn from
// [def:recorded_choices]. Plain values and pure functions, any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/analyses/document.h"
#include "core/analyses/imported_analyses.h"
#include "core/measure/routing_sample.h"

namespace hopscope::core::analysis {

struct Recorded {
    int64_t layer = 0;
    std::string pool;
    int64_t experts = 0, top_k = 0, tokens = 0;
    std::vector<int64_t> tokens_of;  ///< [traces] each trace's part of them
    std::vector<int64_t> text_ends;  ///< [texts] rising, the last is `tokens`
    std::vector<int64_t>
        text_first;  ///< [texts] place of its first token: those before were skipped
    std::vector<int32_t> text_trace;  ///< [texts] the trace it is of
    LayerSample sample;               ///< one hop
    std::vector<float> weights;       ///< [tokens, k] of its choices, NaN where a trace has none
    std::vector<double> entropy, max_prob;  ///< [tokens], likewise

    /// The k experts of a token.
    std::span<const int32_t> set(int64_t token) const;
    /// [tokens] places in their texts, from 0.
    std::vector<int64_t> positions() const;
    /// Tokens [from, to) of a text.
    std::pair<int64_t, int64_t> text(size_t number) const;
    bool weighed() const;  ///< some trace has weights
};

/// Routers that a trace speaks of, in the order of the layers.
std::vector<Recorded> recorded(const ImportedContext& context);
/// The same of one trace alone.
std::vector<Recorded> recorded_in(const ImportedContext& context, size_t trace);
/// Those of the layers' own experts alone.
std::vector<Recorded> recorded_own(const ImportedContext& context);
int64_t most_tokens(const std::vector<Recorded>& routers);

/// [tokens] their ids, −1 where a trace does not tell them; empty where none does.
std::vector<int32_t> ids_of(const ImportedContext& context, const Recorded& one);
/// What a trace is called in documents.
std::string trace_name(const ImportedContext& context, size_t number);

/// Where it is: fields of the JSON, since layers without a router are left out there.
Fields placed(int64_t layer, const std::string& pool);
/// The fields of another object, behind those that are there; of the JSON alone.
Fields& add_object(Fields& to, const Fields& more);
/// The place of a row of a table.
Fields row_of(const Recorded& one);

/// Parts of the tokens that are drawn for intervals: texts, or, where there are fewer than ten of
/// them, 50 stretches of neighbours.
struct TokenParts {
    std::vector<int64_t> ends;  ///< rising, the last is the number of tokens
    const char* what = "";
    /// [parts] sums of a number of each token; `values` [tokens], NaN counts nothing.
    std::vector<double> sums(std::span<const double> values) const;
    /// [parts] how many are finite.
    std::vector<double> counts(std::span<const double> values) const;
};
TokenParts parts_of(const Recorded& one);

/// Of the many numbers of single experts and sets.
inline constexpr int64_t kFewResamples = 2'000;

/// Σ sums / Σ counts with its interval over the parts; those of count 0 are left out.
Estimate ratio_over(std::vector<double> sums, std::vector<double> counts, const char* what,
                    uint64_t seed, int64_t resamples = 10'000);
/// Mean over the tokens that have the number, others being NaN.
Estimate mean_over_tokens(std::span<const double> values, const TokenParts& parts, uint64_t seed);

}  // namespace hopscope::core::analysis
