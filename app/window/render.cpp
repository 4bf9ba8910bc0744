#include "app/window/render.h"

#include <GLFW/glfw3.h>
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <imgui_impl_opengl3.h>
#include <imgui_internal.h>

namespace hopscope::app {
namespace {

constexpr float kLeastArea =
    4096;  ///< square units; of smaller ones the change of state costs more

const ImDrawData* drawn = nullptr;  ///< while it is rendered

struct Rectangle {
    ImVec2 low, high;
    ImU32 color = 0;
};

/// Of ImDrawList::AddRectFilled: the corners from the upper left one, clockwise.
Rectangle rectangle_at(const ImDrawList& list, unsigned vertex) {
    const ImDrawVert* corners = &list.VtxBuffer[static_cast<int>(vertex)];
    return {corners[0].pos, corners[2].pos, corners[0].col};
}

struct Span {
    int begin = 0, end = 0;  ///< pixels
    Span within(Span other) const {
        return {std::max(begin, other.begin), std::min(end, other.end)};
    }
};

/// Pixels whose middles lie between two edges, as OpenGL fills triangles.
Span filled(float low, float high) {
    const auto first = [](float at) {
        constexpr float kFar = 1e6f;  // outside of any screen, and within the whole numbers
        return static_cast<int>(std::ceil(std::clamp(at, -kFar, kFar) - 0.5f));
    };
    return {first(low), first(high)};
}

/// As ImGui's back end rounds the part that a command is cut to.
Span cut_to(float low, float high) {
    const int begin = static_cast<int>(low);
    return {begin, begin + static_cast<int>(high - low)};
}

void clear(const ImDrawList* list, const ImDrawCmd* command) {
    const auto vertex =
        static_cast<unsigned>(reinterpret_cast<uintptr_t>(command->UserCallbackData));
    const Rectangle r = rectangle_at(*list, vertex);
    const ImVec2 origin = drawn->DisplayPos, scale = drawn->FramebufferScale;
    const float height = std::floor(drawn->DisplaySize.y * scale.y);
    const auto across = [&](float x) { return (x - origin.x) * scale.x; };
    const auto up = [&](float y) { return height - (y - origin.y) * scale.y; };  // as OpenGL counts
    const ImVec4 cut = command->ClipRect;
    const Span x =
        filled(across(r.low.x), across(r.high.x)).within(cut_to(across(cut.x), across(cut.z)));
    const Span y = filled(up(r.high.y), up(r.low.y)).within(cut_to(up(cut.w), up(cut.y)));
    if (x.end <= x.begin || y.end <= y.begin) return;
    const ImVec4 color = ImGui::ColorConvertU32ToFloat4(r.color);
    glScissor(x.begin, y.begin, x.end - x.begin, y.end - y.begin);
    glClearColor(color.x, color.y, color.z, color.w);
    glClear(GL_COLOR_BUFFER_BIT);
}

bool is_plain(const ImDrawList& list, unsigned vertex, const ImVec4& clip) {
    if (vertex + 4 > static_cast<unsigned>(list.VtxBuffer.Size)) return false;
    const ImDrawVert* v = &list.VtxBuffer[static_cast<int>(vertex)];
    if ((v[0].col & IM_COL32_A_MASK) != IM_COL32_A_MASK) return false;
    const ImVec2 white = list._Data->TexUvWhitePixel;
    for (int i = 0; i < 4; ++i)
        if (v[i].col != v[0].col || v[i].uv.x != white.x || v[i].uv.y != white.y) return false;
    if (v[0].pos.y != v[1].pos.y || v[1].pos.x != v[2].pos.x || v[2].pos.y != v[3].pos.y ||
        v[3].pos.x != v[0].pos.x)
        return false;
    const float width = std::min(v[2].pos.x, clip.z) - std::max(v[0].pos.x, clip.x);
    const float height = std::min(v[2].pos.y, clip.w) - std::max(v[0].pos.y, clip.y);
    return width > 0 && height > 0 && width * height >= kLeastArea;
}

/// The two triangles of one rectangle.
bool are_of_rectangle(const ImDrawIdx* i) {
    return i[1] == i[0] + 1 && i[2] == i[0] + 2 && i[3] == i[0] && i[4] == i[2] && i[5] == i[0] + 3;
}

void split(ImDrawList& list) {
    const ImTextureRef atlas = ImGui::GetIO().Fonts->TexRef;
    ImVector<ImDrawCmd> out;
    for (const ImDrawCmd& command : list.CmdBuffer) {
        if (command.UserCallback || command.TexRef._TexData != atlas._TexData ||
            command.TexRef._TexID != atlas._TexID) {
            out.push_back(command);
            continue;
        }
        unsigned begin = 0, at = 0;
        const auto push = [&](unsigned end) {
            if (end == begin) return;
            ImDrawCmd part = command;
            part.IdxOffset += begin;
            part.ElemCount = end - begin;
            out.push_back(part);
        };
        const ImDrawIdx* indices = list.IdxBuffer.Data + command.IdxOffset;
        while (at + 6 <= command.ElemCount) {
            const unsigned vertex = command.VtxOffset + indices[at];
            if (!are_of_rectangle(indices + at)) {
                at += 3;
                continue;
            }
            if (is_plain(list, vertex, command.ClipRect)) {
                push(at);
                ImDrawCmd filled = command;
                filled.ElemCount = 0;
                filled.UserCallback = clear;
                filled.UserCallbackData = reinterpret_cast<void*>(static_cast<uintptr_t>(vertex));
                out.push_back(filled);
                begin = at + 6;
            }
            at += 6;
        }
        push(command.ElemCount);
    }
    list.CmdBuffer.swap(out);
}

}  // namespace

void render(ImDrawData* data) {
    for (ImDrawList* list : data->CmdLists) split(*list);
    drawn = data;
    ImGui_ImplOpenGL3_RenderDrawData(data);
    drawn = nullptr;
}

}  // namespace hopscope::app
