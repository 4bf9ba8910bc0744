// Wrong if rows of two models that are matched had other cosines than in the models' own width.
#include "core/imported/picture_pair.h"

#include <cmath>
#include <gtest/gtest.h>

#include "core/imported/import_model.h"
#include "tests/imported/tiny_model.h"

namespace hopscope::core {
namespace {

using namespace test;

Result<ImportedRun> imported(TinyModel& model, int64_t experts, int64_t width) {
    model.config["num_local_experts"] = experts;
    model.config["hidden_size"] = width;
    model.add_routers(2, "block_sparse_moe.gate.weight", experts, width);
    model.save();
    const std::string out = model.folder() / "out";
    const auto made = import_model({model.dir(), {}, out}, {});
    if (!made) return made.error();
    return ImportedRun::open(out);
}

double cosine(const std::vector<float>& a, size_t i, const std::vector<float>& b, size_t j,
              size_t width) {
    double product = 0, aa = 0, bb = 0;
    for (size_t c = 0; c < width; ++c) {
        const auto x = static_cast<double>(a[i * width + c]),
                   y = static_cast<double>(b[j * width + c]);
        product += x * y;
        aa += x * x;
        bb += y * y;
    }
    return product / std::sqrt(aa * bb);
}

TEST(PicturePair, RowsOfBothHaveTheSameCoordinates) {
    TinyModel first, second;
    const auto a = imported(first, 4, 12), b = imported(second, 3, 12);
    ASSERT_TRUE(a) << a.error().message;
    ASSERT_TRUE(b) << b.error().message;
    const auto pair = picture_pair(*a, *b, 1);
    ASSERT_TRUE(pair) << pair.error().message;
    const LayerGeometry &la = pair->first.layers[1], &lb = pair->second.layers[1];
    ASSERT_EQ(la.d_space, 7);
    ASSERT_EQ(lb.d_space, 7);
    ASSERT_EQ(lb.centroids.size(), 21u);
    const std::string name = "model.layers.1.block_sparse_moe.gate.weight";
    for (size_t i = 0; i < 4; ++i)
        for (size_t j = 0; j < 3; ++j)
            EXPECT_NEAR(cosine(la.centroids, i, lb.centroids, j, 7),
                        cosine(first.values(name), i, second.values(name), j, 12), 1e-5);
    EXPECT_TRUE(pair->first.layers[0].centroids.empty());
}

TEST(PicturePair, OtherWidthsAndRoutersAreRefused) {
    TinyModel first, second;
    const auto a = imported(first, 4, 12), b = imported(second, 4, 8);
    ASSERT_TRUE(a);
    ASSERT_TRUE(b);
    EXPECT_EQ(lacks(picture_pair(*a, *b, 0), {"12", "8", "no common space"}), "");
    EXPECT_EQ(lacks(picture_pair(*a, *a, 2), {"2 routers", "number 2"}), "");
}

}  // namespace
}  // namespace hopscope::core
