#include "app/widgets/fonts.h"

#include <cstdio>
#include <filesystem>
#include <imgui_internal.h>
#include <initializer_list>

namespace hopscope::app {
namespace {

namespace fs = std::filesystem;

/// The first of `names` that exists in one of the folders, or "".
std::string find_font(const std::vector<std::string>& folders,
                      std::initializer_list<const char*> names) {
    std::error_code ignored;
    for (const auto& folder : folders)
        for (const char* name : names)
            if (fs::path path = fs::path(folder) / name; fs::is_regular_file(path, ignored))
                return path.string();
    return {};
}

ImFont* add_font(const std::string& path, bool merge, float size) {
    ImFontConfig config;
    config.MergeMode = merge;
    config.Flags |= ImFontFlags_NoLoadError;  // a damaged file is answered like a missing one
    return ImGui::GetIO().Fonts->AddFontFromFileTTF(path.c_str(), size, &config);
}

ImFont* load_face(const std::vector<std::string>& folders, const char* what, float size,
                  std::initializer_list<const char*> names,
                  std::initializer_list<const char*> fallbacks,
                  std::vector<std::string>& messages) {
    const std::string behind = find_font(folders, fallbacks);
    std::string path = find_font(folders, names);
    ImFont* font = path.empty() ? nullptr : add_font(path, false, size);
    if (!font) {
        messages.push_back(std::string("the ") + what + " font (" + *names.begin() +
                           ") was not found or cannot be read; run scripts/setup. " +
                           (behind.empty() ? "Using the built-in font" : "Using DejaVu"));
        if (!behind.empty()) return add_font(behind, false, size);
        return ImGui::GetIO().Fonts->AddFontDefault();
    }
    if (!behind.empty()) add_font(behind, true, size);
    return font;
}

void append_code(std::string& out, const char* format, unsigned value) {
    char text[24];
    std::snprintf(text, sizeof text, format, value);
    out += text;
}

}  // namespace

std::vector<std::string> font_folders(const std::string& exe_dir) {
    std::vector<std::string> folders = {
        (fs::path(exe_dir) / "assets/fonts").string(),
        (fs::path(exe_dir) / "../share/hopscope/assets/fonts").string(),
    };
    folders.push_back("/usr/share/fonts/truetype/dejavu");
    folders.push_back("/usr/share/fonts/dejavu");
    folders.push_back("/usr/share/fonts/TTF");
    return folders;
}

Fonts load_fonts(const std::string& exe_dir, std::vector<std::string>& messages) {
    const auto folders = font_folders(exe_dir);
    Fonts fonts;
    fonts.text =
        load_face(folders, "text", kTextSize, {"Roboto-Regular.ttf"}, {"DejaVuSans.ttf"}, messages);
    fonts.title = load_face(folders, "title", kTitleSize, {"Roboto-Bold.ttf"},
                            {"DejaVuSans-Bold.ttf", "DejaVuSans.ttf"}, messages);
    fonts.mono = load_face(folders, "number", kMonoSize,
                           {"Inconsolata-Medium.ttf", "Inconsolata-Regular.ttf"},
                           {"DejaVuSansMono.ttf", "DejaVuSans.ttf"}, messages);
    ImGui::GetIO().FontDefault = fonts.text;
    return fonts;
}

std::string displayable(const std::string& text, ImFont* font) {
    std::string out;
    const char* at = text.data();
    const char* end = at + text.size();
    while (at < end) {
        unsigned code = 0;
        const int length = ImTextCharFromUtf8(&code, at, end);
        const bool invalid = length <= 0 || (code == 0xFFFD && *at != '\xEF');
        if (invalid) {
            append_code(out, "[0x%02X]", static_cast<unsigned char>(*at));
            ++at;
            continue;
        }
        if (code < 0x20 || code == 0x7F || (font && !font->IsGlyphInFont(code)))
            append_code(out, "[U+%04X]", code);
        else
            out.append(at, static_cast<size_t>(length));
        at += length;
    }
    return out;
}

}  // namespace hopscope::app
