#include "app/widgets/heat_texture.h"

#include <cstring>
#include <imgui_internal.h>

namespace hopscope::app {

HeatTexture::~HeatTexture() {
    if (!ImGui::GetCurrentContext()) return;
    forget(texture_);
    for (auto& texture : retired_) forget(texture);
}

void HeatTexture::forget(std::unique_ptr<ImTextureData>& texture) {
    if (!texture) return;
    // The list is made anew at the end of a frame only; the renderer may look at it before.
    ImGui::GetPlatformIO().Textures.find_erase(texture.get());
    ImGui::UnregisterUserTexture(texture.get());
    texture = nullptr;
}

void HeatTexture::retire() {
    if (!texture_) return;
    texture_->WantDestroyNextFrame = true;
    retired_.push_back(std::move(texture_));
}

void HeatTexture::set(const viz::Raster& raster) {
    for (auto& texture : retired_)
        if (texture->Status == ImTextureStatus_Destroyed) forget(texture);
    std::erase(retired_, nullptr);
    if (raster.pixels.empty()) return retire();
    if (width() != raster.width || height() != raster.height) {
        retire();
        texture_ = std::make_unique<ImTextureData>();
        texture_->Create(ImTextureFormat_RGBA32, raster.width, raster.height);
        texture_->UseColors = true;
        ImGui::RegisterUserTexture(texture_.get());
    }
    std::memcpy(texture_->Pixels, raster.pixels.data(),
                static_cast<size_t>(texture_->GetSizeInBytes()));
    if (texture_->Status == ImTextureStatus_WantCreate) return;
    const ImTextureRect all = {0, 0, static_cast<unsigned short>(raster.width),
                               static_cast<unsigned short>(raster.height)};
    texture_->UsedRect = texture_->UpdateRect = all;
    texture_->Updates.resize(0);
    texture_->Updates.push_back(all);
    texture_->Status = ImTextureStatus_WantUpdates;
}

void HeatTexture::draw(ImDrawList& list, ImVec2 low, ImVec2 high) {
    if (texture_) list.AddImage(texture_->GetTexRef(), low, high);
}

}  // namespace hopscope::app
