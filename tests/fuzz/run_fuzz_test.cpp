// Damaged files of a run folder: what stands in it, one by one and read as a whole.
#include <cstring>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>

#include "core/follow/run_follower.h"
#include "core/run/eval_file.h"
#include "core/run/event_log.h"
#include "core/run/fork_file.h"
#include "core/run/metrics_csv.h"
#include "core/run/metrics_tail.h"
#include "core/run/run_folder.h"
#include "core/run/safetensors_file.h"
#include "core/run/safetensors_header.h"
#include "core/run/step_names.h"
#include "core/trainer/race_file.h"
#include "tests/fuzz/fuzz.h"

namespace hopscope::core::fuzz {
namespace {

namespace fs = std::filesystem;
using test::bytes_of;
using test::put_bytes;
using test::TempFolder;

const std::string kStep = "step_00000008";

TEST(FuzzRun, Description) {
    RunInfo forked;
    forked.forked_from = {"first", 4, R"({"command": "freeze"})"};
    forked.resumes = {{4, 1.5, {"train.steps: 2 → 4"}}};
    forked.script = {R"({"command": "pause"})"};
    fuzz("run.json", {saved_format("run/run.json"), run_info_json(forked)},
         [](const std::string& bytes, Mutator&) -> std::string {
             const auto info = parse_run_info(bytes, "run.json");
             if (!info) return fault_of(info, "run.json");
             const auto again = parse_run_info(run_info_json(*info), "again");
             if (!again) return "does not read back: " + again.error().message;
             return run_info_json(*again) == run_info_json(*info) ? "" : "reads back otherwise";
         });
}

TEST(FuzzRun, Evaluations) {
    const TempFolder folder;
    const std::string path = folder / "e.json", first = folder / "1", second = folder / "2";
    fuzz("evaluation", {saved_format("eval.json"), saved_format("run/eval/step_00000004.json")},
         [&](const std::string& bytes, Mutator&) -> std::string {
             put_bytes(path, bytes);
             const auto record = read_eval(path);
             if (!record) return fault_of(record, "e.json");
             if (!write_eval(first, *record)) return "cannot be written";
             const auto again = read_eval(first);
             if (!again) return "does not read back: " + again.error().message;
             if (!write_eval(second, *again)) return "cannot be written again";
             return bytes_of(first) == bytes_of(second) ? "" : "reads back otherwise";
         });
}

TEST(FuzzRun, Log) {
    fuzz_file("events.jsonl", {saved_format("run/events.jsonl")}, "events.jsonl",
              [](const std::string& path) -> std::string {
                  const auto before = read_event_log(path);
                  if (!before) return fault_of(before, "events.jsonl");
                  // As the next writer finds it: a torn last line is cut, and nothing else.
                  if (auto log = EventLog::open(path); !log) return fault_of(log, "events.jsonl");
                  const auto after = read_event_log(path);
                  if (!after) return "is spoilt by opening: " + after.error().message;
                  return after->size() == before->size() ? "" : "loses lines by opening";
              });
}

TEST(FuzzRun, Metrics) {
    fuzz_file("metrics.csv", {saved_format("run/metrics.csv")}, "metrics.csv",
              [](const std::string& path) -> std::string {
                  const auto records = read_metrics_csv(path);
                  MetricsTail tail(path);
                  const auto news = tail.read();
                  if (records.ok() != news.ok()) return "follower and reader disagree";
                  if (!records)
                      return fault_of(news, "metrics.csv") + fault_of(records, "metrics.csv");
                  if (records->size() != news->records.size())
                      return "the follower counts otherwise";
                  auto writer = MetricsCsv::open(path, 2);
                  if (!writer) return fault_of(writer, "metrics.csv");
                  if (auto s = writer->cut_to_step(4); !s) return fault_of(s, "metrics.csv");
                  ScalarRecord record;
                  record.step = 5;
                  record.layers.resize(2);
                  if (auto s = writer->append(record); !s) return fault_of(s, "metrics.csv");
                  const auto after = read_metrics_csv(path);
                  if (!after) return "is spoilt by writing: " + after.error().message;
                  return after->empty() || after->back().step != 5 ? "the appended record is lost"
                                                                   : "";
              });
}

// A file that grows under a follower gives the records that it has as a whole.
TEST(FuzzRun, MetricsThatGrow) {
    const TempFolder folder;
    const std::string path = folder / "metrics.csv";
    fuzz("growing metrics", {saved_format("run/metrics.csv")},
         [&](const std::string& bytes, Mutator& mutator) -> std::string {
             put_bytes(path, bytes.substr(0, mutator.random().below(bytes.size() + 1)));
             MetricsTail tail(path);
             const auto first = tail.read();
             std::ofstream(path, std::ios::binary | std::ios::in)
                 .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
             const auto second = tail.read();
             const auto whole = read_metrics_csv(path);
             if (!whole || !first || !second) return fault_of(second, "metrics.csv");
             const size_t read =
                 second->records.size() + (second->restarted ? 0 : first->records.size());
             return read == whole->size() ? "" : "as it grows it gives other records";
         });
}

TEST(FuzzRun, Differences) {
    const TempFolder folder;
    const std::string path = folder / "difference.csv";
    DifferenceLine update{4, 512, 3.5f, 3.25f, -0.25}, evaluated = update;
    evaluated.valid_run = 3.5;
    evaluated.valid_fork = 3.25;
    evaluated.valid = -0.25;
    evaluated.valid_low = -0.5;
    evaluated.valid_high = 0.125;
    const auto text_of = [](const std::vector<DifferenceLine>& lines) {
        std::string text = difference_header();
        for (const DifferenceLine& line : lines) text += difference_text(line);
        return text;
    };
    fuzz("difference.csv", {text_of({update, evaluated}), difference_header()},
         [&](const std::string& bytes, Mutator&) -> std::string {
             put_bytes(path, bytes);
             const auto lines = read_differences(path);
             if (!lines) return fault_of(lines, "difference.csv");
             const std::string text = text_of(*lines);
             put_bytes(path, text);
             const auto again = read_differences(path);
             if (!again) return "does not read back: " + again.error().message;
             return text_of(*again) == text ? "" : "reads back otherwise";
         });
}

TEST(FuzzRun, TensorHeaders) {
    std::vector<std::string> seeds;
    std::vector<uint64_t> sizes;
    for (const std::string& name : {"run/checkpoints/" + kStep + "/model.safetensors",
                                    "run/geometry/" + kStep + ".safetensors"}) {
        const std::string file = saved_format(name);
        uint64_t length = 0;
        std::memcpy(&length, file.data(), sizeof length);
        seeds.push_back(file.substr(8, length));
        sizes.push_back(file.size() - 8 - length);
    }
    seeds.push_back(
        R"({"__metadata__": {"format": "x"}, "a": {"dtype": "F32", "shape": [2, 3], )"
        R"("data_offsets": [0, 24]}, "b": {"dtype": "U8", "shape": [], "data_offsets": [24, 25]}})");
    sizes.push_back(25);
    fuzz("safetensors header", seeds,
         [&](const std::string& bytes, Mutator& mutator) -> std::string {
             const uint64_t data = mutator.random().chance(0.1) ? mutator.random().next()
                                                                : sizes[mutator.random().below(3)];
             const auto header = parse_safetensors_header(bytes, data, "m.safetensors");
             if (!header) return fault_of(header, "m.safetensors");
             uint64_t sum = 0;
             for (const HeaderTensor& tensor : header->tensors) {
                 if (tensor.end < tensor.begin || tensor.end > data)
                     return "a tensor outside the data";
                 uint64_t elements = 1;
                 for (const int64_t size : tensor.shape) elements *= static_cast<uint64_t>(size);
                 if (elements * dtype_bytes(tensor.dtype) != tensor.end - tensor.begin)
                     return "a tensor of another size than its shape";
                 sum += tensor.end - tensor.begin;
             }
             return sum == data ? "" : "gaps between tensors";
         });
}

std::string touch_tensors(const SafetensorsFile& file) {
    unsigned sum = 0;
    for (const TensorView& tensor : file.tensors())
        for (size_t i = 0; i < tensor.bytes; ++i)
            sum += static_cast<const unsigned char*>(tensor.data)[i];
    return sum == 0xdeadbeef ? "unlikely" : "";
}

TEST(FuzzRun, Tensors) {
    fuzz_file("safetensors",
              {saved_format("run/geometry/" + kStep + ".safetensors"),
               saved_format("run/checkpoints/" + kStep + "/model.safetensors")},
              "m.safetensors", [](const std::string& path) {
                  const auto file = SafetensorsFile::open(path);
                  return file ? touch_tensors(*file) : fault_of(file, "m.safetensors");
              });
}

TEST(FuzzRun, Geometry) {
    const TempFolder folder;
    const std::string path = folder / "g.safetensors", copy = folder / "copy.safetensors";
    fuzz("geometry", {saved_format("run/geometry/" + kStep + ".safetensors")},
         [&](const std::string& bytes, Mutator&) -> std::string {
             put_bytes(path, bytes);
             const auto snapshot = read_geometry(path);
             if (!snapshot) return fault_of(snapshot, "g.safetensors");
             if (auto s = write_geometry(copy, *snapshot); !s)
                 return "cannot be written: " + s.error().message;
             const auto again = read_geometry(copy);
             return again ? "" : "does not read back: " + again.error().message;
         });
}

// What is listed as a step has exactly the name that is then opened.
TEST(FuzzRun, StepNames) {
    const TempFolder folder;
    fuzz("step names", {step_name(8, ".json"), step_name(123456789, ".json")},
         [&](const std::string& bytes, Mutator&) -> std::string {
             std::string name = bytes.substr(0, 200);
             std::erase(name, '/');
             std::erase(name, '\0');
             if (name.empty() || name == "." || name == "..") return "";
             put_bytes(folder / name, "");
             const auto steps = steps_in(folder.path(), ".json");
             fs::remove(folder / name);
             if (steps.empty()) return "";
             return steps.size() == 1 && step_name(steps[0], ".json") == name ? "" : "another name";
         });
}

/// A run of version 0.1 in which one file after the other is damaged.
class FuzzFolder : public ::testing::Test {
  protected:
    FuzzFolder() {
        fs::copy(std::string(HOPSCOPE_FORMATS) + "/0.1/run", run_, fs::copy_options::recursive);
    }
    void damage(const std::string& file, const std::function<std::string()>& read) {
        const std::string seed = saved_format("run/" + file);
        fuzz("run/" + file, {seed}, [&](const std::string& bytes, Mutator&) {
            put_bytes(run_ + "/" + file, bytes);
            return read();
        });
        put_bytes(run_ + "/" + file, seed);
    }
    /// Opens the run as readers do, looks at it as the window does.
    std::string look() const {
        const auto folder = RunFolder::open(run_, /*writer=*/false);
        if (!folder) return fault_of(folder, "run.json");
        if (const auto config = stored_config(*folder); !config)
            return fault_of(config, "config.toml");
        auto follower = RunFollower::open(run_);
        if (!follower) return fault_of(follower, "run");
        for (int i = 0; i < 2; ++i)
            for (const std::string& problem : follower->look(true).problems)
                if (auto fault = fault_of(usage_error(problem), "run"); !fault.empty())
                    return fault;
        return "";
    }
    std::string newest() const {
        const auto folder = RunFolder::open(run_, /*writer=*/false);
        std::vector<std::string> skipped;
        const auto checkpoint = folder->checkpoints().newest_complete(&skipped);
        if (checkpoint)
            return touch_tensors(checkpoint->model) + touch_tensors(checkpoint->optimizer);
        for (const std::string& why : skipped)
            if (auto fault = fault_of(usage_error(why), kStep); !fault.empty()) return fault;
        return skipped.empty() ? "left out without a word" : "";
    }
    TempFolder dir_;
    std::string run_ = dir_ / "run";
};

TEST_F(FuzzFolder, Followed) {
    for (const char* file : {"run.json", "config.toml", "metrics.csv"})
        damage(file, [this] { return look(); });
    damage("geometry/" + kStep + ".safetensors", [this] { return look(); });
}

TEST_F(FuzzFolder, Checkpoints) {
    for (const char* file : {"state.json", "model.safetensors", "optimizer.safetensors"})
        damage("checkpoints/" + kStep + "/" + file, [this] { return newest(); });
}

TEST_F(FuzzFolder, Race) {
    const std::vector<std::string> seeds = {
        R"({"format": "hopscope.race/1", "state": "done", "seed": 42, "smoothing": 0.95,
            "crossings_by_seconds": [{"a": "run", "b": "run", "seconds": 0.03, "step": {"a": 3, "b": 2},
            "quantity": "loss", "ahead": "run"}], "crossings": [], "lanes": [{"name": "run", "run": "run",
            "config_hash": "5da8", "parameters": 8384, "state": "done", "step": 8, "steps": 8,
            "tokens": 256, "seconds": 0.1, "loss": 5.7, "valid_loss": 5.7, "perplexity": 310}]})"};
    fuzz("race.json", seeds, [this](const std::string& bytes, Mutator&) {
        put_bytes(dir_ / "race.json", bytes);
        return fault_of(read_race_lanes(dir_.path(), {}), dir_.path());
    });
}

}  // namespace
}  // namespace hopscope::core::fuzz
