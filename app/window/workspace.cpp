#include "app/window/workspace.h"

#include <algorithm>
#include <cmath>
#include <imgui_internal.h>
#include <utility>

#include "app/widgets/format.h"
#include "app/widgets/widgets.h"
#include "app/window/arranging.h"
#include "app/window/docking.h"
#include "app/window/panel_files.h"

namespace hopscope::app {
namespace {

constexpr ImVec2 kTitlePadding{6, 9};  ///< of the tab that serves as a panel's title
constexpr ImVec2 kSurveyed{960, 700};  ///< room of a panel that is drawn out of sight, unscaled

/// A line under the title of the panel that is seen, where others lie behind it.
void draw_front_tab(const AppState& state, const std::string& title) {
    const ImGuiWindow* window = ImGui::GetCurrentWindow();
    const ImGuiTabBar* tabs =
        window->DockIsActive && window->DockNode ? window->DockNode->TabBar : nullptr;
    if (!tabs || tabs->Tabs.Size < 2) return;
    const float s = state.pixel_scale;
    for (const ImGuiTabItem& tab : tabs->Tabs) {
        if (tab.Window != window) continue;
        const float wide =
            std::min(text_width(state.fonts.title, kTitleSize, title), tab.Width - 12 * s);
        const float left = std::floor(tabs->BarRect.Min.x + tab.Offset - tabs->ScrollingAnim +
                                      kTitlePadding.x * s);
        const float y = tabs->BarRect.Max.y - 4 * s;
        ImDrawList* list = ImGui::GetWindowDrawList();
        list->PushClipRect(tabs->BarRect.Min, tabs->BarRect.Max);
        list->AddRectFilled(ImVec2(left, y - 2 * s), ImVec2(left + wide, y),
                            packed(state.theme().accent));
        list->PopClipRect();
    }
}

/// Dim text at the right end of the line of tabs.
void draw_detail(const AppState& state, const std::string& text, bool of_the_past) {
    const ImGuiWindow* window = ImGui::GetCurrentWindow();
    const ImGuiTabBar* tabs =
        window->DockIsActive && window->DockNode ? window->DockNode->TabBar : nullptr;
    if (text.empty() || !tabs) return;
    const float s = state.pixel_scale;
    const ImVec2 size = ImGui::CalcTextSize(text.c_str());
    const float right = window->Pos.x + window->Size.x - 12 * s;
    const float tabs_end = tabs->BarRect.Min.x + tabs->WidthAllTabs + 8 * s;
    if (right - size.x < tabs_end) return;
    const float middle = (tabs->BarRect.Min.y + tabs->BarRect.Max.y) * 0.5f;
    ImDrawList* list = ImGui::GetWindowDrawList();
    list->PushClipRect(window->Rect().Min, window->Rect().Max);
    list->AddText(ImVec2(right - size.x, std::floor(middle - size.y * 0.5f)),
                  packed(state.theme().dim), text.c_str());
    if (of_the_past && state.geometry) {
        // White means time: an inverse tag on every panel that does not show the present.
        const std::string tag = "step " + with_thousands(state.geometry->step);
        const ImVec2 wide = ImGui::CalcTextSize(tag.c_str());
        const ImVec2 at(right - size.x - wide.x - 20 * s, std::floor(middle - wide.y * 0.5f));
        if (at.x > tabs_end) {
            list->AddRectFilled(ImVec2(at.x - 6 * s, at.y - 1 * s),
                                ImVec2(at.x + wide.x + 6 * s, at.y + wide.y + 1 * s),
                                packed(state.theme().text), 3 * s);
            list->AddText(at, packed(state.theme().panel), tag.c_str());
        }
    }
    list->PopClipRect();
}

}  // namespace

Workspace::Workspace() {
    for (const auto& entry : panel_table()) panels_.push_back(entry.make());
    seen_.resize(panels_.size());
}

void Workspace::set_layout(AppState& state, Layout layout) {
    layout_ = layout;
    state.keep_drawing();
}

void Workspace::reset(AppState& state) {
    reset_[static_cast<size_t>(layout_)] = true;
    for (const auto& panel : panels_) shut_.erase(window_name(*panel, layout_));
    state.keep_drawing();
}

Arrangement Workspace::arrangement() const {
    Arrangement out = arrangement_of(layout_, panels_, roots_[static_cast<size_t>(layout_)]);
    for (size_t i = 0; i < panels_.size(); ++i)
        if (is_shut(i)) out.shut.insert(panel_table()[i].id);
    return out;
}

void Workspace::choose(AppState& state, const Arrangement& kept) {
    const auto layout =
        std::ranges::find(kLayouts, kept.layout, [](Layout l) { return name_of(l); });
    if (layout == std::end(kLayouts))
        return state.say("the arrangement " + kept.name + " is of a layout that there is not",
                         true);
    set_layout(state, *layout);
    const std::set<std::string> known = kept.panels();
    for (size_t i = 0; i < panels_.size(); ++i) {
        const std::string id = panel_table()[i].id, name = window_name(*panels_[i], layout_);
        if (known.contains(id))
            shut_[name] = kept.shut.contains(id);
        else
            shut_.erase(name);  // it is newer: as the layout has it at first
    }
    chosen_ = kept;
}

void Workspace::restore(const std::string& layout, std::map<std::string, bool> shut) {
    layout_ = Layout::train;
    for (Layout known : kLayouts)
        if (layout == name_of(known)) layout_ = known;
    shut_ = std::move(shut);
}

bool Workspace::is_shut(size_t panel) const {
    const auto found = shut_.find(window_name(*panels_[panel], layout_));
    if (found != shut_.end()) return found->second;
    return place_in(panel_table()[panel], layout_) == Place::none;
}

void Workspace::set_shut(AppState& state, size_t panel, bool shut) {
    shut_[window_name(*panels_[panel], layout_)] = shut;
    state.keep_drawing();
}

void Workspace::show_or_shut(AppState& state, size_t panel) {
    if (in_front(panel)) return set_shut(state, panel, true);
    state.show_panel = panel_table()[panel].id;
    state.keep_drawing();
}

/// A panel that the present layout does not have is shown in the first that has. Before the panels
/// are drawn: a list that one of them opens then is not shut again by the change.
void Workspace::show_asked(AppState& state) {
    const std::string id = std::exchange(state.show_panel, {});
    if (id.empty()) return;
    for (size_t i = 0; i < panels_.size(); ++i) {
        const PanelEntry& entry = panel_table()[i];
        if (entry.id != id) continue;
        if (place_in(entry, layout_) == Place::none && is_shut(i))
            if (const auto layout = std::ranges::find_if(
                    kLayouts, [&](Layout l) { return place_in(entry, l) != Place::none; });
                layout != std::end(kLayouts))
                set_layout(state, *layout);
        set_shut(state, i, false);
        const std::string name = window_name(*panels_[i], layout_);
        ImGui::SetWindowFocus(name.c_str());
        if (!ImGui::FindWindowByName(name.c_str())) state.show_panel = id;  // once it is there
    }
}

/// Where a window goes that had the keyboard, ImGui gives that to the next in an order of its own,
/// and brings its tab to the front, though nobody asked for it.
void Workspace::keep_tabs() {
    const ImGuiWindow* before = ImGui::FindWindowByID(had_keyboard_);
    const ImGuiWindow* now = ImGui::GetCurrentContext()->NavWindow;
    if (!before || before->WasActive || !now || now == before) return;
    const ImGuiDockNode* node = now->RootWindow->DockNode;
    if (node && node->VisibleWindow != now->RootWindow) ImGui::SetWindowFocus(nullptr);
}

/// Another scale or size needs other places; what a person arranged stays. Columns and front tabs
/// of a room that comes back come back with it.
void Workspace::fit(Layout layout, ImGuiID root, ImVec2 size, Fitted now) {
    const size_t index = static_cast<size_t>(layout);
    Fitted last = std::exchange(fitted_[index], now);
    if (last.scale == 0) {  // as it is kept from another time, perhaps of another room
        const auto tight = built_for(layout, panels_, now.tight);
        if (!tight || *tight == now.tight) return;
        last = {now.scale, *tight};
    } else if (!stands_as_built(layout, panels_, last.tight)) {
        return;
    }
    std::vector<Stood>& stood = stood_[index];
    std::erase_if(stood, [&](const Stood& one) { return one.fitted == last; });
    stood.push_back({last, arrangement_of(layout, panels_, root)});
    const auto known = std::ranges::find(stood, now, &Stood::fitted);
    if (known == stood.end()) return build_layout(layout, panels_, size, now.scale);
    arrange(layout, panels_, root, size, known->arrangement);
}

void Workspace::draw_dock(AppState& state) {
    keep_tabs();
    show_asked(state);
    const ImVec2 size = ImGui::GetContentRegionAvail();
    ImGui::PushFont(state.fonts.title, kTitleSize);
    const float s = state.pixel_scale;
    ImGui::PushStyleVar(ImGuiStyleVar_FramePadding,
                        ImVec2(kTitlePadding.x * s, kTitlePadding.y * s));
    for (Layout layout : kLayouts) {
        const ImGuiID id = dock_space_id(layout);
        roots_[static_cast<size_t>(layout)] = id;
        const size_t index = static_cast<size_t>(layout);
        const Fitted now = {s, tightness(layout, size, s)};
        if (std::exchange(reset_[index], false) || !ImGui::DockBuilderGetNode(id)) {
            stood_[index].clear();
            fitted_[index] = now;  // also where it is shown later only, at another size perhaps
            build_layout(layout, panels_, size, s);
        } else if (layout == layout_ && now != fitted_[index]) {
            fit(layout, id, size, now);
        }
        if (chosen_ && layout == layout_)
            arrange(layout, panels_, id, size, *std::exchange(chosen_, std::nullopt));
        // The other arrangement keeps its place without being laid out.
        ImGuiDockNodeFlags flags = static_cast<int>(ImGuiDockNodeFlags_NoWindowMenuButton);
        if (layout != layout_) flags |= ImGuiDockNodeFlags_KeepAliveOnly;
        ImGui::DockSpace(id, layout == layout_ ? size : ImVec2(0, 0), flags);
    }
    ImGui::PopStyleVar();
    ImGui::PopFont();
}

void Workspace::draw_panels(AppState& state) {
    attention_ = {};
    for (size_t i = 0; i < panels_.size(); ++i) draw_panel(state, i);
    survey(state);
    count_orders(state);
    const ImGuiWindow* keyboard = ImGui::GetCurrentContext()->NavWindow;
    had_keyboard_ = keyboard ? keyboard->ID : 0;
}

/// While names are asked for, the panels that are not on the screen are drawn out of sight, one a
/// frame, once each: the palette lists what stands on them, too.
void Workspace::survey(AppState& state) {
    if (!state.drawn->controls.listens()) {
        surveyed_ = 0;
        return;
    }
    while (surveyed_ < panels_.size() && seen_[surveyed_]) ++surveyed_;
    if (surveyed_ >= panels_.size()) return;
    const size_t index = surveyed_++;
    panels_[index]->prepare(state);
    const float s = state.pixel_scale;
    ImGui::SetNextWindowPos(ImGui::GetMainViewport()->Pos);
    ImGui::SetNextWindowSize(ImVec2(kSurveyed.x * s, kSurveyed.y * s));
    const std::string name = "##survey " + std::string(panel_table()[index].id);
    ImGui::Begin(name.c_str(), nullptr,
                 ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoSavedSettings |
                     ImGuiWindowFlags_NoInputs | ImGuiWindowFlags_NoDocking |
                     ImGuiWindowFlags_NoFocusOnAppearing | ImGuiWindowFlags_NoBringToFrontOnFocus);
    // Laid out like any other, but neither rendered nor hovered.
    ImGui::GetCurrentWindow()->Hidden = true;
    draw_content(state, index, /*seen=*/false);
    ImGui::End();
    state.keep_drawing(2);
}

void Workspace::draw_content(AppState& state, size_t index, bool seen) {
    Controls& controls = state.drawn->controls;
    controls.begin_panel(panel_table()[index].id, panels_[index]->title(), seen);
    panels_[index]->draw(state);
    controls.end_panel();
}

void Workspace::draw_panel(AppState& state, size_t index) {
    Panel& panel = *panels_[index];
    const std::string name = window_name(panel, layout_);
    bool open = !is_shut(index);
    seen_[index] = false;
    if (!open) return state.drawn->controls.hide_panel(panel_table()[index].id);
    panel.prepare(state);

    const float s = state.pixel_scale;
    ImGui::PushFont(state.fonts.title, kTitleSize);
    ImGui::PushStyleVar(ImGuiStyleVar_FramePadding,
                        ImVec2(kTitlePadding.x * s, kTitlePadding.y * s));
    ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(12 * s, 4 * s));
    ImGui::SetNextWindowSize(ImVec2(480 * s, 360 * s), ImGuiCond_FirstUseEver);
    const Tightness tight = fitted_[static_cast<size_t>(layout_)].tight;
    if (const ImGuiID node = node_of_new(layout_, panels_, index, tight))
        ImGui::SetNextWindowDockID(node);
    // Those of a layout all appear when it is chosen: the tab that was in front stays there.
    const bool visible = ImGui::Begin(
        name.c_str(), &open, ImGuiWindowFlags_NoCollapse | ImGuiWindowFlags_NoFocusOnAppearing);
    ImGui::PopStyleVar(2);
    ImGui::PopFont();
    draw_title_menu(state, panel, panel_table()[index].id);
    seen_[index] = visible;
    if (visible) {
        attention_.note(panel.title());
        draw_front_tab(state, panel.title());
        draw_detail(state, panel.detail(state), panel.follows_time() && state.rests());
        draw_content(state, index, /*seen=*/true);
        carry_out_orders(state, panel, panel_table()[index].id);
    } else {
        state.drawn->controls.hide_panel(panel_table()[index].id);
    }
    ImGui::End();
    if (!open) set_shut(state, index, true);
}

}  // namespace hopscope::app
