// Wrong if a table or a file of an imported model names the place of a router instead of its layer.
#include "core/api/layer_names.h"

#include <gtest/gtest.h>

namespace hopscope::core {
namespace {

TEST(LayerNames, APlaceIsANumberWhereThereIsNoName) {
    EXPECT_EQ(layer_name("", 3), "layer 3");
    EXPECT_EQ(layer_number("", 3), "3");
    EXPECT_EQ(layer_in_file_name("", 3), "layer3");
}

TEST(LayerNames, ANameOfItsOwnIsKept) {
    EXPECT_EQ(layer_name("layer 7 attention", 3), "layer 7 attention");
    EXPECT_EQ(layer_number("layer 7 attention", 3), "7 attention");
    EXPECT_EQ(layer_in_file_name("layer 61 (prediction)", 3), "layer61_prediction");
}

}  // namespace
}  // namespace hopscope::core
