#include "tests/app/seen.h"

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <functional>

namespace hopscope::gui_test {
namespace {

/// A letter of a font as it lies in the atlas.
struct Letter {
    unsigned codepoint;
    ImRect place;
    float em;
};

std::vector<Letter> letters_of(const ImFontAtlas& atlas) {
    std::vector<Letter> out;
    auto& all = atlas.Builder->BakedPool;
    for (int i = 0; i < all.Size; ++i) {
        const ImFontBaked& baked = all[i];
        if (baked.WantDestroy) continue;
        for (const ImFontGlyph& glyph : baked.Glyphs)
            if (glyph.Visible)
                out.push_back(
                    {glyph.Codepoint, ImRect(glyph.U0, glyph.V0, glyph.U1, glyph.V1), baked.Size});
    }
    return out;
}

const Letter* letter_at(const std::vector<Letter>& letters, ImVec2 place) {
    const auto found = std::ranges::find_if(
        letters, [&](const Letter& letter) { return letter.place.Contains(place); });
    return found == letters.end() ? nullptr : &*found;
}

/// The window and those that lie in it, as far as they are drawn in this frame.
std::vector<ImGuiWindow*> windows_of(ImGuiTestContext* ctx, ImGuiTestRef ref) {
    std::vector<ImGuiWindow*> out;
    ImGuiWindow* outer = ctx->WindowInfo(ref, ImGuiTestOpFlags_NoError).Window;
    if (!outer) outer = ctx->GetWindowByRef(ref);
    if (!outer) return out;
    for (ImGuiWindow* window : ctx->UiContext->Windows) {
        const bool inside = ImGui::IsWindowChildOf(window, outer, false, false);
        if (inside && window->Active && !window->Hidden) out.push_back(window);
    }
    return out;
}

/// Each triangle of a list: its command and its corners.
void for_each_triangle(
    const ImDrawList& list,
    const std::function<void(const ImDrawCmd&, const ImDrawIdx* corners)>& take) {
    for (const ImDrawCmd& command : list.CmdBuffer) {
        if (command.UserCallback) continue;
        for (unsigned i = 0; i + 3 <= command.ElemCount; i += 3)
            take(command, list.IdxBuffer.Data + command.IdxOffset + i);
    }
}

/// Writes letters one behind the other.
class Pen {
  public:
    void write(const Letter& letter, ImVec2 low, ImVec2 high) {
        const float em = letter.em, step = low.x - end_.x;
        const bool goes_on =
            std::fabs(high.y - end_.y) < 0.7f * em && step > -0.7f * em && step < 1.3f * em;
        if (lines.empty() || !goes_on) lines.emplace_back();
        char text[5] = {};
        ImTextCharToUtf8(text, letter.codepoint);
        lines.back() += text;
        end_ = high;
    }
    std::vector<std::string> lines;

  private:
    ImVec2 end_;
};

void read(const ImDrawList& list, const std::vector<Letter>& letters, Pen& pen) {
    const ImTextureData* atlas = ImGui::GetIO().Fonts->TexData;
    for_each_triangle(list, [&](const ImDrawCmd& command, const ImDrawIdx* corners) {
        if (command.TexRef._TexData != atlas) return;
        const ImDrawVert* all = list.VtxBuffer.Data + command.VtxOffset;
        // Of the two triangles of a letter the first: upper left, upper right, lower right.
        if (corners[1] != corners[0] + 1 || corners[2] != corners[0] + 2) return;
        const ImDrawVert &low = all[corners[0]], &high = all[corners[2]];
        if (high.uv.x <= low.uv.x || high.uv.y <= low.uv.y) return;
        const Letter* letter =
            letter_at(letters, ImVec2((low.uv.x + high.uv.x) / 2, (low.uv.y + high.uv.y) / 2));
        const ImVec2 middle((low.pos.x + high.pos.x) / 2, (low.pos.y + high.pos.y) / 2);
        if (letter && ImRect(command.ClipRect).Contains(middle))
            pen.write(*letter, low.pos, high.pos);
    });
}

/// Of all triangles, but for corners at which they fade to nothing.
void for_each_corner(ImGuiTestContext* ctx, ImGuiTestRef window,
                     const std::function<void(const ImDrawVert&)>& take) {
    for (const ImGuiWindow* one : windows_of(ctx, window))
        for_each_triangle(*one->DrawList, [&](const ImDrawCmd& command, const ImDrawIdx* corners) {
            const ImDrawVert* all = one->DrawList->VtxBuffer.Data + command.VtxOffset;
            for (int i = 0; i < 3; ++i)
                if ((all[corners[i]].col & IM_COL32_A_MASK) != 0) take(all[corners[i]]);
        });
}

std::string without_blanks(std::string text) {
    std::erase(text, ' ');
    return text;
}

}  // namespace

std::vector<std::string> lines_seen(ImGuiTestContext* ctx, ImGuiTestRef window) {
    const std::vector<Letter> letters = letters_of(*ImGui::GetIO().Fonts);
    Pen pen;
    for (const ImGuiWindow* one : windows_of(ctx, window)) read(*one->DrawList, letters, pen);
    return pen.lines;
}

bool sees(ImGuiTestContext* ctx, ImGuiTestRef window, const std::string& words) {
    const std::string wanted = without_blanks(words);
    return std::ranges::any_of(lines_seen(ctx, window), [&](const std::string& line) {
        return line.find(wanted) != std::string::npos;
    });
}

bool sees_line_of(ImGuiTestContext* ctx, ImGuiTestRef window, const std::string& words) {
    const std::string wanted = without_blanks(words);
    return std::ranges::any_of(lines_seen(ctx, window),
                               [&](const std::string& line) { return line.starts_with(wanted); });
}

std::set<ImU32> colors_seen(ImGuiTestContext* ctx, ImGuiTestRef window) {
    std::set<ImU32> out;
    for_each_corner(ctx, window, [&](const ImDrawVert& corner) { out.insert(corner.col); });
    return out;
}

ImRect place_of(ImGuiTestContext* ctx, ImGuiTestRef window, ImU32 color) {
    ImRect out(FLT_MAX, FLT_MAX, -FLT_MAX, -FLT_MAX);
    for_each_corner(ctx, window, [&](const ImDrawVert& corner) {
        if (corner.col == color) out.Add(corner.pos);
    });
    return out;
}

}  // namespace hopscope::gui_test
