#include "tests/fuzz/mutator.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace hopscope::core::fuzz {
namespace {

using namespace std::string_view_literals;

/// Inputs stay small: what is tested is what is read, not how much.
constexpr size_t kMost = size_t{1} << 18;

/// Numbers at which types, sizes and loops end.
constexpr std::array kNumbers = {
    "0"sv,
    "-0"sv,
    "1"sv,
    "-1"sv,
    "2"sv,
    "255"sv,
    "256"sv,
    "32768"sv,
    "65536"sv,
    "2147483647"sv,
    "2147483648"sv,
    "-2147483649"sv,
    "4294967296"sv,
    "9007199254740993"sv,
    "9223372036854775807"sv,
    "9223372036854775808"sv,
    "-9223372036854775808"sv,
    "18446744073709551615"sv,
    "18446744073709551616"sv,
    "100000000000000000000000000000000000000000000"sv,
    "0.5"sv,
    "-0.5"sv,
    "1e-320"sv,
    "1e39"sv,
    "-1e39"sv,
    "1e308"sv,
    "1e309"sv,
    "nan"sv,
    "NaN"sv,
    "inf"sv,
    "-inf"sv,
    "null"sv,
    "010"sv,
    "0x10"sv,
    "1_000"sv,
    "1e"sv,
    ".5"sv,
    "5."sv,
    "+1"sv,
    "true"sv,
    "[]"sv,
    "{}"sv,
    "\"\""sv,
    "[1, 2]"sv,
};
/// Texts that break what prints, splits, opens or compares them.
constexpr std::array kWords = {
    ""sv,
    " "sv,
    "\0"sv,
    "\x1b[31m"sv,
    "\r\n"sv,
    "\xff\xfe"sv,
    "\xc3\x28"sv,
    "\xed\xa0\x80"sv,
    "\xf4\x90\x80\x80"sv,
    "\xef\xbb\xbf"sv,
    "\xc3\xbc"sv,
    "\xe2\x80\xae"sv,
    "\xc2\x9b"
    "31m"sv,
    "\\u0000"sv,
    "\\ud800"sv,
    "%s%n"sv,
    "../.."sv,
    "."sv,
    "-1"sv,
    "<|endoftext|>"sv,
    "<0x0A>"sv,
    "NaN"sv,
    "null"sv,
    "\""sv,
    "\\"sv,
    "\x7f"sv,
    "\t"sv,
    ","sv,
    "="sv,
    "#"sv,
    "\n"sv,
    "'''"sv,
    "[["sv,
    "]]"sv,
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"sv,
};

bool is_digit(char c) {
    return (c >= '0' && c <= '9') || c == '.';
}
bool is_text(char c) {
    return c != '"' && c != '\n' && c != ',' && c != ' ' && c != '[' && c != ']' && c != '{' &&
           c != '}' && c != ':';
}

}  // namespace

Mutator::Span Mutator::span(const std::string& data, size_t longest) {
    const size_t begin = random_.below(data.size() + 1);
    return {begin, std::min(data.size(), begin + 1 + random_.below(longest))};
}

Mutator::Span Mutator::run_of(const std::string& data, bool (*belongs)(char)) {
    const size_t from = random_.below(data.size() + 1);
    for (const size_t start : {from, size_t{0}}) {
        const auto first =
            std::find_if(data.begin() + static_cast<std::ptrdiff_t>(start), data.end(), belongs);
        if (first == data.end()) continue;
        const auto end = std::find_if_not(first, data.end(), belongs);
        return {static_cast<size_t>(first - data.begin()), static_cast<size_t>(end - data.begin())};
    }
    return {};
}

void Mutator::flip(std::string& data) {
    for (uint64_t n = 1 + random_.below(4); n > 0 && !data.empty(); --n) {
        char& c = data[random_.below(data.size())];
        c = static_cast<char>(c ^ (1 << random_.below(8)));
    }
}

void Mutator::put_byte(std::string& data) {
    constexpr std::string_view kBytes = "\0\xff\x80\n\"{}[],:=\x1b\x7f-9\r.e#"sv;
    const Span at{random_.below(data.size() + 1), 0};
    const size_t end = std::min(data.size(), at.begin + random_.below(2));
    replace(data, {at.begin, end}, kBytes.substr(random_.below(kBytes.size()), 1));
}

void Mutator::put_word(std::string& data) {
    data.insert(random_.below(data.size() + 1), kWords[random_.below(kWords.size())]);
}

void Mutator::cut_end(std::string& data) {
    data.resize(random_.below(data.size() + 1));
}

void Mutator::cut_out(std::string& data) {
    replace(data, span(data, random_.chance(0.5) ? 8 : 512), "");
}

void Mutator::repeat(std::string& data) {
    const Span at = span(data, random_.chance(0.5) ? 16 : 512);
    const std::string part = data.substr(at.begin, at.end - at.begin);
    for (uint64_t n = random_.chance(0.1) ? 200 : 1 + random_.below(3); n > 0; --n)
        data.insert(at.end, part);
}

void Mutator::swap_spans(std::string& data) {
    Span a = span(data, 64), b = span(data, 64);
    if (b.begin < a.begin) std::swap(a, b);
    if (a.end > b.begin) return;
    const std::string first = data.substr(a.begin, a.end - a.begin);
    const std::string second = data.substr(b.begin, b.end - b.begin);
    replace(data, b, first);
    replace(data, a, second);
}

void Mutator::put_integer(std::string& data) {
    constexpr uint64_t kValues[] = {0,
                                    1,
                                    255,
                                    1u << 15,
                                    0xffff,
                                    0x7fffffff,
                                    0x80000000,
                                    0xffffffff,
                                    uint64_t{1} << 53,
                                    uint64_t{1} << 62,
                                    INT64_MAX,
                                    uint64_t{1} << 63,
                                    UINT64_MAX};
    const size_t width = size_t{2} << random_.below(3);
    if (data.size() < width) return;
    const uint64_t value = kValues[random_.below(std::size(kValues))];
    const size_t at = random_.chance(0.4) ? 0 : random_.below(data.size() - width + 1);
    std::memcpy(data.data() + at, &value, width);
}

void Mutator::wipe(std::string& data) {
    const Span at = span(data, 256);
    std::fill(data.begin() + static_cast<std::ptrdiff_t>(at.begin),
              data.begin() + static_cast<std::ptrdiff_t>(at.end), "\0\xff 0"[random_.below(4)]);
}

void Mutator::other_number(std::string& data) {
    const Span at = run_of(data, is_digit);
    if (at.begin == at.end) return put_word(data);
    replace(data, at, kNumbers[random_.below(kNumbers.size())]);
}

void Mutator::other_text(std::string& data) {
    const Span at = run_of(data, is_text);
    if (at.begin == at.end) return put_word(data);
    if (random_.chance(0.03)) return replace(data, at, std::string(5000, 'a'));
    replace(data, at, kWords[random_.below(kWords.size())]);
}

void Mutator::swap_fields(std::string& data) {
    const auto kind = random_.chance(0.5) ? is_text : is_digit;
    Span a = run_of(data, kind), b = run_of(data, kind);
    if (b.begin < a.begin) std::swap(a, b);
    if (a.end > b.begin) return;
    const std::string first = data.substr(a.begin, a.end - a.begin);
    const std::string second = data.substr(b.begin, b.end - b.begin);
    // Half the time one is copied over the other.
    replace(data, b, first);
    if (random_.chance(0.5)) replace(data, a, second);
}

void Mutator::change_lines(std::string& data) {
    std::vector<std::string> lines;
    for (size_t begin = 0; begin <= data.size();) {
        const size_t end = std::min(data.find('\n', begin), data.size());
        lines.push_back(data.substr(begin, end - begin));
        begin = end + 1;
    }
    const size_t at = random_.below(lines.size()), to = random_.below(lines.size());
    switch (random_.below(4)) {
        case 0:
            lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(at));
            break;
        case 1:
            lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(to), std::string(lines[at]));
            break;
        case 2:
            std::swap(lines[at], lines[to]);
            break;
        default:
            lines[at] += "\r";
    }
    data.clear();
    for (size_t i = 0; i < lines.size(); ++i) data += (i ? "\n" : "") + lines[i];
}

void Mutator::nest(std::string& data) {
    const Span at = run_of(data, random_.chance(0.5) ? is_text : is_digit);
    constexpr size_t kDepths[] = {5, 31, 33, 300, 120'000};
    const size_t depth = kDepths[random_.below(std::size(kDepths))];
    const bool list = random_.chance(0.7);
    std::string open, close;
    for (size_t i = 0; i < depth; ++i) {
        open += list ? "[" : "{\"a\":";
        close += list ? "]" : "}";
    }
    data.insert(at.end, random_.chance(0.7) ? close : "");
    data.insert(at.begin, open);
}

std::string Mutator::noise() {
    constexpr std::string_view kStarts[] = {"",     "{", "[",    "{}",
                                            "null", "#", "\xfd", "\xef\xbb\xbf"};
    std::string out(kStarts[random_.below(std::size(kStarts))]);
    for (uint64_t n = random_.below(40); n > 0; --n) out += static_cast<char>(random_.below(256));
    return out;
}

std::string Mutator::mutate(const std::vector<std::string>& seeds) {
    constexpr Change kBinary[] = {&Mutator::flip,        &Mutator::flip,        &Mutator::put_byte,
                                  &Mutator::put_word,    &Mutator::cut_end,     &Mutator::cut_out,
                                  &Mutator::repeat,      &Mutator::swap_spans,  &Mutator::wipe,
                                  &Mutator::put_integer, &Mutator::put_integer, &Mutator::put_byte};
    constexpr Change kText[] = {&Mutator::other_number, &Mutator::other_number,
                                &Mutator::other_number, &Mutator::other_text,
                                &Mutator::other_text,   &Mutator::swap_fields,
                                &Mutator::swap_fields,  &Mutator::change_lines,
                                &Mutator::put_byte,     &Mutator::nest};
    if (random_.chance(0.01)) return noise();
    std::string data = seeds[random_.below(seeds.size())];
    const bool text = data.find('\0') == std::string::npos;
    for (uint64_t n = 1 + random_.below(4); n > 0; --n) {
        const Change change = text && random_.chance(0.7)
                                  ? kText[random_.below(std::size(kText))]
                                  : kBinary[random_.below(std::size(kBinary))];
        (this->*change)(data);
    }
    if (data.size() > kMost) data.resize(kMost);
    return data;
}

}  // namespace hopscope::core::fuzz
