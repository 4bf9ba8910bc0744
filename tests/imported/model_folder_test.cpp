// Wrong if a folder that is whole is refused, one that is not is believed, or anything in it is
// opened that nobody asked for.
#include "core/imported/model_folder.h"

#include <gtest/gtest.h>

#include "core/imported/model_layout.h"
#include "core/imported/router_tensors.h"
#include "core/imported/tensor_values.h"
#include "tests/imported/tiny_model.h"

namespace hopscope::core {
namespace {

using test::bytes_of;
using test::lacks;
using test::put_bytes;
using test::TempFolder;
using test::TinyModel;

namespace fs = std::filesystem;

TinyModel mixtral() {
    TinyModel model;
    model.add_routers(2, "block_sparse_moe.gate.weight");
    model.add("model.embed_tokens.weight", {5, 3});
    model.add("lm_head.weight", {5, 3});
    return model;
}

const std::string kGate = "model.layers.1.block_sparse_moe.gate.weight";

TEST(ModelFolder, OneFileOrSeveralHoldTheSame) {
    for (const size_t files : {1, 3}) {
        TinyModel model = mixtral();
        const auto opened = ModelFolder::open(model.save(files) + "/");
        ASSERT_TRUE(opened) << opened.error().message;
        EXPECT_EQ(opened->dir(), model.dir());
        EXPECT_EQ(opened->files().size(), files);
        EXPECT_EQ(opened->tensors().size(), 4u);
        ASSERT_NE(opened->find(kGate), nullptr);
        EXPECT_EQ(*opened->values(*opened->find(kGate)), model.values(kGate));
        EXPECT_EQ(opened->find("model.norm.weight"), nullptr);
        EXPECT_EQ(opened->model_types(), (std::vector<std::string>{"mixtral"}));
    }
}

TEST(ModelFolder, TheLanguageModelOfSeveralIsTaken) {
    TinyModel model = mixtral();
    model.config = {{"model_type", "some_vl"},
                    {"auto_map", {{"AutoModel", "code.Model"}}},
                    {"text_config", {{"model_type", "llama4_text"}, {"hidden_size", 7}}}};
    const auto opened = ModelFolder::open(model.save());
    ASSERT_TRUE(opened) << opened.error().message;
    EXPECT_EQ(opened->model_types(), (std::vector<std::string>{"llama4", "some_vl"}));
    EXPECT_EQ(opened->config().at("hidden_size"), 7);
    ASSERT_EQ(opened->notes().size(), 1u);
    EXPECT_NE(opened->notes()[0].find("auto_map"), std::string::npos);
}

TEST(ModelFolder, WhatIsThereInPlaceOfWeightsIsNamed) {
    const TempFolder folder;
    const auto refused = [&](const std::string& name) {
        fs::remove_all(folder / "m");
        folder.write("m/config.json", R"({"model_type": "mixtral"})");
        folder.write("m/" + name, "x");
        return ModelFolder::open(folder / "m");
    };
    EXPECT_EQ(lacks(refused("pytorch_model.bin"), {"pickle", "pytorch_model.bin", "convert"}), "");
    EXPECT_EQ(lacks(refused("consolidated.00.pth"), {"pickle", "consolidated.00.pth"}), "");
    EXPECT_EQ(lacks(refused("q4.gguf"), {"GGUF", "q4.gguf", "not supported"}), "");
    EXPECT_EQ(lacks(refused("a.safetensors"), {"a.safetensors", "index"}), "");
    EXPECT_EQ(lacks(refused("README.md"), {"no weights", "model.safetensors"}), "");
    EXPECT_EQ(lacks(ModelFolder::open(folder / "m/config.json"), {"config.json", "folder"}), "");
    EXPECT_EQ(lacks(ModelFolder::open(folder / "none"), {"no such folder"}), "");
}

TEST(ModelFolder, ConfigurationsThatAreNoneAreRefused) {
    TinyModel model = mixtral();
    model.save();
    const auto with = [&](const std::string& text) {
        put_bytes(model / "config.json", text);
        return ModelFolder::open(model.dir());
    };
    EXPECT_EQ(lacks(with("{"), {"config.json"}), "");
    EXPECT_EQ(lacks(with("[]"), {"config.json", "object"}), "");
    EXPECT_EQ(lacks(with("{}"), {"config.json", "model_type"}), "");
    EXPECT_EQ(lacks(with(R"({"model_type": 3})"), {"config.json", "model_type"}), "");
    EXPECT_EQ(lacks(with("version https://git-lfs.github.com/spec/v1\noid x\n"),
                    {"config.json", "Git LFS"}),
              "");
    fs::remove(model / "config.json");
    EXPECT_EQ(lacks(ModelFolder::open(model.dir()), {"config.json is missing"}), "");
}

TEST(ModelFolder, DamagedShardsAreNamed) {
    TinyModel model = mixtral();
    model.save(2);
    const std::string name = TinyModel::file_name(1, 2), shard = model / name;
    const std::string whole = bytes_of(shard);
    const auto opened = [&] { return ModelFolder::open(model.dir()); };
    put_bytes(shard, whole.substr(0, whole.size() - 1));
    EXPECT_EQ(lacks(opened(), {name, "fetch it again"}), "");
    put_bytes(shard, whole.substr(0, 20));
    EXPECT_EQ(lacks(opened(), {name, "fetch it again"}), "");
    put_bytes(shard,
              "version https://git-lfs.github.com/spec/v1\noid sha256:0123\nsize 4976698592\n");
    EXPECT_EQ(lacks(opened(), {name, "Git LFS", "git lfs pull"}), "");
    fs::remove(shard);
    EXPECT_EQ(lacks(opened(), {name, "missing"}), "");
    put_bytes(shard, whole);
    EXPECT_TRUE(opened());
}

TEST(ModelFolder, AnIndexMustKeepItsPromises) {
    TinyModel model = mixtral();
    model.save(2);
    const std::string path = model / "model.safetensors.index.json";
    const auto with = [&](const std::string& tensor, const std::string& file) {
        auto index = OrderedJson::parse(bytes_of(path));
        const std::string before = index.dump();
        index["weight_map"][tensor] = file;
        put_bytes(path, index.dump());
        auto opened = ModelFolder::open(model.dir());
        put_bytes(path, before);
        return opened;
    };
    EXPECT_EQ(lacks(with("model.layers.9.mlp.gate.weight", TinyModel::file_name(0, 2)),
                    {"index", "model.layers.9.mlp.gate.weight", "does not hold it"}),
              "");
    for (const char* file : {"../m/config.json", "/etc/passwd", "..", ".", ""})
        EXPECT_EQ(lacks(with("x", file), {"index", "same folder"}), "") << file;
    put_bytes(path, R"({"metadata": {}})");
    EXPECT_EQ(lacks(ModelFolder::open(model.dir()), {"index", "weight_map"}), "");
    put_bytes(path, R"({"weight_map": {}})");
    EXPECT_EQ(lacks(ModelFolder::open(model.dir()), {"index", "names no tensor"}), "");
    put_bytes(path, R"({"weight_map": {"a": 3}})");
    EXPECT_EQ(lacks(ModelFolder::open(model.dir()), {"index", "weight_map"}), "");
}

/// A safetensors file of one tensor, whatever its header says.
std::string file_of(const std::string& dtype, const std::string& shape, size_t bytes) {
    const std::string header = R"({"t":{"dtype":")" + dtype + R"(","shape":)" + shape +
                               R"(,"data_offsets":[0,)" + std::to_string(bytes) + "]}}";
    std::string out(8, '\0');
    out[0] = static_cast<char>(header.size());
    return out + header + std::string(bytes, 'x');
}

TEST(ModelFolder, DtypesThatAreNotKnownAreRefusedOnlyWhereTheyAreAskedFor) {
    TinyModel model = mixtral();
    model.save();
    put_bytes(model / "model.safetensors", file_of("F8_E8M0", "[4,3]", 12));
    const auto opened = ModelFolder::open(model.dir());
    ASSERT_TRUE(opened) << opened.error().message;
    EXPECT_EQ(lacks(opened->values(*opened->find("t")), {"m", "F8_E8M0 [4, 3]", "BF16"}), "");
}

TEST(ModelFolder, AShapeThatIsLargerThanItsFileIsRefusedUnopened) {
    TinyModel model = mixtral();
    model.save();
    for (const char* shape : {"[4611686018427387904,3]", "[1099511627776,1099511627776]"}) {
        put_bytes(model / "model.safetensors", file_of("F32", shape, 12));
        EXPECT_EQ(lacks(ModelFolder::open(model.dir()), {"model.safetensors", "tensor \"t\""}), "");
    }
}

TEST(ModelFolder, AFileThatIsCutWhileItIsOpenIsAnErrorOfItsOwn) {
    TinyModel model;
    model.config["hidden_size"] = 4096;
    model.add_routers(2, "block_sparse_moe.gate.weight", 4, 4096);  // of several pages
    model.save();
    const auto opened = ModelFolder::open(model.dir());
    const auto layout = layout_of(*opened);
    const auto& router = layout->layers[1].routers[0];
    ASSERT_TRUE(read_router(*opened, *layout, router));
    fs::resize_file(model / "model.safetensors", 600);
    const std::vector<std::string> said = {"model.safetensors", router.weight, "fetch it again"};
    EXPECT_EQ(lacks(read_router(*opened, *layout, router), said), "");
    fs::remove(model / "model.safetensors");
    EXPECT_EQ(lacks(read_router(*opened, *layout, router), {"model.safetensors", "no such file"}),
              "");
    // Another file of that name is not what the header spoke of.
    model.add("lm_head.weight", {7, 4096});
    model.save();
    EXPECT_EQ(lacks(read_router(*opened, *layout, router),
                    {"model.safetensors", "replaced or written while it was read"}),
              "");
}

TEST(ModelFolder, IsToldFromOtherFolders) {
    TinyModel model = mixtral();
    EXPECT_TRUE(is_model_folder(model.save()));
    EXPECT_TRUE(is_model_folder(model.save(2)));
    const auto looks = [](const std::vector<std::pair<const char*, const char*>>& files) {
        const TempFolder folder;
        for (const auto& [name, text] : files) folder.write(std::string("x/") + name, text);
        return is_model_folder(folder / "x");
    };
    const char* config = R"({"model_type": "mixtral"})";
    EXPECT_TRUE(looks({{"config.json", config}}));
    EXPECT_TRUE(looks({{"config.json", R"({"text_config": {"model_type": "llama4_text"}})"}}));
    EXPECT_TRUE(looks({{"model-00001-of-00002.safetensors", ""}}));
    EXPECT_TRUE(looks({{"model.safetensors.index.json", ""}, {"config.json", "{"}}));
    EXPECT_TRUE(looks({{"pytorch_model.bin", ""}}));
    EXPECT_TRUE(looks({{"pytorch_model-00001-of-00002.bin", ""}}));
    EXPECT_TRUE(looks({{"consolidated.00.pth", ""}}));
    // Other programs have such files, too.
    EXPECT_FALSE(looks({{"config.json", R"({"port": 80})"}}));
    EXPECT_FALSE(looks({{"config.json", "{"}}));
    EXPECT_FALSE(looks({{"tokenizer_config.json", config}}));
    EXPECT_FALSE(looks({{"train.bin", ""}, {"valid.bin", ""}}));
    EXPECT_FALSE(looks({{"optimizer.pt", ""}}));
    EXPECT_FALSE(looks({{"routing.safetensors", ""}}));
    const TempFolder folder;
    EXPECT_FALSE(is_model_folder(folder.path()));
    folder.write("weights.gguf", "");
    folder.write("README.md", "");
    EXPECT_TRUE(is_model_folder(folder.path()));
    EXPECT_EQ(lacks(ModelFolder::open(folder.path()), {"GGUF", "weights.gguf", "not supported"}),
              "");
    folder.write("run.json", "{}");
    EXPECT_FALSE(is_model_folder(folder.path()));
    EXPECT_FALSE(is_model_folder(folder / "none"));
}

TEST(TensorValues, AllFloatsBecomeFp32) {
    const auto values = [](const char* dtype, const std::string& bytes) {
        const size_t size = dtype_bytes(dtype);
        const TensorView view{
            "t", dtype, {static_cast<int64_t>(bytes.size() / size)}, bytes.data(), bytes.size()};
        return *float_values(view, "f");
    };
    using Floats = std::vector<float>;
    EXPECT_EQ(values("BF16", std::string("\x80\x3f\x20\xc0", 4)), (Floats{1, -2.5f}));
    EXPECT_EQ(values("F16", std::string("\x00\x3c\x00\xc1", 4)), (Floats{1, -2.5f}));
    EXPECT_EQ(values("F64", std::string("\0\0\0\0\0\0\x04\xc0", 8)), (Floats{-2.5f}));
    // E4M3: 1.0 = 0 0111 000; −2.5 = 1 1000 010; largest 448; smallest 2^-9; E5M2 likewise.
    EXPECT_EQ(values("F8_E4M3", "\x38\xc2\x7e\x01"), (Floats{1, -2.5f, 448, 0.001953125f}));
    EXPECT_TRUE(std::isnan(values("F8_E4M3", "\x7f")[0]));
    EXPECT_EQ(values("F8_E5M2", "\x3c\xc1\x7b"), (Floats{1, -2.5f, 57344}));
}

TEST(TensorValues, WholeNumbersOfAnyWidth) {
    const int64_t large[] = {3, int64_t{1} << 40};
    const TensorView view{"t", "I64", {2}, large, sizeof large};
    EXPECT_EQ(lacks(integer_values(view, "f"), {"tensor \"t\"", "32 bits"}), "");
    const TensorView first{"t", "I64", {1}, large, 8};
    EXPECT_EQ(*integer_values(first, "f"), std::vector<int32_t>{3});
    const uint8_t small[] = {255, 1};
    EXPECT_EQ(*integer_values({"t", "U8", {2}, small, 2}, "f"), (std::vector<int32_t>{255, 1}));
    EXPECT_EQ(lacks(integer_values({"t", "F32", {2}, large, 8}, "f"), {"F32 [2]", "I64"}), "");
}

}  // namespace
}  // namespace hopscope::core
