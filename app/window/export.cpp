#include "app/window/export.h"

#include <filesystem>
#include <fstream>

namespace hopscope::app {

std::string export_path(const AppState& state, const std::string& name) {
    return (std::filesystem::path(state.status.run_dir) / name).string();
}

void export_text(AppState& state, const std::string& name, const std::string& text) {
    const std::string path = export_path(state, name);
    std::ofstream file(path, std::ios::trunc);
    file << text;
    if (file.flush())
        state.say("wrote " + path);
    else
        state.say(path + " cannot be written", true);
}

void export_picture(AppState& state, const std::string& name, ImVec2 low, ImVec2 high) {
    state.picture_order = PictureOrder{export_path(state, name), low, high};
    state.keep_drawing();
}

}  // namespace hopscope::app
