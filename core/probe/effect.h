// What an intervention does to one prompt, measured at its last position, beside a random control
// of the same size [def:effect] [def:random_control]. Thread: whoever owns the weights; results are
// plain values.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/probe/plan.h"
#include "core/text/tokenizer.h"

namespace hopscope::core {

/// Token ids of each category's words [def:category_probability].
using Categories = std::map<std::string, std::vector<int64_t>>;

struct PromptQuestion {
    std::vector<int64_t> ids;       ///< tokens of the prompt
    std::optional<int64_t> target;  ///< token asked for; without it the most likely one of the base
    std::vector<std::string> categories;  ///< names in Categories; P of each is reported
    int64_t next_tokens = 0;  ///< how many of the likeliest tokens are reported, in Effect::next
};

/// The next-token distribution at the last position, seen through one question.
struct Outlook {
    double nll = 0;  ///< −ln P(target), nats
    double p_target = 0;
    std::map<std::string, double> p_category;  ///< summed over the category's tokens
    int64_t top = 0;                           ///< most likely token
};

/// One changed pass against the base.
struct Change {
    Outlook outlook;
    double kl = 0;                ///< KL(base ‖ changed), nats
    std::vector<double> jaccard;  ///< per layer: expert sets of base and changed, mean over tokens
                                  ///< and hops that ran in both
    double mean_hops = 0;         ///< executed, mean over tokens and layers
    bool token_changed = false;
};

struct RandomControl {
    int64_t draws = 0;
    uint64_t seed = 0;
    std::string reason;              ///< why there is none; "" where there is
    double kl_mean = 0, kl_std = 0;  ///< sample standard deviation over draws
    double nll_mean = 0, nll_std = 0;
    std::vector<double> jaccard_mean, jaccard_std;            ///< per layer
    std::map<std::string, double> delta_p_mean, delta_p_std;  ///< category, or "target"
    double changed_share = 0;                                 ///< draws whose argmax differs
    std::vector<Change> each;
};

/// P of one token at the last position.
struct NextOdds {
    int64_t id = 0;
    double base = 0, changed = 0;
    double control_mean = 0, control_std = 0;  ///< over draws; NaN without
};

struct Effect {
    int64_t target = 0;
    Outlook base;
    Change changed;
    RandomControl control;
    std::vector<NextOdds> next;  ///< the likeliest of base and of changed, falling base
};

/// @param draws of the random control, seeded with `seed`; 0 for none
/// @param cancelled polled before each pass: base, changed, then one a draw
/// Errors: interrupted; usage as check_tokens.
Result<Effect> measure_effect(const Model& model, const Plan& plan, const PromptQuestion& question,
                              const Categories& categories, int64_t draws, uint64_t seed,
                              const std::function<bool()>& cancelled);

/// Words → token ids: each word with and without the leading blank, as written and capitalised,
/// where that is a single token [def:category_probability]. Sorted, each once.
std::vector<int64_t> single_tokens(const Tokenizer& tokenizer,
                                   const std::vector<std::string>& words);

}  // namespace hopscope::core
