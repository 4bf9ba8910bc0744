// The past of some sequences: keys and values of the tokens that have gone through a model, layer
// by layer, so that a pass over the tokens behind them need not go through these again. Causal
// attention is all that looks back, so nothing else of them is asked for. It belongs to one model
// and one plan of changes: what a token left here is what it was under them. Thread: that of the
// passes; owned by whoever draws the text.
#pragma once

#include <ATen/core/Tensor.h>
#include <cstdint>
#include <vector>

namespace hopscope::core {

class Past {
  public:
    /// @param room tokens of a sequence that it can hold; their memory is taken at the first pass:
    ///             2 · layers · B · room · d_model numbers of fp32 (fp64 models: fp64)
    explicit Past(int64_t room) : room_(room) {}

    /// Tokens of each sequence so far.
    int64_t length() const { return length_; }

    struct Layer {
        at::Tensor k, v;  ///< [B, heads, tokens, head_dim], keys already turned to their positions
    };
    /// Puts the keys and values of a layer's newest tokens behind the held ones. No gradient.
    /// @param k, v [B, heads, T, head_dim]
    /// @return those of all tokens of the layer, old and new, as views
    Layer append(int64_t layer, const at::Tensor& k, const at::Tensor& v);
    /// After the last layer of a pass: its T tokens are past now.
    void advance(int64_t tokens) { length_ += tokens; }

  private:
    int64_t room_, length_ = 0;
    std::vector<Layer> layers_;  ///< [B, heads, room, head_dim]
};

}  // namespace hopscope::core
