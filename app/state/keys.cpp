#include "app/state/keys.h"

#include <algorithm>
#include <imgui_internal.h>

namespace hopscope::app {
namespace {

struct NamedKey {
    std::string_view name;
    ImGuiKeyChord chord;
};
// A name may stand for several keys, a line each.
constexpr NamedKey kNamed[] = {
    {"Space", ImGuiKey_Space},
    {"Enter", ImGuiKey_Enter},
    {"Esc", ImGuiKey_Escape},
    {"Tab", ImGuiKey_Tab},
    {"Left arrow", ImGuiKey_LeftArrow},
    {"Right arrow", ImGuiKey_RightArrow},
    {"Up arrow", ImGuiKey_UpArrow},
    {"Down arrow", ImGuiKey_DownArrow},
    {"Home", ImGuiKey_Home},
    {"End", ImGuiKey_End},
    {"+", ImGuiKey_Equal},
    {"+", ImGuiMod_Shift | ImGuiKey_Equal},
    {"+", ImGuiKey_KeypadAdd},
    {"-", ImGuiKey_Minus},
    {"-", ImGuiKey_KeypadSubtract},
    {".", ImGuiKey_Period},
    {"/", ImGuiKey_Slash},
    {"?", ImGuiMod_Shift | ImGuiKey_Slash},
};

constexpr NamedKey kModifiers[] = {
    {"Ctrl+", ImGuiMod_Ctrl}, {"Shift+", ImGuiMod_Shift}, {"Alt+", ImGuiMod_Alt}};

/// Takes the modifiers off the front of the text.
ImGuiKeyChord take_modifiers(std::string_view& keys) {
    ImGuiKeyChord held = 0;
    for (const NamedKey& modifier : kModifiers)
        if (keys.starts_with(modifier.name) && keys.size() > modifier.name.size()) {
            keys.remove_prefix(modifier.name.size());
            held |= modifier.chord;
        }
    return held;
}

}  // namespace

std::vector<ImGuiKeyChord> chords_of(std::string_view keys) {
    const ImGuiKeyChord held = take_modifiers(keys);
    std::vector<ImGuiKeyChord> chords;
    for (const NamedKey& key : kNamed)
        if (key.name == keys) chords.push_back(held | key.chord);
    if (keys.size() == 1 && keys[0] >= '0' && keys[0] <= '9')
        chords.push_back(held | (ImGuiKey_0 + (keys[0] - '0')));
    if (keys.size() == 1 && keys[0] >= 'A' && keys[0] <= 'Z')
        chords.push_back(held | (ImGuiKey_A + (keys[0] - 'A')));
    return chords;
}

bool plain_keys(std::string_view keys) {
    return (take_modifiers(keys) & (ImGuiMod_Ctrl | ImGuiMod_Alt)) == 0;
}

bool pressed(std::string_view keys, bool repeats) {
    const ImGuiInputFlags flags = repeats ? ImGuiInputFlags_Repeat : ImGuiInputFlags_None;
    const auto chords = chords_of(keys);
    return std::any_of(chords.begin(), chords.end(), [flags](ImGuiKeyChord chord) {
        return ImGui::IsKeyChordPressed(chord, flags);
    });
}

std::string with_keys(std::string sentence, std::string_view keys) {
    // One sentence goes without its full stop, as all short tooltips do.
    if (sentence.ends_with('.') && sentence.find(". ") == std::string::npos) sentence.pop_back();
    if (!keys.empty()) sentence.append(" (").append(keys).append(")");
    return sentence;
}

}  // namespace hopscope::app
