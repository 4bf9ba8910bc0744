#include "app/widgets/fonts.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <imgui_internal.h>
#include <initializer_list>
#include <map>
#include <system_error>
#include <utility>

namespace hopscope::app {
namespace {

namespace fs = std::filesystem;

/// Files of fonts by name, the first found of each.
using FontFiles = std::map<std::string, std::string>;

/// Below all roots; a folder of fonts is a few levels deep at most.
FontFiles files_below(const std::vector<std::string>& roots) {
    constexpr int kDeepest = 6;
    FontFiles out;
    for (const std::string& root : roots) {
        std::error_code code;
        fs::recursive_directory_iterator it(root, fs::directory_options::skip_permission_denied,
                                            code);
        for (const fs::recursive_directory_iterator end; !code && it != end; it.increment(code)) {
            if (it.depth() >= kDeepest) it.disable_recursion_pending();
            std::error_code ignored;
            if (it->is_regular_file(ignored))
                out.emplace(it->path().filename().string(), it->path().string());
        }
    }
    return out;
}

/// The first of `names` that was found, or "".
std::string first_of(const FontFiles& files, std::initializer_list<const char*> names) {
    for (const char* name : names)
        if (const auto found = files.find(name); found != files.end()) return found->second;
    return {};
}

/// Scripts that Roboto and DejaVu have not got: files that have them, the best first, and the
/// Debian package that brings one.
struct Script {
    const char *what, *package;
    std::initializer_list<const char*> files;
    bool (*has)(unsigned code);
};
const Script kScripts[] = {
    // The fallback fonts of the next line have no Hangul; Noto has all of it.
    {"Korean",
     "fonts-noto-cjk or fonts-nanum",
     {"NanumGothic.ttf", "NotoSansKR-Regular.otf", "SourceHanSansKR-Regular.otf"},
     [](unsigned c) {
         return (c >= 0x1100 && c < 0x1200) || (c >= 0x3130 && c < 0x3190) ||
                (c >= 0xAC00 && c < 0xD7B0);
     }},
    {"Chinese and Japanese",
     "fonts-noto-cjk or fonts-droid-fallback",
     {"NotoSansCJK-Regular.ttc", "NotoSansCJKsc-Regular.otf", "NotoSansSC-Regular.otf",
      "SourceHanSansSC-Regular.otf", "DroidSansFallbackFull.ttf", "DroidSansFallback.ttf",
      "wqy-microhei.ttc", "wqy-zenhei.ttc", "uming.ttc"},
     [](unsigned c) {
         return (c >= 0x2E80 && c < 0xA4D0) || (c >= 0xF900 && c < 0xFB00) ||
                (c >= 0xFE30 && c < 0xFE50) || (c >= 0xFF00 && c < 0xFFF0) ||
                (c >= 0x20000 && c < 0x32000);
     }},
    {"symbols and emoji",
     "fonts-symbola",
     {"NotoEmoji-Regular.ttf", "NotoEmoji[wght].ttf", "Symbola.ttf", "Symbola_hint.ttf",
      "NotoSansSymbols2-Regular.ttf"},
     [](unsigned c) { return (c >= 0x2190 && c < 0x2C00) || (c >= 0x1F000 && c < 0x1FC00); }},
    {"other scripts", "unifont", {"unifont.otf", "unifont.ttf"}, [](unsigned) { return true; }},
};

/// A font file that all faces share: their atlas frees it with the first of them.
struct SharedFile {
    void* data = nullptr;
    size_t size = 0;
    bool owned = false;
};

ImFont* add_font(const std::string& path, bool merge, float size) {
    ImFontConfig config;
    config.MergeMode = merge;
    config.Flags |= ImFontFlags_NoLoadError;  // a damaged file is answered like a missing one
    return ImGui::GetIO().Fonts->AddFontFromFileTTF(path.c_str(), size, &config);
}

/// Behind the font that was added last.
void merge_script(SharedFile& file, float size) {
    if (!file.data) return;
    ImFontConfig config;
    config.MergeMode = true;
    config.Flags |= ImFontFlags_NoLoadError;
    config.FontDataOwnedByAtlas = !std::exchange(file.owned, true);
    ImGui::GetIO().Fonts->AddFontFromMemoryTTF(file.data, static_cast<int>(file.size), size,
                                               &config);
}

ImFont* load_face(const FontFiles& files, const char* what, float size,
                  std::initializer_list<const char*> names,
                  std::initializer_list<const char*> fallbacks, std::vector<SharedFile>& scripts,
                  std::vector<std::string>& messages) {
    const std::string behind = first_of(files, fallbacks);
    const std::string path = first_of(files, names);
    ImFont* font = path.empty() ? nullptr : add_font(path, false, size);
    if (!font) {
        messages.push_back(std::string("the ") + what + " font (" + *names.begin() +
                           ") was not found or cannot be read; run scripts/setup. " +
                           (behind.empty() ? "Using the built-in font" : "Using DejaVu"));
        font =
            behind.empty() ? ImGui::GetIO().Fonts->AddFontDefault() : add_font(behind, false, size);
    } else if (!behind.empty()) {
        add_font(behind, true, size);
    }
    for (SharedFile& script : scripts) merge_script(script, size);
    return font;
}

void append_code(std::string& out, const char* format, unsigned value) {
    char text[24];
    std::snprintf(text, sizeof text, format, value);
    out += text;
}

}  // namespace

std::vector<std::string> font_roots() {
    std::vector<std::string> out = {"/usr/local/share/fonts", "/usr/share/fonts"};
    if (const char* home = std::getenv("HOME"); home && *home)
        for (const char* below : {".local/share/fonts", ".fonts"})
            out.push_back((fs::path(home) / below).string());
    return out;
}

Fonts load_fonts(const std::string& exe_dir, std::vector<std::string>& messages,
                 const std::vector<std::string>& roots) {
    std::vector<std::string> folders = {
        (fs::path(exe_dir) / "assets/fonts").string(),
        (fs::path(exe_dir) / "../share/hopscope/assets/fonts").string(),
    };
    folders.insert(folders.end(), roots.begin(), roots.end());
    const FontFiles files = files_below(folders);
    std::vector<SharedFile> scripts;
    for (const Script& script : kScripts) {
        SharedFile file;
        if (const std::string path = first_of(files, script.files); !path.empty())
            file.data = ImFileLoadToMemory(path.c_str(), "rb", &file.size);
        scripts.push_back(file);
    }
    Fonts fonts;
    fonts.text = load_face(files, "text", kTextSize, {"Roboto-Regular.ttf"}, {"DejaVuSans.ttf"},
                           scripts, messages);
    fonts.title = load_face(files, "title", kTitleSize, {"Roboto-Bold.ttf"},
                            {"DejaVuSans-Bold.ttf", "DejaVuSans.ttf"}, scripts, messages);
    fonts.mono =
        load_face(files, "number", kMonoSize, {"Inconsolata-Medium.ttf", "Inconsolata-Regular.ttf"},
                  {"DejaVuSansMono.ttf", "DejaVuSans.ttf"}, scripts, messages);
    ImGui::GetIO().FontDefault = fonts.text;
    return fonts;
}

std::string missing_font(const std::string& text, ImFont* font) {
    const char* at = text.data();
    const char* end = at + text.size();
    while (at < end) {
        unsigned code = 0;
        const int length = ImTextCharFromUtf8(&code, at, end);
        if (length <= 0) break;
        at += length;
        if (code < 0x20 || code == 0x7F || code == 0xFFFD || !font || font->IsGlyphInFont(code))
            continue;
        for (const Script& script : kScripts)
            if (script.has(code)) {
                std::string out = "No font found here has ";
                append_code(out, "U+%04X", code);
                return out + ": for " + script.what + " install the package " + script.package +
                       " and start the window again.";
            }
    }
    return {};
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
