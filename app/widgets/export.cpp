#include "app/widgets/export.h"

#include <filesystem>

namespace hopscope::app {

std::string export_path(const AppState& state, const std::string& name) {
    const std::string folder = state.status.read_only ? "" : state.status.run_dir;
    return (std::filesystem::path(folder) / name).string();
}

void export_text(AppState& state, const std::string& name, const std::string& text) {
    state.write_file(export_path(state, name), text);
}

void export_picture(AppState& state, const std::string& name, ImVec2 low, ImVec2 high) {
    state.picture_order = PictureOrder{export_path(state, name), low, high};
    state.keep_drawing();
}

}  // namespace hopscope::app
