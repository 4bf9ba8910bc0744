#include "app/widgets/export.h"

#include <algorithm>
#include <filesystem>

namespace hopscope::app {
namespace {

/// A name may hold an end of line, which would end the line that it stands in.
std::string one_line(std::string name) {
    std::ranges::replace_if(
        name, [](char c) { return c == '\n' || c == '\r'; }, ' ');
    return name;
}

}  // namespace

std::string export_path(const AppState& state, const std::string& name) {
    const std::string folder = state.status.read_only ? "" : state.status.run_dir;
    return (std::filesystem::path(folder) / name).string();
}

std::string steps_in_words(int64_t first, int64_t last) {
    if (first == last) return "step " + std::to_string(last);
    return "steps " + std::to_string(first) + " \xE2\x80\xA6 " + std::to_string(last);
}

Origin origin_of(const AppState& state, int64_t first, int64_t last) {
    return {"of " + one_line(state.status.run_name) + ", " + steps_in_words(first, last), first,
            last};
}

Origin origin_of_compared(const AppState& state) {
    Origin out;
    std::string& runs = out.words;
    for (const ComparedEntry& entry : state.compared.entries())
        runs += (runs.empty() ? "of " : ", ") + one_line(entry.name) + " step " +
                std::to_string(entry.step);
    return out;
}

void export_text(AppState& state, const std::string& name, const std::string& text) {
    state.write_file(export_path(state, name), text);
}

void export_picture(AppState& state, const std::string& name, ImVec2 low, ImVec2 high) {
    state.picture_order =
        PictureOrder{export_path(state, name), low, high, state.settings.picture_scale};
    state.keep_drawing();
}

}  // namespace hopscope::app
