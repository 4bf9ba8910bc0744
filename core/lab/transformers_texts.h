// The files of python/ that stand beside the weights of a model that was written for transformers.
// The build makes their texts part of the program (core/lab/CMakeLists.txt), so that an installed
// one has them, too. Constants, any thread.
#pragma once

#include <string_view>
#include <vector>

namespace hopscope::core::lab {

struct NamedText {
    std::string_view name, text;
};

/// In one package: their imports of each other are relative.
const std::vector<NamedText>& transformers_texts();

}  // namespace hopscope::core::lab
