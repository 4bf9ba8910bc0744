// `trace` of a whole corpus: the same numbers as the trace of a prompt and as eval, in a file that
// is there whole or not at all.
#include <algorithm>
#include <cmath>
#include <csignal>
#include <cstring>

#include "core/base/half.h"
#include "core/run/safetensors_file.h"
#include "tests/trainer/trained_run.h"

namespace hopscope {
namespace {

using core::SafetensorsFile;
using nlohmann::json;

/// Elements of a tensor as doubles, whatever their type.
std::vector<double> values(const SafetensorsFile& file, const std::string& name) {
    const auto* t = file.find(name);
    if (!t) {
        ADD_FAILURE() << name << " is missing";
        return {};
    }
    const auto as = [&](auto zero) {
        std::vector<decltype(zero)> plain(t->bytes / sizeof zero);
        std::memcpy(plain.data(), t->data, t->bytes);
        return std::vector<double>(plain.begin(), plain.end());
    };
    if (t->dtype == "I16") return as(int16_t{});
    if (t->dtype == "I32") return as(int32_t{});
    if (t->dtype == "U8") return as(uint8_t{});
    if (t->dtype == "F32") return as(float{});
    const auto halves =
        core::floats_from_halves({static_cast<const std::byte*>(t->data), t->bytes});
    return {halves.begin(), halves.end()};
}

class RoutingDump : public test::TrainedRun {
  protected:
    static core::lab::RoutingDumpOptions call(const std::string& out) {
        core::lab::RoutingDumpOptions o;
        o.run = *runs_ / "run";
        o.out = *runs_ / out;
        return o;
    }
    static SafetensorsFile open(const core::lab::RoutingDumpOptions& o) {
        auto file = SafetensorsFile::open(o.out);
        EXPECT_TRUE(file.ok()) << file.error().message;
        return std::move(*file);
    }
    static std::string hop(size_t layer, size_t h, const std::string& what) {
        return "layers." + std::to_string(layer) + ".hops." + std::to_string(h) + "." + what;
    }
    /// The first sequence's rows against those of a trace, as far as both go; null reads as NaN.
    static void expect_rows(const SafetensorsFile& file, const std::string& name, const json& rows,
                            double tolerance) {
        const auto got = values(file, name);
        const auto length = static_cast<size_t>(file.find(name)->shape[1]);
        size_t at = 0;
        const auto one = [&](const json& v) {
            ASSERT_LT(at, got.size());
            const double x = got[at++];
            if (v.is_null()) {
                EXPECT_TRUE(std::isnan(x)) << name << " " << at;
                return;
            }
            EXPECT_NEAR(x, v.is_boolean() ? v.get<bool>() : v.get<double>(), tolerance)
                << name << " element " << at - 1;
        };
        const size_t width =
            got.size() / static_cast<size_t>(file.find(name)->shape[0] * file.find(name)->shape[1]);
        for (size_t t = 0; t < std::min(length, rows.size()); ++t) {
            const json& row = rows[t];
            if (row.is_array() && row.empty()) {
                at += width;  // a token that did not run
            } else if (row.is_array()) {
                for (const auto& v : row) one(v);
            } else {
                one(row);
            }
        }
    }
    /// Lines of the corpus that begin as its first sequence does.
    static std::string first_lines(const std::string& corpus, int lines) {
        std::istringstream in(test::bytes_of(corpus));
        std::string text, line;
        for (int i = 0; i < lines && std::getline(in, line); ++i) text += line + "\n";
        text.pop_back();
        return text;
    }
};

// Wrong if a corpus is routed by another pass than a prompt: each number of the first sequence's
// beginning is held against `trace --text`, as trained and with routing changed.
TEST_F(RoutingDump, HasTheNumbersOfATracedPrompt) {
    for (const char* line :
         {"", R"({"command": "halt", "epsilon": 0.7})", R"({"command": "halt", "max_hops": 1})",
          R"({"command": "steer", "layer": 1, "expert": 3, "lambda": 2.0, "tokens": [2, 5]})"}) {
        auto o = call("same.safetensors");
        o.corpus = *runs_ / "corpus.txt";
        o.batches = 2;
        o.positions = true;
        core::lab::TraceOptions prompt;
        prompt.run = o.run;
        prompt.text = first_lines(o.corpus, 2);
        prompt.positions = true;
        if (*line) o.script = prompt.script = script(line);
        const auto summary = document(core::lab::trace_corpus(o));
        const auto trace = document(core::lab::trace(prompt));
        const auto file = open(o);
        ASSERT_EQ(file.find("tokens")->shape, (std::vector<int64_t>{8, 32}));
        const auto tokens = values(file, "tokens");
        const auto& expected = trace.at("tokens");
        ASSERT_GT(expected.size(), 32u);  // so that a line end stands inside the sequence
        json nll = json::array();
        for (size_t t = 0; t < 32; ++t) {
            ASSERT_EQ(tokens[t], expected[t].at("id")) << t;
            nll.push_back(expected[t].at("nll"));
        }
        expect_rows(file, "nll", nll, 1e-5);
        size_t hops = 0;
        for (size_t l = 0; l < trace.at("layers").size(); ++l) {
            const auto& layer = trace["layers"][l];
            for (const char* what : {"attention_norm", "update_norm"})
                expect_rows(file, "layers." + std::to_string(l) + "." + what, layer.at(what), 1e-5);
            for (size_t h = 0; h < layer.at("hops").size(); ++h, ++hops) {
                const auto& of = layer["hops"][h];
                EXPECT_EQ(file.find(hop(l, h, "experts"))->dtype, "I16");
                expect_rows(file, hop(l, h, "experts"), of.at("experts"), 0);
                for (const char* what :
                     {"weights", "entropy", "max_prob", "update_norm", "halt_ratio", "executed"})
                    expect_rows(file, hop(l, h, what), of.at(what), 1e-5);
                expect_rows(file, hop(l, h, "position"), of.at("position"), 1e-5);
            }
        }
        EXPECT_EQ(hops, 4u);
        EXPECT_EQ(summary.at("sequences"), 8);
        EXPECT_EQ(summary.at("bytes"), test::bytes_of(o.out).size());
        EXPECT_EQ(summary.at("format"), "hopscope.routing/1");
    }
}

// Wrong if the text is cut otherwise than by eval, a batch is lost, or a hop that no token ran
// shows numbers.
TEST_F(RoutingDump, CutsAndScoresTheTextAsEvalDoes) {
    auto o = call("eval.safetensors");
    o.script = script(R"({"command": "halt", "max_hops": 1})");
    o.positions = true;
    const auto changed = document(core::lab::trace_corpus(o));
    {
        const auto file = open(o);
        for (const double e : values(file, hop(0, 1, "executed"))) ASSERT_EQ(e, 0);
        for (const double e : values(file, hop(0, 1, "experts"))) ASSERT_EQ(e, -1);
        for (const char* what : {"weights", "entropy", "position"})
            for (const double w : values(file, hop(0, 1, what))) ASSERT_TRUE(std::isnan(w));
        EXPECT_NE(file.metadata().at("script").find("max_hops"), std::string::npos);
    }
    o.script.clear();
    const auto all = document(core::lab::trace_corpus(o));
    EXPECT_NE(all.at("loss"), changed.at("loss"));
    core::lab::EvalOptions eval;
    eval.run = o.run;
    eval.batches = 1'000'000;
    const auto losses = document(core::lab::eval(eval));
    EXPECT_NEAR(all.at("loss").get<double>(), losses.at("loss").get<double>(), 1e-6);
    EXPECT_EQ(all.at("data_hash"), losses.at("data").at("hash"));
    EXPECT_EQ(all.at("sequences").get<size_t>(), 4 * losses.at("batches").size());
    const auto file = open(o);
    const auto nll = values(file, "nll"), last = values(file, "next_nll");
    const auto tokens = values(file, "tokens"), next = values(file, "next_token");
    for (size_t b = 0; b < losses.at("batches").size(); ++b) {
        double sum = 0;
        for (size_t s = 4 * b; s < 4 * b + 4; ++s) {
            EXPECT_TRUE(std::isnan(nll[32 * s]));
            for (size_t t = 1; t < 32; ++t) sum += nll[32 * s + t];
            sum += last[s];
            // One stream: the token behind a sequence begins the next.
            if (s + 1 < next.size()) {
                EXPECT_EQ(next[s], tokens[32 * (s + 1)]);
            }
        }
        EXPECT_NEAR(sum / (4 * 32), losses["batches"][b].get<double>(), 1e-6) << b;
    }
    const auto pieces = json::parse(file.metadata().at("pieces"));
    EXPECT_EQ(pieces.size(), 320u);
    EXPECT_NE(file.metadata().at("config").find("d_model = 32"), std::string::npos);
    EXPECT_EQ(file.metadata().at("step"), "30");
}

// Wrong if --half rounds more than fp16 does or touches what it does not name, or --batches and
// --split are not followed.
TEST_F(RoutingDump, HalvesAndParts) {
    auto o = call("full.safetensors");
    o.split = core::Split::train;
    o.batches = 1;
    o.positions = true;
    ASSERT_TRUE(core::lab::trace_corpus(o).ok());
    auto h = o;
    h.out = *runs_ / "half.safetensors";
    h.half = true;
    ASSERT_TRUE(core::lab::trace_corpus(h).ok());
    const auto full = open(o), half = open(h);
    ASSERT_EQ(full.find("tokens")->shape, (std::vector<int64_t>{4, 32}));
    EXPECT_EQ(half.find(hop(1, 1, "weights"))->dtype, "F16");
    EXPECT_EQ(half.find(hop(1, 1, "position"))->dtype, "F16");
    EXPECT_EQ(half.find(hop(1, 1, "entropy"))->dtype, "F32");
    EXPECT_EQ(half.find(hop(1, 1, "position"))->shape, (std::vector<int64_t>{4, 32, 8}));
    for (const auto& t : full.tensors()) {
        const auto a = values(full, t.name), b = values(half, t.name);
        ASSERT_EQ(a.size(), b.size());
        const bool rounded = half.find(t.name)->dtype == "F16";
        for (size_t i = 0; i < a.size(); ++i)
            ASSERT_TRUE((std::isnan(a[i]) && std::isnan(b[i])) ||
                        std::abs(a[i] - b[i]) <= (rounded ? std::abs(a[i]) / 2048 + 1e-7 : 0))
                << t.name;
    }
}

// Wrong if a call that was stopped or refused leaves a file, or takes an older one with it.
TEST_F(RoutingDump, IsThereWholeOrNotAtAll) {
    auto o = call("stopped.safetensors");
    write("stopped.safetensors", "older");
    int reports = 0;
    o.on_progress = [&](const std::string& what, double) {
        if (what.starts_with("routing of batch") && ++reports == 3)
            core::lab::interrupt_flag() = SIGINT;
    };
    const auto stopped = core::lab::trace_corpus(o);
    core::lab::interrupt_flag() = 0;
    ASSERT_FALSE(stopped.ok());
    EXPECT_EQ(stopped.error().kind, core::ErrorKind::interrupted);
    EXPECT_EQ(reports, 3);
    EXPECT_EQ(test::bytes_of(o.out), "older");
    EXPECT_FALSE(std::filesystem::exists(o.out + ".tmp"));

    o.on_progress = nullptr;
    o.out = "";
    refused(core::lab::trace_corpus(o), "--out is missing");
    o.out = *runs_ / "run";
    refused(core::lab::trace_corpus(o), "is a folder");
    o.out = "/dev/null";
    refused(core::lab::trace_corpus(o), "is a device, no regular file");
    o.out = *runs_ / "none/t.safetensors";
    refused(core::lab::trace_corpus(o), "does not exist");
    o.out = *runs_ / "t.safetensors";
    o.batches = -1;
    refused(core::lab::trace_corpus(o), "--batches");
    o.batches = 0;
    o.script = script(R"({"command": "steer", "layer": 7, "expert": 3, "lambda": 1.0})");
    refused(core::lab::trace_corpus(o), "layer");
    o.script = script(
        R"({"command": "steer", "layer": 0, "expert": 3, "lambda": 1.0, "tokens": [40, 50]})");
    refused(core::lab::trace_corpus(o), "tokens 0 … 31");
    o.script.clear();
    o.corpus = *runs_ / "none.txt";
    refused(core::lab::trace_corpus(o), "none.txt");
    o.corpus = write("short.txt", "too short\n");
    refused(core::lab::trace_corpus(o), "train.seq_len");
    o.corpus = "";
    o.run = *runs_ / "nowhere";
    refused(core::lab::trace_corpus(o), "nowhere");
    EXPECT_FALSE(std::filesystem::exists(*runs_ / "t.safetensors"));
}

}  // namespace
}  // namespace hopscope
