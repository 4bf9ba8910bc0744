#include "app/state/theme.h"

#include <algorithm>
#include <cmath>
#include <implot.h>

namespace hopscope::app {
namespace {

constexpr ImVec4 rgb(unsigned hex) {
    return ImVec4(static_cast<float>((hex >> 16) & 255) / 255.0f,
                  static_cast<float>((hex >> 8) & 255) / 255.0f,
                  static_cast<float>(hex & 255) / 255.0f, 1.0f);
}

Theme make_dark() {
    Theme t;
    t.dark = true;
    t.background = rgb(0x0e1115);
    t.panel = rgb(0x14191f);
    t.raised = rgb(0x1c232b);
    t.border = rgb(0x27303a);
    t.text = rgb(0xdfe5ec);
    t.dim = t.chrome_dim = rgb(0x8a97a6);
    t.accent = t.accent_text = rgb(0x5ab0f6);
    t.amber = t.amber_text = rgb(0xf2b33d);
    t.red = t.red_text = rgb(0xef5b5b);
    t.green = rgb(0x3fb97a);
    t.violet = rgb(0xa597f5);
    return t;
}

Theme make_light() {
    Theme t;
    t.dark = false;
    t.background = rgb(0xf3f1ec);
    t.panel = rgb(0xfdfcfa);
    t.raised = rgb(0xece8e0);
    t.border = rgb(0xddd7cb);
    t.text = rgb(0x22272d);
    t.dim = rgb(0x6c7480);
    t.accent = rgb(0x1769aa);
    t.amber = rgb(0xb7791f);
    t.red = rgb(0xc53030);
    t.green = rgb(0x2f9e63);
    t.violet = rgb(0x5b4bc4);
    t.chrome_dim = mixed(t.dim, t.text, 0.3f);
    t.accent_text = mixed(t.accent, t.text, 0.3f);
    t.amber_text = mixed(t.amber, t.text, 0.35f);
    t.red_text = t.red;
    return t;
}

void set_sizes(ImGuiStyle& style, float scale) {
    style.WindowPadding = ImVec2(12, 10);
    style.FramePadding = ImVec2(8, 4);
    style.ItemSpacing = ImVec2(8, 6);
    style.ItemInnerSpacing = ImVec2(6, 4);
    style.CellPadding = ImVec2(6, 2);
    style.WindowRounding = 0;
    style.ChildRounding = style.FrameRounding = style.PopupRounding = style.GrabRounding = 4;
    style.ScrollbarRounding = style.TabRounding = 4;
    style.WindowBorderSize = style.ChildBorderSize = style.FrameBorderSize = 0;
    style.PopupBorderSize = 1;
    style.TabBorderSize = style.TabBarBorderSize = style.TabBarOverlineSize = 0;
    style.DockingNodeHasCloseButton = false;  // the tab has one, shown under the pointer
    style.TabCloseButtonMinWidthSelected = 0;
    style.TabCloseButtonMinWidthUnselected = 0;
    style.DockingSeparatorSize = 2;
    style.ScrollbarSize = 10;
    style.GrabMinSize = 10;
    style.SeparatorSize = 1;
    style.WindowMenuButtonPosition = ImGuiDir_None;
    style.ScaleAllSizes(scale);
    style.FontSizeBase = kTextSize;
    style.FontScaleMain = scale;
}

void set_colors(ImVec4* c, const Theme& t) {
    const ImVec4 clear = faded(t.panel, 0.0f);
    const ImVec4 hovered = mixed(t.raised, t.text, 0.08f);
    const ImVec4 selected = selected_fill(t);
    c[ImGuiCol_Text] = t.text;
    c[ImGuiCol_TextDisabled] = t.dim;
    c[ImGuiCol_WindowBg] = c[ImGuiCol_DockingEmptyBg] = t.panel;
    c[ImGuiCol_ChildBg] = clear;
    c[ImGuiCol_PopupBg] = t.panel;
    c[ImGuiCol_Border] = t.border;
    c[ImGuiCol_BorderShadow] = clear;
    c[ImGuiCol_FrameBg] = t.raised;
    c[ImGuiCol_FrameBgHovered] = c[ImGuiCol_FrameBgActive] = hovered;
    c[ImGuiCol_CheckboxSelectedBg] = selected;
    c[ImGuiCol_TitleBg] = c[ImGuiCol_TitleBgActive] = c[ImGuiCol_TitleBgCollapsed] = t.panel;
    c[ImGuiCol_MenuBarBg] = t.background;
    c[ImGuiCol_ScrollbarBg] = clear;
    c[ImGuiCol_ScrollbarGrab] = t.border;
    c[ImGuiCol_ScrollbarGrabHovered] = c[ImGuiCol_ScrollbarGrabActive] = t.dim;
    c[ImGuiCol_CheckMark] = c[ImGuiCol_SliderGrab] = t.accent;
    c[ImGuiCol_SliderGrabActive] = mixed(t.accent, t.text, 0.25f);
    c[ImGuiCol_Button] = t.raised;
    c[ImGuiCol_ButtonHovered] = hovered;
    c[ImGuiCol_ButtonActive] = selected;
    c[ImGuiCol_Header] = selected;
    c[ImGuiCol_HeaderHovered] = hovered;
    c[ImGuiCol_HeaderActive] = selected;
    c[ImGuiCol_Separator] = t.border;
    c[ImGuiCol_SeparatorHovered] = c[ImGuiCol_SeparatorActive] = t.accent;
    c[ImGuiCol_ResizeGrip] = clear;
    c[ImGuiCol_ResizeGripHovered] = c[ImGuiCol_ResizeGripActive] = t.accent;
    c[ImGuiCol_InputTextCursor] = t.text;
    c[ImGuiCol_Tab] = c[ImGuiCol_TabDimmed] = t.panel;
    c[ImGuiCol_TabSelected] = c[ImGuiCol_TabDimmedSelected] = t.panel;
    c[ImGuiCol_TabHovered] = t.raised;
    c[ImGuiCol_TabSelectedOverline] = c[ImGuiCol_TabDimmedSelectedOverline] = clear;
    c[ImGuiCol_DockingPreview] = faded(t.accent, 0.4f);
    c[ImGuiCol_PlotLines] = c[ImGuiCol_PlotHistogram] = t.accent;
    c[ImGuiCol_PlotLinesHovered] = c[ImGuiCol_PlotHistogramHovered] = t.accent;
    c[ImGuiCol_TableHeaderBg] = t.panel;
    c[ImGuiCol_TableBorderStrong] = c[ImGuiCol_TableBorderLight] = t.border;
    c[ImGuiCol_TableRowBg] = clear;
    c[ImGuiCol_TableRowBgAlt] = faded(t.raised, 0.5f);
    c[ImGuiCol_TextLink] = t.accent;
    c[ImGuiCol_TextSelectedBg] = faded(t.accent, 0.35f);
    c[ImGuiCol_TreeLines] = t.border;
    c[ImGuiCol_DragDropTarget] = c[ImGuiCol_UnsavedMarker] = t.amber;
    c[ImGuiCol_DragDropTargetBg] = faded(t.amber, 0.15f);
    c[ImGuiCol_NavCursor] = t.accent;
    c[ImGuiCol_NavWindowingHighlight] = t.accent;
    c[ImGuiCol_NavWindowingDimBg] = c[ImGuiCol_ModalWindowDimBg] = ImVec4(0, 0, 0, 0.45f);
}

void set_plot_style(const Theme& t, float scale) {
    ImPlotStyle& style = ImPlot::GetStyle();
    style = ImPlotStyle();
    style.PlotBorderSize = 0;
    style.PlotPadding = ImVec2(0, 6 * scale);
    style.LabelPadding = ImVec2(6 * scale, 4 * scale);
    style.LegendPadding = ImVec2(8 * scale, 6 * scale);
    style.LegendInnerPadding = ImVec2(6 * scale, 4 * scale);
    style.LegendSpacing = ImVec2(4 * scale, 1 * scale);
    style.MousePosPadding = ImVec2(8 * scale, 6 * scale);
    style.AnnotationPadding = ImVec2(3 * scale, 1 * scale);
    style.MajorTickLen = style.MinorTickLen = ImVec2(0, 0);
    style.PlotMinSize = ImVec2(80 * scale, 60 * scale);
    style.FitPadding = ImVec2(0.0f, 0.06f);
    style.MinorAlpha = 0.45f;
    const ImVec4 clear = faded(t.panel, 0.0f);
    ImVec4* c = style.Colors;
    c[ImPlotCol_FrameBg] = c[ImPlotCol_PlotBg] = c[ImPlotCol_PlotBorder] = clear;
    c[ImPlotCol_LegendBg] = faded(t.panel, 0.8f);
    c[ImPlotCol_LegendBorder] = clear;
    c[ImPlotCol_LegendText] = c[ImPlotCol_InlayText] = c[ImPlotCol_TitleText] = t.text;
    c[ImPlotCol_AxisText] = t.dim;
    c[ImPlotCol_AxisGrid] = t.border;
    c[ImPlotCol_AxisTick] = c[ImPlotCol_AxisBg] = clear;
    c[ImPlotCol_AxisBgHovered] = c[ImPlotCol_AxisBgActive] = faded(t.raised, 0.6f);
    c[ImPlotCol_Selection] = t.accent;
    c[ImPlotCol_Crosshairs] = t.dim;
}

}  // namespace

const Theme& theme_of(bool dark) {
    static const Theme dark_theme = make_dark(), light_theme = make_light();
    return dark ? dark_theme : light_theme;
}

ImVec4 selected_fill(const Theme& theme) {
    return mixed(theme.panel, theme.accent, 0.22f);
}

float contrast(const ImVec4& a, const ImVec4& b) {
    const auto luminance = [](const ImVec4& c) {
        const auto linear = [](float v) {
            return v <= 0.04045f ? v / 12.92f : std::pow((v + 0.055f) / 1.055f, 2.4f);
        };
        return 0.2126f * linear(c.x) + 0.7152f * linear(c.y) + 0.0722f * linear(c.z);
    };
    const float la = luminance(a), lb = luminance(b);
    return (std::max(la, lb) + 0.05f) / (std::min(la, lb) + 0.05f);
}

ImVec4 faded(const ImVec4& color, float alpha) {
    return ImVec4(color.x, color.y, color.z, color.w * alpha);
}

ImVec4 mixed(const ImVec4& a, const ImVec4& b, float t) {
    return ImVec4(a.x + (b.x - a.x) * t, a.y + (b.y - a.y) * t, a.z + (b.z - a.z) * t, 1.0f);
}

ImU32 packed(const ImVec4& color) {
    return ImGui::ColorConvertFloat4ToU32(color);
}

void apply_theme(const Theme& theme, float scale) {
    ImGuiStyle style;
    set_sizes(style, scale);
    set_colors(style.Colors, theme);
    ImGui::GetStyle() = style;
    set_plot_style(theme, scale);
}

}  // namespace hopscope::app
