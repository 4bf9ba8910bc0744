#include "app/state/arrangement.h"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <utility>

#include "app/state/json_field.h"
#include "app/state/settings.h"
#include "core/api/files.h"
#include "core/api/input.h"

namespace hopscope::app {
namespace {

using nlohmann::json;

constexpr const char* kArrangementsFormat = "hopscope.arrangements/1";
constexpr const char* kArrangementsFile = "arrangements.json";
constexpr size_t kLargestArrangements = size_t{1} << 20;
constexpr int kDeepest = 24;  ///< parts within parts; the window has some twenty panels
constexpr float kLeastShare = 0.02f;
constexpr const char* kBlanks = " \t\r\n";

json as_part(const ArrangedPart& part) {
    if (part.parts.size() == 2)
        return {{"split", part.beside ? "beside" : "over"},
                {"share", part.share},
                {"parts", {as_part(part.parts[0]), as_part(part.parts[1])}}};
    json out = {{"tabs", part.tabs}, {"front", part.front}};
    if (part.center) out["center"] = true;
    return out;
}

json floating_of(const FloatingTabs& one) {
    return {
        {"tabs", one.tabs}, {"front", one.front}, {"place", {one.x, one.y, one.width, one.height}}};
}

float read_share(float value) {
    return value > 0 && value < 1 ? std::clamp(value, kLeastShare, 1 - kLeastShare) : 0.5f;
}

ArrangedPart read_part(const json& from, int depth) {
    if (!from.is_object()) throw std::invalid_argument("a part is no object");
    if (depth > kDeepest)
        throw std::invalid_argument("parts lie more than " + std::to_string(kDeepest) +
                                    " deep in each other");
    ArrangedPart part;
    const auto parts = from.find("parts");
    if (parts == from.end()) {
        read_field(from, "tabs", part.tabs);
        read_field(from, "front", part.front);
        read_field(from, "center", part.center);
        return part;
    }
    if (!parts->is_array() || parts->size() != 2) throw std::invalid_argument("parts are not two");
    std::string split = "beside";
    read_field(from, "split", split);
    if (split != "beside" && split != "over")
        throw std::invalid_argument("split is " + core::in_quotes(split) +
                                    "; allowed are beside and over");
    part.beside = split == "beside";
    read_field(from, "share", part.share);
    part.share = read_share(part.share);
    for (const json& one : *parts) part.parts.push_back(read_part(one, depth + 1));
    return part;
}

FloatingTabs read_floating(const json& from) {
    if (!from.is_object()) throw std::invalid_argument("a row of floating is no object");
    FloatingTabs one;
    read_field(from, "tabs", one.tabs);
    read_field(from, "front", one.front);
    std::vector<float> place;
    read_field(from, "place", place);
    if (place.size() != 4) throw std::invalid_argument("place is not four numbers");
    // It must not lie where nobody can take hold of it.
    one.x = std::clamp(place[0], 0.0f, 0.9f);
    one.y = std::clamp(place[1], 0.0f, 0.9f);
    one.width = std::clamp(place[2], 0.05f, 1.0f);
    one.height = std::clamp(place[3], 0.05f, 1.0f);
    return one;
}

Arrangement read_arrangement(const json& from) {
    if (!from.is_object()) throw std::invalid_argument("a row of arrangements is no object");
    Arrangement out;
    read_field(from, "name", out.name);
    read_field(from, "layout", out.layout);
    read_field(from, "shut", out.shut);
    if (const auto docked = from.find("docked"); docked != from.end())
        out.docked = read_part(*docked, 0);
    if (const auto floating = from.find("floating"); floating != from.end()) {
        if (!floating->is_array()) throw std::invalid_argument("floating is no list");
        for (const json& one : *floating) out.floating.push_back(read_floating(one));
    }
    return out;
}

void add_panels(const ArrangedPart& part, std::set<std::string>& to) {
    to.insert(part.tabs.begin(), part.tabs.end());
    for (const ArrangedPart& one : part.parts) add_panels(one, to);
}

}  // namespace

std::set<std::string> Arrangement::panels() const {
    std::set<std::string> out = shut;
    add_panels(docked, out);
    for (const FloatingTabs& one : floating) out.insert(one.tabs.begin(), one.tabs.end());
    return out;
}

std::string trimmed_name(const std::string& typed) {
    const size_t begin = typed.find_first_not_of(kBlanks);
    if (begin == std::string::npos) return {};
    return typed.substr(begin, typed.find_last_not_of(kBlanks) + 1 - begin);
}

std::string name_problem(const std::string& name) {
    if (name.empty()) return "Write a name first.";
    if (const auto length = std::ranges::count_if(name, core::begins_character);
        length > kLongestName)
        return "The name has " + std::to_string(length) + " characters; at most " +
               std::to_string(kLongestName) + " are shown whole.";
    if (std::any_of(name.begin(), name.end(),
                    [](char c) { return static_cast<uint8_t>(c) < 0x20 || c == 0x7F; }))
        return "The name holds a character that cannot be seen.";
    // What follows it is not shown in a menu.
    if (name.find("##") != std::string::npos) return "## cannot stand in a name; one # can.";
    if (core::find_bad_utf8(name)) return "The name is no UTF-8 text.";
    return {};
}

const Arrangement* Arrangements::find(const std::string& name) const {
    const auto found = std::ranges::find(all_, name, &Arrangement::name);
    return found == all_.end() ? nullptr : &*found;
}

std::string Arrangements::refusal(const std::string& name) const {
    if (std::string why = name_problem(name); !why.empty()) return why;
    if (!find(name) && all_.size() >= kMostArrangements)
        return "There are " + std::to_string(kMostArrangements) +
               " arrangements; forget one first.";
    return {};
}

void Arrangements::keep(Arrangement arrangement) {
    if (!refusal(arrangement.name).empty()) return;
    ++version_;
    for (Arrangement& one : all_)
        if (one.name == arrangement.name) {
            one = std::move(arrangement);
            return;
        }
    all_.push_back(std::move(arrangement));
}

void Arrangements::rename(const std::string& from, const std::string& to) {
    if (!name_problem(to).empty() || find(to)) return;
    for (Arrangement& one : all_)
        if (one.name == from) {
            one.name = to;
            ++version_;
        }
}

void Arrangements::forget(const std::string& name) {
    if (std::erase_if(all_, [&](const Arrangement& one) { return one.name == name; }) > 0)
        ++version_;
}

std::string text_of(const std::vector<Arrangement>& arrangements) {
    json rows = json::array();
    for (const Arrangement& one : arrangements) {
        json floating = json::array();
        for (const FloatingTabs& tabs : one.floating) floating.push_back(floating_of(tabs));
        rows.push_back({{"name", one.name},
                        {"layout", one.layout},
                        {"docked", as_part(one.docked)},
                        {"floating", std::move(floating)},
                        {"shut", one.shut}});
    }
    const json out = {{"format", kArrangementsFormat}, {"arrangements", std::move(rows)}};
    return out.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

core::Result<std::vector<Arrangement>> parse_arrangements(const std::string& text,
                                                          const std::string& path) {
    const auto refused = [&](const std::string& why) {
        return core::usage_error(core::shown_path(path) + ": " + why +
                                 "; the window writes this file, Layout, Keep this arrangement. "
                                 "Delete it to be rid of this message");
    };
    const json from = json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (!from.is_object() || from.value("format", json()) != kArrangementsFormat)
        return refused("found no document of the format " + std::string(kArrangementsFormat));
    std::vector<Arrangement> out;
    try {
        const auto rows = from.find("arrangements");
        if (rows == from.end() || !rows->is_array())
            throw std::invalid_argument("arrangements is no list");
        for (const json& row : *rows) {
            Arrangement one = read_arrangement(row);
            const bool twice = std::ranges::find(out, one.name, &Arrangement::name) != out.end();
            if (name_problem(one.name).empty() && !twice && out.size() < kMostArrangements)
                out.push_back(std::move(one));
        }
    } catch (const std::invalid_argument& e) {
        return refused(e.what());
    }
    return out;
}

std::vector<Arrangement> load_arrangements(const std::string& folder, std::string& problem) {
    const std::string path = (std::filesystem::path(folder) / kArrangementsFile).string();
    if (folder.empty() || !core::file_exists(path)) return {};
    const auto text = core::read_text(path, kLargestArrangements);
    auto read = text ? parse_arrangements(*text, path)
                     : core::Result<std::vector<Arrangement>>(text.error());
    if (read) return *std::move(read);
    problem = read.error().message;
    return {};
}

std::string save_arrangements(const std::string& folder, const std::vector<Arrangement>& all) {
    if (folder.empty()) return "neither XDG_CONFIG_HOME nor HOME is set";
    return save_text(folder, kArrangementsFile, text_of(all));
}

}  // namespace hopscope::app
