#include "app/window/input_recorder.h"

#include <utility>

#include "app/window/input_record.h"

namespace hopscope::app {

core::Status InputRecorder::open(const std::string& path, int width, int height) {
    auto file = core::AppendFile::create(path);
    if (!file) return file.error();
    file_ = std::move(*file);
    return file_->append(input_head(width, height));
}

core::Status InputRecorder::note(double at) {
    if (!file_) return {};
    std::string lines;
    for (const InputEvent& event : input_of_the_frame(at)) lines += input_line(event);
    if (lines.empty()) return {};
    core::Status written = file_->append(lines);
    if (!written) file_.reset();
    return written;
}

}  // namespace hopscope::app
