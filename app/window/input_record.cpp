#include "app/window/input_record.h"

#include <cmath>
#include <imgui.h>
#include <imgui_internal.h>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>

#include "core/api/files.h"
#include "core/api/input.h"

namespace hopscope::app {
namespace {

using core::Json;
using core::OrderedJson;

constexpr const char* kFormat = "hopscope.input/1";
constexpr int64_t kLargest = 16384;  ///< pixels of a window
constexpr double kFarthest = 1e6;    ///< of a position or a wheel
constexpr const char* kAllowed =
    "allowed are position [x, y] or [], button with down, wheel [x, y], key with down, text";

constexpr std::pair<ImGuiKey, const char*> kModifiers[] = {{ImGuiMod_Ctrl, "Ctrl"},
                                                           {ImGuiMod_Shift, "Shift"},
                                                           {ImGuiMod_Alt, "Alt"},
                                                           {ImGuiMod_Super, "Super"}};

std::string name_of(ImGuiKey key) {
    for (const auto& [modifier, name] : kModifiers)
        if (key == modifier) return name;
    return ImGui::GetKeyName(key);
}

/// Of keys alone: ImGui makes those of the mouse itself.
std::optional<ImGuiKey> key_of(std::string_view name) {
    for (const auto& [modifier, word] : kModifiers)
        if (name == word) return modifier;
    for (int key = ImGuiKey_NamedKey_BEGIN; key < ImGuiKey_MouseLeft; ++key)
        if (name == ImGui::GetKeyName(static_cast<ImGuiKey>(key)))
            return static_cast<ImGuiKey>(key);
    return {};
}

/// Two numbers within bounds, or none.
bool read_pair(const std::vector<double>& from, InputEvent& to) {
    if (from.size() != 2) return false;
    for (const double x : from)
        if (!(std::fabs(x) <= kFarthest)) return false;
    to.x = static_cast<float>(from[0]), to.y = static_cast<float>(from[1]);
    return true;
}

/// The one code point of a text.
std::optional<int> code_point(const std::string& text) {
    unsigned int found = 0;
    const int bytes = ImTextCharFromUtf8(&found, text.c_str(), text.c_str() + text.size());
    if (text.empty() || bytes != static_cast<int>(text.size()) || found == 0) return {};
    return static_cast<int>(found);
}

/// What the line says has happened; nothing: it says nothing that is known.
std::optional<InputEvent> event_of(const Json& line, InputEvent event, int64_t button,
                                   const std::vector<double>& pair, const std::string& word) {
    using Kind = InputEvent::Kind;
    if (line.contains("position")) {
        event.kind = Kind::position;
        event.inside = !pair.empty();
        return !event.inside || read_pair(pair, event) ? std::optional(event) : std::nullopt;
    }
    if (line.contains("wheel")) {
        event.kind = Kind::wheel;
        return read_pair(pair, event) ? std::optional(event) : std::nullopt;
    }
    if (line.contains("button")) {
        if (button < 0 || button >= ImGuiMouseButton_COUNT) return {};
        event.kind = Kind::button;
        event.code = static_cast<int>(button);
        return event;
    }
    std::optional<int> code;
    if (line.contains("key")) {
        event.kind = Kind::key;
        if (const auto key = key_of(word)) code = *key;
    } else if (line.contains("text")) {
        event.kind = Kind::text;
        code = code_point(word);
    }
    if (!code) return {};
    event.code = *code;
    return event;
}

core::Result<InputEvent> read_event(const std::string& text, const std::string& place) {
    auto line = core::parse_object(text, place);
    if (!line) return line.error();
    InputEvent event;
    int64_t button = 0;
    std::vector<double> pair;
    std::string word;
    core::FieldReader fields(*line, place);
    fields.required().number("at", event.at);
    fields.optional().numbers("position", pair).numbers("wheel", pair);
    fields.integer("button", button).flag("down", event.down).text("key", word).text("text", word);
    if (auto read = fields.status(); !read) return read.error();
    const auto found = event_of(*line, event, button, pair, word);
    if (!found) return core::usage_error(place + ": found " + core::shown(text) + "; " + kAllowed);
    return *found;
}

}  // namespace

std::string input_head(int width, int height) {
    return core::dump_ordered_line({{"format", kFormat}, {"width", width}, {"height", height}}) +
           '\n';
}

std::string input_line(const InputEvent& event) {
    using Kind = InputEvent::Kind;
    OrderedJson line = {{"at", event.at}};
    switch (event.kind) {
        case Kind::position:
            line["position"] = OrderedJson::array();
            if (event.inside) line["position"] = {event.x, event.y};
            break;
        case Kind::wheel:
            line["wheel"] = {event.x, event.y};
            break;
        case Kind::button:
            line["button"] = event.code;
            line["down"] = event.down;
            break;
        case Kind::key:
            line["key"] = name_of(static_cast<ImGuiKey>(event.code));
            line["down"] = event.down;
            break;
        case Kind::text: {
            char bytes[5] = {};
            ImTextCharToUtf8(bytes, static_cast<unsigned int>(event.code));
            line["text"] = bytes;
            break;
        }
    }
    return core::dump_ordered_line(line) + '\n';
}

core::Result<InputRecord> parse_input_record(const std::string& text, const std::string& name) {
    const auto lines = core::complete_lines(text);
    const auto place = [&](size_t i) {
        return core::shown_path(name) + ", line " + std::to_string(i + 1);
    };
    if (lines.empty())
        return core::usage_error(core::shown_path(name) + ": found no line; a file of " +
                                 std::string(kFormat) + " is written by --record");
    auto head = core::parse_object(std::string(lines[0]), place(0));
    if (!head) return head.error();
    if (auto format = core::expect_format(*head, kFormat, place(0)); !format) return format.error();
    InputRecord out;
    core::FieldReader fields(*head, place(0));
    fields.required().integer("width", out.width).integer("height", out.height);
    if (auto read = fields.status(); !read) return read.error();
    for (const int64_t side : {out.width, out.height})
        if (side < 1 || side > kLargest)
            return core::usage_error(place(0) + ": found a window of " + std::to_string(out.width) +
                                     " by " + std::to_string(out.height) +
                                     " pixels; allowed is 1 to " + std::to_string(kLargest));
    double before = 0;
    for (size_t i = 1; i < lines.size(); ++i) {
        auto event = read_event(std::string(lines[i]), place(i));
        if (!event) return event.error();
        if (!(event->at >= before))
            return core::usage_error(place(i) + ": its time lies before that of the line above");
        before = event->at;
        out.events.push_back(*event);
    }
    return out;
}

std::vector<InputEvent> input_of_the_frame(double at) {
    using Kind = InputEvent::Kind;
    std::vector<InputEvent> out;
    for (const ImGuiInputEvent& from : ImGui::GetCurrentContext()->InputEventsTrail) {
        InputEvent event;
        event.at = at;
        switch (from.Type) {
            case ImGuiInputEventType_MousePos:
                event.inside = from.MousePos.PosX > -kFarthest && from.MousePos.PosY > -kFarthest;
                if (event.inside) event.x = from.MousePos.PosX, event.y = from.MousePos.PosY;
                break;
            case ImGuiInputEventType_MouseWheel:
                event.kind = Kind::wheel;
                event.x = from.MouseWheel.WheelX, event.y = from.MouseWheel.WheelY;
                break;
            case ImGuiInputEventType_MouseButton:
                event.kind = Kind::button;
                event.code = from.MouseButton.Button, event.down = from.MouseButton.Down;
                break;
            case ImGuiInputEventType_Key:
                event.kind = Kind::key;
                event.code = from.Key.Key, event.down = from.Key.Down;
                break;
            case ImGuiInputEventType_Text:
                event.kind = Kind::text;
                event.code = static_cast<int>(from.Text.Char);
                break;
            default:
                continue;  // whether the window has the keyboard, which a replay has not
        }
        out.push_back(event);
    }
    return out;
}

void do_again(const InputEvent& event) {
    using Kind = InputEvent::Kind;
    ImGuiIO& io = ImGui::GetIO();
    constexpr float kOutside = -std::numeric_limits<float>::max();
    switch (event.kind) {
        case Kind::position:
            event.inside ? io.AddMousePosEvent(event.x, event.y)
                         : io.AddMousePosEvent(kOutside, kOutside);
            break;
        case Kind::wheel:
            io.AddMouseWheelEvent(event.x, event.y);
            break;
        case Kind::button:
            io.AddMouseButtonEvent(event.code, event.down);
            break;
        case Kind::key:
            io.AddKeyEvent(static_cast<ImGuiKey>(event.code), event.down);
            break;
        case Kind::text:
            io.AddInputCharacter(static_cast<unsigned int>(event.code));
            break;
    }
}

}  // namespace hopscope::app
