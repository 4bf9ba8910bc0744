// A picture computed in memory as a texture of ImGui, sent to the screen when it changes and not
// with every frame. Window thread only, while an ImGui context lives; owned by a panel.
#pragma once

#include <imgui.h>
#include <memory>
#include <vector>

#include "viz/heatmap.h"

namespace hopscope::app {

class HeatTexture {
  public:
    HeatTexture() = default;
    ~HeatTexture();
    HeatTexture(const HeatTexture&) = delete;
    HeatTexture& operator=(const HeatTexture&) = delete;

    /// Takes the picture; an empty one is not drawn.
    void set(const viz::Raster& raster);
    /// Draws it into the rectangle, which should have its size in pixels.
    void draw(ImDrawList& list, ImVec2 low, ImVec2 high);
    int width() const { return texture_ ? texture_->Width : 0; }
    int height() const { return texture_ ? texture_->Height : 0; }

  private:
    static void forget(std::unique_ptr<ImTextureData>& texture);
    void retire();

    std::unique_ptr<ImTextureData> texture_;
    /// Of another size than now; they go when the renderer has let go of them.
    std::vector<std::unique_ptr<ImTextureData>> retired_;
};

}  // namespace hopscope::app
