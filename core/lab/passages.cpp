// Passages of a run's validation text, and pairs of them around one word, for the window's prompts.
#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "core/api/lab.h"
#include "core/base/random.h"
#include "core/text/words.h"
#include "core/trainer/run_data.h"

namespace hopscope::core::lab {
namespace {

/// Pieces of the text that are looked at: so many, of so many tokens.
constexpr int64_t kWindows = 64, kWindowTokens = 4096;
/// Without known meanings: letters of a word that says something, and how often it occurs at least
/// and at most among a thousand words.
constexpr size_t kLeastLetters = 4, kLeastOften = 2;
constexpr double kMostOften = 4;
constexpr int64_t kTries = 40;  ///< draws for one passage or pair

/// An occurrence of a word, as the word itself and its neighbours in the same line.
struct Place {
    size_t window = 0;
    size_t last = 0;  ///< token of the window, the last of the word
    std::string before, after;
    std::string meaning;
};

/// One looked-at part of the text.
struct Window {
    int64_t begin = 0;
    std::vector<int32_t> ids;
    std::vector<WordSpan> words;
};

class Reader {
  public:
    Reader(const Tokenizer& tokenizer, const TokenFile& file, const PassageRequest& request)
        : tokenizer_(tokenizer), file_(file), request_(request), random_(request.seed) {}

    Status read(const Progress& progress);
    void draw_passages(Passages& out);
    void draw_pairs(const std::optional<Truth>& truth, Passages& out);

  private:
    bool ends_line(int32_t id) const {
        return id == tokenizer_.eos_id() || id == tokenizer_.newline_id();
    }
    std::pair<size_t, size_t> line_around(const Window& window, size_t token) const;
    std::optional<Passage> passage(const Window& window, size_t begin, size_t end) const;
    std::optional<std::pair<Passage, int64_t>> around(const Place& place) const;
    std::map<std::string, std::vector<Place>> places() const;
    std::vector<std::pair<Place, Place>> of_two_meanings(
        const Truth& truth, const std::map<std::string, std::vector<Place>>& places);
    std::vector<std::pair<Place, Place>> of_two_contexts(
        const std::map<std::string, std::vector<Place>>& places);
    const Place& any(const std::vector<Place>& of) { return of[random_.below(of.size())]; }

    const Tokenizer& tokenizer_;
    const TokenFile& file_;
    const PassageRequest request_;
    Random random_;
    std::vector<Window> windows_;
};

/// The whole text where it is short; else parts at random places that do not overlap.
Status Reader::read(const Progress& progress) {
    const int64_t parts = (file_.size() + kWindowTokens - 1) / kWindowTokens;
    std::set<int64_t> chosen;
    while (std::ssize(chosen) < std::min(parts, kWindows))
        chosen.insert(parts <= kWindows
                          ? std::ssize(chosen)
                          : static_cast<int64_t>(random_.below(static_cast<uint64_t>(parts))));
    for (const int64_t part : chosen) {
        if (progress.cancelled && progress.cancelled()) return stopped_on_request("");
        Window window;
        window.begin = part * kWindowTokens;
        window.ids.resize(
            static_cast<size_t>(std::min(kWindowTokens, file_.size() - window.begin)));
        file_.copy(window.begin, std::ssize(window.ids), window.ids.data());
        window.words = words_of(tokenizer_, window.ids);
        windows_.push_back(std::move(window));
    }
    return {};
}

/// Tokens [begin, end) of the line that holds the token, as far as the window shows it.
std::pair<size_t, size_t> Reader::line_around(const Window& window, size_t token) const {
    size_t begin = token, end = token;
    while (begin > 0 && !ends_line(window.ids[begin - 1])) --begin;
    while (end < window.ids.size() && !ends_line(window.ids[end])) ++end;
    return {begin, end};
}

/// Nothing where the tokens are no text.
std::optional<Passage> Reader::passage(const Window& window, size_t begin, size_t end) const {
    if (begin >= end) return {};
    const auto text = tokenizer_.decode({window.ids.begin() + static_cast<std::ptrdiff_t>(begin),
                                         window.ids.begin() + static_cast<std::ptrdiff_t>(end)});
    if (!text || text->find_first_not_of(' ') == std::string::npos) return {};
    return Passage{*text, window.begin + static_cast<int64_t>(begin)};
}

void Reader::draw_passages(Passages& out) {
    std::set<std::string> known;
    const auto most = static_cast<size_t>(request_.tokens);
    for (int64_t tries = 0;
         tries < kTries * request_.passages && std::ssize(out.passages) < request_.passages;
         ++tries) {
        const Window& window = windows_[random_.below(windows_.size())];
        if (window.words.empty()) continue;
        const WordSpan& word = window.words[random_.below(window.words.size())];
        const auto [begin, line_end] = line_around(window, word.begin);
        // A line that the window cuts, or one of a word or two, is no sample of the text.
        if (begin == 0 || word.begin >= line_end) continue;
        size_t end = begin;
        for (const WordSpan& next : window.words)
            if (next.begin >= begin && next.end <= std::min(line_end, begin + most)) end = next.end;
        if (end - begin < std::min<size_t>(4, line_end - begin)) continue;
        auto found = passage(window, begin, end);
        if (found && known.insert(found->text).second) out.passages.push_back(std::move(*found));
    }
}

std::map<std::string, std::vector<Place>> Reader::places() const {
    std::map<std::string, std::vector<Place>> out;
    for (size_t w = 0; w < windows_.size(); ++w) {
        const Window& window = windows_[w];
        for (size_t i = 0; i < window.words.size(); ++i) {
            const WordSpan& word = window.words[i];
            if (word.word.empty()) continue;
            // The first and the last word of a window may be cut.
            if (i == 0 || i + 1 == window.words.size()) continue;
            Place place{w, word.last, "", "", ""};
            const WordSpan &before = window.words[i - 1], &after = window.words[i + 1];
            if (before.end == word.begin) place.before = before.word;
            if (after.begin == word.end) place.after = after.word;
            out[word.word].push_back(std::move(place));
        }
    }
    return out;
}

/// One occurrence of each meaning, for each word of two.
std::vector<std::pair<Place, Place>> Reader::of_two_meanings(
    const Truth& truth, const std::map<std::string, std::vector<Place>>& places) {
    std::vector<std::pair<Place, Place>> out;
    for (const auto& two : truth.two_meanings()) {
        const auto found = places.find(two.word);
        if (found == places.end()) continue;
        std::vector<Place> a, b;
        for (Place place : found->second) {
            // Beyond the line a neighbour may decide that the passage does not show.
            if (place.before.empty() || place.after.empty()) continue;
            place.meaning = truth.meaning(two, place.before, place.after);
            if (place.meaning == two.class_a)
                a.push_back(std::move(place));
            else if (place.meaning == two.class_b)
                b.push_back(std::move(place));
        }
        if (!a.empty() && !b.empty()) out.emplace_back(any(a), any(b));
    }
    random_.shuffle(out);
    return out;
}

/// Words that are neither rare nor everywhere, twice with other neighbours on both sides.
std::vector<std::pair<Place, Place>> Reader::of_two_contexts(
    const std::map<std::string, std::vector<Place>>& places) {
    size_t all = 0;
    for (const auto& [word, of] : places) all += of.size();
    const double most = std::max(kMostOften * static_cast<double>(all) / 1000, 3.0);
    std::vector<const std::vector<Place>*> words;
    for (const auto& [word, of] : places)
        if (word.size() >= kLeastLetters && of.size() >= kLeastOften &&
            static_cast<double>(of.size()) <= most)
            words.push_back(&of);
    random_.shuffle(words);
    std::vector<std::pair<Place, Place>> out;
    for (const auto* of : words) {
        if (std::ssize(out) >= 2 * request_.passages) break;
        for (int64_t tries = 0; tries < kTries; ++tries) {
            const Place &a = any(*of), &b = any(*of);
            if (a.before == b.before || a.after == b.after) continue;
            out.emplace_back(a, b);
            break;
        }
    }
    return out;
}

/// The passage around a word, and the byte where the word ends in it. What a causal model reads
/// before the word matters most, so three quarters of it stand before.
std::optional<std::pair<Passage, int64_t>> Reader::around(const Place& place) const {
    const Window& window = windows_[place.window];
    const auto [line_begin, line_end] = line_around(window, place.last);
    const auto most = static_cast<size_t>(request_.tokens);
    const size_t earliest = place.last + 1 > most * 3 / 4 ? place.last + 1 - most * 3 / 4 : 0;
    size_t begin = place.last, end = place.last + 1;
    for (const WordSpan& word : window.words) {
        if (word.begin >= std::max(earliest, line_begin) && word.begin < begin) begin = word.begin;
        if (word.end > end && word.end <= std::min(line_end, begin + most)) end = word.end;
    }
    auto found = passage(window, begin, end);
    const auto until = passage(window, begin, place.last + 1);
    if (!found || !until || !found->text.starts_with(until->text)) return {};
    return std::pair{std::move(*found), static_cast<int64_t>(until->text.size()) - 1};
}

void Reader::draw_pairs(const std::optional<Truth>& truth, Passages& out) {
    const auto all = places();
    out.meanings_known = truth && !truth->two_meanings().empty();
    const auto drawn = out.meanings_known ? of_two_meanings(*truth, all) : of_two_contexts(all);
    for (const auto& [a, b] : drawn) {
        if (std::ssize(out.pairs) >= request_.passages) break;
        auto first = around(a), second = around(b);
        if (!first || !second || first->first.text == second->first.text) continue;
        const WordSpan* span = nullptr;
        for (const WordSpan& word : windows_[a.window].words)
            if (word.last == a.last) span = &word;
        if (!span) continue;
        out.pairs.push_back({span->word, std::move(first->first), std::move(second->first),
                             first->second, second->second, a.meaning, b.meaning});
    }
}

}  // namespace

Result<Passages> passages(const std::string& run, const PassageRequest& request,
                          const Progress& progress) {
    auto folder = RunFolder::open(run, /*writer=*/false);
    if (!folder) return folder.error();
    auto config = stored_config(*folder);
    if (!config) return config.error();
    auto tokenizer = load_run_tokenizer(*folder, *config);
    if (!tokenizer) return tokenizer.error();
    auto source = eval_source(*folder, *config, *tokenizer, "", Split::valid, "", progress);
    if (!source) return source.error();
    auto truth = stored_truth(*folder);
    if (!truth) return truth.error();

    PassageRequest asked = request;
    // What is read again as a prompt may come out as a few tokens more.
    asked.tokens =
        std::clamp<int64_t>(asked.tokens, 1, std::max<int64_t>(config->model.max_seq_len / 2, 1));
    Passages out;
    out.request = request;
    out.tokens = source->tokens().size();
    Reader reader(*tokenizer, source->tokens(), asked);
    if (auto s = reader.read(progress); !s) return s.error();
    out.read = std::min(out.tokens, kWindows * kWindowTokens);
    reader.draw_passages(out);
    reader.draw_pairs(*truth, out);
    return out;
}

}  // namespace hopscope::core::lab
