// Damaged configurations, batches, commands and scripts.
#include <filesystem>
#include <gtest/gtest.h>
#include <sstream>

#include "core/api/command.h"
#include "core/api/command_registry.h"
#include "core/base/names.h"
#include "core/config/arithmetic.h"
#include "core/config/parse.h"
#include "core/config/write.h"
#include "core/lab/batch_file.h"
#include "tests/fuzz/fuzz.h"

namespace hopscope::core::fuzz {
namespace {

using test::bytes_of;

std::vector<std::string> configurations() {
    std::vector<std::string> out = {to_toml(Config{}), saved_format("run/config.toml"),
                                    "[debug]\nkill_at = \"config.rename:2\"\nnan_at_step = 3\n"};
    for (const auto& entry : std::filesystem::recursive_directory_iterator(HOPSCOPE_CONFIGS))
        if (entry.path().extension() == ".toml") out.push_back(bytes_of(entry.path().string()));
    return out;
}

/// A configuration that was taken must come back from its own file, and be countable.
std::string fault_of_config(const Config& config) {
    const auto again = parse_config(to_toml(config), "again.toml");
    if (!again) return "does not read back: " + again.error().message;
    if (!(*again == config)) return "reads back as another one";
    if (count_parameters(config).total < 0 || count_memory(config).total < 0 ||
        !(count_flops(config).total >= 0))
        return "counts below zero";
    return "";
}

TEST(FuzzConfig, Files) {
    fuzz("config", configurations(), [](const std::string& bytes, Mutator&) {
        const auto config = parse_config(bytes, "c.toml");
        return config ? fault_of_config(*config) : fault_of(config, "c.toml");
    });
}

TEST(FuzzConfig, Overrides) {
    const std::vector<std::string> seeds = {
        "moe.top_k=3",      "train.lr=1e-3",       "moe.hops=[1, 2, 2, 1]",
        "data.train=a.txt", "moe.router=linear",   "train.curriculum=[[0, 1]]",
        "train.seed=7",     "train.threads=2",     "model.dropout_places=[\"attention\"]",
        "model.dropout=0",  "moe.renormalise=true"};
    fuzz("overrides", seeds, [](const std::string& bytes, Mutator&) {
        const auto config = parse_config("", "c.toml", {bytes});
        return config ? fault_of_config(*config) : fault_of(config, "");
    });
}

TEST(FuzzConfig, Batches) {
    const test::TempFolder folder;
    folder.write("c.toml", saved_format("run/config.toml"));
    const std::string path = folder / "batch.toml";
    const std::vector<std::string> seeds = {
        "set = [\"train.steps=5\"]\n[[run]]\nconfig = \"c.toml\"\nname = \"wide\"\nseeds = [42, "
        "7]\n"
        "[[run]]\nconfig = \"c.toml\"\nset = [\"moe.top_k=1\"]\n"};
    fuzz("batch", seeds, [&](const std::string& bytes, Mutator&) -> std::string {
        test::put_bytes(path, bytes);
        const auto runs = lab::read_batch_file(path, {});
        if (!runs) return fault_of(runs, "toml");
        for (const lab::BatchRun& run : *runs)
            if (run.name.empty() || run.name.find('/') != std::string::npos)
                return "a run named \"" + run.name + "\"";
        return "";
    });
}

std::vector<std::string> command_lines() {
    std::vector<std::string> out = {
        R"({"command": "steer", "layer": 1, "expert": [3, 21], "lambda": 1.0, "from_step": 3})",
        R"({"command": "suppress", "layer": 1, "expert": 7, "neighbours": 10, "hops": [0, 1]})",
        R"({"command": "surgery", "layer": 1, "expert": 7, "with": "random", "tokens": [3, 9]})",
        R"({"command": "move_centroid", "layer": 1, "expert": 2, "to": [0.5, -0.5]})",
        R"({"command": "freeze", "what": "experts", "layer": 2, "experts": [5]})",
        R"({"command": "halt", "max_hops": [1, 2]})",
        R"({"command": "halt", "epsilon": 0.05, "layers": [0]})",
        R"({"command": "set", "key": "lr", "value": 0.0001, "from_step": 800})",
        R"({"command": "step", "count": 10})",
        R"({"command": "clear", "name": "steer"})",
        R"({"command": "fork", "with": "{\"command\": \"freeze\", \"what\": \"routing\"}"})"};
    std::istringstream events(saved_format("run/events.jsonl"));
    for (std::string line; std::getline(events, line);) out.push_back(line);
    return out;
}

TEST(FuzzCommands, Lines) {
    fuzz("commands", command_lines(), [](const std::string& bytes, Mutator&) -> std::string {
        const auto command = parse_command(bytes);
        if (!command) return fault_of(command, "");
        const auto again = parse_command(to_json(*command));
        if (!again) return to_json(*command) + " does not read back: " + again.error().message;
        if (!(*again == *command)) return to_json(*command) + " reads back as another one";
        unavailable(*command, Domain::live);
        unavailable(*command, Domain::inference);
        plain_text(*command);
        to_json(without_value(*command));
        to_json(scaled({*command}, 0.5).front());
        return "";
    });
}

TEST(FuzzCommands, LinesOfALog) {
    fuzz("training commands", command_lines(), [](const std::string& bytes, Mutator&) {
        const auto command = parse_training_command(bytes);
        if (!command) return fault_of(command, "");
        const auto again = parse_training_command(to_json(*command));
        return again && *again == *command ? "" : to_json(*command) + " does not read back";
    });
}

TEST(FuzzNames, Lists) {
    const std::vector<std::string> known = {"load", "jaccard", "hop_divergence", "echo"};
    fuzz("names", {"load,jaccard", "echo", "all"}, [&](const std::string& bytes, Mutator&) {
        suggestion(bytes, known);
        return fault_of(chosen_names("--what", bytes, known), "--what");
    });
}

}  // namespace
}  // namespace hopscope::core::fuzz
