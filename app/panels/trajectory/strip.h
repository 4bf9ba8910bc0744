// The strip of token chips of a traced prompt: in each chip columns are layers, rows are hops. A
// cell has the colour of the place of its first expert, or of how deep the token went in the layer.
// Owned by a panel, window thread only.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "app/panels/trajectory/chip.h"
#include "app/panels/trajectory/depth.h"
#include "app/panels/trajectory/view.h"
#include "app/state/app_state.h"
#include "app/state/saved_session.h"

namespace hopscope::app {

/// The room of a strip where another one stands below it, in chips; 0 of 0: its own.
struct StripRoom {
    int64_t lead = 0;   ///< free at its left end
    int64_t total = 0;  ///< of both
};

class TokenStrip {
  public:
    /// What colours the cells.
    enum class Colour : uint8_t { place, depth };
    explicit TokenStrip(Colour colour = Colour::place) : colour_(colour) {}

    /// Over the width of the window, where there is a trace: the strip, and what colours it.
    void draw(AppState& state, const TraceView& view);
    /// The same in two parts. A click selects a token.
    void draw_strip(AppState& state, const TraceView& view, const StripRoom& room = {});
    void draw_options(AppState& state, const TraceView& view);
    /// [tokens] Those that are no hits are faint; empty: nothing is looked for.
    void set_hits(std::vector<uint8_t> hits) { hits_ = std::move(hits); }
    /// The next draw scrolls so that the token can be seen.
    void bring_into_view(int64_t token) { scroll_to_ = static_cast<float>(token); }

    /// Pixels that have gone out at the left.
    float scroll() const { return scroll_; }
    /// The next draw scrolls as by a turn of the wheel.
    void turn(float wheel) { turns_ += wheel; }

    /// Of what was drawn last.
    const TokenDepths& depths() const { return depths_; }
    int64_t depth_layer() const { return depth_layer_; }
    /// What was chosen, for a session file.
    PanelView view() const;
    void restore(const PanelView& view);

  private:
    void follow(const AppState& state);
    void draw_chips(AppState& state, const TraceView& view, const ChipLayout& chip, int64_t lead,
                    int64_t places);
    void draw_token(AppState& state, const TraceView& view, int64_t token, const ChipLayout& layout,
                    ImVec2 at);
    void color_by_depth(const AppState& state, Chip& chip) const;
    void draw_legend(const AppState& state) const;
    const std::string& text_of(const AppState& state, int64_t token);

    Colour colour_;
    int64_t depth_layer_ = -1;  ///< whose depth is the chip's; −1: the mean over layers
    float scroll_to_ = -1;      ///< token that has to come into view; < 0: none
    float scroll_ = 0, turns_ = 0;
    std::shared_ptr<const core::TraceResult> of_;  ///< what the following belong to
    TokenDepths depths_;
    std::vector<uint8_t> hits_;
    std::vector<std::string> texts_;  ///< pieces as they are drawn; "" where not made yet
};

}  // namespace hopscope::app
