// A place in a Config that holds a kind (core/api/kinds.h), seen through its words and without its
// type: one reader, one writer and one comparison serve all enums. References must not outlive the
// Config. Any thread.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "core/api/kinds.h"

namespace hopscope::core {

using Words = std::span<const std::string_view>;

/// The place of a word in a list of words; its size where it is none of them.
inline size_t place_of(std::string_view word, Words words) {
    size_t i = 0;
    while (i < words.size() && words[i] != word) ++i;
    return i;
}

/// One kind, to be read.
struct WordView {
    Words words;   ///< all there are
    size_t place;  ///< of the one that is set

    template <Kind E>
    explicit WordView(const E* kind) : words(all_words<E>()), place(static_cast<size_t>(*kind)) {}
    std::string_view word() const { return words[place]; }
};

/// One kind, to be set.
class WordRef {
  public:
    template <Kind E>
    explicit WordRef(E* kind)
        : words_(all_words<E>()),
          at_(kind),
          set_([](void* at, size_t place) { *static_cast<E*>(at) = static_cast<E>(place); }) {}
    Words words() const { return words_; }
    /// @param place within words()
    void set(size_t place) const { set_(at_, place); }

  private:
    Words words_;
    void* at_;
    void (*set_)(void*, size_t);
};

/// Several kinds, to be read.
struct WordListView {
    Words words;
    std::vector<size_t> places;

    template <Kind E>
    explicit WordListView(const std::vector<E>* kinds) : words(all_words<E>()) {
        for (const E kind : *kinds) places.push_back(static_cast<size_t>(kind));
    }
};

/// Several kinds, to be set.
class WordListRef {
  public:
    template <Kind E>
    explicit WordListRef(std::vector<E>* kinds)
        : words_(all_words<E>()), at_(kinds), set_([](void* at, const std::vector<size_t>& places) {
              auto& list = *static_cast<std::vector<E>*>(at);
              list.clear();
              for (const size_t place : places) list.push_back(static_cast<E>(place));
          }) {}
    Words words() const { return words_; }
    void set(const std::vector<size_t>& places) const { set_(at_, places); }

  private:
    Words words_;
    void* at_;
    void (*set_)(void*, const std::vector<size_t>&);
};

}  // namespace hopscope::core
