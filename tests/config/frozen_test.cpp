// What a configuration is in files must not change with the program: its words, its hash (runs are
// compared by it), the sentences about what is allowed. The values here were written by the program
// before kinds became enums.
#include <cstdio>
#include <gtest/gtest.h>
#include <string>

#include "core/api/config_keys.h"
#include "core/config/check.h"
#include "core/config/parse.h"
#include "core/config/write.h"

namespace hopscope::core {
namespace {

struct Frozen {
    const char* preset;
    const char* config_hash;
    const char* toml;  ///< FNV-1a, 64 bits, of the canonical TOML without comments
};

const Frozen kPresets[] = {
    {"balancing/kmeans", "49a1678f4a9cae2a", "e6c69f6a77486d15"},
    {"balancing/loss_free", "6dad936139994c11", "2a1fbbd16fbc5010"},
    {"balancing/loss_free_sequence", "b842f65094658f97", "eb3a029c4565db6c"},
    {"balancing/swiglu_shared", "e5407cc365ad1c65", "ab0c24bfb73e38a2"},
    {"balancing/z_loss", "83973570af3802a0", "4717e5e97a3ecbaf"},
    {"cpu_small", "496fd30d2be3297d", "6edaee10d5664d4a"},
    {"first_look", "5af457596fded148", "9eefb5b44b16d2bb"},
    {"order", "bd1b45cefe0e6395", "58f6b0b9dcfba8d9"},
    {"paper/active_compute_m4096", "fb6a9d63caf04c03", "30db223eb0be1648"},
    {"paper/asymmetric", "88605e69cd1b5920", "caa79b7e5b598f21"},
    {"paper/bigger_experts", "ad5134a651565964", "a566e8878485c5d7"},
    {"paper/composition_cross_gated", "952949e2ada8a843", "0e583f55bae591e0"},
    {"paper/composition_grouped_gated", "1fd35531d5d28025", "3e9ae7aeb20e5e72"},
    {"paper/composition_grouped_silu", "6d97178df38193fb", "4da06a6c27b03e30"},
    {"paper/cosine_d341", "bf55f917da8b0b87", "170d1ba2669697dc"},
    {"paper/cosine_d512", "78ffecd6064ed54a", "0b0198ad7f3ed145"},
    {"paper/decoupled", "dffa036bbf7d6953", "bbc6a15e1ee1ff7a"},
    {"paper/deep_3x4", "9cac2711d4be2826", "35424a3a37df0959"},
    {"paper/dense_iso_flop", "7b37c902ae24637b", "c0cb19075f5fd310"},
    {"paper/dense_iso_param", "374d947e4475913a", "d9655e6822d6a98f"},
    {"paper/dense_iso_param_live", "d5be69e38002a959", "83ad144655756fee"},
    {"paper/hash", "10e83b059a07099d", "d00d8ebe9459188e"},
    {"paper/hash_token", "689611398e55addf", "2436b34a97cb3a0e"},
    {"paper/kxtau_k12_tau15", "f9a0e878dccb7f76", "b9622fa0f2936ed5"},
    {"paper/kxtau_k12_tau30", "ced1e6712a394587", "6adc8c83acc92f5c"},
    {"paper/kxtau_k24_learned", "755901f068daec01", "f392ef860aba8cde"},
    {"paper/kxtau_k24_tau15", "f6a9d90a21f089a5", "864248321c056c72"},
    {"paper/kxtau_k24_tau30", "4245b2f9e598cdcc", "b68e56e870250583"},
    {"paper/kxtau_k48_tau10", "38f4087fe0ab4750", "f21f675de3eecfaf"},
    {"paper/kxtau_k48_tau30", "8f40054b6030463e", "7fb93a521fe50fb1"},
    {"paper/kxtau_k4_tau30", "3ec1e0a00393bc7c", "ed32e515ae67f71b"},
    {"paper/kxtau_k6_tau30", "67c89f2d3164a386", "8f7dab5779af1311"},
    {"paper/kxtau_k8_tau30", "478dbeb060b0c388", "634cceb0583bfaaf"},
    {"paper/large_deep_3x4", "35e47b35fe345670", "3bb765cdbb1215a6"},
    {"paper/large_static_deep_3x4", "d0ff56309fd70bbc", "3894fb12d67c1e02"},
    {"paper/large_static_wide_1x12", "4a4ef61b06a11539", "047b29e760053489"},
    {"paper/large_wide_1x12", "367764f6698a92a1", "e730c72502d4a001"},
    {"paper/linear", "aa32686de2fb13a6", "2d7f4dbd4d7ee289"},
    {"paper/magnitude", "57d2b9ccd6b9db0e", "d6e70a524da2a7dd"},
    {"paper/random_fixed", "b1b8f85fe9da7fcf", "40ceaf6916f4d848"},
    {"paper/rank16_deep", "06e199177fe28b18", "055e551fa918c76b"},
    {"paper/rank16_wide", "465648c23cbe2e79", "b9a14fe88e147f1a"},
    {"paper/small_curriculum", "92b9e4d72c2c3ec2", "17d4058f08aa4a14"},
    {"paper/small_deep_3x4", "ef41a9aef0cfdfd6", "146da43a063ccf00"},
    {"paper/small_dense_12", "c312949cfed1770a", "948d9bb44b4f5c3e"},
    {"paper/small_dense_48", "bed7df6d5fdd8edd", "75e75ee2a6902741"},
    {"paper/small_frozen", "921dcf581c90f748", "b89a5bbc1923b3be"},
    {"paper/small_granular_deep", "5355759ffaa0720a", "8b0f809c25d0f93c"},
    {"paper/small_granular_wide", "e50b554bc2f39b6b", "974e2238481592cb"},
    {"paper/small_hybrid", "80412c42406871e9", "28c4494c10a8e517"},
    {"paper/small_hybrid_reroute", "20c48665072221b4", "0774339da23d415e"},
    {"paper/small_kinematic", "7d7b55c6f5da278f", "b01d375819578ba9"},
    {"paper/small_macro_deep", "c5e476a7e840b1f7", "5e71ef1a2c31b7ed"},
    {"paper/small_macro_wide", "120058ccd1a65709", "119ee28c112cba03"},
    {"paper/small_model_space", "4a633ee2cfab1d9a", "6f36f0b053c13eb0"},
    {"paper/small_static_deep_3x4", "46919b4cef15174f", "3378e404956ed13f"},
    {"paper/small_static_wide_1x12", "795af2651849ed08", "348951b3ea6506fa"},
    {"paper/small_unrolled", "ea07b96ccf6c49d6", "7225d90e5b8b7124"},
    {"paper/small_wide_1x12", "a5b16541b96a14b7", "7466610b4d41509f"},
    {"paper/top1", "6a5a1d38aafbd5d6", "679c39eb36ee1dc1"},
    {"paper/wide_1x12", "ced1e6712a394587", "6adc8c83acc92f5c"},
};

std::string without_comments(const std::string& toml) {
    std::string out;
    for (size_t begin = 0; begin < toml.size();) {
        const size_t end = toml.find('\n', begin);
        const std::string line = toml.substr(begin, end - begin);
        out += line.substr(0, line.find("  # ")) + '\n';
        begin = end + 1;
    }
    return out;
}

std::string fnv(const std::string& text) {
    uint64_t hash = 0xcbf29ce484222325ull;
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ull;
    char out[17];
    std::snprintf(out, sizeof out, "%016llx", static_cast<unsigned long long>(hash));
    return out;
}

std::string path_of(const std::string& preset) {
    return std::string(HOPSCOPE_CONFIGS) + "/" + preset + ".toml";
}

// Wrong if a run of an earlier program is no longer the same experiment.
TEST(FrozenPresets, KeepTheirHashAndTheirText) {
    for (const Frozen& frozen : kPresets) {
        const auto config = load_config(path_of(frozen.preset));
        ASSERT_TRUE(config.ok()) << config.error().message;
        EXPECT_EQ(config_hash(*config), frozen.config_hash) << frozen.preset;
        EXPECT_EQ(fnv(without_comments(to_toml(*config))), frozen.toml) << frozen.preset << "\n"
                                                                        << to_toml(*config);
        const auto again = parse_config(to_toml(*config), "again");
        ASSERT_TRUE(again.ok()) << again.error().message;
        EXPECT_EQ(*again, *config) << frozen.preset;
    }
}

// Wrong if a run that asks for no fault has a word of it in its files, or another hash than before.
TEST(FrozenDebug, ATableAtItsDefaultsIsNotThere) {
    const auto path = path_of("first_look");
    const auto plain = load_config(path);
    const auto said = load_config(path, {"debug.kill_at=", "debug.nan_at_step=-1"});
    ASSERT_TRUE(plain.ok() && said.ok());
    EXPECT_EQ(to_toml(*said), to_toml(*plain));
    EXPECT_EQ(to_toml(*plain).find("debug"), std::string::npos);
    EXPECT_TRUE(check_debug(*said, /*allowed=*/false, "F").ok());

    // What resume may change tells no experiments apart; another form of the operators does.
    const auto killed = load_config(path, {"debug.kill_at=checkpoint.rename:2"});
    const auto reference = load_config(path, {"debug.reference_kernels=true"});
    ASSERT_TRUE(killed.ok() && reference.ok());
    EXPECT_EQ(config_hash(*killed), config_hash(*plain));
    EXPECT_NE(config_hash(*reference), config_hash(*plain));
    EXPECT_EQ(differing_keys(*plain, *killed, /*resumable=*/true), std::vector<std::string>());
    EXPECT_EQ(*parse_config(to_toml(*killed), "again"), *killed);
    EXPECT_NE(to_toml(*killed).find("\n[debug]\nkill_at = \"checkpoint.rename:2\""),
              std::string::npos);
    EXPECT_EQ(check_debug(*reference, /*allowed=*/false, "F").error().message,
              "F: debug.reference_kernels: found true, allowed only with --allow-debug: it forces "
              "a fault or a rare path, for tests");
    EXPECT_TRUE(check_debug(*reference, /*allowed=*/true, "F").ok());
    for (const char* wrong : {"checkpoint", "checkpoint.rename:0", "checkpoint.rename:",
                              "checkpoint.rename:x", "checkpoint.rename:2 "}) {
        const auto refused =
            parse_config("", "x", {std::string("debug.kill_at=\"") + wrong + "\""});
        ASSERT_FALSE(refused.ok()) << wrong;
        EXPECT_NE(refused.error().message.find("checkpoint.rename | "), std::string::npos)
            << refused.error().message;
    }
}

struct Refused {
    const char* assignment;
    const char* sentence;  ///< after "--set ASSIGNMENT: "
};

const Refused kRefused[] = {
    {"model.ffn=x", "model.ffn: found \"x\", allowed \"moe\" | \"dense\"; did you mean \"moe\"?"},
    {"moe.expert=mpl",
     "moe.expert: found \"mpl\", allowed \"mlp\" | \"static\" | \"swiglu\"; did you mean \"mlp\"?"},
    {"moe.pools=x",
     "moe.pools: found \"x\", allowed \"shared\" | \"unrolled\"; did you mean \"shared\"?"},
    {"moe.hash_key=x",
     "moe.hash_key: found \"x\", allowed \"position\" | \"token\"; did you mean \"token\"?"},
    {"moe.score=x",
     "moe.score: found \"x\", allowed \"softmax\" | \"sigmoid\" | \"relu\"; did you mean "
     "\"relu\"?"},
    {"moe.balance=x",
     "moe.balance: found \"x\", allowed \"switch\" | \"none\" | \"loss_free\" | \"sequence\" | "
     "\"loss_free_sequence\"; did you mean \"none\"?"},
    {"moe.kmeans=x",
     "moe.kmeans: found \"x\", allowed \"plain\" | \"spherical\" | \"spherical_2\"; did you mean "
     "\"plain\"?"},
    {"moe.kmeans_gating=x",
     "moe.kmeans_gating: found \"x\", allowed \"softmax\" | \"identity\"; did you mean "
     "\"softmax\"?"},
    {"moe.kmeans_space=x",
     "moe.kmeans_space: found \"x\", allowed \"routing\" | \"model\"; did you mean \"model\"?"},
    {"moe.projection=x",
     "moe.projection: found \"x\", allowed \"shared\" | \"per_hop\" | \"identity\"; did you mean "
     "\"shared\"?"},
    {"moe.reroute=x",
     "moe.reroute: found \"x\", allowed \"semantic\" | \"kinematic\" | \"hybrid\" | \"frozen\"; "
     "did you mean \"hybrid\"?"},
    {"moe.composition=x",
     "moe.composition: found \"x\", allowed \"sum\" | \"grouped_silu\" | \"grouped_gated\" | "
     "\"cross_gated\"; did you mean \"sum\"?"},
    {"moe.output_scale=x",
     "moe.output_scale: found \"x\", allowed \"none\" | \"global\" | \"per_layer\"; did you mean "
     "\"none\"?"},
    {"moe.returns=x",
     "moe.returns: found \"x\", allowed \"delta\" | \"state\"; did you mean \"delta\"?"},
    {"train.decay=x",
     "train.decay: found \"x\", allowed \"matrices\" | \"all\"; did you mean \"all\"?"},
    {"train.device=gpu",
     "train.device: found \"gpu\", allowed \"auto\" | \"cpu\" | \"cuda\"; did you mean \"cpu\"?"},
    {"train.precision=fp16",
     "train.precision: found \"fp16\", allowed \"auto\" | \"fp32\" | \"bf16\"; did you mean "
     "\"fp32\"?"},
    {"data.source=txt",
     "data.source: found \"txt\", allowed \"synthetic\" | \"text\"; did you mean \"text\"?"},
    {"data.pack=3",
     "data.pack: found \"3\", allowed \"stream\" | \"document\"; did you mean \"stream\"?"},
    {"moe.renormalise=tru",
     "moe.renormalise: found \"tru\", allowed true | false | \"auto\"; did you mean \"true\"?"},
    {"moe.renormalise=\"true\"",
     "moe.renormalise: found \"true\", allowed true | false | \"auto\""},
    {"moe.renormalise=1",
     "moe.renormalise: found \"1\", allowed true | false | \"auto\"; did you mean \"true\"?"},
    {"model.dropout_places=[\"attention\",\"attention\"]",
     "model.dropout_places: found [\"attention\", \"attention\"], allowed an array of distinct "
     "\"embedding\" | \"attention\" | \"residual\""},
    {"model.dropout_places=[\"attention\",\"embeding\"]",
     "model.dropout_places: found [\"attention\", \"embeding\"], allowed an array of distinct "
     "\"embedding\" | \"attention\" | \"residual\"; did you mean \"embedding\"?"},
    {"model.dropout_places=[1]",
     "model.dropout_places: found an array, allowed an array of distinct \"embedding\" | "
     "\"attention\" | \"residual\""},
    {"model.dropout_places=attention",
     "model.dropout_places: found attention, allowed an array of distinct \"embedding\" | "
     "\"attention\" | \"residual\""},
};

// Wrong if a word that is none is refused in other words, or another one is suggested.
TEST(FrozenWords, AreRefusedInTheSameSentence) {
    for (const Refused& refused : kRefused) {
        const auto config = parse_config("", "x.toml", {refused.assignment});
        ASSERT_FALSE(config.ok()) << refused.assignment;
        EXPECT_EQ(config.error().message,
                  std::string("--set ") + refused.assignment + ": " + refused.sentence);
    }
}

// Wrong if a router is not offered by its word.
TEST(FrozenWords, EveryRouterIsOffered) {
    std::string allowed;
    for (const std::string_view word : all_words<RouterKind>())
        allowed += (allowed.empty() ? "\"" : " | \"") + std::string(word) + "\"";
    EXPECT_EQ(
        allowed.rfind("\"cosine\" | \"linear\" | \"hash\" | \"random_fixed\" | \"kmeans\"", 0), 0u);
    EXPECT_EQ(parse_config("", "x.toml", {"moe.router=hsah"}).error().message,
              "--set moe.router=hsah: moe.router: found \"hsah\", allowed " + allowed +
                  "; did you mean \"hash\"?");
    EXPECT_EQ(parse_config("[moe]\nrouter = true\n", "x.toml").error().message,
              "x.toml:2: moe.router: found true, allowed " + allowed);
}

// Wrong if two kinds share a word, or a word does not read back as its kind.
TEST(Words, ReadBackAsTheirKind) {
    Config config;
    for (const Key& key : config_keys()) {
        const auto field = key.write(config);
        const auto* word = std::get_if<WordRef>(&field);
        if (!word) continue;
        EXPECT_GE(word->words().size(), 2u) << key.name;
        for (size_t i = 0; i < word->words().size(); ++i) {
            EXPECT_FALSE(word->words()[i].empty()) << key.name;
            EXPECT_EQ(place_of(word->words()[i], word->words()), i) << key.name;
            word->set(i);
            EXPECT_EQ(std::get<WordView>(key.read(config)).word(), word->words()[i]);
        }
    }
    EXPECT_EQ(word(ExpertKind::fixed), "static");
    EXPECT_EQ(word(Balance::switch_loss), "switch");
    EXPECT_EQ(word(RouterKind::random_fixed), "random_fixed");
    EXPECT_EQ(kind_of<Renormalise>("auto"), Renormalise::automatic);
    EXPECT_EQ(kind_of<Precision>("fp16"), std::nullopt);
}

}  // namespace
}  // namespace hopscope::core
