#include "app/panels/analyses/words.h"

#include <algorithm>
#include <map>
#include <string_view>

namespace hopscope::app {
namespace {

/// Fields whose words are not those of their name.
const std::map<std::string_view, std::string_view> kFields = {
    {"#", "row"},
    {"abs_cosine", "absolute cosine"},
    {"cv", "std / mean"},
    {"degrees_per_1000_updates", "degrees per 1,000 updates"},
    {"effective_experts", "effective number of experts"},
    {"gradient", "gradient, cosine"},
    {"id", "expert"},
    {"max_over_mean", "max / mean"},
    {"max_prob", "highest probability"},
    {"n", "n"},
    {"p_target", "P(target)"},
    {"null95", "95 % of what chance gives"},
    {"nll", "NLL"},
    {"p", "p-value"},
    {"q", "p-value, corrected for all tests"},
    {"quartile_1", "first quartile"},
    {"quartile_3", "third quartile"},
    {"r2", "R\xC2\xB2"},
    {"share_abs_over_0_8", "share with an absolute cosine above 0.8"},
    {"share_abs_under_0_2", "share with an absolute cosine below 0.2"},
    {"sign_p", "p-value of the sign test"},
    {"top1_share", "share of the largest"},
    {"top5_share", "share of the five largest"},
    {"top10_share", "share of the ten largest"},
    {"train_valid", "training and validation"},
};

/// Single words inside of a name.
const std::map<std::string_view, std::string_view> kWords = {
    {"gini", "Gini"},        {"jaccard", "Jaccard"},  {"kl", "KL"},        {"nll", "NLL"},
    {"p", "p-value"},        {"prob", "probability"}, {"abs", "absolute"}, {"spearman", "Spearman"},
    {"valid", "validation"}, {"train", "training"},   {"z", "as z-score"},
};

/// Lists of lists: the first index is that of the layer.
bool is_by_layer(std::string_view name) {
    for (const std::string_view start : {"per_layer", "largest", "per_hop"})
        if (name.starts_with(start)) return true;
    return false;
}

/// "x_ci95_low" → "x" and what it is of it.
struct Ending {
    std::string_view rest, words;
};
Ending ending_of(std::string_view name) {
    for (const auto& [ending, words] :
         {std::pair<std::string_view, std::string_view>{"ci95_low", "95 % interval from"},
          {"ci95_high", "95 % interval to"},
          {"ci95", "95 % interval"},
          {"interval", "95 % interval"}}) {
        if (!name.ends_with(ending)) continue;
        name.remove_suffix(ending.size());
        if (name.ends_with('_')) name.remove_suffix(1);
        return {name, words};
    }
    return {name, {}};
}

std::string field_in_words(std::string_view name) {
    if (const auto known = kFields.find(name); known != kFields.end())
        return std::string(known->second);
    std::string out;
    while (!name.empty()) {
        const size_t end = std::min(name.find('_'), name.size());
        const std::string_view word = name.substr(0, end);
        const auto known = kWords.find(word);
        if (!out.empty() && !word.empty()) out += " ";
        out += known == kWords.end() ? word : known->second;
        name.remove_prefix(std::min(end + 1, name.size()));
    }
    return out;
}

std::string name_in_words(std::string_view name) {
    const Ending ending = ending_of(name);
    if (ending.words.empty()) return field_in_words(name);
    return field_in_words(ending.rest) + (ending.rest.empty() ? "" : ", ") +
           std::string(ending.words);
}

/// A name, the indices behind it, and what stands behind these.
std::string part_in_words(std::string_view part) {
    if (const Ending ending = ending_of(part); !ending.words.empty())
        return part_in_words(ending.rest) + (ending.rest.empty() ? "" : ", ") +
               std::string(ending.words);
    const size_t bracket = std::min(part.find('['), part.size());
    const std::string_view name = part.substr(0, bracket);
    std::string_view rest = part.substr(bracket);
    // "layer 2", not "per layer, layer 2".
    std::string out = name == "per_layer" && !rest.empty() ? "" : name_in_words(name);
    for (bool first = true; rest.starts_with('['); first = false) {
        const size_t end = std::min(rest.find(']'), rest.size());
        out += out.empty() ? "" : ", ";
        out += first && is_by_layer(name) ? "layer " : "number ";
        out += rest.substr(1, end - 1);
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return out;
}

}  // namespace

std::string words_of_key(const std::string& key) {
    std::string out;
    std::string_view rest = key;
    while (!rest.empty()) {
        const size_t end = std::min(rest.find('.'), rest.size());
        out += (out.empty() ? "" : ", ") + part_in_words(rest.substr(0, end));
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return out;
}

}  // namespace hopscope::app
