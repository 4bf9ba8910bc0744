#include "app/state/settings.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <system_error>

#include "core/api/files.h"

namespace hopscope::app {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr size_t kLargestFile = size_t{1} << 20;

template <class T>
void read_setting(const json& from, const char* key, T& value) {
    if (const auto found = from.find(key); found != from.end()) value = found->get<T>();
}

/// A name that is not known, of a later version, leaves them automatic.
void read_colours(const json& from, viz::ColourMap& colours) {
    std::string name;
    read_setting(from, "colours", name);
    for (const viz::ColourMap map : viz::kColourMaps)
        if (name == viz::name_of(map)) colours = map;
}

}  // namespace

std::string config_folder() {
    if (const char* xdg = std::getenv("XDG_CONFIG_HOME"); xdg && *xdg)
        return (fs::path(xdg) / "hopscope").string();
    if (const char* home = std::getenv("HOME"); home && *home)
        return (fs::path(home) / ".config/hopscope").string();
    return {};
}

SavedWindow load_settings(const std::string& folder, std::string& problem) {
    SavedWindow saved;
    const fs::path path = fs::path(folder) / "settings.json";
    if (folder.empty() || !core::file_exists(path.string())) return saved;
    const auto text = core::read_text(path.string(), kLargestFile);
    if (!text) {
        problem = text.error().message + "; the built-in settings are used";
        return saved;
    }
    try {
        const json from = json::parse(*text);
        from.get_ref<const json::object_t&>();  // anything but an object is reported below
        read_setting(from, "dark", saved.settings.dark);
        read_setting(from, "scale", saved.settings.scale);
        read_setting(from, "animations", saved.settings.animations);
        read_setting(from, "width", saved.settings.width);
        read_setting(from, "height", saved.settings.height);
        read_setting(from, "maximised", saved.settings.maximised);
        read_setting(from, "toured", saved.settings.toured);
        read_colours(from, saved.settings.colours);
        read_setting(from, "picture_scale", saved.settings.picture_scale);
        saved.settings.picture_scale =
            std::clamp(saved.settings.picture_scale, 1, kMostPictureScale);
        read_setting(from, "layout", saved.layout);
        read_setting(from, "shut", saved.shut);
        read_setting(from, "last_config", saved.last_config);
        if (!(saved.settings.scale > 0)) saved.settings.scale = 1;
        saved.settings.scale = std::clamp(saved.settings.scale, kMinScale, kMaxScale);
    } catch (const json::exception& e) {
        problem = path.string() + " cannot be read (" + e.what() +
                  "); the built-in settings are used. Delete the file to be rid of this message";
        saved = {};
    }
    return saved;
}

std::string save_settings(const std::string& folder, const SavedWindow& saved) {
    if (folder.empty()) return "neither XDG_CONFIG_HOME nor HOME is set";
    json out = {{"dark", saved.settings.dark},
                {"scale", saved.settings.scale},
                {"animations", saved.settings.animations},
                {"width", saved.settings.width},
                {"height", saved.settings.height},
                {"maximised", saved.settings.maximised},
                {"layout", saved.layout},
                {"shut", saved.shut},
                {"last_config", saved.last_config}};
    if (saved.settings.colours != viz::ColourMap::automatic)
        out["colours"] = viz::name_of(saved.settings.colours);
    if (saved.settings.picture_scale != 1) out["picture_scale"] = saved.settings.picture_scale;
    if (saved.settings.toured) out["toured"] = true;
    return save_text(folder, "settings.json",
                     out.dump(2, ' ', false, json::error_handler_t::replace) + "\n");
}

std::string save_text(const std::string& folder, const std::string& name, const std::string& text) {
    std::error_code error;
    fs::create_directories(folder, error);
    const auto written = core::write_file_atomic((fs::path(folder) / name).string(), text);
    return written ? "" : written.error().message;
}

}  // namespace hopscope::app
