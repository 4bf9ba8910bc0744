// Small seeded damage to small valid inputs: a file that is all noise is refused at its first byte
// and tests nothing behind it. The same seed, name and number give the same bytes on every machine.
// Plain values, any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/random.h"

namespace hopscope::core::fuzz {

class Mutator {
  public:
    explicit Mutator(uint64_t key) : random_(key) {}

    /// One to four changes of one of `seeds`: of bytes, and where it is text also of its numbers,
    /// words, fields, lines and brackets.
    std::string mutate(const std::vector<std::string>& seeds);
    /// A few bytes of which nothing is known: "", a brace, noise.
    std::string noise();
    core::Random& random() { return random_; }

  private:
    using Change = void (Mutator::*)(std::string&);
    void flip(std::string& data);
    void put_byte(std::string& data);
    void put_word(std::string& data);
    void cut_end(std::string& data);
    void cut_out(std::string& data);
    void repeat(std::string& data);
    void swap_spans(std::string& data);
    void put_integer(std::string& data);
    void wipe(std::string& data);
    void other_number(std::string& data);
    void other_text(std::string& data);
    void swap_fields(std::string& data);
    void change_lines(std::string& data);
    void nest(std::string& data);

    struct Span {
        size_t begin = 0, end = 0;
    };
    Span span(const std::string& data, size_t longest);
    /// A run of bytes that `belongs` accepts, searched from a random place on; empty: none found.
    Span run_of(const std::string& data, bool (*belongs)(char));
    void replace(std::string& data, Span at, std::string_view by) {
        data.replace(at.begin, at.end - at.begin, by);
    }

    core::Random random_;
};

}  // namespace hopscope::core::fuzz
