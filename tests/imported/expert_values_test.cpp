// Experts of published models in every form that their files have, from planted matrices: if these
// fail, an alignment is one of other numbers than the model's.
#include "core/imported/expert_values.h"

#include <cmath>
#include <cstring>
#include <filesystem>
#include <gtest/gtest.h>

#include "core/imported/model_layout.h"
#include "tests/imported/tiny_model.h"

namespace hopscope::core {
namespace {

using namespace test;

constexpr int64_t kPlantedExperts = 4, kPlantedInner = 5, kPlantedWidth = 3;

/// What hidden unit i of an expert reads or writes in direction d, told apart from all others.
float planted(const std::string& matrix, int64_t expert, int64_t i, int64_t d) {
    const float kind = matrix == "gate" ? 1000 : matrix == "up" ? 2000 : 3000;
    return kind + static_cast<float>(expert * 100 + i * 10 + d);
}

/// A tensor of `blocks` of `rows` × `columns`, number by number.
template <class At>
std::vector<float> filled(int64_t blocks, int64_t rows, int64_t columns, At at) {
    std::vector<float> out;
    for (int64_t b = 0; b < blocks; ++b)
        for (int64_t r = 0; r < rows; ++r)
            for (int64_t c = 0; c < columns; ++c) out.push_back(at(b, r, c));
    return out;
}

/// A tensor an expert, [inner, width] or, of what writes, [width, inner].
void add_split(TinyModel& model, const std::string& before, const std::string& gate,
               const std::string& up, const std::string& down) {
    for (int64_t e = 0; e < kPlantedExperts; ++e) {
        const std::string expert = before + std::to_string(e) + ".";
        for (const auto& [name, matrix] : {std::pair(gate, "gate"), {up, "up"}})
            model.add(expert + name + ".weight", {kPlantedInner, kPlantedWidth},
                      filled(1, kPlantedInner, kPlantedWidth,
                             [&, m = matrix](int64_t, int64_t i, int64_t d) {
                                 return planted(m, e, i, d);
                             }));
        model.add(expert + down + ".weight", {kPlantedWidth, kPlantedInner},
                  filled(1, kPlantedWidth, kPlantedInner,
                         [&](int64_t, int64_t d, int64_t i) { return planted("down", e, i, d); }));
    }
}

/// [experts, 2 · inner, width], gate before up, and [experts, width, inner].
void add_halves(TinyModel& model, const std::string& both, const std::string& down) {
    model.add(both, {kPlantedExperts, 2 * kPlantedInner, kPlantedWidth},
              filled(kPlantedExperts, 2 * kPlantedInner, kPlantedWidth,
                     [](int64_t e, int64_t i, int64_t d) {
                         return planted(i < kPlantedInner ? "gate" : "up", e, i % kPlantedInner, d);
                     }));
    model.add(down, {kPlantedExperts, kPlantedWidth, kPlantedInner},
              filled(kPlantedExperts, kPlantedWidth, kPlantedInner,
                     [](int64_t e, int64_t d, int64_t i) { return planted("down", e, i, d); }));
}

/// [experts, width, 2 · inner], taking turns or gate before up, and [experts, inner, width].
void add_columns(TinyModel& model, const std::string& before, bool in_turn) {
    model.add(before + "gate_up_proj", {kPlantedExperts, kPlantedWidth, 2 * kPlantedInner},
              filled(kPlantedExperts, kPlantedWidth, 2 * kPlantedInner,
                     [&](int64_t e, int64_t d, int64_t c) {
                         return in_turn ? planted(c % 2 == 0 ? "gate" : "up", e, c / 2, d)
                                        : planted(c < kPlantedInner ? "gate" : "up", e,
                                                  c % kPlantedInner, d);
                     }));
    model.add(before + "down_proj", {kPlantedExperts, kPlantedInner, kPlantedWidth},
              filled(kPlantedExperts, kPlantedInner, kPlantedWidth,
                     [](int64_t e, int64_t i, int64_t d) { return planted("down", e, i, d); }));
}

/// The layout of the first router's experts.
Result<ExpertLayout> experts_of(const std::string& dir, ModelFolder& model) {
    auto opened = ModelFolder::open(dir);
    if (!opened) return opened.error();
    model = *std::move(opened);
    const auto layout = layout_of(model);
    if (!layout) return layout.error();
    return expert_layout(model, *layout, layout->layers[0].routers.back());
}

/// Holds every matrix of a router against what was planted.
void expect_planted(const std::string& dir, const std::vector<std::string>& matrices) {
    ModelFolder model = *ModelFolder::open(dir);
    const auto layout = experts_of(dir, model);
    ASSERT_TRUE(layout) << layout.error().message;
    EXPECT_EQ(layout->inner, kPlantedInner);
    EXPECT_EQ(layout->width, kPlantedWidth);
    ASSERT_EQ(layout->matrices.size(), matrices.size());
    for (size_t m = 0; m < matrices.size(); ++m) {
        const ExpertMatrices& found = layout->matrices[m];
        EXPECT_EQ(found.name, matrices[m]);
        EXPECT_EQ(found.reads, matrices[m] != "down");
        for (int64_t e = 0; e < kPlantedExperts; ++e) {
            const auto values =
                expert_values(model, *layout, found.experts[static_cast<size_t>(e)]);
            ASSERT_TRUE(values) << values.error().message;
            EXPECT_EQ(*values, filled(1, kPlantedInner, kPlantedWidth,
                                      [&](int64_t, int64_t i, int64_t d) {
                                          return planted(found.name, e, i, d);
                                      }))
                << found.name << " of expert " << e;
        }
    }
}

struct FormCase {
    const char *family, *router;
    void (*add)(TinyModel& model, const std::string& layer);
};

const FormCase kForms[] = {
    {"mixtral", "block_sparse_moe.gate.weight",
     [](TinyModel& m, const std::string& l) {
         add_split(m, l + "block_sparse_moe.experts.", "w1", "w3", "w2");
     }},
    {"mixtral", "mlp.gate.weight",
     [](TinyModel& m, const std::string& l) {
         add_halves(m, l + "mlp.experts.gate_up_proj", l + "mlp.experts.down_proj");
     }},
    {"phimoe", "mlp.router.weight",
     [](TinyModel& m, const std::string& l) {
         add_halves(m, l + "mlp.experts.gate_up_proj", l + "mlp.experts.down_proj");
     }},
    {"minimax_m2", "block_sparse_moe.gate.weight",
     [](TinyModel& m, const std::string& l) {
         add_split(m, l + "block_sparse_moe.experts.", "w1", "w3", "w2");
     }},
    {"olmoe", "mlp.gate.weight",
     [](TinyModel& m, const std::string& l) {
         add_split(m, l + "mlp.experts.", "gate_proj", "up_proj", "down_proj");
     }},
    {"qwen3_moe", "mlp.gate.weight",
     [](TinyModel& m, const std::string& l) {
         add_halves(m, l + "mlp.experts.gate_up_proj", l + "mlp.experts.down_proj");
     }},
    {"flex_olmo", "mlp.gate.weight",
     [](TinyModel& m, const std::string& l) {
         add_split(m, l + "mlp.experts.", "gate_proj", "up_proj", "down_proj");
     }},
    {"gpt_oss", "mlp.router.weight",
     [](TinyModel& m, const std::string& l) { add_columns(m, l + "mlp.experts.", true); }},
    {"llama4", "feed_forward.router.weight",
     [](TinyModel& m, const std::string& l) {
         add_columns(m, l + "feed_forward.experts.", false);
     }},
    {"granitemoe", "block_sparse_moe.router.layer.weight",
     [](TinyModel& m, const std::string& l) {
         add_halves(m, l + "block_sparse_moe.input_linear.weight",
                    l + "block_sparse_moe.output_linear.weight");
     }},
    {"jetmoe", "mlp.router.layer.weight",
     [](TinyModel& m, const std::string& l) {
         add_halves(m, l + "mlp.input_linear.weight", l + "mlp.output_linear.weight");
     }},
};

TEST(ExpertValues, AreThePlantedOnesInEveryForm) {
    for (const FormCase& form : kForms)
        for (const size_t files : {1, 3}) {
            TinyModel model;
            model.config["model_type"] = form.family;
            model.add_routers(1, form.router);
            form.add(model, "model.layers.0.");
            SCOPED_TRACE(std::string(form.family) + " " + form.router);
            expect_planted(model.save(files), {"gate", "up", "down"});
        }
}

TEST(ExpertValues, EachFamilyOfTheTableHasAFormAndFindsIt) {
    for (const Family& family : families())
        for (const RouterNames& router : family.routers) {
            ASSERT_FALSE(router.experts.empty()) << family.model_type;
            for (const ExpertForm& form : router.experts) {
                EXPECT_EQ(form.gate.find("{}") == form.gate.npos,
                          form.gate.empty() || form.gate == form.up)
                    << family.model_type << ": gate and up of all experts lie in one tensor";
                EXPECT_EQ(form.up.find("{}") == form.up.npos,
                          form.down.find("{}") == form.down.npos)
                    << family.model_type;
            }
        }
}

TEST(ExpertValues, AttentionThatIsAMixtureReadsQueriesAndWritesOutputs) {
    TinyModel model;
    model.config["model_type"] = "jetmoe";
    const std::string pool = "model.layers.0.self_attention.experts.";
    model.add(pool + "router.layer.weight", {kPlantedExperts, kPlantedWidth});
    model.add(pool + "input_linear.weight", {kPlantedExperts, kPlantedInner, kPlantedWidth},
              filled(kPlantedExperts, kPlantedInner, kPlantedWidth,
                     [](int64_t e, int64_t i, int64_t d) { return planted("up", e, i, d); }));
    model.add(pool + "output_linear.weight", {kPlantedExperts, kPlantedWidth, kPlantedInner},
              filled(kPlantedExperts, kPlantedWidth, kPlantedInner,
                     [](int64_t e, int64_t d, int64_t i) { return planted("down", e, i, d); }));
    expect_planted(model.save(), {"up", "down"});
}

/// fp8 as OCP's E4M3 has it: sign, four bits of exponent (bias 7), three of mantissa; by its own
/// arithmetic.
double e4m3(int bits) {
    const int exponent = (bits & 0x78) >> 3, mantissa = bits & 7;
    const double size = exponent ? std::pow(2.0, exponent - 7) * (1 + mantissa / 8.0)
                                 : std::pow(2.0, -6) * (mantissa / 8.0);
    return bits >= 128 ? -size : size;
}

TEST(ExpertValues, Fp8IsMultipliedByTheScaleOfItsBlock) {
    // Blocks that end before the matrix does, in both directions.
    constexpr int64_t kUnits = 130, kReads = 257;
    TinyModel model;
    model.config["model_type"] = "deepseek_v3";
    model.add_routers(1, "mlp.gate.weight", 2, kReads);
    const auto byte = [](int64_t r, int64_t c) { return static_cast<int>((r * 31 + c * 7) % 127); };
    const auto scale = [](int64_t row, int64_t column) {
        return static_cast<float>(1 + row * 10 + column);
    };
    const auto add = [&](const std::string& name, int64_t rows, int64_t columns) {
        std::string bytes;
        std::vector<float> scales;
        for (int64_t r = 0; r < rows; ++r)
            for (int64_t c = 0; c < columns; ++c) bytes += static_cast<char>(byte(r, c));
        for (int64_t r = 0; r * 128 < rows; ++r)
            for (int64_t c = 0; c * 128 < columns; ++c) scales.push_back(scale(r, c));
        model.add_bytes(name, "F8_E4M3", {rows, columns}, bytes);
        model.add(name + "_scale_inv", {(rows + 127) / 128, (columns + 127) / 128}, scales);
    };
    for (const char* expert : {"0.", "1."}) {
        const std::string before = std::string("model.layers.0.mlp.experts.") + expert;
        add(before + "gate_proj.weight", kUnits, kReads);
        add(before + "up_proj.weight", kUnits, kReads);
        add(before + "down_proj.weight", kReads, kUnits);
    }
    ModelFolder folder = *ModelFolder::open(model.save(2));
    const auto layout = experts_of(model.dir(), folder);
    ASSERT_TRUE(layout) << layout.error().message;
    for (const size_t matrix : {0, 2}) {
        const auto values = *expert_values(folder, *layout, layout->matrices[matrix].experts[1]);
        ASSERT_EQ(values.size(), static_cast<size_t>(kUnits * kReads));
        for (int64_t i = 0; i < kUnits; ++i)
            for (int64_t d = 0; d < kReads; ++d) {
                const int64_t r = matrix == 0 ? i : d, c = matrix == 0 ? d : i;
                ASSERT_EQ(values[static_cast<size_t>(i * kReads + d)],
                          static_cast<float>(e4m3(byte(r, c)) *
                                             static_cast<double>(scale(r / 128, c / 128))))
                    << matrix << ": " << i << ", " << d;
            }
    }
}

TEST(ExpertValues, BlocksOfAnotherSizeAreThoseOfTheConfiguration) {
    TinyModel model;
    model.config["model_type"] = "olmoe";
    model.config["quantization_config"] = {{"weight_block_size", {2, 3}}};
    model.add_routers(1, "mlp.gate.weight", 2, 4);
    for (const char* expert : {"0.", "1."})
        for (const auto& [name, rows, columns] :
             {std::tuple("gate_proj", 3, 4), {"up_proj", 3, 4}, {"down_proj", 4, 3}}) {
            const std::string tensor =
                std::string("model.layers.0.mlp.experts.") + expert + name + ".weight";
            model.add_bytes(tensor, "F8_E5M2", {rows, columns}, std::string(12, '\x3c'));  // 1
            model.add(tensor + "_scale_inv", {2, columns == 4 ? 2 : 1},
                      columns == 4 ? std::vector<float>{1, 2, 3, 4} : std::vector<float>{5, 6});
        }
    ModelFolder folder = *ModelFolder::open(model.save());
    const auto layout = experts_of(model.dir(), folder);
    ASSERT_TRUE(layout) << layout.error().message;
    EXPECT_EQ(*expert_values(folder, *layout, layout->matrices[0].experts[0]),
              (std::vector<float>{1, 1, 1, 2, 1, 1, 1, 2, 3, 3, 3, 4}));
    EXPECT_EQ(*expert_values(folder, *layout, layout->matrices[2].experts[0]),
              (std::vector<float>{5, 5, 6, 6, 5, 5, 6, 6, 5, 5, 6, 6}));
    model.config["quantization_config"]["weight_block_size"] = {0, 3};
    EXPECT_EQ(lacks(experts_of(model.save(), folder),
                    {"config.json", "weight_block_size", "[0,3]", "two numbers"}),
              "");
}

TEST(ExpertValues, Fp8OfAllExpertsInOneTensorHasTheScalesOfEach) {
    TinyModel model;
    model.config["model_type"] = "qwen3_moe";
    model.config["quantization_config"] = {{"weight_block_size", {2, 2}}};
    model.add_routers(1, "mlp.gate.weight", 2, 3);
    const std::string both = "model.layers.0.mlp.experts.gate_up_proj",
                      down = "model.layers.0.mlp.experts.down_proj";
    model.add_bytes(both, "F8_E4M3", {2, 4, 3}, std::string(24, '\x38'));  // 1
    model.add(both + "_scale_inv", {2, 2, 2}, {1, 2, 3, 4, 5, 6, 7, 8});
    model.add_bytes(down, "F8_E4M3", {2, 3, 2}, std::string(12, '\x38'));
    model.add(down + "_scale_inv", {2, 2, 1}, {10, 20, 30, 40});
    ModelFolder folder = *ModelFolder::open(model.save());
    const auto layout = experts_of(model.dir(), folder);
    ASSERT_TRUE(layout) << layout.error().message;
    const auto of_second = [&](size_t matrix) {
        return *expert_values(folder, *layout, layout->matrices[matrix].experts[1]);
    };
    EXPECT_EQ(of_second(0), (std::vector<float>{5, 5, 6, 5, 5, 6}));
    EXPECT_EQ(of_second(1), (std::vector<float>{7, 7, 8, 7, 7, 8}));
    EXPECT_EQ(of_second(2), (std::vector<float>{30, 30, 40, 30, 30, 40}));
}

TEST(ExpertValues, PackedFp4IsLowHalfFirstTimesTwoToTheScale) {
    constexpr int64_t kUnits = 32, kReads = 64;
    const double numbers[] = {0, .5, 1, 1.5, 2, 3, 4, 6, -0., -.5, -1, -1.5, -2, -3, -4, -6};
    TinyModel model;
    model.config["model_type"] = "gpt_oss";
    model.add_routers(1, "mlp.router.weight", 2, kReads);
    // The code of number c of row r, and the scale of block b.
    const auto code = [](int64_t e, int64_t r, int64_t c) {
        return static_cast<int>((e * 5 + r * 3 + c * 7 + c / 16) % 16);
    };
    const auto scale = [](int64_t e, int64_t r, int64_t b) {
        return static_cast<int>(120 + (e + r + b * 3) % 12);
    };
    const auto add = [&](const std::string& name, int64_t rows, int64_t columns) {
        std::string blocks, scales;
        for (int64_t e = 0; e < 2; ++e)
            for (int64_t r = 0; r < rows; ++r) {
                for (int64_t c = 0; c < columns; c += 2)
                    blocks += static_cast<char>(code(e, r, c) | code(e, r, c + 1) << 4);
                for (int64_t b = 0; b < columns / 32; ++b)
                    scales += static_cast<char>(scale(e, r, b));
            }
        const std::string before = "model.layers.0.mlp.experts." + name;
        model.add_bytes(before + "_blocks", "U8", {2, rows, columns / 32, 16}, blocks);
        model.add_bytes(before + "_scales", "U8", {2, rows, columns / 32}, scales);
    };
    add("gate_up_proj", 2 * kUnits, kReads);
    add("down_proj", kReads, kUnits);
    ModelFolder folder = *ModelFolder::open(model.save());
    const auto layout = experts_of(model.dir(), folder);
    ASSERT_TRUE(layout) << layout.error().message;
    const auto at = [&](int64_t e, int64_t r, int64_t c) {
        return static_cast<float>(numbers[code(e, r, c)] *
                                  std::pow(2.0, scale(e, r, c / 32) - 127));
    };
    for (int64_t e = 0; e < 2; ++e)
        for (size_t matrix = 0; matrix < 3; ++matrix) {
            const auto values = *expert_values(
                folder, *layout, layout->matrices[matrix].experts[static_cast<size_t>(e)]);
            for (int64_t i = 0; i < kUnits; ++i)
                for (int64_t d = 0; d < kReads; ++d)
                    ASSERT_EQ(
                        values[static_cast<size_t>(i * kReads + d)],
                        matrix == 2 ? at(e, d, i) : at(e, 2 * i + static_cast<int64_t>(matrix), d))
                        << matrix << " of expert " << e << ": " << i << ", " << d;
        }
}

/// A matrix that is read in several pieces, of rows and of columns.
TEST(ExpertValues, MatricesLargerThanAPieceAreWhole) {
    constexpr int64_t kUnits = 700, kReads = 1800;  // 5 MB each
    for (const bool columns : {false, true}) {
        TinyModel model;
        model.config["model_type"] = columns ? "gpt_oss" : "qwen3_moe";
        model.add_routers(1, columns ? "mlp.router.weight" : "mlp.gate.weight", 2, kReads);
        const std::string before = "model.layers.0.mlp.experts.";
        const auto at = [](int64_t e, int64_t unit, int64_t d) {
            return static_cast<float>((e * 2 * kUnits + unit) * kReads + d);
        };
        model.add(before + "gate_up_proj",
                  columns ? std::vector<int64_t>{2, kReads, 2 * kUnits}
                          : std::vector<int64_t>{2, 2 * kUnits, kReads},
                  columns ? filled(2, kReads, 2 * kUnits,
                                   [&](int64_t e, int64_t d, int64_t u) { return at(e, u, d); })
                          : filled(2, 2 * kUnits, kReads, at));
        model.add(before + "down_proj", columns ? std::vector<int64_t>{2, kUnits, kReads}
                                                : std::vector<int64_t>{2, kReads, kUnits});
        ModelFolder folder = *ModelFolder::open(model.save());
        const auto layout = experts_of(model.dir(), folder);
        ASSERT_TRUE(layout) << layout.error().message;
        const auto up = *expert_values(folder, *layout, layout->matrices[1].experts[1]);
        for (int64_t i = 0; i < kUnits; ++i)
            for (int64_t d = 0; d < kReads; ++d)
                ASSERT_EQ(up[static_cast<size_t>(i * kReads + d)],
                          at(1, columns ? 2 * i + 1 : kUnits + i, d))
                    << i << ", " << d;
    }
}

TEST(ExpertValues, WhatIsWrongIsNamed) {
    const std::string layer = "model.layers.0.", experts = layer + "mlp.experts.";
    const auto base = [&] {
        TinyModel model;
        model.config["model_type"] = "olmoe";
        model.add_routers(1, "mlp.gate.weight");
        add_split(model, experts, "gate_proj", "up_proj", "down_proj");
        return model;
    };
    const auto refusal = [](TinyModel& model, const std::vector<std::string>& parts) {
        ModelFolder folder = *ModelFolder::open(model.save());
        return lacks(experts_of(model.dir(), folder), parts);
    };
    {
        auto model = base();
        model.remove(experts + "2.up_proj.weight");
        EXPECT_EQ(refusal(model, {model.dir(), experts + "2.up_proj.weight", "is missing"}), "");
    }
    {
        auto model = base();
        model.add(experts + "3.down_proj.weight", {kPlantedWidth, kPlantedInner + 1});
        EXPECT_EQ(refusal(model, {"model.safetensors", experts + "3.down_proj.weight", "F32 [3, 6]",
                                  "[3, 5] expected"}),
                  "");
    }
    {
        auto model = base();
        model.add(experts + "0.up_proj.weight", {kPlantedInner, kPlantedWidth + 1});
        EXPECT_EQ(refusal(model, {experts + "0.up_proj.weight", "F32 [5, 4]",
                                  "columns of 3 numbers expected"}),
                  "");
    }
    {
        auto model = base();
        model.add_bytes(experts + "1.gate_proj.weight", "I8", {kPlantedInner, kPlantedWidth},
                        std::string(15, '\0'));
        EXPECT_EQ(refusal(model, {"model.safetensors", experts + "1.gate_proj.weight", "I8"}), "");
    }
    {
        auto model = base();
        model.add_bytes(experts + "1.gate_proj.weight", "F8_E4M3", {kPlantedInner, kPlantedWidth},
                        std::string(15, '\0'));
        EXPECT_EQ(
            refusal(model, {experts + "1.gate_proj.weight_scale_inv", "is missing", "128 × 128"}),
            "");
        model.add(experts + "1.gate_proj.weight_scale_inv", {2, 1});
        EXPECT_EQ(refusal(model, {experts + "1.gate_proj.weight_scale_inv", "F32 [2, 1]",
                                  "[1, 1] expected"}),
                  "");
        // As newer files may have it, of a size that nobody here knows.
        model.add(experts + "1.gate_proj.weight_scale_inv", {1, 1});
        const std::string file = model.save() + "/model.safetensors";
        std::string bytes = bytes_of(file);
        bytes.replace(bytes.find("F8_E4M3"), 7, "F8_NEW1");
        put_bytes(file, bytes);
        ModelFolder folder = *ModelFolder::open(model.dir());
        EXPECT_EQ(lacks(experts_of(model.dir(), folder),
                        {experts + "1.gate_proj.weight", "F8_NEW1", "F8_E4M3"}),
                  "");
    }
    {
        TinyModel model;
        model.config["model_type"] = "olmoe";
        model.add_routers(1, "mlp.gate.weight");
        EXPECT_EQ(refusal(model, {model.dir(), "experts of router", "mlp.gate.weight",
                                  experts + "0.up_proj.weight", experts + "gate_up_proj"}),
                  "");
    }
    {
        TinyModel model;
        model.config["model_type"] = "hypothetical_moe";
        model.add_routers(1, "mlp.gate.weight");
        EXPECT_EQ(refusal(model, {"hypothetical_moe", "table of families", "without --experts"}),
                  "");
    }
    {
        TinyModel model;
        model.config["model_type"] = "qwen3_moe";
        model.add_routers(1, "mlp.gate.weight");
        add_halves(model, experts + "gate_up_proj", experts + "down_proj");
        model.add(experts + "gate_up_proj",
                  {kPlantedExperts + 1, 2 * kPlantedInner, kPlantedWidth});
        EXPECT_EQ(refusal(model, {experts + "gate_up_proj", "F32 [5, 10, 3]",
                                  "[4, rows, columns] expected"}),
                  "");
        model.add(experts + "gate_up_proj",
                  {kPlantedExperts, 2 * kPlantedInner + 1, kPlantedWidth});
        EXPECT_EQ(refusal(model, {"F32 [4, 11, 3]", "an even number of rows"}), "");
    }
    {
        TinyModel model;
        model.config["model_type"] = "gpt_oss";
        model.add_routers(1, "mlp.router.weight", 2, 32);
        const std::string both = experts + "gate_up_proj", down = experts + "down_proj";
        model.add_bytes(both + "_blocks", "U8", {2, 64, 1, 16}, std::string(2048, '\0'));
        model.add_bytes(down + "_blocks", "U8", {2, 32, 1, 16}, std::string(1024, '\0'));
        model.add_bytes(down + "_scales", "U8", {2, 32, 1}, std::string(64, '\0'));
        EXPECT_EQ(refusal(model, {both + "_scales", "is missing"}), "");
        model.add_bytes(both + "_scales", "U8", {2, 64, 2}, std::string(256, '\0'));
        EXPECT_EQ(refusal(model, {both + "_scales", "U8 [2, 64, 2]", "U8 [2, 64, 1] expected"}),
                  "");
        model.add_bytes(both + "_scales", "U8", {2, 64, 1}, std::string(128, '\0'));
        EXPECT_EQ(refusal(model, {}), "was accepted");
    }
}

TEST(ExpertValues, AShardThatIsCutWhileItIsReadIsNamed) {
    TinyModel model;
    model.config["model_type"] = "olmoe";
    model.add_routers(1, "mlp.gate.weight");
    add_split(model, "model.layers.0.mlp.experts.", "gate_proj", "up_proj", "down_proj");
    ModelFolder folder = *ModelFolder::open(model.save());
    const auto layout = *experts_of(model.dir(), folder);
    std::filesystem::resize_file(model / "model.safetensors", 2000);
    EXPECT_EQ(lacks(expert_values(folder, layout, layout.matrices[0].experts[0]),
                    {"model.safetensors", "experts.0.gate_proj.weight", "cut"}),
              "");
}

}  // namespace
}  // namespace hopscope::core
