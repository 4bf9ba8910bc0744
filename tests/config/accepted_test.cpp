// Every word of docs/formats.md#configuration is taken, and every key and word that is taken stands
// there.
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <sstream>

#include "core/api/config_keys.h"
#include "core/api/config_values.h"
#include "core/config/parse.h"
#include "core/config/write.h"

namespace hopscope::core {
namespace {

std::string page_of(const char* name) {
    std::ifstream file(std::string(HOPSCOPE_DOCS "/") + name);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// The block of TOML below the heading.
std::string documented() {
    const std::string page = page_of("formats.md");
    const size_t begin = page.find("```toml\n", page.find("\n## Configuration\n"));
    return page.substr(begin + 8, page.find("\n```", begin) - begin - 7);
}

/// The line of a key, comment included; "" if there is none.
std::string line_of(const Key& key, const std::string& toml) {
    std::istringstream lines(toml);
    std::string table;
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with('[')) table = line.substr(1, line.find(']') - 1);
        if (table == key.table() && line.starts_with(std::string(key.leaf()) + " = ")) return line;
    }
    return "";
}

/// What a key chooses from; none where it is no choice between words.
Words words_of_key(const Key& key) {
    static const Config defaults;
    const FieldView field = key.read(defaults);
    if (const auto* one = std::get_if<WordView>(&field)) return one->words;
    if (const auto* some = std::get_if<WordListView>(&field)) return some->words;
    return {};
}

// Fails if a key or a word that users may write is told nowhere, or another default.
TEST(Documented, EveryKeyWithItsDefaultAndItsWords) {
    const std::string toml = documented();
    const auto read = parse_config(toml, "formats.md");
    ASSERT_TRUE(read.ok()) << read.error().message;
    EXPECT_EQ(to_toml(*read), to_toml(Config()));
    const std::string faults = page_of("development.md");
    for (const Key& key : config_keys()) {
        if (key.table() == "debug") {
            const std::string row = "\n| `" + std::string(key.leaf()) + "` | ";
            EXPECT_NE(faults.find(row), std::string::npos) << key.name;
            continue;
        }
        const std::string line = line_of(key, toml);
        EXPECT_NE(line, "") << key.name;
        for (const std::string_view word : words_of_key(key)) {
            const bool flag = key.allowed.flag_too && (word == "true" || word == "false");
            const std::string written = flag ? std::string(word) : toml_text(word);
            EXPECT_NE(line.find(written), std::string::npos) << key.name << ": " << word;
        }
    }
}

// Fails if a value that users may write is refused.
TEST(Accepted, EveryWordOfTheContract) {
    for (const char* assignment : {"model.ffn=dense",
                                   "moe.expert_rank=4",
                                   "moe.projection=per_hop",
                                   "moe.projection=identity",
                                   "moe.balance=none",
                                   "moe.reroute=frozen",
                                   "moe.learn_tau=true",
                                   "moe.output_scale=global",
                                   "moe.output_scale=per_layer",
                                   "moe.returns=state",
                                   "moe.renormalise=false",
                                   "moe.top_k=1",
                                   "moe.legacy_param_count=true",
                                   "moe.hops=[1,2,3,4]",
                                   "train.decay=all",
                                   "train.precision=bf16",
                                   "train.curriculum=[[0,1]]",
                                   "data.train=a.txt",
                                   "moe.expert=static",
                                   "moe.expert=swiglu",
                                   "moe.router=linear",
                                   "moe.router=hash",
                                   "moe.router=random_fixed",
                                   "moe.router=kmeans",
                                   "moe.pools=unrolled",
                                   "moe.score=sigmoid",
                                   "moe.balance=loss_free",
                                   "moe.balance=sequence",
                                   "moe.reroute=kinematic",
                                   "moe.reroute=hybrid",
                                   "moe.composition=grouped_silu",
                                   "moe.composition=cross_gated",
                                   "moe.shared_expert=8",
                                   "moe.z_loss=0.1",
                                   "data.pack=document"}) {
        const auto config = parse_config("", "x.toml", {assignment});
        EXPECT_TRUE(config.ok()) << assignment << ": " << config.error().message;
    }
}

}  // namespace
}  // namespace hopscope::core
