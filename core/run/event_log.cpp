#include "core/run/event_log.h"

#include <unistd.h>

#include "core/base/json.h"
#include "core/base/utf8.h"

namespace hopscope::core {

Answer answer_of(const LoggedCommand& entry) {
    return {0, entry.command, AnswerState::applied, entry.step, ""};
}

Result<EventLog> EventLog::open(const std::string& path) {
    auto file = AppendFile::open(path);
    if (!file) return file.error();
    return EventLog(*std::move(file));
}

Status EventLog::append(const LoggedCommand& entry) {
    auto command = parse_object(to_json(entry.command), "command " + entry.command.name());
    if (!command) return failure(command.error().message);
    OrderedJson line;
    line["command"] = (*command)["command"];
    for (const auto& [key, value] : command->items()) line[key] = value;
    line["step"] = entry.step;
    line["time"] = entry.time;
    line["by"] = entry.by;
    const std::string text = dump_ordered_line(line) + "\n";
    if (auto status = file_.append(text, DebugPoint::events_append); !status) return status;
    return file_.sync();
}

namespace {

/// @param where of the line, for messages
Result<LoggedCommand> read_entry(std::string_view line, const std::string& where) {
    auto object = parse_object(std::string(line), where);
    if (!object) return object.error();
    LoggedCommand entry;
    FieldReader fields(*object, where);
    fields.required().integer("step", entry.step).number("time", entry.time).text("by", entry.by);
    if (auto status = fields.status(); !status) return status.error();
    if (entry.step < 0)
        return usage_error(where + ": \"step\": found " + std::to_string(entry.step) +
                           ", allowed 0 or more");
    for (const char* key : {"step", "time", "by"}) object->erase(key);
    auto command = parse_command(dump_line(*object));
    if (!command) return usage_error(where + ": " + command.error().message);
    entry.command = *std::move(command);
    return entry;
}

}  // namespace

Result<std::vector<LoggedCommand>> read_event_log(const std::string& path) {
    std::vector<LoggedCommand> entries;
    if (::access(path.c_str(), F_OK) != 0) return entries;
    auto text = read_file(path);
    if (!text) return text.error();
    int64_t number = 0;
    for (const std::string_view line : complete_lines(*text)) {
        const std::string where = shown_path(path) + ":" + std::to_string(++number);
        if (line.empty()) continue;
        auto entry = read_entry(line, where);
        if (!entry)
            return usage_error(entry.error().message +
                               "; put the file back as it was, or delete the line");
        entries.push_back(*std::move(entry));
    }
    return entries;
}

}  // namespace hopscope::core
