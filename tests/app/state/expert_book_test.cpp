// What the book of experts says of a made-up sample whose counts are known by hand, and of the
// files that the analyses leave.
#include "app/state/expert_book.h"

#include <chrono>
#include <cmath>
#include <filesystem>

#include "tests/app/fake_run.h"
#include "tests/temp_folder.h"

namespace hopscope::gui_test {
namespace {

using namespace app;

/// Four tokens, two hops, one expert each: 0 reads "a" twice and "b", 1 the rest, 2 nothing.
core::GeometrySnapshot sample() {
    core::GeometrySnapshot out;
    out.step = 40;
    out.token_ids = {7, 8, 7, 9};
    out.pieces = {"a", "b", "a", "c"};
    out.classes = {"noun", "verb", "noun", ""};
    core::LayerGeometry layer;
    layer.experts = 3;
    layer.hops = 2;
    layer.top_k = 1;
    layer.choices = {0, 0, 0, 1, /**/ 0, 1, 1, 1};
    layer.weights = {0.5f, 1, 0.25f, 1, /**/ 0.25f, 0.5f, 1, 1};
    layer.load = {0.5f, 0.5f, 0};
    out.layers = {layer};
    return out;
}

constexpr const char* kDictionary = R"({"format": "hopscope.analysis/2", "step": 30, "result":
    {"layers": [{"experts": [
        {"id": 0, "words": [{"piece": "x", "score": 2.5}, {"piece": "a", "score": 1}],
         "words_cosine": ["b", "x"],
         "purity": 0.5, "category": null, "hub": true},
        {"id": 1, "words": [], "purity": null, "category": "noun", "hub": false}]}]}})";
constexpr const char* kClusters = R"({"step": 31, "result": {"all": [
    {"experts": [{"layer": 0, "expert": 9}]},
    {"experts": [{"layer": 0, "expert": 1}, {"layer": 4, "expert": 0}]}]}})";

// Wrong if a token that chooses an expert in two hops counted twice, or words were ordered by
// number of tokens rather than by weight.
TEST(ExpertBook, WordsOfTheSample) {
    const ExpertBook book = expert_book(sample(), 0, nullptr);
    ASSERT_EQ(book.entries.size(), 3u);
    const BookEntry& first = book.entries[0];
    EXPECT_EQ(first.tokens, 3);
    ASSERT_EQ(first.reads.size(), 2u);
    // a: 0.5 + 0.25 + 0.25 of 2, b: 1 of 2; of equals the piece that came first.
    EXPECT_EQ(book.pieces[size_t(first.reads[0].piece)], "a");
    EXPECT_DOUBLE_EQ(first.reads[0].score, 0.5);
    EXPECT_EQ(first.reads[0].tokens, 2);
    EXPECT_EQ(first.reads[0].token, 7);
    EXPECT_EQ(first.reads[1].tokens, 1);
    EXPECT_EQ(first.hops[0].tokens, 3);
    EXPECT_NEAR(first.hops[0].weight, 1.75 / 3, 1e-6);
    EXPECT_EQ(first.hops[1].tokens, 1);
    EXPECT_EQ(first.hops_used(), 2);
    EXPECT_EQ(book.entries[1].tokens, 3);
    EXPECT_TRUE(book.entries[2].reads.empty());
    EXPECT_EQ(book.entries[2].hops_used(), 0);
}

// Wrong if the share or the odds were of choices rather than of tokens, or tokens without a class
// had one. The interval was computed apart, by Wilson's formula for 2 of 3.
TEST(ExpertBook, ClassOfAnExpert) {
    const ExpertBook book = expert_book(sample(), 0, nullptr);
    EXPECT_EQ(book.classes, (std::vector<std::string>{"noun", "verb"}));
    const ClassUse& use = book.entries[0].of_class;
    EXPECT_EQ(use.name, "noun");
    EXPECT_EQ(use.tokens, 2);
    EXPECT_EQ(use.of, 3);
    EXPECT_NEAR(use.share, 2.0 / 3, 1e-12);
    EXPECT_NEAR(use.low, 0.2076596008, 1e-6);
    EXPECT_NEAR(use.high, 0.9385080553, 1e-6);
    // Of three tokens with a class: noun and it 2, noun and not 0, verb and it 1, neither 0.
    EXPECT_NEAR(use.odds, 2.5 * 0.5 / (0.5 * 1.5), 1e-9);
    const double half = 1.959963984540054 * std::sqrt(1 / 2.5 + 2 + 1 / 1.5 + 2);
    EXPECT_NEAR(use.odds_low, use.odds * std::exp(-half), 1e-9);
    EXPECT_FALSE(use.enriched());
    EXPECT_EQ(book.entries[2].of_class.name, "");
}

// Wrong if a token that chooses an expert in two hops counted twice, a place were of the whole
// sample in place of its sequence, or the even use were a quarter where a sequence has no even
// quarters. The interval was computed apart, by Wilson's formula for 2 of 3.
TEST(ExpertBook, PlacesInTheSequence) {
    const ExpertBook unknown = expert_book(sample(), 0, nullptr);
    EXPECT_FALSE(unknown.entries[0].position.known());
    EXPECT_EQ(unknown.entries[0].position.of, 0);
    // Two sequences of two tokens: the first of each is in the first quarter, the other in the
    // third. Expert 0 is chosen by tokens 0, 1 and 2, expert 1 by 1, 2 and 3.
    const ExpertBook book = expert_book(sample(), 0, nullptr, 2);
    EXPECT_TRUE(book.placed);
    auto texts = sample();
    texts.text_begins = {0, 2};
    EXPECT_EQ(expert_book(texts, 0, nullptr).entries[0].position.quarters[2].tokens, 1);
    const PositionUse& use = book.entries[0].position;
    EXPECT_EQ(use.of, 3);
    EXPECT_EQ(use.all, 4);
    EXPECT_EQ(use.quarters[0].tokens, 2);
    EXPECT_EQ(use.quarters[2].tokens, 1);
    EXPECT_EQ(use.most, 0);
    EXPECT_NEAR(use.peak().share, 2.0 / 3, 1e-12);
    EXPECT_NEAR(use.peak().low, 0.2076596008, 1e-6);
    EXPECT_NEAR(use.peak().high, 0.9385080553, 1e-6);
    EXPECT_NEAR(use.peak().times, 4.0 / 3, 1e-12);
    EXPECT_NEAR(use.peak().times_low, 2 * 0.2076596008, 1e-6);
    EXPECT_TRUE(std::isnan(use.quarters[1].times)) << "no token of the sample stands there";
    EXPECT_FALSE(use.enriched());
    EXPECT_EQ(book.entries[1].position.most, 2);
    EXPECT_FALSE(book.entries[2].position.known());
}

// Wrong if an expert of one quarter were not told from one of all.
TEST(PositionUse, TellsAPlaceFromNone) {
    for (const auto& [place, quarter] : {std::pair(0, 0), std::pair(1, 0), std::pair(2, 1),
                                         std::pair(4, 2), std::pair(6, 3), std::pair(7, 3)})
        EXPECT_EQ(quarter_of(place, 8), size_t(quarter)) << place;
    EXPECT_EQ(quarter_of(4, 5), 3u);
    const PositionUse last = position_use({2, 1, 1, 36}, {100, 100, 100, 100});
    EXPECT_EQ(last.most, 3);
    EXPECT_TRUE(last.enriched());
    EXPECT_NEAR(last.peak().times, 3.6, 1e-12);
    const PositionUse even = position_use({10, 11, 9, 10}, {100, 100, 100, 100});
    EXPECT_EQ(even.most, 1);
    EXPECT_FALSE(even.enriched());
}

// Wrong if an expert were dead before anything was counted, or the load were a share.
TEST(ExpertBook, LoadAndDead) {
    auto snapshot = sample();
    const ExpertBook book = expert_book(snapshot, 0, nullptr);
    EXPECT_DOUBLE_EQ(book.entries[0].load, 1.5);
    EXPECT_FALSE(book.entries[0].dead());
    EXPECT_TRUE(book.entries[2].dead());
    snapshot.layers[0].load = {0, 0, 0};
    const ExpertBook before = expert_book(snapshot, 0, nullptr);
    EXPECT_TRUE(std::isnan(before.entries[2].load));
    EXPECT_FALSE(before.entries[2].dead());
}

// Wrong if sizes that contradict each other crashed, or gave words.
TEST(ExpertBook, DamageGivesNothing) {
    auto snapshot = sample();
    snapshot.layers[0].choices.pop_back();
    EXPECT_EQ(expert_book(snapshot, 0, nullptr).entries[0].tokens, 0);
    snapshot = sample();
    snapshot.layers[0].choices[0] = 99;
    snapshot.layers[0].weights[1] = core::kNaN;
    EXPECT_EQ(expert_book(snapshot, 0, nullptr).entries[0].tokens, 3);
    EXPECT_TRUE(expert_book(snapshot, 5, nullptr).entries.empty());
}

// Wrong if what experts write came to other experts, or clusters of experts that the dictionary
// does not have did harm.
TEST(ExpertBook, WrittenWordsOfTheAnalyses) {
    const WrittenWords written = parse_written_words(kDictionary, kClusters);
    EXPECT_EQ(written.problem, "");
    const ExpertBook book = expert_book(sample(), 0, &written);
    EXPECT_EQ(book.dictionary_step, 30);
    EXPECT_EQ(book.clusters_step, 31);
    const BookEntry& first = book.entries[0];
    ASSERT_EQ(first.writes_by_score.size(), 2u);
    EXPECT_EQ(book.pieces[size_t(first.writes_by_score[0].piece)], "x");
    EXPECT_DOUBLE_EQ(first.writes_by_score[0].score, 2.5);
    ASSERT_EQ(first.writes.size(), 2u);
    EXPECT_EQ(book.pieces[size_t(first.writes[0].piece)], "b");
    EXPECT_TRUE(first.hub);
    EXPECT_DOUBLE_EQ(first.word_purity, 0.5);
    EXPECT_EQ(first.category, "");
    EXPECT_EQ(first.cluster, -1);
    EXPECT_EQ(book.entries[1].cluster, 1);
    EXPECT_EQ(book.entries[1].category, "noun");
    EXPECT_EQ(&book.words_of(first), &first.writes);
    EXPECT_EQ(&book.words_of(book.entries[1]), &book.entries[1].reads);
}

// Wrong if a damaged document were silent, or took the other one with it.
TEST(ExpertBook, DamagedDocumentsSaySo) {
    const WrittenWords none = parse_written_words("{\"result\": 3}", "");
    EXPECT_EQ(none.step, -1);
    EXPECT_TRUE(none.layers.empty());
    EXPECT_TRUE(none.problem.starts_with("analysis/dictionary.json is no such document"))
        << none.problem;
    const WrittenWords half = parse_written_words(kDictionary, "[]");
    EXPECT_EQ(half.step, 30);
    EXPECT_EQ(half.clusters_step, -1);
    EXPECT_TRUE(half.problem.starts_with("analysis/clusters.json is no such document"));
    EXPECT_EQ(parse_written_words("", "").problem, "");
}

// Wrong if the curve mixed up experts, or had a point where nothing was counted.
TEST(ExpertBook, LoadOverTheRun) {
    Past past;
    for (const float load : {0.0f, 0.25f, 0.75f}) {
        auto snapshot = sample();
        snapshot.step = static_cast<int64_t>(100 * load);
        snapshot.layers[0].load = {load, load > 0 ? 1 - load : 0, 0};
        past.push_back(std::make_shared<core::GeometrySnapshot>(snapshot));
    }
    const LoadCurve curve = load_curve(past, 0, 0);
    EXPECT_EQ(curve.steps, (std::vector<double>{25, 75}));
    EXPECT_EQ(curve.loads, (std::vector<double>{0.75, 2.25}));
    EXPECT_TRUE(load_curve(past, 0, 7).steps.empty());
}

class Books : public FakeRun {
  protected:
    /// Frames in which the book is asked for, until `done`.
    template <class Done>
    bool until(Done done) {
        for (int i = 0; i < 400; ++i) {
            frames(1);
            state_.experts.update(state_);
            if (done()) return true;
        }
        return false;
    }
    const ExpertBook* book() const { return state_.experts.book(); }
};

// Wrong if the book stayed that of another layer or of an older snapshot, or belonged to the run
// before.
TEST_F(Books, FollowLayerSnapshotAndRun) {
    open([](FakeOptions& o) { o.start_step = 20; });
    ASSERT_TRUE(until([&] { return book() != nullptr; }));
    EXPECT_EQ(book()->layer, 0);
    EXPECT_EQ(book()->entries.size(), 8u);
    state_.selection.set_layer(1);
    state_.experts.update(state_);
    EXPECT_EQ(book(), nullptr);
    ASSERT_TRUE(until([&] { return book() != nullptr; }));
    EXPECT_EQ(book()->layer, 1);
    session_->advance(10);
    EXPECT_TRUE(until([&] { return book()->step == 30; }));
    state_.attach(nullptr);
    EXPECT_EQ(book(), nullptr);
}

// Wrong if words that an analysis has written were not found, or one that is run again kept its
// old words.
TEST_F(Books, TakeWhatAnAnalysisWrites) {
    const test::TempFolder folder;
    open([](FakeOptions& o) { o.start_step = 20; });
    session_->mutable_status().run_dir = folder.path();
    ASSERT_TRUE(until([&] { return book() != nullptr; }));
    EXPECT_EQ(book()->dictionary_step, -1);
    EXPECT_FALSE(state_.experts.files().has_checkpoint);
    const auto file = folder.write("analysis/dictionary.json", kDictionary);
    ASSERT_TRUE(until([&] { return book() && book()->dictionary_step == 30; }));
    folder.write("analysis/dictionary.json", "no document");
    std::filesystem::last_write_time(
        file, std::filesystem::file_time_type::clock::now() + std::chrono::seconds(5));
    EXPECT_TRUE(until([&] { return !state_.experts.problem().empty(); }));
    EXPECT_TRUE(until([&] { return book() && book()->dictionary_step == -1; }));
    EXPECT_TRUE(state_.log.back().problem);
}

}  // namespace
}  // namespace hopscope::gui_test
