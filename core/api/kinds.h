// The kinds that a configuration or a command names by a word: how experts compute, how scores are
// made, where text comes from. Beside each enum stand its words, in the order of its enumerators;
// reading, printing, lists of what is allowed and suggestions all derive from these. A word is read
// once, where it comes in (core/config, an option); everything behind that asks the enum. The
// number of an enumerator means nothing outside a running program, so no file holds it. Plain C++,
// any thread.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace hopscope::core {

template <class... Word>
constexpr std::array<std::string_view, sizeof...(Word)> words(Word... word) {
    return {word...};
}

/// An enum with words.
template <class E>
concept Kind = std::is_enum_v<E> && requires(E kind) {
    words_of(kind);
};

template <Kind E>
inline constexpr auto kWordsOf = words_of(E{});

/// The words of all kinds of E.
template <Kind E>
constexpr std::span<const std::string_view> all_words() {
    return kWordsOf<E>;
}

/// The same for those who join, suggest or offer them.
template <Kind E>
std::vector<std::string> word_list() {
    return {all_words<E>().begin(), all_words<E>().end()};
}

template <Kind E>
std::string word(E kind) {
    return std::string(all_words<E>()[static_cast<size_t>(kind)]);
}

/// Nothing: E has no such word.
template <Kind E>
constexpr std::optional<E> kind_of(std::string_view word) {
    for (size_t i = 0; i < all_words<E>().size(); ++i)
        if (all_words<E>()[i] == word) return static_cast<E>(i);
    return std::nullopt;
}

/// A kind that a configuration may leave to the program, which decides it once.
template <class E>
concept OpenKind = Kind<E> && requires {
    E::automatic;
};

/// The words of a kind that is decided: all but "auto".
template <OpenKind E>
std::vector<std::string> decided_words() {
    std::vector<std::string> out;
    for (const std::string_view word : all_words<E>())
        if (kind_of<E>(word) != E::automatic) out.emplace_back(word);
    return out;
}

/// Nothing: no such word, or one that decides nothing.
template <OpenKind E>
constexpr std::optional<E> decided_kind(std::string_view word) {
    const std::optional<E> kind = kind_of<E>(word);
    return kind == E::automatic ? std::nullopt : kind;
}

enum class DropoutPlace { embedding, attention, residual };
constexpr auto words_of(DropoutPlace) {
    return words("embedding", "attention", "residual");
}

enum class FfnKind { moe, dense };
constexpr auto words_of(FfnKind) {
    return words("moe", "dense");
}

enum class ExpertKind { mlp, fixed, swiglu };
constexpr auto words_of(ExpertKind) {
    return words("mlp", "static", "swiglu");
}

enum class Pools { shared, unrolled };
constexpr auto words_of(Pools) {
    return words("shared", "unrolled");
}

enum class HashKey { position, token };
constexpr auto words_of(HashKey) {
    return words("position", "token");
}

enum class Score { softmax, sigmoid, relu };
constexpr auto words_of(Score) {
    return words("softmax", "sigmoid", "relu");
}

enum class Balance { switch_loss, none, loss_free, sequence, loss_free_sequence };
constexpr auto words_of(Balance) {
    return words("switch", "none", "loss_free", "sequence", "loss_free_sequence");
}

enum class KMeans { plain, spherical, spherical_2 };
constexpr auto words_of(KMeans) {
    return words("plain", "spherical", "spherical_2");
}

enum class KMeansGating { softmax, identity };
constexpr auto words_of(KMeansGating) {
    return words("softmax", "identity");
}

enum class KMeansSpace { routing, model };
constexpr auto words_of(KMeansSpace) {
    return words("routing", "model");
}

enum class ProjectionKind { shared, per_hop, identity };
constexpr auto words_of(ProjectionKind) {
    return words("shared", "per_hop", "identity");
}

enum class Reroute { semantic, kinematic, hybrid, frozen };
constexpr auto words_of(Reroute) {
    return words("semantic", "kinematic", "hybrid", "frozen");
}

enum class Composition { sum, grouped_silu, grouped_gated, cross_gated };
constexpr auto words_of(Composition) {
    return words("sum", "grouped_silu", "grouped_gated", "cross_gated");
}

enum class OutputScale { none, global, per_layer };
constexpr auto words_of(OutputScale) {
    return words("none", "global", "per_layer");
}

/// The first two are flags in TOML.
enum class Renormalise { yes, no, automatic };
constexpr auto words_of(Renormalise) {
    return words("true", "false", "auto");
}

enum class Returns { delta, state };
constexpr auto words_of(Returns) {
    return words("delta", "state");
}

enum class Decay { matrices, all };
constexpr auto words_of(Decay) {
    return words("matrices", "all");
}

enum class DeviceKind { automatic, cpu, cuda };
constexpr auto words_of(DeviceKind) {
    return words("auto", "cpu", "cuda");
}

enum class Precision { automatic, fp32, bf16 };
constexpr auto words_of(Precision) {
    return words("auto", "fp32", "bf16");
}

enum class DataSource { synthetic, text };
constexpr auto words_of(DataSource) {
    return words("synthetic", "text");
}

/// The two texts that a run has.
enum class Split { train, valid };
constexpr auto words_of(Split) {
    return words("train", "valid");
}

/// What a run's numbers rest on, each with a content hash in run.json under its word; truth are the
/// labels of a synthetic text.
enum class DataPart { tokenizer, train, truth, valid };
constexpr auto words_of(DataPart) {
    return words("tokenizer", "train", "truth", "valid");
}

/// How the pieces of a trained tokenizer are found.
enum class TokenizerKind { bpe, unigram };
constexpr auto words_of(TokenizerKind) {
    return words("bpe", "unigram");
}

/// How a token file holds its chunks of seq_len + 1 tokens.
enum class Pack {
    stream,   ///< stride seq_len over one stream; neighbours share a token, documents may meet
    document  ///< one after the other as prepare_tokens cut them, none across two documents
};
constexpr auto words_of(Pack) {
    return words("stream", "document");
}

/// What surgery gives an expert to write where it is not the direction of another expert.
enum class NewDirection { random, negate };
constexpr auto words_of(NewDirection) {
    return words("random", "negate");
}

/// A published set of multiple-choice items.
enum class ZeroshotTask { hellaswag, arc_easy, winogrande };
constexpr auto words_of(ZeroshotTask) {
    return words("hellaswag", "arc_easy", "winogrande");
}

/// Whether a printed number follows from the printed numbers it was made of
/// [def:printed_claims].
enum class Follows {
    yes,              ///< the printed inputs, taken as exact, give the printed result
    within_rounding,  ///< some values that round to the inputs give it
    no,               ///< none does
};
constexpr auto words_of(Follows) {
    return words("yes", "within_rounding", "no");
}

}  // namespace hopscope::core
