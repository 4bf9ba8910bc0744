// The menu of a number in tests of panels: opened by a right click at a place in the panel, its
// entries taken.
#pragma once

#include <imgui_internal.h>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/app/stage.h"

namespace hopscope::gui_test {

inline void right_click(ImGuiTestContext* ctx, ImVec2 at) {
    ctx->MouseMoveToPos(at);
    ctx->MouseClick(ImGuiMouseButton_Right);
    ctx->Yield(2);
}

/// A place in an item that is scrolled into view, by shares of its width and height.
inline ImVec2 place(ImGuiTestContext* ctx, const char* item, ImVec2 share = ImVec2(0.5f, 0.5f)) {
    ctx->ScrollToItemY(item);
    ctx->Yield(2);
    const ImRect rect = ctx->ItemInfo(item).RectFull;
    return {rect.Min.x + rect.GetWidth() * share.x, rect.Min.y + rect.GetHeight() * share.y};
}

/// Takes an entry of the open menu; what lies on the clipboard then.
inline std::string take(ImGuiTestContext* ctx, const char* entry) {
    ImGui::SetClipboardText("nothing");
    ctx->ItemClick((std::string("//$FOCUSED/") + entry).c_str());
    ctx->Yield(2);
    return ImGui::GetClipboardText();
}

/// The document of the number at that place.
inline nlohmann::json json_at(ImGuiTestContext* ctx, ImVec2 at) {
    right_click(ctx, at);
    return nlohmann::json::parse(take(ctx, "Copy as JSON"), nullptr, false);
}

inline std::string name_in(const nlohmann::json& document) {
    return document.is_object() ? document.value("name", "no name") : "no document";
}

}  // namespace hopscope::gui_test
